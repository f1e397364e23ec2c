use serde_json::json;

use super::*;
use crate::clock::Timestamp;

macro_rules! sample {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/reconcile/trigger/samples/",
            $name,
            ".json"
        )))
        .unwrap()
    };
}

mod alike;
mod envelopes;
mod random;
mod where_and_first;

/// Every sample: the shapes are those that AWS documents, the values are invented.
fn samples() -> [(&'static str, Value); 11] {
    [
        ("a metric alarm", sample!("alarm-direct-metric")),
        (
            "a metric alarm that is over",
            sample!("alarm-direct-metric-ok"),
        ),
        ("a composite alarm", sample!("alarm-direct-composite")),
        (
            "an alarm through EventBridge",
            sample!("alarm-eventbridge-metric"),
        ),
        ("an alarm through SNS", sample!("alarm-sns-metric")),
        (
            "a rejection",
            sample!("codepipeline-eb-action-approval-failed"),
        ),
        (
            "a failed execution",
            sample!("codepipeline-eb-pipeline-failed"),
        ),
        (
            "a stopped execution",
            sample!("codepipeline-eb-pipeline-stopped"),
        ),
        ("a first job", sample!("codepipeline-job-first")),
        ("a continuation", sample!("codepipeline-job-continuation")),
        ("a job with everything", sample!("codepipeline-job-full")),
    ]
}

const RELEASE: &str = "3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f";

fn firing(event: &Value) -> Firing {
    match read(event) {
        Ok(Caller::Event(Trigger::Alarm(firing))) => firing,
        other => panic!("{other:?}"),
    }
}

fn ended(event: &Value) -> Ended {
    match read(event) {
        Ok(Caller::Event(Trigger::Ended(ended))) => ended,
        other => panic!("{other:?}"),
    }
}

fn ignored(event: &Value) -> String {
    read(event).unwrap_err().to_string()
}

/// An event with one place of it changed.
fn with(mut event: Value, place: &str, value: Value) -> Value {
    *event.pointer_mut(place).unwrap() = value;
    event
}

/// An event with a member added.
fn and(mut event: Value, place: &str, name: &str, value: Value) -> Value {
    event.pointer_mut(place).unwrap()[name] = value;
    event
}

/// An event without a member.
fn without(mut event: Value, place: &str, name: &str) -> Value {
    let members = event.pointer_mut(place).unwrap().as_object_mut().unwrap();
    members.remove(name).unwrap();
    event
}

/// The schedule's event.
fn scheduled() -> Value {
    json!({"version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "111122223333", "time": "2026-10-02T17:04:40Z", "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:111122223333:rule/orders-release-sweep"], "detail": {}})
}

/// A notification, with this message.
fn notified(message: &Value) -> Value {
    with(
        sample!("alarm-sns-metric"),
        "/Records/0/Sns/Message",
        Value::String(message.to_string()),
    )
}

#[test]
fn an_alarm_is_read_the_same_however_it_comes() {
    let at = Timestamp::read("2026-10-02T17:04:40.989Z");
    assert!(at.is_some());
    for (event, direct) in [
        (sample!("alarm-direct-metric"), true),
        (sample!("alarm-eventbridge-metric"), false),
        (sample!("alarm-sns-metric"), false),
    ] {
        let firing = firing(&event);
        assert_eq!(firing.alarm.as_str(), "orders-canary-errors");
        assert!(
            firing.reason.starts_with("Threshold Crossed"),
            "{}",
            firing.reason
        );
        assert_eq!((firing.at, firing.direct), (at, direct));
        assert_eq!(firing.place, Place::new("111122223333", "us-east-1"));
        assert!(!firing.first);
    }
}

#[test]
fn alarms_of_every_kind_and_without_what_is_optional_are_read() {
    let direct = || sample!("alarm-direct-metric");
    let composite = firing(&sample!("alarm-direct-composite"));
    assert_eq!(composite.alarm.as_str(), "orders-canary-any");
    let math = json!([{"id": "e1", "expression": "errors / requests", "label": "rate", "returnData": true},
        {"id": "errors", "metricStat": {"period": 86_400, "stat": "Sum"}, "returnData": false}]);
    let bare = json!({"alarmArn": "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:a",
        "alarmData": {"alarmName": "a", "state": {"value": "ALARM"}}});
    let events = [
        with(direct(), "/alarmData/configuration/metrics", math),
        with(direct(), "/alarmData/configuration", json!({})),
        with(direct(), "/alarmData/previousState", Value::Null),
        and(
            direct(),
            "/alarmData/state",
            "actionsSuppressedBy",
            Value::Null,
        ),
        bare,
        notified(
            &json!({"AlarmName": "a", "AlarmDescription": null, "NewStateValue": "ALARM",
            "NewStateReason": "x", "AlarmRule": "ALARM(b)", "TriggeringChildren": []}),
        ),
    ];
    for event in events {
        firing(&event);
    }
}

#[test]
fn only_a_transition_to_alarm_that_nobody_holds_back_fires() {
    let bridged = || sample!("alarm-eventbridge-metric");
    let rows = [
        (
            sample!("alarm-direct-metric-ok"),
            "alarm orders-canary-errors went to OK; only ALARM triggers a rollback",
        ),
        (
            with(bridged(), "/detail/state/value", json!("INSUFFICIENT_DATA")),
            "alarm orders-canary-errors went to INSUFFICIENT_DATA; only ALARM triggers a rollback",
        ),
        (
            notified(&json!({"AlarmName": "a", "NewStateValue": "OK"})),
            "alarm a went to OK; only ALARM triggers a rollback",
        ),
        (
            and(
                bridged(),
                "/detail/state",
                "actionsSuppressedBy",
                json!("WaitPeriod"),
            ),
            "alarm orders-canary-errors is in ALARM, but its actions are suppressed by another alarm; nothing is rolled back",
        ),
        (
            and(
                bridged(),
                "/detail",
                "muteDetail",
                json!({"mutedBy": "rule"}),
            ),
            "alarm orders-canary-errors is in ALARM, but it is muted; nothing is rolled back",
        ),
        (
            notified(&json!({"approval": {"token": "planted-secret"}})),
            "a notification that holds neither an alarm nor an EventBridge event that is known",
        ),
        (
            with(
                sample!("alarm-sns-metric"),
                "/Records/0/Sns/Message",
                json!("hello"),
            ),
            "a notification that holds neither an alarm nor an EventBridge event that is known",
        ),
    ];
    for (event, expected) in rows {
        assert_eq!(ignored(&event), expected);
    }
}

#[test]
fn the_end_of_an_execution_carries_its_release_and_its_words() {
    let failed = ended(&sample!("codepipeline-eb-pipeline-failed"));
    assert_eq!(
        (failed.pipeline.as_str(), failed.release.as_str()),
        ("orders-release", RELEASE)
    );
    assert_eq!(failed.at, Timestamp::read("2026-10-02T17:04:40Z"));
    let failed = || sample!("codepipeline-eb-pipeline-failed");
    let approval = || sample!("codepipeline-eb-action-approval-failed");
    let state = |event, state: &str| with(event, "/detail/state", json!(state));
    let rows = [
        (failed(), "its pipeline execution ended as FAILED"),
        (
            sample!("codepipeline-eb-pipeline-stopped"),
            "its pipeline execution ended as STOPPED",
        ),
        (
            state(failed(), "CANCELED"),
            "its pipeline execution ended as CANCELED",
        ),
        (
            state(failed(), "SUPERSEDED"),
            "its pipeline execution ended as SUPERSEDED",
        ),
        (
            state(failed(), "STOPPING"),
            "stopped by a person: its pipeline execution is Stopping",
        ),
        (
            approval(),
            "ApprovePromotion was rejected or expired: Rejected: error rate too high",
        ),
        (
            with(approval(), "/detail/execution-result", json!({})),
            "ApprovePromotion was rejected or expired",
        ),
    ];
    for (event, what) in rows {
        assert_eq!(ended(&event).what, what);
    }
}

#[test]
fn what_ends_no_release_is_ignored_by_name() {
    let pipeline = |state: &str| {
        with(
            sample!("codepipeline-eb-pipeline-failed"),
            "/detail/state",
            json!(state),
        )
    };
    for state in ["STARTED", "SUCCEEDED", "RESUMED"] {
        let said =
            format!("CodePipeline Pipeline Execution State Change {state} does not end a release");
        assert_eq!(ignored(&pipeline(state)), said);
    }
    let approval = || sample!("codepipeline-eb-action-approval-failed");
    assert_eq!(
        ignored(&with(approval(), "/detail/state", json!("SUCCEEDED"))),
        "CodePipeline Action Execution State Change SUCCEEDED does not end a release"
    );
    assert_eq!(
        ignored(&with(approval(), "/detail/type/category", json!("Invoke"))),
        "CodePipeline Action Execution State Change FAILED does not end a release"
    );
    let stage = with(
        pipeline("FAILED"),
        "/detail-type",
        json!("CodePipeline Stage Execution State Change"),
    );
    assert_eq!(
        ignored(&stage),
        "CodePipeline Stage Execution State Change FAILED does not end a release"
    );
}

#[test]
fn jobs_schedules_and_hands_are_told_apart_by_their_keys() {
    for event in [
        sample!("codepipeline-job-first"),
        sample!("codepipeline-job-continuation"),
        sample!("codepipeline-job-full"),
    ] {
        assert!(matches!(read(&event), Ok(Caller::Job(_))));
    }
    // EventBridge Scheduler sends its detail as a text.
    let scheduler = with(scheduled(), "/source", json!("aws.scheduler"));
    for event in [scheduled(), with(scheduler, "/detail", json!("{}"))] {
        assert!(matches!(read(&event), Ok(Caller::Event(Trigger::Schedule))));
    }
    let by_hand = json!({"release": RELEASE, "reason": "latency"});
    assert!(matches!(read(&by_hand), Ok(Caller::Person(event)) if event == by_hand));
}

#[test]
fn what_is_not_known_is_refused_by_its_keys_and_never_with_its_values() {
    let secret = "planted-secret";
    let events = [
        (json!({}), "none"),
        (json!(secret), "none, it is no JSON object"),
        (json!(null), "none, it is no JSON object"),
        (json!([secret]), "none, it is no JSON object"),
        (
            json!({"password": secret, "user": secret}),
            "password, user",
        ),
        (
            json!({"CodePipeline.job": {"data": {"artifactCredentials": secret}}}),
            "CodePipeline.job",
        ),
        (json!({"CodePipeline.job": secret}), "CodePipeline.job"),
        (
            json!({"Records": [{"eventSource": "aws:s3", "s3": secret}]}),
            "Records",
        ),
        (json!({"Records": []}), "Records"),
        (
            json!({"alarmArn": secret, "alarmData": {"state": secret}}),
            "alarmArn, alarmData",
        ),
        (
            json!({"detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch", "detail": secret}),
            "detail, detail-type, source",
        ),
        (
            json!({"detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2", "detail": {"state": secret}}),
            "detail, detail-type, source",
        ),
        (
            json!({"detail-type": secret, "source": "aws.codepipeline", "detail": {"state": "FAILED"}}),
            "detail, detail-type, source",
        ),
        (
            with(
                sample!("codepipeline-eb-pipeline-failed"),
                "/detail/execution-id",
                json!(secret),
            ),
            "account, detail, detail-type, id, region, resources, source, time, version",
        ),
    ];
    for (event, keys) in events {
        let said = ignored(&event);
        let expected = format!("this event is not known; its keys are {keys}. Known are");
        assert!(said.starts_with(&expected), "{expected}\n{said}");
        assert!(!said.contains(secret), "{said}");
        assert!(!format!("{:?}", read(&event)).contains(secret));
    }
}
