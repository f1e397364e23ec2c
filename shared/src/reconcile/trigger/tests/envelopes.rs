//! The envelopes around an event.

use aws_lambda_events::sns::SnsEvent;
use serde::Deserialize;

use super::*;

/// What comes, and whether the crate's type alone reads it; all of it is the sample's alarm.
fn one_alarm<const N: usize>(rows: [(&str, bool, Value); N]) {
    for (what, whole, event) in rows {
        let alone = SnsEvent::deserialize(&event).is_ok()
            || <EventBridgeEvent>::deserialize(&event).is_ok();
        assert_eq!(alone, whole, "{what}");
        assert_eq!(
            firing(&event),
            firing(&sample!("alarm-eventbridge-metric")),
            "{what}"
        );
    }
}

#[test]
fn an_eventbridge_event_may_lack_what_nobody_reads() {
    let bridged = || sample!("alarm-eventbridge-metric");
    one_alarm([
        (
            "an event by hand, as short as it can be",
            true,
            json!({"detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch",
                "resources": bridged()["resources"], "detail": bridged()["detail"]}),
        ),
        (
            "a time that is none",
            false,
            with(bridged(), "/time", json!("just now")),
        ),
        (
            "a time that is a number",
            false,
            with(bridged(), "/time", json!(1_790_960_680)),
        ),
        (
            "a version that is a number",
            false,
            with(bridged(), "/version", json!(0)),
        ),
        (
            "resources that are not all texts",
            false,
            with(
                bridged(),
                "/resources",
                json!([bridged()["resources"][0], null]),
            ),
        ),
        (
            "no resources, but account and Region",
            true,
            without(bridged(), "", "resources"),
        ),
        (
            "more than is known",
            true,
            and(bridged(), "", "replay-name", json!("replay")),
        ),
    ]);
    let failed = || sample!("codepipeline-eb-pipeline-failed");
    let bare = json!({"detail-type": failed()["detail-type"], "source": "aws.codepipeline", "detail": failed()["detail"]});
    let untimed = Ended {
        at: None,
        ..ended(&failed())
    };
    assert_eq!(ended(&bare), untimed);
    let bare = json!({"detail-type": "Scheduled Event"});
    assert!(matches!(read(&bare), Ok(Caller::Event(Trigger::Schedule))));
}

#[test]
fn a_notification_may_lack_what_nobody_reads() {
    let topic = || sample!("alarm-sns-metric");
    let sns = "/Records/0/Sns";
    one_alarm([
        (
            "a notification by hand, as short as it can be",
            false,
            json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": topic()["Records"][0]["Sns"]["Message"]}}]}),
        ),
        (
            "a source in lower case",
            false,
            json!({"Records": [{"eventSource": "aws:sns", "Sns": {"Message": topic()["Records"][0]["Sns"]["Message"]}}]}),
        ),
        (
            "no subject",
            true,
            with(topic(), "/Records/0/Sns/Subject", Value::Null),
        ),
        ("no signature", false, without(topic(), sns, "Signature")),
        (
            "no way to unsubscribe",
            false,
            without(topic(), sns, "UnsubscribeUrl"),
        ),
        (
            "a certificate in both spellings",
            false,
            and(
                topic(),
                sns,
                "SigningCertURL",
                json!("https://sns.us-east-1.amazonaws.com/EXAMPLE.pem"),
            ),
        ),
        (
            "a time of nothing",
            false,
            with(topic(), "/Records/0/Sns/Timestamp", json!("")),
        ),
        (
            "an attribute that is a list",
            false,
            with(
                topic(),
                "/Records/0/Sns/MessageAttributes",
                json!({"teams": {"Type": "String.Array", "Value": ["a", "b"]}}),
            ),
        ),
        (
            "attributes of nothing",
            true,
            with(topic(), "/Records/0/Sns/MessageAttributes", Value::Null),
        ),
    ]);
}

#[test]
fn the_envelope_of_every_sample_is_whole() {
    for (what, event) in samples() {
        if event.get("Records").is_some() {
            assert!(SnsEvent::deserialize(&event).is_ok(), "{what}");
        } else if event.get("detail-type").is_some() {
            assert!(<EventBridgeEvent>::deserialize(&event).is_ok(), "{what}");
        }
    }
}

#[test]
fn an_eventbridge_event_through_a_topic_is_the_event_that_it_is() {
    let (alarm, failed) = (
        sample!("alarm-eventbridge-metric"),
        sample!("codepipeline-eb-pipeline-failed"),
    );
    let rejected = sample!("codepipeline-eb-action-approval-failed");
    assert_eq!(firing(&notified(&alarm)), firing(&alarm));
    for event in [&failed, &rejected] {
        assert_eq!(ended(&notified(event)), ended(event));
    }
    assert!(matches!(
        read(&notified(&scheduled())),
        Ok(Caller::Event(Trigger::Schedule))
    ));
    for event in [
        with(alarm.clone(), "/detail/state/value", json!("OK")),
        and(
            alarm.clone(),
            "/detail",
            "muteDetail",
            json!({"mutedBy": "rule"}),
        ),
        with(failed.clone(), "/detail/state", json!("STARTED")),
    ] {
        assert_eq!(ignored(&notified(&event)), ignored(&event));
    }
    let other = "a notification that holds neither an alarm nor an EventBridge event that is known";
    for event in [
        with(alarm.clone(), "/source", json!("planted-secret")),
        with(alarm, "/detail", json!("planted-secret")),
        with(failed.clone(), "/detail-type", json!("planted-secret")),
        with(failed, "/detail/execution-id", json!("planted-secret")),
        // What is no EventBridge event is not looked for in there: nobody sends it.
        sample!("codepipeline-job-full"),
        sample!("alarm-direct-metric"),
        json!({"release": RELEASE}),
        json!("planted-secret"),
    ] {
        assert_eq!(ignored(&notified(&event)), other);
    }
}
