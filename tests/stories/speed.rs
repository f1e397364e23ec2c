//! How many calls a look makes, one after the other. Counted, not timed: every call takes the same virtual
//! time.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Step, Traffic, Version},
    wire::Interference,
    world::{
        Fault,
        journal::{Call, Entry, What},
    },
};

use crate::{lambda_alias, play::Play};

const CALL: Duration = Duration::from_millis(20);

/// Sequential round trips of every look of a function before its first call that `counts` accepts, and whether it had written
/// something by then.
fn looks(journal: &[Entry], function: &str, counts: impl Fn(&Call) -> bool) -> Vec<(u128, bool)> {
    let mut found = Vec::new();
    let (mut began, mut acts) = (None, false);
    for Entry { at, what } in journal {
        match what {
            What::Invoked {
                function: invoked, ..
            } if invoked == function => (began, acts) = (Some(*at), false),
            What::Called(call) if call.principal.0 == function && counts(call) => {
                if let Some(began) = began.take() {
                    // A call is carried out half its time after it was made.
                    let there = at.since(began).saturating_sub(CALL / 2);
                    found.push((there.as_millis() / CALL.as_millis(), acts));
                }
            }
            What::Called(call) if call.principal.0 == function => acts |= call.is_write(),
            _ => {}
        }
    }
    found
}

/// Two services whose canary is scaled, and a function.
fn targets() -> [Stage; 2] {
    let queue = Stage {
        canary_scaling: Some((0, 10)),
        ..Stage::default()
    };
    [queue, lambda_alias::stage()]
}

async fn with_latency(stage: &Stage) -> (Play, String) {
    let script = Script::new([Version::new("v2", Behaviour::Works)]);
    let play = Play::begin(stage, script).await;
    play.account.set_latency(CALL);
    let release = play.push("v2");
    (play, release)
}

#[tokio::test(start_paused = true)]
async fn a_look_that_waits_makes_three_sequential_round_trips_at_most_before_its_report_and_one_that_acts_five()
 {
    for stage in targets() {
        let (play, release) = with_latency(&stage).await;
        play.until_approval(&release).await;
        play.approve();
        assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
        let journal = play.account.with(|world| world.journal.clone());
        let is_report = |call: &Call| call.operation.starts_with("PutJob");
        for function in [
            stage::DEPLOY_CANARY,
            stage::SHIFT_WEIGHT,
            stage::PROMOTE_PRIMARY,
        ] {
            let looks = looks(&journal, function, is_report);
            assert!(looks.len() >= 3, "{function}: {looks:?}");
            let is_quick = |(trips, acts): &(u128, bool)| *trips <= if *acts { 5 } else { 3 };
            assert!(looks.iter().all(is_quick), "{function}: {looks:?}");
        }
        let baking = looks(&journal, stage::SHIFT_WEIGHT, is_report);
        assert!(
            baking.iter().filter(|(trips, _)| *trips <= 3).count() > 20,
            "everything at once, and the tasks that have ended: {baking:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_writes_after_at_most_two_round_trips_stops_harm_and_then_does_everything_at_once()
 {
    for stage in targets() {
        let (play, release) = with_latency(&stage).await;
        play.until_approval(&release).await;
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        let journal = play.account.with(|world| world.journal.clone());
        let first_write = looks(&journal, stage::ROLLBACK, Call::is_write);
        let first_write: Vec<_> = first_write.into_iter().map(|(trips, _)| trips).collect();
        // The last one ends it: what scheduled actions were missed is asked before that is said.
        let (last, others) = first_write.split_last().expect("it writes");
        assert!(
            others.iter().all(|trips| *trips <= 2) && *last <= 3,
            "{first_write:?}"
        );
        // The record, then what stops harm by itself, then everything else in the same instant.
        let writes = |call: &Call| call.principal.0 == stage::ROLLBACK && call.is_write();
        let at_once: Vec<_> = journal
            .iter()
            .filter_map(|entry| match &entry.what {
                What::Called(call) if writes(call) => Some((entry.at, call.operation.as_str())),
                _ => None,
            })
            .collect();
        let (stops, others) = if stage.traffic.has_tasks() {
            ("UpdateService", &["UpdateService", "PutApprovalResult"][..])
        } else {
            ("UpdateAlias", &["PutApprovalResult"][..])
        };
        let operations: Vec<_> = at_once.iter().map(|(_, operation)| *operation).collect();
        let (first, rest) = operations.split_at(3);
        assert_eq!(first, ["TransactWriteItems", "Publish", stops]);
        let rest = &rest[..=others.len()];
        for operation in others {
            assert!(rest.contains(operation), "{operations:?}");
        }
        assert_eq!(at_once[1].0, at_once[2].0, "told beside the stopping call");
        assert_eq!(at_once[3].0, at_once[2 + others.len()].0, "{at_once:?}");
        let trips = at_once[3].0.since(at_once[2].0).as_millis() / CALL.as_millis();
        assert_eq!(trips, 1, "one round trip of reads is between them");
    }
}

/// A release whose share and whose promotion bake for twenty minutes each.
async fn bakes(traffic: Traffic) -> Play {
    let bake = Duration::from_mins(20);
    let stage = Stage {
        traffic,
        steps: Some(vec![Step { weight: 25, bake }]),
        promote_bake: bake,
        ..Stage::default()
    };
    let script = Script::new([Version::new("v2", Behaviour::Works)]);
    let play = Play::begin(&stage, script).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    play
}

/// What a function asked of AWS, each look's calls in their order by name.
fn asked(play: &Play, function: &str) -> Vec<Vec<String>> {
    let mut looks = vec![Vec::new()];
    for call in play.calls(function) {
        let is_report = call.operation.starts_with("PutJob");
        let look: &mut Vec<_> = looks.last_mut().expect("one is open");
        look.push(call.operation);
        if is_report {
            look.sort();
            looks.push(Vec::new());
        }
    }
    looks
}

#[tokio::test(start_paused = true)]
async fn every_look_of_a_bake_asks_every_gate() {
    let services = [
        "DescribeScalableTargets",
        "DescribeServices",
        "ListTasks",
        "ListTasks",
        "DescribeTasks",
    ];
    let queue = [&services[..], &["GetQueueAttributes"]].concat();
    let balancer = [
        "DescribeRules",
        "DescribeTargetHealth",
        "DescribeTargetHealth",
    ];
    let alb = [&services[..], &balancer].concat();
    let alias = vec![
        "GetAlias",
        "GetProvisionedConcurrencyConfig",
        "GetQueueAttributes",
    ];
    // Which tasks run, and which of the primary's, too, have ended.
    let tasks = ["DescribeTasks", "DescribeTasks", "ListTasks", "ListTasks"];
    for (traffic, of_traffic, of_promotion) in [
        (Traffic::Queue, queue, &tasks[..]),
        (Traffic::Alb, alb, &tasks),
        (Traffic::Lambda, alias, &[]),
    ] {
        let play = bakes(traffic).await;
        for (function, of_function) in [
            (stage::SHIFT_WEIGHT, &["GetPipelineExecution"][..]),
            (stage::PROMOTE_PRIMARY, of_promotion),
        ] {
            let always = ["DescribeAlarms", "GetItem", "PutJobSuccessResult"];
            let mut expected = [&always, &of_traffic[..], of_function].concat();
            expected.sort_unstable();
            let mut looks = asked(&play, function);
            // What both versions have counted: once a minute, and the record that keeps it.
            let of_evidence = ["GetMetricData", "TransactWriteItems"];
            let reads = |look: &Vec<String>| look.iter().any(|call| call == of_evidence[0]);
            let read = looks.iter().filter(|look| reads(look)).count();
            let is_shift = function == stage::SHIFT_WEIGHT;
            assert_eq!(
                (15..=24).contains(&read),
                is_shift,
                "{function}, {traffic:?}: {read} reads"
            );
            for look in looks.iter_mut().filter(|look| reads(look)) {
                look.retain(|call| !of_evidence.contains(&call.as_str()));
            }
            let same = looks.iter().filter(|look| **look == expected).count();
            assert!(
                same >= 38,
                "{function}, {traffic:?}: {same} looks in twenty minutes; {expected:?}, and {:?}",
                looks[looks.len() / 2]
            );
        }
    }
}

/// What rollback asked of AWS and when, from the alarm to the end, telling people left out.
async fn rollback_while_sns(does: Interference) -> (Vec<(Duration, String)>, usize) {
    let [queue, _] = targets();
    let (play, release) = with_latency(&queue).await;
    play.until_approval(&release).await;
    play.interfere(move |call| match call.service.as_str() {
        "sns" => does.clone(),
        _ => Interference::None,
    });
    let alarm = play.account.now();
    play.alarm("orders fail");
    play.until_phase("RolledBack").await;
    let journal = play.account.with(|world| world.journal.clone());
    let calls = journal.iter().filter_map(|entry| match &entry.what {
        What::Called(call) if call.principal.0 == stage::ROLLBACK && call.service != "sns" => {
            Some((entry.at.since(alarm), call.operation.clone()))
        }
        _ => None,
    });
    let calls = calls.collect();
    play.pass(Duration::from_mins(1)).await;
    let of_rollback = |(subject, _): &(String, String)| subject.starts_with("orders: ");
    let told = play.notices().into_iter().filter(of_rollback).count();
    (calls, told)
}

#[tokio::test(start_paused = true)]
async fn a_rollback_makes_the_same_calls_at_the_same_time_whether_people_can_be_told_or_not() {
    let (well, told) = rollback_while_sns(Interference::None).await;
    assert!(well.len() > 10, "{well:?}");
    assert_eq!(told, 2);
    let broken = Fault::with_status("InternalErrorException", "not today", 500);
    let denied = Fault::with_status("AuthorizationErrorException", "not you", 403);
    for how in [
        Interference::Refuse(broken),
        Interference::Refuse(denied),
        Interference::Hang,
    ] {
        let (calls, told) = rollback_while_sns(how.clone()).await;
        assert_eq!(calls, well, "{how:?}");
        assert_eq!(told, 0, "{how:?}");
    }
}
