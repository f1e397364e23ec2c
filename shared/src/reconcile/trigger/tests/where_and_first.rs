//! Where an alarm is, and whether it ever was in another state.

use super::*;

#[test]
fn an_alarm_says_where_it_is() {
    let direct = |arn: Value| with(sample!("alarm-direct-metric"), "/alarmArn", arn);
    let bridged = |of: Value| with(sample!("alarm-eventbridge-metric"), "/resources", of);
    let nowhere = |event| without(without(event, "", "account"), "", "region");
    let message = |arn: Value| {
        notified(
            &json!({"AlarmName": "a", "NewStateValue": "ALARM", "AlarmArn": arn,
            "AWSAccountId": "111122223333", "Region": "US East (N. Virginia)"}),
        )
    };
    let arn = |partition: &str, place: &str| {
        json!(format!(
            "arn:{partition}:cloudwatch:{place}:alarm:orders-canary-errors"
        ))
    };
    let frankfurt = || arn("aws", "eu-central-1:444455556666");
    let rows = [
        (direct(frankfurt()), Some("eu-central-1 444455556666")),
        (
            direct(arn("aws-cn", "cn-north-1:444455556666")),
            Some("cn-north-1 444455556666"),
        ),
        (
            direct(json!(
                "arn:aws:cloudwatch:eu-central-1:444455556666:alarm:orders: \"5xx\""
            )),
            Some("eu-central-1 444455556666"),
        ),
        (direct(json!("orders-canary-errors")), None),
        (
            direct(json!("arn:aws:sns:eu-central-1:444455556666:alarm:a")),
            None,
        ),
        (direct(arn("aws", "eu-central-1:")), None),
        (direct(Value::Null), None),
        // The resource, and where that is no alarm the envelope.
        (
            bridged(json!([frankfurt()])),
            Some("eu-central-1 444455556666"),
        ),
        (bridged(json!([])), Some("us-east-1 111122223333")),
        (bridged(Value::Null), Some("us-east-1 111122223333")),
        (bridged(json!(["orders"])), Some("us-east-1 111122223333")),
        (
            nowhere(bridged(json!([frankfurt()]))),
            Some("eu-central-1 444455556666"),
        ),
        (nowhere(bridged(json!([]))), None),
        (message(frankfurt()), Some("eu-central-1 444455556666")),
        (message(Value::Null), None),
    ];
    for (event, expected) in rows {
        let place = firing(&event).place;
        let said = place.map(|it| format!("{} {}", it.region, it.account));
        assert_eq!(said.as_deref(), expected, "{event}");
    }
}

#[test]
fn only_what_was_never_evaluated_goes_to_alarm_first() {
    let before = |value: &str, reason: &str| json!({"value": value, "reason": reason, "timestamp": "2026-10-02T17:03:40.989+0000"});
    let new = || before("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation");
    let rows = [
        ("a new alarm", new(), true),
        (
            "one that had no data",
            before(
                "INSUFFICIENT_DATA",
                "Insufficient Data: 1 datapoint was unknown.",
            ),
            false,
        ),
        (
            "one that was fine",
            before("OK", "Threshold Crossed: 1 datapoint was not greater"),
            false,
        ),
        (
            "one that says it was new and fine",
            before("OK", "Unchecked: Initial alarm creation"),
            false,
        ),
        (
            "one that says no reason",
            json!({"value": "INSUFFICIENT_DATA"}),
            false,
        ),
        ("one that says nothing", Value::Null, false),
    ];
    for (what, state, first) in rows {
        let direct = with(
            sample!("alarm-direct-metric"),
            "/alarmData/previousState",
            state.clone(),
        );
        let bridged = with(
            sample!("alarm-eventbridge-metric"),
            "/detail/previousState",
            state,
        );
        for event in [&direct, &bridged, &notified(&bridged)] {
            assert_eq!(firing(event).first, first, "{what}");
        }
    }
    // SNS says the state before, and not its reason.
    let message =
        json!({"AlarmName": "a", "NewStateValue": "ALARM", "OldStateValue": "INSUFFICIENT_DATA"});
    assert!(!firing(&notified(&message)).first);
}
