//! A release on a virtual clock: the account, the functions in process behind the SDK's real clients,
//! scripted consumers as tasks, and a driver in the words of the domain.
//!
//! Here is what people do and what they wait for; [`found`] is what they look at, [`calls`] how functions are
//! called and disturbed, [`hands`] what plays Lambda and ECS, [`service`] what the account says of a service.

#![expect(
    clippy::unwrap_used,
    reason = "test code: a poisoned lock or a name that is wrong here fails the story"
)]

mod calls;
mod found;
mod hands;
mod service;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rehearsal::{
    clock::Moment,
    stage::{self, Scene, Script, Stage},
    template::Templates,
    wire::Account,
    world::{World, cloudwatch, codepipeline, events, journal::What},
};
use serde_json::json;
use tokio::sync::mpsc;

use hands::{Crash, Hands};
use service::is_steady;

pub(crate) use calls::Artifact;
pub(crate) use service::{is_deploying, is_in_alarm, runs, stable, update};

/// Where every story begins.
const BEGIN: Moment = Moment(1_790_928_000_000);

/// A running account with a pair, its pipeline and its functions.
pub(crate) struct Play {
    pub(crate) account: Account,
    pub(crate) scene: Scene,
    script: Script,
    crash: Arc<Crash>,
    sent: Arc<Mutex<BTreeSet<String>>>,
    processed: Arc<Mutex<BTreeSet<String>>>,
    held: Arc<AtomicBool>,
}

impl Play {
    /// The pair at rest on v1, steady; messages arrive.
    pub(crate) async fn begin(stage: &Stage, script: Script) -> Self {
        Self::begin_with(stage, script, |_| ()).await
    }

    /// The same, with something else about the account.
    pub(crate) async fn begin_with(
        stage: &Stage,
        script: Script,
        change: impl FnOnce(&mut World),
    ) -> Self {
        let templates = stage::templates().expect("the templates can be read");
        Self::begin_from(&templates, stage, script, change).await
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
        let play = Self {
            account: account.clone(),
            scene,
            script,
            crash: Arc::default(),
            sent: Arc::default(),
            processed: Arc::default(),
            held: Arc::default(),
        };
        tokio::spawn(play.hands().carry_out(received));
        tokio::spawn(play.hands().produce());
        tokio::spawn(async move { account.live(Duration::from_secs(1)).await });
        play.until("the pair is steady", |world| {
            [stage::PRIMARY, stage::CANARY]
                .iter()
                .all(|service| is_steady(world, service))
        })
        .await;
        play
    }

    fn hands(&self) -> Hands {
        Hands {
            account: self.account.clone(),
            script: self.script.clone(),
            queue_url: self.scene.queue_url.clone(),
            crash: Arc::clone(&self.crash),
            sent: Arc::clone(&self.sent),
            processed: Arc::clone(&self.processed),
            held: Arc::clone(&self.held),
            tasks: Arc::default(),
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

    /// A person answers the approval that waits.
    pub(crate) fn reject(&self, why: &str) {
        self.answer(false, why);
    }

    fn answer(&self, approve: bool, summary: &str) {
        self.account
            .with(|world| codepipeline::answer_approval(world, stage::PIPELINE, approve, summary))
            .expect("an approval waits");
    }

    /// The alarm goes to `ALARM`.
    pub(crate) fn alarm(&self, reason: &str) {
        let input =
            json!({"AlarmName": stage::ALARM, "StateValue": "ALARM", "StateReason": reason});
        self.account
            .with(|world| cloudwatch::call(world, "SetAlarmState", &input))
            .expect("the alarm exists");
    }

    /// Whether a person is asked for approval.
    pub(crate) fn waits_for_approval(&self) -> bool {
        self.account.with(|world| {
            world
                .journal
                .iter()
                .rev()
                .find_map(|entry| match &entry.what {
                    What::Action { action, status, .. } if action == "Approval" => {
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

/// Whatever has happened in a story: the functions only ever reject.
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
    }
}

fn is_end(state: &str) -> bool {
    matches!(
        state,
        "SUCCEEDED" | "FAILED" | "STOPPED" | "CANCELED" | "SUPERSEDED"
    )
}
