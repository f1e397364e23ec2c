//! What plays Lambda and ECS: functions in process, scripted consumers, a producer.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use canary::{
    aws::{self, Settings, Trouble},
    clock::Timestamp,
    reconcile,
};
use rehearsal::{
    clock::Moment,
    stage::{self, Behaviour, Script},
    wire::{self, Account},
    world::{
        Effect, Fault, Principal, cloudwatch, ecs,
        functions::{self, Ended, Invocation},
        journal::What,
        sqs,
    },
};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

use crate::connector::{InProcess, REGION};

/// How often a scripted consumer looks for messages.
const CONSUMES_EVERY: Duration = Duration::from_secs(2);

/// Messages that arrive each second.
const ARRIVE: usize = 2;

type Answer = Pin<Box<dyn Future<Output = Result<Value, Trouble>> + Send>>;

/// Tells the invocation that it is dead.
#[derive(Default)]
pub(crate) struct Crash {
    pub(super) now: Notify,
    pub(super) happened: AtomicBool,
}

impl Crash {
    pub(crate) fn has_happened(&self) -> bool {
        self.happened.load(Ordering::Relaxed)
    }
}

/// What the world wants done outside, done here.
#[derive(Clone)]
pub(super) struct Hands {
    pub(super) account: Account,
    pub(super) script: Script,
    pub(super) queue_url: String,
    pub(super) crash: Arc<Crash>,
    pub(super) sent: Arc<Mutex<BTreeSet<String>>>,
    pub(super) processed: Arc<Mutex<BTreeSet<String>>>,
    pub(super) held: Arc<AtomicBool>,
    pub(super) tasks: Arc<Mutex<BTreeMap<String, Arc<Notify>>>>,
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
                Effect::SignalTask { task_arn, .. } => {
                    if let Some(stop) = self.tasks.lock().unwrap().get(&task_arn) {
                        stop.notify_one();
                    }
                }
                Effect::CheckTarget(_) => {}
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
            .with(|world| functions::function(world, &invocation.function).cloned())
        else {
            return;
        };
        let settings = Settings {
            target: function.environment.get("TARGET").cloned(),
            releases_table: function.environment.get("RELEASES_TABLE").cloned(),
            notifications_topic: function.environment.get("NOTIFICATIONS_TOPIC").cloned(),
        };
        let clients = clients(&self.account, &function.name, settings);
        let deadline = timestamp(self.account.now() + function.timeout);
        let answer = handler(
            &function.program,
            Arc::new(clients),
            invocation.payload,
            deadline,
        );
        // A task of its own: what it panics with is an error of the function, not of the story.
        let running = tokio::spawn(answer);
        let abort = running.abort_handle();
        let how = tokio::select! {
            answer = running => match answer {
                Ok(Ok(answer)) => Ended::Answer(answer),
                Ok(Err(trouble)) => Ended::Error(trouble.to_string()),
                Err(_) => Ended::Error("Runtime exited with error: exit status 101".to_owned()),
            },
            () = self.crash.now.notified() => Ended::Error("Runtime exited with error: signal: killed".to_owned()),
            () = tokio::time::sleep(function.timeout) => Ended::Error("Task timed out after 30.00 seconds".to_owned()),
        };
        abort.abort();
        self.account
            .with(|world| functions::ended(world, &invocation.run, how));
    }

    async fn run_task(self, launch: ecs::TaskLaunch) {
        let stop = Arc::new(Notify::new());
        self.tasks
            .lock()
            .unwrap()
            .insert(launch.task_arn.clone(), Arc::clone(&stop));
        let arn = launch.task_arn.as_str();
        let Some(version) = self.script.version_of(&launch.image).cloned() else {
            let reason = "CannotPullContainerError: manifest unknown";
            return self
                .account
                .with(|world| ecs::task_exited(world, arn, None, Some(reason)));
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.account.with(|world| ecs::task_running(world, arn));
        if version.behaviour == Behaviour::CrashesAtStart {
            return self
                .account
                .with(|world| ecs::task_exited(world, arn, Some(1), None));
        }
        tokio::select! {
            () = stop.notified() => {}
            () = self.consume(arn, &launch.service, &version) => {}
        }
        self.account
            .with(|world| ecs::task_exited(world, arn, Some(0), None));
    }

    async fn consume(&self, task: &str, service: &str, version: &stage::Version) {
        tokio::time::sleep(Duration::from_secs(5)).await;
        self.account
            .with(|world| ecs::task_health(world, task, ecs::Health::Healthy));
        loop {
            let received = self
                .as_task("ReceiveMessage", json!({ "MaxNumberOfMessages": 4 }))
                .unwrap_or_default();
            let (mut processed, mut failed) = (0, 0);
            for message in received["Messages"].as_array().into_iter().flatten() {
                let id = message["MessageId"].as_str().unwrap_or_default();
                if fails(version.behaviour, id) {
                    failed += 1;
                    continue;
                }
                let handle = json!({ "ReceiptHandle": message["ReceiptHandle"] });
                if self.as_task("DeleteMessage", handle).is_ok() {
                    self.processed.lock().unwrap().insert(id.to_owned());
                    processed += 1;
                }
            }
            if processed + failed > 0 {
                self.account.with(|world| {
                    for (name, count) in [("Processed", processed), ("Failed", failed)] {
                        let (of, now) = ([("ServiceName", service)], world.now);
                        let namespace = "CanaryRelease/SampleApp";
                        cloudwatch::publish(world, namespace, name, &of, f64::from(count), now);
                    }
                    world.note(What::Messages {
                        version: version.label.clone(),
                        processed,
                        failed,
                        over: Duration::ZERO,
                    });
                });
            }
            tokio::time::sleep(CONSUMES_EVERY).await;
        }
    }

    /// Calls SQS on the queue by the rights of the task role.
    fn as_task(&self, operation: &str, mut input: Value) -> Result<Value, Fault> {
        input["QueueUrl"] = self.queue_url.as_str().into();
        let task = Principal(ecs::TASK_PRINCIPAL.to_owned());
        self.account.call_as(&task, "sqs", operation, &input)
    }

    pub(super) async fn produce(self) {
        loop {
            self.account.with(|world| {
                for _ in 0..ARRIVE {
                    let id =
                        sqs::send(world, &self.queue_url, "an order").expect("the queue exists");
                    self.sent.lock().unwrap().insert(id);
                }
            });
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// The same messages fail every time they are received by a version that fails some.
fn fails(behaviour: Behaviour, message: &str) -> bool {
    let Behaviour::Fails(percent) = behaviour else {
        return false;
    };
    let hash = message.bytes().fold(7u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    hash % 100 < u32::from(percent)
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
