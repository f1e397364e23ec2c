use std::time::Duration;

use serde_json::json;

use super::{
    fixture::{BEGAN, bad, function, good, http, sets, told},
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
        request_id: String::new(),
        principal: Principal("rollback".to_owned()),
        region: "eu-central-1".to_owned(),
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

/// The first seconds of a story.
fn first(entries: Vec<Entry>, until: f64) -> Vec<Entry> {
    let before = |entry: &Entry| seconds(entry.at) < until;
    entries.into_iter().filter(before).collect()
}

#[test]
fn behind_a_load_balancer_the_attained_share_is_the_weights_and_the_measured_one_all_that_is_answered()
 {
    let story = http::told(&first(http::bad().0, 24.0));
    assert_eq!(story.attained.last(), Some(&Some(20.0)));
    let measured = story.measured().unwrap();
    assert!((19.0..21.0).contains(&measured), "{measured}");
}

#[test]
fn while_the_primary_changes_over_its_group_answers_with_both_versions() {
    let story = http::told(&first(http::good().0, 51.0));
    // Half of the requests for the canary, and of the other half what 2 of 6 tasks get.
    let attained = story.attained.last().copied().flatten().unwrap();
    assert!((attained - (50.0 + 50.0 / 3.0)).abs() < 0.01, "{attained}");
}

#[test]
fn a_good_release_behind_a_load_balancer_ends_with_all_requests_at_the_candidate() {
    let story = http::told(&http::good().0);
    assert_eq!(story.outcome(), Outcome::Released);
    assert_eq!(story.attained.last(), Some(&Some(100.0)));
    assert_eq!(story.weights.last(), Some(&[100, 0]));
    assert_eq!(story.weight_back(), None);
}

#[test]
fn a_rollback_by_weight_is_told_step_by_step() {
    let story = http::told(&http::bad().0);
    let rollback = story.rollback.as_ref().unwrap();
    assert_eq!(story.weight_back().map(seconds), Some(26.0));
    assert_eq!(rollback.candidate_gone.map(seconds), Some(36.4));
    assert_eq!(rollback.restored.map(seconds), Some(36.4));
    insta::assert_snapshot!(
        rollback.writes.iter().map(|w| format!("{} {}", w.operation, w.brief)).collect::<Vec<_>>().join("\n"),
        @r"
    elasticloadbalancing:ModifyRule RuleArn 5e6f, weights orders-primary 100, orders-canary 0
    codepipeline:StopPipelineExecution pipelineName orders-release, abandon true
    ecs:UpdateService service orders-canary, taskDefinition orders:7
    "
    );
}

#[test]
fn as_long_as_the_weights_are_not_those_from_before_nothing_is_rolled_back() {
    let mut story = http::told(&http::bad().0);
    let groups = [("orders-primary", 100), ("orders-canary", 7)];
    let weights = |at, groups: [(&str, u32); 2]| Entry {
        at,
        what: What::Weights {
            rule: "rule".to_owned(),
            groups: groups
                .map(|(name, weight)| (name.to_owned(), weight))
                .to_vec(),
        },
    };
    story.add(&weights(story.now, groups));
    assert_eq!(story.outcome(), Outcome::RollingBack);
    story.add(&weights(
        story.now,
        [("orders-primary", 100), ("orders-canary", 0)],
    ));
    assert_eq!(story.outcome(), Outcome::RolledBack);
}

#[test]
fn versions_are_those_of_tasks_whatever_else_answers() {
    let story = http::told(&http::bad().0);
    assert_eq!(story.versions(), ["v1", "v2"]);
    assert_eq!(story.traffic.total("none").failed, 2);
}

#[test]
fn weights_are_changes_of_what_serves() {
    let call = |operation: &str| Call {
        request_id: String::new(),
        principal: Principal("rollback".to_owned()),
        region: "eu-central-1".to_owned(),
        service: "elasticloadbalancing".to_owned(),
        operation: operation.to_owned(),
        input: json!({}),
        fault: None,
    };
    assert!(changes_what_serves(&call("ModifyRule")));
    assert!(changes_what_serves(&call("ModifyListener")));
    assert!(!changes_what_serves(&call("DescribeTargetHealth")));
}

#[test]
fn a_listeners_weights_are_told_with_the_names_of_the_groups() {
    let arn = |name: &str| {
        format!("arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/{name}/0f")
    };
    let input = json!({
        "ListenerArn": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/orders/1a/3c",
        "DefaultActions": [{ "Type": "forward", "ForwardConfig": { "TargetGroups": [
            { "TargetGroupArn": arn("orders-primary"), "Weight": 95 },
            { "TargetGroupArn": arn("orders-canary"), "Weight": 5 },
        ] } }],
    });
    let entry = called(BEGAN, "elasticloadbalancing", "ModifyListener", input);
    let What::Called(call) = entry.what else {
        panic!("a call");
    };
    assert_eq!(
        telling_members(&call),
        "ListenerArn 3c, weights orders-primary 95, orders-canary 5"
    );
}

#[test]
fn a_task_sets_scale_is_told_with_its_id() {
    let input = json!({
        "cluster": "orders", "service": "orders", "taskSet": "ecs-svc/6325398801289462610",
        "scale": { "value": 12.5, "unit": "PERCENT" },
    });
    let entry = called(BEGAN, "ecs", "UpdateTaskSet", input);
    let What::Called(call) = entry.what else {
        panic!("a call");
    };
    assert_eq!(
        telling_members(&call),
        "service orders, taskSet ecs-svc/6325398801289462610, scale 12.5 %"
    );
}

#[test]
fn the_share_of_an_alias_is_its_weight_and_what_was_drawn_is_told_with_its_spread() {
    let story = function::told(&function::good().0);
    let attained: Vec<_> = story.attained.iter().filter_map(|(_, it)| *it).collect();
    assert_eq!(attained, [0.0, 10.0, 50.0, 100.0]);
    let drawn = story.drawn();
    assert_eq!(drawn.len(), 2);
    assert!((drawn[0].measured() - 15.0).abs() < f64::EPSILON);
    assert_eq!((drawn[0].candidate, drawn[0].all), (30, 200));
    // A coin for each of 100 batches: the root of 0.1 * 0.9 / 100.
    assert!((drawn[0].spread(2) - 3.0).abs() < 0.01);
}

#[test]
fn a_function_is_rolled_back_once_the_stable_version_has_the_alias_to_itself() {
    let story = function::told(&function::bad().0);
    let rollback = story.rollback.as_ref().unwrap();
    let at = |moment: Option<Moment>| moment.map(seconds);
    assert_eq!(at(rollback.candidate_gone), Some(40.4));
    assert_eq!(at(rollback.restored), Some(40.4));
    assert_eq!(story.outcome(), Outcome::RolledBack);
    assert_eq!(story.weight_back(), None);
}

#[test]
fn behind_a_load_balancer_the_share_of_a_task_set_is_the_weight_of_its_group() {
    let story = sets::told(&sets::good().0);
    let attained = story.attained.iter().filter_map(|(_, it)| *it);
    let mut attained: Vec<_> = attained.collect();
    attained.dedup();
    assert_eq!(attained, [0.0, 10.0, 50.0, 100.0]);
    assert_eq!(story.outcome(), Outcome::Released);
    assert_eq!(story.primary_version(), Some("v2"));
    assert_eq!(story.candidates_weight(&[0, 100]), 100);
}

#[test]
fn task_sets_are_rolled_back_once_the_stable_one_has_everything_again() {
    let story = sets::told(&sets::bad().0);
    let rollback = story.rollback.as_ref().unwrap();
    let at = |moment: Option<Moment>| moment.map(seconds);
    assert_eq!(at(story.weight_back()), Some(40.4));
    assert_eq!(at(rollback.candidate_gone), Some(44.0));
    assert_eq!(at(rollback.restored), Some(44.0));
    assert_eq!(story.outcome(), Outcome::RolledBack);
}
