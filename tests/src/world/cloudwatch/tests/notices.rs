//! Whom a transition is told, and how.

use serde_json::Map;

use super::*;
use crate::world::{Effect, sns};

/// What a function was invoked with, last.
fn invoked(world: &mut World, name: &str) -> Value {
    let found = world
        .outbox
        .drain(..)
        .rev()
        .find_map(|effect| match effect {
            Effect::Invoke(invocation) if invocation.function == name => Some(invocation.payload),
            _ => None,
        });
    found.expect("an invocation")
}

#[test]
fn the_function_that_is_the_action_gets_both_states_and_the_configuration() {
    let mut world = account(1);
    put(&mut world, &json!({}));
    errors(&mut world, "orders-canary", 0);
    pass(&mut world, 60);
    errors(&mut world, "orders-canary", 12);
    pass(&mut world, 60);
    let name = "orders-canary-errors";
    let payload = invoked(&mut world, "rollback");
    let reason_data = |minute: &str, value: &str| {
        format!(
            r#"{{"version":"1.0","queryDate":"2026-10-02T17:{minute}:00.000+0000","startDate":"{from}","statistic":"Sum","period":60,"recentDatapoints":[{value}],"threshold":5.0,"evaluatedDatapoints":[{{"timestamp":"{from}","sampleCount":1.0,"value":{value}}}]}}"#,
            from = if minute == "01" {
                "2026-10-02T17:00:00.000+0000"
            } else {
                "2026-10-02T17:01:00.000+0000"
            },
        )
    };
    let metrics = world.cloudwatch.alarms[name].metrics();
    let id = &metrics.expect("a metric alarm").id;
    assert_eq!(
        payload,
        json!({
            "source": "aws.cloudwatch",
            "alarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:orders-canary-errors",
            "accountId": "111122223333",
            "time": "2026-10-02T17:02:00.000+0000",
            "region": "us-east-1",
            "alarmData": {
                "alarmName": name,
                "state": {
                    "value": "ALARM",
                    "reason": "Threshold Crossed: 1 out of the last 1 datapoints [12.0 (02/10/26 \
                               17:01:00)] was greater than the threshold (5.0) (minimum 1 \
                               datapoint for OK -> ALARM transition).",
                    "reasonData": reason_data("02", "12.0"),
                    "timestamp": "2026-10-02T17:02:00.000+0000",
                },
                "previousState": {
                    "value": "OK",
                    "reason": "Threshold Crossed: 1 out of the last 1 datapoints [0.0 (02/10/26 \
                               17:00:00)] was not greater than the threshold (5.0) (minimum 1 \
                               datapoint for ALARM -> OK transition).",
                    "reasonData": reason_data("01", "0.0"),
                    "timestamp": "2026-10-02T17:01:00.000+0000",
                },
                "configuration": {
                    "description": "Canary error count",
                    "metrics": [{
                        "id": id,
                        "metricStat": {
                            "metric": {
                                "namespace": "Orders/Worker",
                                "name": "Errors",
                                "dimensions": { "ServiceName": "orders-canary" },
                            },
                            "period": 60,
                            "stat": "Sum",
                        },
                        "returnData": true,
                    }],
                },
            },
        })
    );
}

#[test]
fn a_topic_tells_its_readers_and_the_functions_that_are_subscribed_to_it() {
    let mut world = account(1);
    let topic = sns::create_topic(&mut world, "orders-alarms", &Map::new()).expect("a topic");
    sns::subscribe(&mut world, &topic, "lambda", ROLLBACK).expect("a subscription");
    put(&mut world, &json!({ "AlarmActions": [topic] }));
    errors(&mut world, "orders-canary", 12);
    pass(&mut world, 60);
    let published = world.sns.published.pop().expect("a message");
    assert_eq!(published.topic, topic);
    assert_eq!(
        published.subject.as_deref(),
        Some("ALARM: \"orders-canary-errors\" in US East (N. Virginia)")
    );
    let message: Value = serde_json::from_str(&published.message).expect("a document");
    assert_eq!(message["OldStateValue"], "INSUFFICIENT_DATA");
    assert_eq!(message["NewStateValue"], "ALARM");
    assert_eq!(message["OKActions"], json!([]));
    assert_eq!(
        message["Trigger"]["Dimensions"],
        json!([{ "value": "orders-canary", "name": "ServiceName" }])
    );
    assert_eq!(message["Trigger"]["Statistic"], "SUM");
    let event = invoked(&mut world, "rollback");
    assert_eq!(
        event["Records"][0]["Sns"]["Message"],
        published.message.as_str()
    );
}

#[test]
fn an_alarm_is_not_heard_through_a_topic_under_the_key_that_aws_manages() {
    let mut world = account(1);
    let sealed = json!({ "KmsMasterKeyId": "alias/aws/sns" });
    let sealed = sealed.as_object().expect("attributes");
    let topic = sns::create_topic(&mut world, "orders-alarms", sealed).expect("a topic");
    put(&mut world, &json!({ "AlarmActions": [topic] }));
    errors(&mut world, "orders-canary", 12);
    pass(&mut world, 60);
    assert_eq!(transitions(&world), ["ALARM"]);
    assert_eq!(world.sns.published, []);
    let is_told = |what: &What| matches!(what, What::Told(why) if why.contains("alias/aws/sns"));
    assert!(world.journal.iter().any(|entry| is_told(&entry.what)));
}

#[test]
fn disabled_actions_do_not_run_but_the_transition_happens() {
    let mut world = account(1);
    put(&mut world, &json!({}));
    let names = json!({ "AlarmNames": ["orders-canary-errors", "unknown"] });
    call(&mut world, "DisableAlarmActions", &names).expect("disabled");
    errors(&mut world, "orders-canary", 12);
    pass(&mut world, 60);
    assert_eq!(transitions(&world), ["ALARM"]);
    let due = |world: &World| {
        world.cloudwatch.alarms["orders-canary-errors"]
            .due_actions()
            .count()
    };
    assert_eq!(due(&world), 0);
    call(&mut world, "EnableAlarmActions", &names).expect("enabled");
    assert_eq!(due(&world), 1);
}
