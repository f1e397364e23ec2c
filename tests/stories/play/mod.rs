//! A release on a virtual clock: the account, the functions in process behind the SDK's real clients,
//! scripted tasks, and a driver in the words of the domain.
//!
//! Here is what people do and what they wait for; [`found`] is what they look at, [`calls`] how functions are
//! called and disturbed, [`hands`] what plays Lambda and ECS, [`messages`] and [`requests`] what the tasks work on,
//! [`service`] what the account says of a service, [`watch`] what must not happen at any moment.

#![expect(
    clippy::unwrap_used,
    reason = "test code: a poisoned lock or a name that is wrong here fails the story"
)]

mod calls;
mod found;
mod hands;
mod messages;
mod requests;
mod service;
mod watch;

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use rehearsal_core::{
    clock::Moment,
    stage::{self, Behaviour, Entrance, Mode, Runs, Scene, Script, Stage, Step, Traffic, Version},
    template::Templates,
    wire::Account,
    world::{World, cloudwatch, codepipeline, ecs, events, journal::What},
};
use serde_json::json;
use tokio::sync::mpsc;

use hands::{Hands, Warm};
use messages::Messages;
use requests::Requests;
use service::{are_settled, is_active, is_steady};
use watch::Watched;

pub(crate) use calls::{Artifact, Failed};
pub(crate) use found::record_of;
pub(crate) use hands::{Crash, clients};
pub(crate) use service::{
    is_deploying, is_in_alarm, is_primary, runs, stable, task_sets as sets_of_service, update,
};

/// Where every story begins.
pub(crate) const BEGIN: Moment = Moment(1_790_928_000_000);

/// The templates of `infra/`, read once.
pub(crate) fn shipped() -> &'static Templates {
    static TEMPLATES: LazyLock<Templates> =
        LazyLock::new(|| stage::templates().expect("the templates can be read"));
    &TEMPLATES
}

/// A stage whose canary gets half of the work, and people are asked once.
fn half(traffic: Traffic, mode: Mode) -> Stage {
    Stage {
        traffic,
        mode,
        steps: Some(vec![Step::new(50, 0)]),
        further_steps: Some(Vec::new()),
        deregistration_delay: Duration::from_secs(10),
        ..Stage::default()
    }
}

/// The kinds of pairs; each canary gets half of the work.
pub(crate) fn pairs() -> [Stage; 3] {
    [
        half(Traffic::Queue, Mode::Additive),
        half(Traffic::Queue, Mode::ConstantTotal),
        half(Traffic::Alb, Mode::Additive),
    ]
}

/// The kinds of services of task sets; each candidate gets half of the work.
pub(crate) fn task_sets() -> [Stage; 3] {
    [
        half(Traffic::TaskSets, Mode::Additive),
        half(Traffic::TaskSets, Mode::ConstantTotal),
        half(Traffic::TaskSetsAlb, Mode::Additive),
    ]
}

/// A function behind an alias, whose canary gets half of the work.
pub(crate) fn function() -> Stage {
    half(Traffic::Lambda, Mode::Additive)
}

/// One of every kind of target.
pub(crate) fn targets() -> Vec<Stage> {
    pairs().into_iter().chain([function()]).collect()
}

/// A running account with a pair, its pipeline and its functions.
pub(crate) struct Play {
    pub(crate) account: Account,
    pub(crate) scene: Scene,
    script: Script,
    traffic: Traffic,
    work: Work,
    crash: Arc<Crash>,
    held: Arc<AtomicBool>,
    failing_starts: Arc<AtomicU32>,
    warm: Warm,
    /// Whether somebody else keeps weights and tasks from fitting.
    forgiven: AtomicBool,
    /// When the pair was steady for the first time.
    opened: Moment,
    drain: Duration,
}

/// What the tasks work on.
#[derive(Clone)]
enum Work {
    Messages(Arc<Messages>),
    Requests(Arc<Requests>),
}

impl Work {
    fn of(entrance: &Entrance, account: &Account) -> Self {
        let account = account.clone();
        match entrance {
            Entrance::Queue { url, .. } => {
                Self::Messages(Arc::new(Messages::new(account, url.clone())))
            }
            Entrance::LoadBalancer { listener, .. } => {
                Self::Requests(Arc::new(Requests::new(account, listener.clone())))
            }
        }
    }
}

impl Play {
    /// The pair at rest on v1, steady; messages or requests arrive.
    pub(crate) async fn begin(stage: &Stage, script: Script) -> Self {
        Self::begin_with(stage, script, |_| ()).await
    }

    /// The same, with something else about the account.
    pub(crate) async fn begin_with(
        stage: &Stage,
        script: Script,
        change: impl FnOnce(&mut World),
    ) -> Self {
        Self::begin_from(shipped(), stage, script, change).await
    }

    /// The same from other templates than the shipped ones.
    pub(crate) async fn begin_from(
        templates: &Templates,
        stage: &Stage,
        script: Script,
        change: impl FnOnce(&mut World),
    ) -> Self {
        let mut world = World::new(stage::identity(), BEGIN, 1);
        let scene = stage
            .set_up_from(templates, &mut world, &script)
            .unwrap_or_else(|error| panic!("the example cannot be set up: {error}"));
        change(&mut world);
        let (effects, received) = mpsc::unbounded_channel();
        let account = Account::new(world, effects);
        let mut play = Self {
            account: account.clone(),
            opened: BEGIN,
            drain: stage.deregistration_delay,
            work: Work::of(&scene.entrance, &account),
            traffic: stage.traffic,
            scene,
            script,
            crash: Arc::default(),
            held: Arc::default(),
            failing_starts: Arc::default(),
            warm: Warm::default(),
            forgiven: AtomicBool::default(),
        };
        tokio::spawn(play.hands().carry_out(received));
        if let Work::Messages(messages) = &play.work {
            let messages = Arc::clone(messages);
            tokio::spawn(async move { messages.produce().await });
        }
        tokio::spawn(async move { account.live(Duration::from_secs(1)).await });
        let traffic = stage.traffic;
        play.until("the pair is steady", |world| match traffic.runs() {
            Runs::Services => [stage::PRIMARY, stage::CANARY]
                .iter()
                .all(|service| is_steady(world, service)),
            Runs::TaskSets => are_settled(world),
            Runs::Function => is_active(world),
        })
        .await;
        play.opened = play.account.now();
        if let Work::Requests(requests) = &play.work {
            let requests = Arc::clone(requests);
            tokio::spawn(async move { requests.send_all().await });
        }
        play
    }

    fn hands(&self) -> Hands {
        Hands {
            account: self.account.clone(),
            script: self.script.clone(),
            work: self.work.clone(),
            crash: Arc::clone(&self.crash),
            held: Arc::clone(&self.held),
            failing_starts: Arc::clone(&self.failing_starts),
            warm: self.warm.clone(),
            tasks: Arc::default(),
        }
    }

    /// From now on there is little to do for the pair: for stories that are about something else.
    pub(crate) fn slow_down(&self) {
        match &self.work {
            Work::Messages(messages) => messages.slow_down(),
            Work::Requests(requests) => requests.slow_down(),
        }
    }

    /// From now on two messages arrive at once, so often.
    pub(crate) fn messages_arrive_every(&self, every: Duration) {
        if let Work::Messages(messages) = &self.work {
            messages.arrive_every(every);
        }
    }

    /// From now on chance says which attempts fail, by this seed: a story of its own for each.
    pub(crate) fn leave_to_chance(&self, seed: u64) {
        if let Work::Messages(messages) = &self.work {
            messages.leave_to_chance(seed);
        }
    }

    /// From now on tasks of a version do this, whatever they did before.
    pub(crate) fn change(&self, version: &str, behaviour: Behaviour) {
        match &self.work {
            Work::Messages(messages) => messages.change(version, behaviour),
            Work::Requests(requests) => requests.change(version, behaviour),
        }
    }

    /// Pushes a version; answers the execution that takes it.
    pub(crate) fn push(&self, label: &str) -> String {
        self.account
            .with(|world| self.script.release(world, label))
            .expect("the pipeline starts")
    }

    /// An execution that stays before its first function, for jobs that a story gives by itself.
    pub(crate) fn held_execution(&self) -> String {
        self.held.store(true, Ordering::Relaxed);
        self.push("v2")
    }

    /// Lets time pass until something holds; at most a day.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&mut World) -> bool) {
        for _ in 0..24 * 60 * 60 {
            if self.account.with(|world| holds(world)) {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("waited a day until {what}\n{}", self.transcript());
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Lets time pass until an action of an execution has a status.
    pub(crate) async fn until_action(&self, execution: &str, action: &str, status: &str) {
        self.until(&format!("{action} of {execution} is {status}"), |world| {
            Self::action_status(world, execution, action).as_deref() == Some(status)
        })
        .await;
    }

    fn action_status(world: &World, wanted: &str, name: &str) -> Option<String> {
        world
            .journal
            .iter()
            .rev()
            .find_map(|entry| match &entry.what {
                What::Action {
                    execution,
                    action,
                    status,
                    ..
                } if execution == wanted && action == name => Some(status.clone()),
                _ => None,
            })
    }

    /// Lets time pass until an action says something that begins like this.
    pub(crate) async fn until_said(&self, execution: &str, action: &str, beginning: &str) {
        for _ in 0..24 * 60 * 60 {
            if self.said(execution, action).starts_with(beginning) {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!(
            "waited a day for {beginning:?} of {action}\n{}",
            self.transcript()
        );
    }

    /// Lets time pass until a share bakes.
    pub(crate) async fn until_bakes(&self) {
        let bakes = |what: &What| match what {
            What::Action { summary, .. } => {
                summary.as_ref().is_some_and(|it| it.contains("; baking"))
            }
            _ => false,
        };
        self.until("a share bakes", |world| {
            world.journal.iter().any(|it| bakes(&it.what))
        })
        .await;
    }

    /// Lets time pass until a person is asked for approval.
    pub(crate) async fn until_approval(&self, execution: &str) {
        self.until_action(execution, "Approval", "InProgress").await;
    }

    /// Lets time pass until an execution has ended; answers how.
    pub(crate) async fn until_ended(&self, execution: &str) -> String {
        let ended =
            |world: &World| Self::execution_state(world, execution).filter(|state| is_end(state));
        self.until(&format!("execution {execution} has ended"), |world| {
            ended(world).is_some()
        })
        .await;
        self.account
            .with(|world| ended(world))
            .expect("it has ended")
    }

    fn execution_state(world: &World, wanted: &str) -> Option<String> {
        world
            .journal
            .iter()
            .rev()
            .find_map(|entry| match &entry.what {
                What::Execution {
                    execution, state, ..
                } if execution == wanted => Some(state.clone()),
                _ => None,
            })
    }

    /// A person answers the approval that waits.
    pub(crate) fn approve(&self) {
        self.answer(true, "looks good");
    }

    /// Lets time pass until a person is asked for approval once more, where a pipeline has two of them.
    pub(crate) async fn until_second_approval(&self, execution: &str) {
        self.until_action(execution, "Approval-to-promote", "InProgress")
            .await;
    }

    /// A person approves, and the execution goes through.
    pub(crate) async fn succeeds(&self, release: &str) {
        self.approve();
        let ended = self.until_ended(release).await;
        assert_eq!(ended, "SUCCEEDED", "{}", self.transcript());
    }

    /// A person answers the approval that waits.
    pub(crate) fn reject(&self, why: &str) {
        self.answer(false, why);
    }

    fn answer(&self, approve: bool, summary: &str) {
        self.account
            .with(|world| codepipeline::answer_approval(world, stage::PIPELINE, approve, summary))
            .expect("an approval waits");
    }

    /// A person switches off what every metric alarm does.
    pub(crate) fn switch_alarms_off(&self) {
        self.account.with(|world| {
            let found = cloudwatch::call(world, "DescribeAlarms", &json!({})).expect("an answer");
            let alarms = found["MetricAlarms"].as_array().expect("alarms").iter();
            let names: Vec<_> = alarms.map(|alarm| &alarm["AlarmName"]).collect();
            let names = json!({ "AlarmNames": names });
            cloudwatch::call(world, "DisableAlarmActions", &names).expect("they are there");
        });
    }

    /// A person sets one of the alarms that guard a release to `ALARM`.
    pub(crate) fn alarm(&self, reason: &str) {
        let alarm = self.traffic.alarm();
        let input = json!({"AlarmName": alarm, "StateValue": "ALARM", "StateReason": reason});
        self.account
            .with(|world| cloudwatch::call(world, "SetAlarmState", &input))
            .expect("the alarm exists");
    }

    /// That alarm's name.
    pub(crate) fn alarm_name(&self) -> String {
        self.traffic.alarm().to_owned()
    }

    /// From now on nothing that happens is told to anybody.
    pub(crate) fn lose_events(&self) {
        self.account
            .with(|world| world.events.delivery = events::Delivery::Lost);
    }

    /// Whether a person is asked for approval.
    pub(crate) fn waits_for_approval(&self) -> bool {
        self.account.with(|world| {
            world
                .journal
                .iter()
                .rev()
                .find_map(|entry| match &entry.what {
                    What::Action { action, status, .. } if action.starts_with("Approval") => {
                        Some(status == "InProgress")
                    }
                    _ => None,
                })
        }) == Some(true)
    }

    /// Whether an execution has ended.
    pub(crate) fn has_ended(&self, execution: &str) -> bool {
        self.account
            .with(|world| Self::execution_state(world, execution))
            .is_some_and(|state| is_end(&state))
    }

    /// That weights and tasks do not fit together from now on is nobody's fault but a person's.
    pub(crate) fn forgive(&self) {
        self.forgiven.store(true, Ordering::Relaxed);
    }

    /// A person deletes a service. That weights and tasks do not fit together after that is nobody else's fault.
    pub(crate) fn delete_service(&self, service: &str) {
        self.forgive();
        self.account
            .with(|world| ecs::delete_service(world, stage::CLUSTER, service));
    }

    /// A person stops tasks of a service. That nobody answers for it meanwhile is nobody else's fault.
    pub(crate) fn stop_tasks(&self, service: &str, many: usize) {
        self.forgive();
        let of_service = json!({ "cluster": stage::CLUSTER, "serviceName": service });
        let tasks = self.ecs("ListTasks", &of_service)["taskArns"].clone();
        for task in tasks.as_array().into_iter().flatten().take(many) {
            self.ecs(
                "StopTask",
                &json!({ "cluster": stage::CLUSTER, "task": task }),
            );
        }
    }

    /// Switches the repair schedule off.
    pub(crate) fn suspend_schedule(&self) {
        self.set_schedule(false);
    }

    /// Switches the repair schedule on.
    pub(crate) fn resume_schedule(&self) {
        self.set_schedule(true);
    }

    fn set_schedule(&self, enabled: bool) {
        self.account
            .with(|world| events::set_enabled(world, "orders-release-sweep", enabled))
            .expect("the rule exists");
    }
}

/// Whatever has happened in a story: the functions only ever reject, and no request goes where nobody is.
impl Drop for Play {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let statuses = self.entries(|what| match what {
            What::Called(call) if call.operation == "PutApprovalResult" => {
                Some(call.input["result"]["status"].clone())
            }
            _ => None,
        });
        assert!(
            statuses.iter().all(|status| status == "Rejected"),
            "a function answered an approval with {statuses:?}"
        );
        if matches!(self.work, Work::Requests(_)) && !self.forgiven.load(Ordering::Relaxed) {
            let broken = self.broken_promises();
            assert_eq!(broken, [""; 0], "{}", self.transcript());
        }
    }
}

impl Play {
    /// What has gone wrong with weights and tasks.
    pub(crate) fn broken_promises(&self) -> Vec<String> {
        let is_sick =
            |version: &Version| matches!(version.behaviour, Behaviour::TurnsUnhealthyAfter(_));
        let watched = Watched {
            from: self.opened,
            drain: self.drain,
            groups: self.traffic.groups(),
            sick: self.script.versions().any(is_sick),
        };
        self.account
            .with(|world| watch::broken_promises(&world.journal, &watched))
    }
}

/// Minutes and seconds since the beginning, as transcripts have them.
pub(crate) fn clock(at: Moment) -> String {
    let seconds = at.since(BEGIN).as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn is_end(state: &str) -> bool {
    matches!(
        state,
        "SUCCEEDED" | "FAILED" | "STOPPED" | "CANCELED" | "SUPERSEDED"
    )
}
