//! Scripted HTTP tasks, the load balancer's checks of them, and clients.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use rehearsal_core::{
    live::load::NO_VERSION,
    stage::{Behaviour, Version},
    wire::Account,
    world::{
        World,
        ecs::TaskLaunch,
        elb::{self, Answered, Checked, Probe, Request, Routed, Target},
        journal::{Entry, What},
    },
};
use tokio::sync::Notify;

use super::{clock, hands::Signals};

/// Ten requests a second: of the canary's tenth, more in a minute than its alarms want to see.
const EVERY: Duration = Duration::from_millis(100);

/// How many requests are sent between two notes in the journal.
const NOTED_EVERY: u32 = 50;

/// How many of a hundred requests are long ones.
const LONG: u64 = 5;

/// How long an answer takes, and a long one.
const TAKES: Duration = Duration::from_millis(20);
const TAKES_LONG: Duration = Duration::from_secs(5);

/// How long a task needs until it listens.
const WARM_UP: Duration = Duration::from_secs(3);

/// The clients of a load balancer, and whoever answers them.
pub(crate) struct Requests {
    account: Account,
    listener: String,
    servers: Mutex<BTreeMap<Target, Arc<Server>>>,
    warm_up: Mutex<Duration>,
    every: Mutex<Duration>,
    /// The version whose health checks hang.
    hanging: Mutex<Option<String>>,
    /// A version that has changed while it ran, and what its tasks do since.
    changed: Mutex<Option<(String, Behaviour)>>,
    count: Mutex<Count>,
}

/// What became of the requests.
#[derive(Default)]
struct Count {
    sent: u64,
    failed: Vec<String>,
    /// Succeeded and failed by version, since the last note.
    since: BTreeMap<String, (u32, u32)>,
}

/// A task that listens.
struct Server {
    version: Version,
    served: AtomicU32,
    in_flight: AtomicU32,
    /// Its container was killed.
    broken: AtomicBool,
    /// A request in flight has come to its end, or to nothing.
    news: Notify,
}

impl Requests {
    pub(super) fn new(account: Account, listener: String) -> Self {
        Self {
            account,
            listener,
            servers: Mutex::default(),
            warm_up: Mutex::new(WARM_UP),
            every: Mutex::new(EVERY),
            hanging: Mutex::default(),
            changed: Mutex::default(),
            count: Mutex::default(),
        }
    }

    /// From now on few arrive: for stories that are about something else.
    pub(super) fn slow_down(&self) {
        *self.every.lock().unwrap() = EVERY * 10;
    }

    fn every(&self) -> Duration {
        *self.every.lock().unwrap()
    }

    /// Tasks that start from now on need this long until they listen.
    pub(crate) fn warm_up(&self, takes: Duration) {
        *self.warm_up.lock().unwrap() = takes;
    }

    /// How many were sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.count.lock().unwrap().sent
    }

    /// Those that failed: when, how, and whose fault it was.
    pub(crate) fn failed(&self) -> Vec<String> {
        self.count.lock().unwrap().failed.clone()
    }

    /// How many percent of the answers so far were this version's, of those that came while its target group had this weight.
    pub(crate) fn share(&self, version: &str, its_group: &str, its_weight: u32) -> f64 {
        let (mut own, mut all, mut counts) = (0, 0, false);
        self.account.with(|world| {
            for Entry { what, .. } in &world.journal {
                match what {
                    What::Weights { groups, .. } => {
                        counts = groups
                            .iter()
                            .any(|(group, weight)| group == its_group && *weight == its_weight);
                    }
                    What::Messages {
                        version: by,
                        processed,
                        failed,
                        ..
                    } if counts => {
                        all += processed + failed;
                        own += if by == version { processed + failed } else { 0 };
                    }
                    _ => {}
                }
            }
        });
        100.0 * f64::from(own) / f64::from(all.max(1))
    }

    /// A task, from when its container runs until it has ended; `false` if it had to be killed.
    ///
    /// On SIGTERM it takes nothing more and finishes what it has, as the sample application does.
    pub(super) async fn serve(
        &self,
        launch: &TaskLaunch,
        version: &Version,
        signals: &Signals,
    ) -> bool {
        let (Some(ip), Some(port)) = (launch.address.clone(), launch.port) else {
            panic!("{} is not behind a load balancer", launch.task_arn);
        };
        let warm_up = *self.warm_up.lock().unwrap();
        tokio::select! {
            () = tokio::time::sleep(warm_up) => {}
            () = signals.term.notified() => return true,
        }
        let target = Target { ip, port };
        let server = Arc::new(Server::new(version.clone()));
        self.servers
            .lock()
            .unwrap()
            .insert(target.clone(), Arc::clone(&server));
        signals.term.notified().await;
        self.servers.lock().unwrap().remove(&target);
        tokio::select! {
            () = server.idle() => true,
            () = signals.kill.notified() => {
                server.break_off();
                false
            }
        }
    }

    /// A task ends without a word: its requests break off.
    pub(super) fn end(&self, launch: &TaskLaunch) {
        if let (Some(ip), Some(port)) = (launch.address.clone(), launch.port)
            && let Some(server) = self.servers.lock().unwrap().remove(&Target { ip, port })
        {
            server.break_off();
        }
    }

    /// A health check. Where nobody listens the connection is refused.
    pub(super) fn check(&self, probe: &Probe) {
        let result = match self.server(&probe.target) {
            None => Checked::Broken,
            Some(server) if self.hangs(&server.version) => Checked::Late,
            Some(server) => Checked::Status(server.health()),
        };
        self.account
            .with(|world| elb::checked(world, probe, result));
    }

    /// From now on tasks of a version do not answer health checks in time.
    pub(crate) fn hang_checks_of(&self, version: &str) {
        *self.hanging.lock().unwrap() = Some(version.to_owned());
    }

    fn hangs(&self, version: &Version) -> bool {
        self.hanging.lock().unwrap().as_ref() == Some(&version.label)
    }

    /// From now on tasks of a version do this.
    pub(super) fn change(&self, version: &str, behaviour: Behaviour) {
        *self.changed.lock().unwrap() = Some((version.to_owned(), behaviour));
    }

    fn behaviour(&self, version: &Version) -> Behaviour {
        match &*self.changed.lock().unwrap() {
            Some((label, behaviour)) if *label == version.label => *behaviour,
            _ => version.behaviour,
        }
    }

    /// The clients, who send nothing before somebody is there.
    pub(super) async fn send_all(self: Arc<Self>) -> Infallible {
        while !self.account.with(|world| has_targets(world)) {
            tokio::time::sleep(self.every()).await;
        }
        loop {
            let number = {
                let mut count = self.count.lock().unwrap();
                count.sent += 1;
                count.sent
            };
            self.send(number);
            if number.is_multiple_of(NOTED_EVERY.into()) {
                self.note();
            }
            tokio::time::sleep(self.every()).await;
        }
    }

    fn send(self: &Arc<Self>, number: u64) {
        let request = Request {
            listener: self.listener.clone(),
            path: "/orders".to_owned(),
            ..Request::default()
        };
        let routed = self.account.with(|world| elb::route(world, &request));
        let target = match &routed {
            Routed::To { target, .. } => target,
            Routed::Answer(status) => {
                let words = format!("{status} from the load balancer");
                return self.ended(NO_VERSION, Err(words));
            }
        };
        let Some(server) = self.server(target) else {
            return self.answered(&routed, None, Answered::Refused);
        };
        let answer = server.answer(number, self.behaviour(&server.version));
        if let (Answered::Status(status, _), true) = (answer, is_long(number)) {
            let client = Arc::clone(self);
            server.in_flight.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let answered = server.finish(status).await;
                client.answered(&routed, Some(&server), answered);
            });
        } else {
            self.answered(&routed, Some(&server), answer);
        }
    }

    fn answered(&self, routed: &Routed, server: Option<&Server>, answered: Answered) {
        self.account
            .with(|world| elb::answered(world, routed, answered));
        let version = server.map_or(NO_VERSION, |server| &server.version.label);
        let result = match answered {
            Answered::Status(status, _) if status < 400 => Ok(()),
            Answered::Status(status, _) => Err(format!("{status} from {version}")),
            Answered::Late | Answered::Unreachable => {
                Err(format!("504, not answered by {version}"))
            }
            Answered::Dropped | Answered::Refused => Err(format!("502, broken off by {version}")),
            Answered::GivenUp => Err(format!("460, given up by the client of {version}")),
        };
        self.ended(version, result);
    }

    fn ended(&self, version: &str, result: Result<(), String>) {
        let now = self.account.now();
        let mut count = self.count.lock().unwrap();
        let (succeeded, failed) = count.since.entry(version.to_owned()).or_default();
        match result {
            Ok(()) => *succeeded += 1,
            Err(words) => {
                *failed += 1;
                count.failed.push(format!("{} {words}", clock(now)));
            }
        }
    }

    fn note(&self) {
        let since = std::mem::take(&mut self.count.lock().unwrap().since);
        self.account.with(|world| {
            for (version, (processed, failed)) in since {
                world.note(What::Messages {
                    version,
                    processed,
                    failed,
                    over: self.every() * NOTED_EVERY,
                });
            }
        });
    }

    fn server(&self, target: &Target) -> Option<Arc<Server>> {
        self.servers.lock().unwrap().get(target).cloned()
    }
}

impl Server {
    fn new(version: Version) -> Self {
        Self {
            version,
            served: AtomicU32::new(0),
            in_flight: AtomicU32::new(0),
            broken: AtomicBool::new(false),
            news: Notify::new(),
        }
    }

    fn health(&self) -> u16 {
        let served = self.served.load(Ordering::Relaxed);
        match self.version.behaviour {
            Behaviour::TurnsUnhealthyAfter(requests) if served >= requests.into() => 503,
            _ => 200,
        }
    }

    fn answer(&self, number: u64, behaviour: Behaviour) -> Answered {
        self.served.fetch_add(1, Ordering::Relaxed);
        let is_bad = |percent: u8| scattered(number) < percent.into();
        match behaviour {
            Behaviour::Drops(percent) if is_bad(percent) => Answered::Dropped,
            Behaviour::Fails(percent) | Behaviour::FailsAttempts(percent) if is_bad(percent) => {
                Answered::Status(500, TAKES)
            }
            _ => Answered::Status(200, TAKES),
        }
    }

    /// A long request.
    async fn finish(&self, status: u16) -> Answered {
        let broken = async {
            while !self.broken.load(Ordering::Relaxed) {
                self.news.notified().await;
            }
        };
        let answered = tokio::select! {
            () = tokio::time::sleep(TAKES_LONG) => Answered::Status(status, TAKES_LONG),
            () = broken => Answered::Dropped,
        };
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.news.notify_waiters();
        answered
    }

    async fn idle(&self) {
        while self.in_flight.load(Ordering::Relaxed) > 0 {
            self.news.notified().await;
        }
    }

    fn break_off(&self) {
        self.broken.store(true, Ordering::Relaxed);
        self.news.notify_waiters();
    }
}

/// Whether a target takes requests.
fn has_targets(world: &World) -> bool {
    let takes = |what: &What| matches!(what, What::Targets { healthy, .. } if *healthy > 0);
    world.journal.iter().any(|entry| takes(&entry.what))
}

/// Not by turns either: the target group whose turn it is would get all of them, or none.
fn is_long(number: u64) -> bool {
    scattered(!number) < LONG
}

/// 0 to 99, evenly but not in the order of the numbers: requests are shared out by turns.
fn scattered(number: u64) -> u64 {
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % 100
}
