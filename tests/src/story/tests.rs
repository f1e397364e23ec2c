use std::time::Duration;

use serde_json::json;

use super::{
    fixture::{BEGAN, bad, good, told},
    *,
};
use crate::world::{Principal, journal::Call};

fn seconds(at: Moment) -> f64 {
    at.since(BEGAN).as_secs_f64()
}

#[test]
fn a_good_release_ends_with_the_candidate_everywhere() {
    let story = told(&good().0);
    assert_eq!(story.outcome(), Outcome::Released);
    assert_eq!(story.tasks("orders").of("v2"), 4);
    assert_eq!(story.attained.last(), Some(&Some(100.0)));
    assert_eq!(story.asked.last(), Some(&None));
    assert!(story.rollback.is_none());
}

#[test]
fn actions_are_told_in_order_with_their_last_summary() {
    let story = told(&good().0);
    let execution = story.execution().unwrap();
    let names: Vec<_> = execution.actions.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "fetch",
            "build",
            "deploy-canary",
            "shift-weight",
            "approve",
            "promote-primary"
        ]
    );
    let shift = &execution.actions[3];
    assert_eq!(shift.status, "Succeeded");
    assert_eq!(shift.duration(story.now), Duration::from_millis(27_200));
    assert_eq!(
        shift.summary.as_deref(),
        Some("all 2 steps held; 50 % attained: 4 of 8 tasks")
    );
}

#[test]
fn a_retried_action_is_told_as_another_try() {
    let mut story = Story::new(fixture::cast(), BEGAN);
    for status in ["InProgress", "Failed", "InProgress"] {
        story.add(&Entry {
            at: BEGAN,
            what: What::Action {
                execution: "e".to_owned(),
                stage: "Canary".to_owned(),
                action: "shift-weight".to_owned(),
                status: status.to_owned(),
                summary: None,
            },
        });
    }
    let statuses: Vec<_> = story.executions[0]
        .actions
        .iter()
        .map(|action| action.status.as_str())
        .collect();
    assert_eq!(statuses, ["Failed", "InProgress"]);
}

#[test]
fn the_attained_share_counts_whole_tasks_and_the_measured_one_messages() {
    let entries: Vec<_> = good()
        .0
        .into_iter()
        .filter(|e| seconds(e.at) < 24.0)
        .collect();
    let story = told(&entries);
    assert_eq!(story.attained.last(), Some(&Some(20.0)));
    let measured = story.measured().unwrap();
    assert!((18.0..21.0).contains(&measured), "{measured}");
}

#[test]
fn nothing_is_measured_while_nothing_is_processed() {
    let story = Story::new(fixture::cast(), BEGAN);
    assert_eq!(story.measured(), None);
}

#[test]
fn a_rollback_is_told_with_its_cause_and_when_the_candidate_was_gone() {
    let story = told(&bad().0);
    let rollback = story.rollback.as_ref().unwrap();
    assert_eq!(story.outcome(), Outcome::RolledBack);
    assert_eq!(rollback.source, "alarm");
    assert_eq!(
        rollback.reason.as_deref(),
        Some("alarm orders-dead-letters is in ALARM; 5 dead letters since the release began")
    );
    assert_eq!(rollback.candidate_gone.map(seconds), Some(27.6));
    assert_eq!(rollback.restored.map(seconds), Some(32.4));
    insta::assert_snapshot!(
        rollback.writes.iter().map(|w| format!("{} {}", w.operation, w.brief)).collect::<Vec<_>>().join("\n"),
        @r"
    ecs:UpdateService service orders-canary, desiredCount 0, taskDefinition orders:7
    codepipeline:StopPipelineExecution pipelineName orders-release, abandon true
    ecs:UpdateService service orders-canary, desiredCount 1, taskDefinition orders:7
    application-autoscaling:RegisterScalableTarget ResourceId service/main/orders-canary, DynamicScalingInSuspended false, DynamicScalingOutSuspended false
    "
    );
}

#[test]
fn an_invocation_that_changes_nothing_is_no_rollback() {
    let entries: Vec<_> = bad()
        .0
        .into_iter()
        .filter(|entry| match &entry.what {
            What::Called(call) => call.service == "dynamodb",
            _ => true,
        })
        .collect();
    let story = told(&entries);
    assert_eq!(story.rollback_invocations.len(), 2);
    assert!(story.rollback.is_none());
    assert_eq!(story.outcome(), Outcome::Ended);
}

#[test]
fn refused_calls_are_counted_with_their_code() {
    let story = told(&good().0);
    let calls = &story.calls["shift-weight"];
    assert_eq!(calls.refused["ThrottlingException"], 1);
    assert_eq!(calls.writes["ecs:UpdateService"], 1);
    assert_eq!(calls.reads["ecs:DescribeServices"], 11);
}

/// A release record as the library writes it, with its ledger item.
fn record(at: Moment, release: &str, version: &str, phase: &str, caller: &str) -> Entry {
    let item = json!({
        "item": { "S": "current" },
        "release": { "S": release },
        "images": { "M": { "app": { "S": format!("orders:{version}") } } },
        "phase": { "M": {
            "name": { "S": phase },
            "asked": { "N": "25" },
            "cause": { "M": { "what": { "S": "because" } } },
        } },
    });
    let ledger = json!({ "item": { "S": "ledger#1" }, "caller": { "S": caller } });
    let puts = json!([{ "Put": { "Item": item } }, { "Put": { "Item": ledger } }]);
    called(
        at,
        "dynamodb",
        "TransactWriteItems",
        json!({ "TransactItems": puts }),
    )
}

fn called(at: Moment, service: &str, operation: &str, input: serde_json::Value) -> Entry {
    let what = What::Called(Call {
        principal: Principal("rollback".to_owned()),
        service: service.to_owned(),
        operation: operation.to_owned(),
        input,
        fault: None,
    });
    Entry { at, what }
}

#[test]
fn the_share_that_is_asked_is_the_records() {
    let mut story = Story::new(fixture::cast(), BEGAN);
    for (phase, asked) in [
        ("Deploying", None),
        ("Shifting", Some(25)),
        ("Promoting", Some(100)),
        ("Promoted", None),
    ] {
        story.add(&record(BEGAN, "1", "v2", phase, "job 1"));
        assert_eq!(story.asked.last().copied().flatten(), asked, "{phase}");
    }
}

#[test]
fn a_second_release_begins_where_the_first_has_ended() {
    let mut cast = fixture::cast();
    cast.labels.insert("orders:v3".to_owned(), "v3".to_owned());
    let mut story = Story::new(cast, BEGAN);
    story.add(&record(BEGAN, "1", "v2", "Promoted", "job 1"));
    story.add(&record(BEGAN, "2", "v3", "Deploying", "job 2"));
    assert_eq!((story.stable(), story.candidate()), ("v2", "v3"));
}

#[test]
fn of_two_invocations_at_a_time_the_ledger_says_which_one_rolled_back() {
    let mut story = Story::new(fixture::cast(), BEGAN);
    for source in ["alarm", "schedule"] {
        story.add(&Entry {
            at: BEGAN,
            what: What::Invoked {
                function: "rollback".to_owned(),
                invocation: source.to_owned(),
                attempt: 1,
                source: source.to_owned(),
            },
        });
    }
    story.add(&record(
        BEGAN,
        "1",
        "v2",
        "RollingBack",
        "alarm orders-dead-letters",
    ));
    story.add(&called(BEGAN, "ecs", "UpdateService", json!({})));
    assert_eq!(story.rollback.unwrap().source, "alarm");
}
