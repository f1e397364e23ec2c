//! Nothing that AWS refuses, hides or delays keeps a bad canary running.

mod few;
mod forward;
mod gone;
mod guard;
mod reads;
mod writes;

use std::time::Duration;

use canary::record::Phase;
use rehearsal_core::{
    clock::Moment,
    stage::{self, Behaviour, Runs, Script, Stage, Step, Traffic, Version, Work},
    world::{
        World,
        events::Delivery,
        functions,
        journal::{Call, Entry, What},
        scaling,
    },
};
use serde_json::json;

use crate::play::{Play, is_deploying, sets_of_service};

/// The kinds of pairs, each with a canary whose scaling a release holds.
fn pairs() -> [Stage; 3] {
    crate::play::pairs().map(|stage| Stage {
        canary_scaling: Some((0, 10)),
        ..stage
    })
}

/// A promotion that is watched for a while.
fn watched(stage: Stage) -> Stage {
    Stage {
        promote_bake: Duration::from_mins(2),
        ..stage
    }
}

/// A function behind an alias.
fn alias() -> Stage {
    watched(crate::play::function())
}

/// The kinds of services of task sets.
fn task_sets() -> [Stage; 3] {
    crate::play::task_sets().map(watched)
}

/// One of every kind of target.
fn targets() -> Vec<Stage> {
    let [_, constant_total, _] = task_sets();
    let others = [alias(), constant_total];
    pairs().into_iter().chain(others).collect()
}

fn v2() -> Script {
    Script::new([Version::new("v2", Behaviour::Works)])
}

/// How far a release is when its alarm fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Approval,
    Promotion,
}

/// A release that has come so far; what the pair was like before it, and its execution.
async fn release(stage: &Stage, at: At) -> (Play, String, String) {
    release_of(stage, at, |_| ()).await
}

async fn release_of(stage: &Stage, at: At, change: fn(&mut World)) -> (Play, String, String) {
    let play = Play::begin_with(stage, v2(), change).await;
    play.slow_down();
    let before = play.pair();
    let release = play.push("v2");
    play.until_approval(&release).await;
    if at == At::Promotion {
        play.approve();
        let runs = stage.traffic.runs();
        play.until("the primary gets the candidate", |world| match runs {
            Runs::Services => is_deploying(world),
            Runs::TaskSets => sets_of_service(world)[0]["scale"]["value"] == 0.0,
            Runs::Function => functions::shares(world, stage::FUNCTION, stage::ALIAS).len() == 1,
        })
        .await;
        if runs != Runs::Services {
            // What was written since the last look has to be seen: it may be somebody else's, or take the last tasks.
            play.pass(Duration::from_secs(35)).await;
        }
    }
    (play, before, release)
}

/// What rollback asked of AWS, and when, since a moment.
fn asked(play: &Play, since: Moment) -> Vec<(Duration, Call)> {
    let journal = play.account.with(|world| world.journal.clone());
    let calls = journal
        .into_iter()
        .filter_map(|Entry { at, what }| match what {
            What::Called(call) if call.principal.0 == stage::ROLLBACK && at >= since => {
                Some((at.since(since), call))
            }
            _ => None,
        });
    calls.collect()
}

/// When work was taken from the canary: its tasks, or its part of the requests or invocations.
fn stopped(play: &Play, stage: &Stage, since: Moment) -> Option<Duration> {
    asked(play, since).into_iter().find_map(|(after, call)| {
        let stops = match (stage.traffic.runs(), stage.traffic.work()) {
            (Runs::Function, _) => call.operation == "UpdateAlias",
            (_, Work::Requests) => call.operation == "ModifyRule",
            (Runs::TaskSets, Work::Messages) => {
                call.operation == "DeleteTaskSet" || call.input["scale"]["value"] == 0.0
            }
            (Runs::Services, Work::Messages) => {
                call.operation == "UpdateService"
                    && call.input["service"] == stage::CANARY
                    && call.input["desiredCount"] == 0
                    && call.input["taskDefinition"].is_null()
            }
        };
        (stops && call.fault.is_none()).then_some(after)
    })
}

/// Within one look.
fn assert_stopped_at_once(play: &Play, stage: &Stage, since: Moment) {
    let stopped = stopped(play, stage, since);
    let one_look = Duration::from_secs(10);
    assert!(
        stopped.is_some_and(|after| after <= one_look),
        "{stopped:?}"
    );
}

/// When the primary was sent back to the stable version.
fn sent_back(play: &Play, since: Moment) -> Option<Duration> {
    asked(play, since).into_iter().find_map(|(after, call)| {
        let is_back = match call.operation.as_str() {
            "UpdateService" => {
                let version = call.input["taskDefinition"].as_str();
                call.input["service"] == stage::PRIMARY
                    && version.is_some_and(|version| version.ends_with("orders:1"))
            }
            "UpdateTaskSet" => call.input["scale"]["value"] == 100.0,
            "UpdateAlias" => call.input["FunctionVersion"] == "1",
            _ => false,
        };
        is_back.then_some(after)
    })
}

/// A function's invocations that ended with an error, since a moment.
fn errors(play: &Play, since: Moment) -> Vec<String> {
    let journal = play.account.with(|world| world.journal.clone());
    let errors = journal
        .into_iter()
        .filter_map(|Entry { at, what }| match what {
            What::Returned {
                function,
                error: Some(error),
                ..
            } if function == stage::ROLLBACK && at >= since => Some(error),
            _ => None,
        });
    errors.collect()
}

/// Messages or requests that a version took, and tasks of it that began, from a moment on.
fn work_of(play: &Play, version: &str, from: Moment) -> (u32, Vec<String>) {
    let journal = play.account.with(|world| world.journal.clone());
    let mut work = (0, Vec::new());
    for Entry { at, what } in journal {
        match what {
            What::Messages {
                version: by,
                processed,
                failed,
                over,
            } if by == version && at.since(from) >= over && at >= from => {
                work.0 += processed + failed;
            }
            What::Task {
                service,
                version: of,
                state,
                ..
            } if of == version && state == "PENDING" && at >= from => {
                work.1
                    .push(format!("{service} {}", at.since(from).as_secs()));
            }
            _ => {}
        }
    }
    work
}
