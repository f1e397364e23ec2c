//! What the history says.

use super::{composite::with_any, *};
use crate::world::sns;

/// Type, time and summary of the items that were asked for.
fn items(world: &mut World, input: &Value) -> Vec<String> {
    let answer = call(world, "DescribeAlarmHistory", input).expect("an answer");
    let items = answer["AlarmHistoryItems"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let line = |item: &Value| {
        let text = |member: &str| item[member].as_str().unwrap_or_default().to_owned();
        let second = item["Timestamp"].as_f64().unwrap_or_default() - 1_790_960_400.0;
        format!(
            "{} {} {} {second}: {}",
            text("AlarmType"),
            text("AlarmName"),
            text("HistoryItemType"),
            text("HistorySummary")
        )
    };
    items.iter().map(line).collect()
}

/// The document of the newest item of a type.
fn newest(world: &mut World, item_type: &str) -> Value {
    let types = ["MetricAlarm", "CompositeAlarm"];
    let input = json!({ "HistoryItemType": item_type, "AlarmTypes": types, "MaxRecords": 1 });
    let answer = call(world, "DescribeAlarmHistory", &input).expect("an answer");
    let data = answer["AlarmHistoryItems"][0]["HistoryData"].clone();
    serde_json::from_str(data.as_str().expect("a document")).expect("JSON")
}

#[test]
fn transitions_actions_and_configurations_are_told_newest_first() {
    let mut world = account(1);
    put(&mut world, &json!({}));
    errors(&mut world, "orders-canary", 12);
    pass(&mut world, 60);
    put(&mut world, &json!({ "Threshold": 20.0 }));
    call(
        &mut world,
        "DeleteAlarms",
        &json!({ "AlarmNames": ["orders-canary-errors"] }),
    )
    .expect("deleted");
    let name = "orders-canary-errors";
    assert_eq!(
        items(&mut world, &json!({ "AlarmName": name })),
        [
            format!("MetricAlarm {name} ConfigurationUpdate 60: Alarm \"{name}\" deleted"),
            format!("MetricAlarm {name} ConfigurationUpdate 60: Alarm \"{name}\" updated"),
            format!("MetricAlarm {name} Action 60: Successfully executed action {ROLLBACK}"),
            format!(
                "MetricAlarm {name} StateUpdate 60: Alarm updated from INSUFFICIENT_DATA to ALARM"
            ),
            format!("MetricAlarm {name} ConfigurationUpdate 0: Alarm \"{name}\" created"),
        ]
    );
}

#[test]
fn a_state_update_has_both_states_with_their_reasons() {
    let mut world = account(1);
    put(&mut world, &json!({}));
    errors(&mut world, "orders-canary", 12);
    pass(&mut world, 60);
    set(&mut world, "orders-canary-errors", "OK");
    let reason = "Threshold Crossed: 1 out of the last 1 datapoints [12.0 (02/10/26 17:00:00)] was \
                  greater than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).";
    assert_eq!(
        newest(&mut world, "StateUpdate"),
        json!({
            "version": "1.0",
            "oldState": {
                "stateValue": "ALARM",
                "stateReason": reason,
                "stateReasonData": {
                    "version": "1.0",
                    "queryDate": "2026-10-02T17:01:00.000+0000",
                    "startDate": "2026-10-02T17:00:00.000+0000",
                    "statistic": "Sum",
                    "period": 60,
                    "recentDatapoints": [12.0],
                    "threshold": 5.0,
                    "evaluatedDatapoints": [{
                        "timestamp": "2026-10-02T17:00:00.000+0000", "sampleCount": 1.0, "value": 12.0,
                    }],
                },
            },
            "newState": { "stateValue": "OK", "stateReason": "drill" },
        })
    );
}

#[test]
fn a_created_alarm_is_kept_as_it_was() {
    let mut world = account(1);
    put(&mut world, &json!({}));
    assert_eq!(
        newest(&mut world, "ConfigurationUpdate"),
        json!({
            "version": "1.0",
            "type": "Create",
            "createdAlarm": {
                "alarmName": "orders-canary-errors",
                "alarmDescription": "Canary error count",
                "namespace": "Orders/Worker",
                "metricName": "Errors",
                "dimensions": [{ "name": "ServiceName", "value": "orders-canary" }],
                "statistic": "Sum",
                "period": 60,
                "evaluationPeriods": 1,
                "datapointsToAlarm": 1,
                "threshold": 5.0,
                "comparisonOperator": "GreaterThanThreshold",
                "alarmActions": [ROLLBACK],
                "okactions": [],
                "insufficientDataActions": [],
                "alarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:orders-canary-errors",
                "actionsEnabled": true,
                "alarmConfigurationUpdatedTimestamp": "2026-10-02T17:00:00.000+0000",
                "stateValue": "INSUFFICIENT_DATA",
                "stateUpdatedTimestamp": "2026-10-02T17:00:00.000+0000",
            },
        })
    );
}

#[test]
fn an_action_that_could_not_be_taken_says_why() {
    let mut world = account(1);
    let sealed = json!({ "KmsMasterKeyId": "alias/aws/sns" });
    let sealed = sealed.as_object().expect("attributes");
    let topic = sns::create_topic(&mut world, "orders-alarms", sealed).expect("a topic");
    put(&mut world, &json!({ "AlarmActions": [topic] }));
    set(&mut world, "orders-canary-errors", "ALARM");
    let failed = newest(&mut world, "Action");
    assert_eq!(failed["actionState"], "Failed");
    assert_eq!(failed["notificationResource"], topic.as_str());
    let error = failed["error"].as_str().expect("why").to_owned();
    assert!(error.contains("alias/aws/sns"), "{error}");
    let lines = items(&mut world, &json!({ "HistoryItemType": "Action" }));
    let summary = format!("Failed to execute action {topic}. Received error: \"{error}\"");
    assert_eq!(
        lines,
        [format!(
            "MetricAlarm orders-canary-errors Action 0: {summary}"
        )]
    );
}

#[test]
fn an_action_keeps_what_was_told() {
    let mut world = account(1);
    let topic = sns::create_topic(&mut world, "orders-alarms", &serde_json::Map::new());
    let topic = topic.expect("a topic");
    put(&mut world, &json!({ "AlarmActions": [topic] }));
    set(&mut world, "orders-canary-errors", "ALARM");
    let told = world.sns.published.pop().expect("a message").message;
    assert_eq!(
        newest(&mut world, "Action"),
        json!({
            "actionState": "Succeeded",
            "stateUpdateTimestamp": 1_790_960_400_000_u64,
            "notificationResource": topic,
            "publishedMessage": json!({ "default": told }).to_string(),
            "error": null,
        })
    );
}

#[test]
fn only_what_was_asked_for_is_told_and_in_pages() {
    let mut world = account(1);
    with_any(&mut world, "ALARM(errors)", &json!({}));
    set(&mut world, "errors", "ALARM");
    pass(&mut world, 1);
    set(&mut world, "errors", "OK");
    let updates = json!({ "HistoryItemType": "StateUpdate", "AlarmName": "any" });
    assert_eq!(
        items(&mut world, &updates),
        Vec::<String>::new(),
        "metric alarms only"
    );
    let mut updates = json!({
        "HistoryItemType": "StateUpdate", "AlarmName": "any", "AlarmTypes": ["CompositeAlarm"],
        "ScanBy": "TimestampAscending",
    });
    let all = [
        "CompositeAlarm any StateUpdate 1: Alarm updated from INSUFFICIENT_DATA to OK",
        "CompositeAlarm any StateUpdate 1: Alarm updated from OK to ALARM",
        "CompositeAlarm any StateUpdate 2: Alarm updated from ALARM to OK",
    ];
    assert_eq!(items(&mut world, &updates), all);
    updates["MaxRecords"] = json!(2);
    let answer = call(&mut world, "DescribeAlarmHistory", &updates).expect("an answer");
    assert_eq!(items(&mut world, &updates), all[..2]);
    updates["NextToken"] = answer["NextToken"].clone();
    assert_eq!(items(&mut world, &updates), all[2..]);
    updates["NextToken"] = json!("never given");
    let fault = call(&mut world, "DescribeAlarmHistory", &updates).expect_err("refused");
    assert_eq!(fault.code, "InvalidNextToken");
    let late = json!({
        "AlarmTypes": ["CompositeAlarm"], "StartDate": 1_790_960_402.0, "EndDate": 1_790_960_402.0,
    });
    assert_eq!(items(&mut world, &late), all[2..]);
}
