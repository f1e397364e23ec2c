//! What plays Lambda and ECS: functions in process, and the life of a task.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use canary::{
    aws::{self, Settings},
    clock::Timestamp,
    reconcile,
    trouble::Trouble,
};
use rehearsal_core::{
    clock::Moment,
    stage::{self, Behaviour, Script},
    wire::{self, Account},
    world::{
        Effect, ecs,
        functions::{self, Ended, Function, Invocation},
    },
};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};

use super::{Work, messages::Consumer};
use crate::connector::{InProcess, REGION};

/// Exit code of a container that SIGKILL has ended.
const KILLED: i32 = 137;

type Answer = Pin<Box<dyn Future<Output = Result<Value, Trouble>> + Send>>;

/// Tells the invocations of a function that they are dead.
#[derive(Default)]
pub(crate) struct Crash {
    now: Notify,
    happened: AtomicBool,
    whom: Mutex<String>,
}

impl Crash {
    /// Kills whatever a function is at.
    pub(crate) fn strike(&self, function: &str) {
        function.clone_into(&mut self.whom.lock().unwrap());
        self.happened.store(true, Ordering::Relaxed);
        self.now.notify_waiters();
    }

    /// Ends when the function is killed.
    async fn of(&self, function: &str) {
        loop {
            self.now.notified().await;
            if *self.whom.lock().unwrap() == function {
                return;
            }
        }
    }

    pub(crate) fn has_happened(&self) -> bool {
        self.happened.load(Ordering::Relaxed)
    }
}

/// What the world wants done outside, done here.
#[derive(Clone)]
pub(super) struct Hands {
    pub(super) account: Account,
    pub(super) script: Script,
    pub(super) work: Work,
    pub(super) crash: Arc<Crash>,
    pub(super) held: Arc<AtomicBool>,
    /// How many more tasks end as they start.
    pub(super) failing_starts: Arc<AtomicU32>,
    pub(super) tasks: Arc<Mutex<BTreeMap<String, Arc<Signals>>>>,
    pub(super) warm: Warm,
}

/// Clients that were made before: Lambda keeps an environment for the next event, as long as nothing has killed it.
#[derive(Clone, Default)]
pub(super) struct Warm(Arc<Mutex<Vec<Environment>>>);

/// Whose, with what settings, and the clients.
type Environment = (String, Settings, Arc<aws::Account>);

impl Warm {
    /// The clients of a principal, made when they are first asked for.
    pub(super) fn clients(
        &self,
        account: &Account,
        principal: &str,
        settings: Settings,
    ) -> Arc<aws::Account> {
        let mut warm = self.0.lock().unwrap();
        let known = warm
            .iter()
            .find(|(of, with, _)| of == principal && *with == settings);
        if let Some((_, _, clients)) = known {
            return Arc::clone(clients);
        }
        let made = Arc::new(clients(account, principal, settings.clone()));
        warm.push((principal.to_owned(), settings, Arc::clone(&made)));
        made
    }

    fn kill(&self, principal: &str) {
        self.0.lock().unwrap().retain(|(of, _, _)| of != principal);
    }
}

/// The signals that a task gets.
#[derive(Default)]
pub(super) struct Signals {
    pub(super) term: Notify,
    pub(super) kill: Notify,
}

impl Hands {
    pub(super) async fn carry_out(self, mut effects: mpsc::UnboundedReceiver<Effect>) {
        while let Some(effect) = effects.recv().await {
            match effect {
                Effect::Invoke(invocation) => {
                    tokio::spawn(self.clone().invoke(invocation));
                }
                Effect::StartTask(launch) => {
                    tokio::spawn(self.clone().run_task(launch));
                }
                Effect::SignalTask { task_arn, signal } => {
                    if let Some(signals) = self.tasks.lock().unwrap().get(&task_arn) {
                        match signal {
                            ecs::Signal::Term => signals.term.notify_one(),
                            ecs::Signal::Kill => signals.kill.notify_one(),
                        }
                    }
                }
                Effect::CheckTarget(probe) => {
                    if let Work::Requests(requests) = &self.work {
                        requests.check(&probe);
                    }
                }
                // Nobody builds: the execution stays where it is.
                Effect::PlayAction(_) if self.held.load(Ordering::Relaxed) => {}
                Effect::PlayAction(action) => {
                    self.account.with(|world| self.script.play(world, &action));
                }
            }
        }
    }

    async fn invoke(self, invocation: Invocation) {
        let Some(function) = self
            .account
            .with(|world| functions::program_of(world, &invocation).cloned())
        else {
            return;
        };
        if function.name == stage::FUNCTION {
            return self.run_function(&function, &invocation).await;
        }
        let settings = Settings {
            target: function.environment.get("TARGET").cloned(),
            releases_table: function.environment.get("RELEASES_TABLE").cloned(),
            notifications_topic: function.environment.get("NOTIFICATIONS_TOPIC").cloned(),
        };
        let clients = self.warm.clients(&self.account, &function.name, settings);
        let deadline = timestamp(self.account.now() + function.timeout);
        let answer = handler(&function.program, clients, invocation.payload, deadline);
        // A task of its own: what it panics with is an error of the function, not of the story.
        let running = tokio::spawn(answer);
        let abort = running.abort_handle();
        let how = tokio::select! {
            answer = running => match answer {
                Ok(Ok(answer)) => Ended::Answer(answer),
                Ok(Err(trouble)) => Ended::Error(format!("{}: {trouble}", trouble.name())),
                Err(_) => Ended::Error("Runtime exited with error: exit status 101".to_owned()),
            },
            () = self.crash.of(&function.name) => Ended::Error("Runtime exited with error: signal: killed".to_owned()),
            () = tokio::time::sleep(function.timeout) => Ended::Error("Task timed out after 30.00 seconds".to_owned()),
        };
        abort.abort();
        if matches!(&how, Ended::Error(error) if error.starts_with("Runtime") || error.starts_with("Task"))
        {
            self.warm.kill(&function.name);
        }
        self.account
            .with(|world| functions::ended(world, &invocation.run, how));
    }

    /// The function that is released.
    async fn run_function(self, function: &Function, invocation: &Invocation) {
        let package = function.archive.as_ref().map(|archive| &archive.sha256);
        let version = package.and_then(|package| self.script.version_of_package(package));
        let how = match (version, &self.work) {
            (Some(version), Work::Messages(messages)) => messages.invoked(version, invocation),
            _ => {
                Ended::Error("Runtime.InvalidEntrypoint: Couldn't find valid bootstrap".to_owned())
            }
        };
        let hangs = version.is_some_and(|it| it.behaviour == Behaviour::Hangs);
        let as_long_as_a_warm_one = Duration::from_millis(20);
        tokio::time::sleep(if hangs {
            function.timeout
        } else {
            as_long_as_a_warm_one
        })
        .await;
        self.account
            .with(|world| functions::ended(world, &invocation.run, how));
    }

    async fn run_task(self, launch: ecs::TaskLaunch) {
        let signals = Arc::new(Signals::default());
        self.tasks
            .lock()
            .unwrap()
            .insert(launch.task_arn.clone(), Arc::clone(&signals));
        let arn = launch.task_arn.as_str();
        let Some(version) = self.script.version_of(&launch.digest).cloned() else {
            let reason = "CannotPullContainerError: manifest unknown";
            return self
                .account
                .with(|world| ecs::task_exited(world, arn, None, Some(reason)));
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.account.with(|world| ecs::task_running(world, arn));
        let counted =
            self.failing_starts
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    left.checked_sub(1)
                });
        let works = async {
            match &self.work {
                Work::Messages(messages) => {
                    let stop = signals.term.notified();
                    let consumer = Consumer::of(&self.account, arn, &version);
                    messages.consume(&consumer, stop).await
                }
                Work::Requests(requests) => {
                    let ended = requests.serve(&launch, &version, &signals).await;
                    if ended { 0 } else { KILLED }
                }
            }
        };
        let code = match version.behaviour {
            _ if counted.is_ok() => 1,
            Behaviour::CrashesAtStart => 1,
            Behaviour::EndsAfter(seconds) => {
                let time = Duration::from_secs(seconds.into());
                let ended = tokio::time::timeout(time, works).await;
                if let (Err(_), Work::Requests(requests)) = (&ended, &self.work) {
                    requests.end(&launch);
                }
                ended.unwrap_or(1)
            }
            _ => works.await,
        };
        self.account
            .with(|world| ecs::task_exited(world, arn, Some(code), None));
    }
}

fn handler(
    function: &str,
    account: Arc<aws::Account>,
    event: Value,
    deadline: Timestamp,
) -> Answer {
    match function {
        "deploy-canary" => Box::pin(reconcile::handle::<deploy_canary::DeployCanary>(
            account, event, deadline,
        )),
        "shift-weight" => Box::pin(reconcile::handle::<shift_weight::ShiftWeight>(
            account, event, deadline,
        )),
        "promote-primary" => Box::pin(reconcile::handle::<promote_primary::PromotePrimary>(
            account, event, deadline,
        )),
        "rollback" => Box::pin(rollback::handle(account, event, deadline)),
        other => panic!("there is no function {other}"),
    }
}

/// The functions' clients, with the time of the account.
pub(crate) fn clients(account: &Account, principal: &str, settings: Settings) -> aws::Account {
    let credentials = Credentials::new(
        wire::access_key(principal),
        "rehearsal",
        None,
        None,
        "rehearsal",
    );
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(SharedHttpClient::new(InProcess::new(account)))
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(
            aws_smithy_async::rt::sleep::TokioSleep::new(),
        ))
        .time_source(aws_smithy_async::time::SharedTimeSource::new(AccountTime(
            account.clone(),
        )))
        .retry_config(RetryConfig::standard())
        .timeout_config(aws::timeouts())
        .build();
    aws::Account::new(config, settings)
}

struct AccountTime(Account);

impl std::fmt::Debug for AccountTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccountTime")
    }
}

impl aws_smithy_async::time::TimeSource for AccountTime {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.now().0)
    }
}

fn timestamp(moment: Moment) -> Timestamp {
    Timestamp::from_epoch_millis(moment.0)
}
