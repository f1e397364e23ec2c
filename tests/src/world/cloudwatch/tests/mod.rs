mod calls;
mod composite;
mod describe;
mod history;
mod losses;
mod metric_data;
mod mute;
mod notices;
mod rule;
mod suppression;

use serde_json::json;

use super::*;
use crate::world::{
    Effect, Identity, events,
    functions::{self, Function},
    iam::{self, Permission},
    journal::What,
    sqs,
};

const ROLLBACK: &str = "arn:aws:lambda:us-east-1:111122223333:function:rollback";

/// An account at 2026-10-02T17:00:00Z.
fn account(pace: u32) -> World {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
    };
    let mut world = World::new(identity, Moment(1_790_960_400_000), pace);
    let rollback = Function {
        retries: 0,
        ..Function::new("rollback")
    };
    functions::create_function(&mut world, rollback).expect("a function");
    for principal in [
        "lambda.alarms.cloudwatch.amazonaws.com",
        "sns.amazonaws.com",
    ] {
        let permission = Permission::of(principal);
        iam::add_permission(&mut world, "rollback", &permission).expect("a permission");
    }
    world
}

/// An alarm on more than five errors of the canary in a minute, with some members replaced.
fn errors_alarm(more: &Value) -> Value {
    let mut input = json!({
        "AlarmName": "orders-canary-errors",
        "AlarmDescription": "Canary error count",
        "Namespace": "Orders/Worker",
        "MetricName": "Errors",
        "Dimensions": [{ "Name": "ServiceName", "Value": "orders-canary" }],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": [ROLLBACK],
    });
    for (member, value) in more.as_object().expect("members") {
        input[member] = value.clone();
    }
    input
}

fn put(world: &mut World, more: &Value) {
    put_metric_alarm(world, &errors_alarm(more)).expect("an alarm");
}

fn refusal(world: &mut World, more: &Value) -> String {
    let fault = put_metric_alarm(world, &errors_alarm(more)).expect_err("refused");
    assert_eq!(fault.code, "ValidationException");
    fault.message
}

fn errors(world: &mut World, service: &str, count: u32) {
    let now = world.now;
    let dimensions = [("ServiceName", service)];
    publish(
        world,
        "Orders/Worker",
        "Errors",
        &dimensions,
        f64::from(count),
        now,
    );
}

fn pass(world: &mut World, seconds: u64) {
    for _ in 0..seconds {
        let now = world.now + Duration::from_secs(1);
        world.tick(now);
    }
}

fn described(world: &mut World) -> Value {
    let input = json!({ "AlarmNames": ["orders-canary-errors"] });
    let answer = call(world, "DescribeAlarms", &input).expect("an answer");
    answer["MetricAlarms"][0].clone()
}

fn state(world: &mut World) -> String {
    let alarm = described(world);
    alarm["StateValue"].as_str().expect("a state").to_owned()
}

/// A person sets the state of an alarm.
fn set(world: &mut World, alarm: &str, state: &str) {
    let input = json!({ "AlarmName": alarm, "StateValue": state, "StateReason": "drill" });
    call(world, "SetAlarmState", &input).expect("the alarm exists");
}

/// The payloads that a function was invoked with since the last question, in order.
fn invocations(world: &mut World, function: &str) -> Vec<Value> {
    let (invoked, others): (Vec<Effect>, _) = world.outbox.drain(..).partition(
        |effect| matches!(effect, Effect::Invoke(invocation) if invocation.function == function),
    );
    world.outbox = others;
    let payloads = invoked.into_iter().filter_map(|effect| match effect {
        Effect::Invoke(invocation) => Some(invocation.payload),
        _ => None,
    });
    payloads.collect()
}

/// A function `watcher` that gets every alarm event.
fn watch_events(world: &mut World) {
    functions::create_function(world, Function::new("watcher")).expect("a function");
    let permission = Permission::of("events.amazonaws.com");
    iam::add_permission(world, "watcher", &permission).expect("a permission");
    let rule = json!({ "Name": "alarms", "EventPattern": { "source": ["aws.cloudwatch"] } });
    let arn = world.arn("lambda", "function:watcher");
    let targets = json!([{ "Id": "watcher", "Arn": arn }]);
    events::put_rule(world, &rule, &targets).expect("a rule");
}

/// The details of the alarm events since the last question, in order.
fn event_details(world: &mut World) -> Vec<Value> {
    let events = invocations(world, "watcher").into_iter();
    events.map(|event| event["detail"].clone()).collect()
}

fn transitions(world: &World) -> Vec<&str> {
    let states = world.journal.iter().filter_map(|entry| match &entry.what {
        What::Alarm { state, .. } => Some(state.as_str()),
        _ => None,
    });
    states.collect()
}

#[test]
fn a_new_alarm_knows_nothing_until_a_period_with_data_is_complete() {
    let mut world = account(1);
    put(&mut world, &json!({}));
    assert_eq!(
        described(&mut world)["StateReason"],
        "Unchecked: Initial alarm creation"
    );
    errors(&mut world, "orders-canary", 12);
    pass(&mut world, 59);
    assert_eq!(state(&mut world), "INSUFFICIENT_DATA");
    pass(&mut world, 1);
    assert_eq!(state(&mut world), "ALARM");
    assert_eq!(
        described(&mut world)["StateReason"],
        "Threshold Crossed: 1 out of the last 1 datapoints [12.0 (02/10/26 17:00:00)] was greater \
         than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition)."
    );
    assert_eq!(transitions(&world), ["ALARM"]);
}

#[test]
fn an_alarm_returns_to_ok_only_after_its_period() {
    let mut world = account(1);
    put(&mut world, &json!({ "Period": 120 }));
    errors(&mut world, "orders-canary", 12);
    pass(&mut world, 120);
    assert_eq!(state(&mut world), "ALARM");
    for _ in 0..119 {
        errors(&mut world, "orders-canary", 0);
        pass(&mut world, 1);
        assert_eq!(state(&mut world), "ALARM");
    }
    pass(&mut world, 1);
    assert_eq!(state(&mut world), "OK");
    assert_eq!(transitions(&world), ["ALARM", "OK"]);
}

#[test]
fn an_alarm_whose_data_stop_keeps_its_state_for_the_evaluation_range() {
    let mut world = account(1);
    put(&mut world, &json!({ "TreatMissingData": "notBreaching" }));
    errors(&mut world, "orders-canary", 12);
    pass(&mut world, 3 * 60 + 59);
    assert_eq!(state(&mut world), "ALARM");
    pass(&mut world, 1);
    assert_eq!(state(&mut world), "OK");
    let reason = described(&mut world)["StateReason"].clone();
    assert!(
        reason
            .as_str()
            .expect("a reason")
            .contains("no datapoints were received")
    );
}

#[test]
fn ten_second_alarms_are_evaluated_every_ten_seconds() {
    let mut world = account(1);
    put(&mut world, &json!({ "Period": 10 }));
    let datum = json!({
        "MetricName": "Errors", "Value": 12, "StorageResolution": 1,
        "Dimensions": [{ "Name": "ServiceName", "Value": "orders-canary" }],
    });
    let input = json!({ "Namespace": "Orders/Worker", "MetricData": [datum] });
    call(&mut world, "PutMetricData", &input).expect("stored");
    pass(&mut world, 10);
    assert_eq!(state(&mut world), "ALARM");
}

#[test]
fn at_pace_ten_a_minute_takes_six_seconds() {
    let mut world = account(10);
    put(&mut world, &json!({}));
    errors(&mut world, "orders-canary", 12);
    pass(&mut world, 5);
    assert_eq!(state(&mut world), "INSUFFICIENT_DATA");
    pass(&mut world, 1);
    assert_eq!(state(&mut world), "ALARM");
    let alarm = described(&mut world);
    assert_eq!(alarm["Period"], 60);
    assert_eq!(alarm["StateTransitionedTimestamp"], 1_790_960_406.0);
    let reason = alarm["StateReason"].as_str().expect("a reason");
    assert!(reason.contains("[12.0 (02/10/26 17:00:00)]"), "{reason}");
}

#[test]
fn two_out_of_three_needs_two() {
    let mut world = account(1);
    put(
        &mut world,
        &json!({ "EvaluationPeriods": 3, "DatapointsToAlarm": 2 }),
    );
    for (count, expected) in [(0, "OK"), (9, "OK"), (0, "OK"), (9, "ALARM"), (0, "OK")] {
        errors(&mut world, "orders-canary", count);
        pass(&mut world, 60);
        assert_eq!(state(&mut world), expected);
    }
}

#[test]
fn a_math_alarm_compares_the_failure_rates_of_canary_and_primary() {
    let mut world = account(1);
    let metric = |id: &str, name: &str, service: &str| {
        json!({ "Id": id, "ReturnData": false, "MetricStat": {
            "Metric": {
                "Namespace": "Orders/Worker", "MetricName": name,
                "Dimensions": [{ "Name": "ServiceName", "Value": service }],
            },
            "Period": 60, "Stat": "Sum",
        } })
    };
    let rate = |id: &str, failed: &str, processed: &str| {
        let sum = format!("FILL({failed}, 0) + {processed}");
        let rate = format!("IF({sum} > 0, 100 * FILL({failed}, 0) / ({sum}), 0)");
        json!({ "Id": id, "Expression": rate, "ReturnData": false })
    };
    let input = json!({
        "AlarmName": "orders-canary-errors", "EvaluationPeriods": 1, "Threshold": 5,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
        "Metrics": [
            { "Id": "difference", "Expression": "canary - primary", "Label": "points" },
            rate("canary", "cf", "cp"),
            rate("primary", "pf", "pp"),
            metric("cf", "Errors", "orders-canary"),
            metric("cp", "Processed", "orders-canary"),
            metric("pf", "Errors", "orders"),
            metric("pp", "Processed", "orders"),
        ],
    });
    put_metric_alarm(&mut world, &input).expect("an alarm");
    let minute = |world: &mut World, canary: (u32, u32), primary: (u32, u32)| {
        for (service, (failed, processed)) in [("orders-canary", canary), ("orders", primary)] {
            if failed > 0 {
                errors(world, service, failed);
            }
            let (now, dimensions) = (world.now, [("ServiceName", service)]);
            let processed = f64::from(processed);
            publish(
                world,
                "Orders/Worker",
                "Processed",
                &dimensions,
                processed,
                now,
            );
        }
        pass(world, 60);
    };
    minute(&mut world, (0, 100), (4, 96));
    assert_eq!(state(&mut world), "OK");
    minute(&mut world, (10, 90), (6, 94));
    assert_eq!(state(&mut world), "OK", "both fail alike");
    minute(&mut world, (10, 90), (4, 96));
    assert_eq!(state(&mut world), "ALARM");
    let reason = described(&mut world)["StateReason"].clone();
    assert_eq!(
        reason,
        "Threshold Crossed: 1 datapoint [6.0 (02/10/26 17:02:00)] was greater than the threshold \
         (5.0)."
    );
    let metrics = world.cloudwatch.alarms["orders-canary-errors"].document["Metrics"].clone();
    let detail = payload::event_detail(
        &world.cloudwatch.alarms["orders-canary-errors"],
        &world.cloudwatch.alarms["orders-canary-errors"].state,
    );
    assert_eq!(metrics.as_array().map(Vec::len), Some(7));
    assert_eq!(
        detail["configuration"]["metrics"][0],
        json!({
            "id": "difference", "expression": "canary - primary", "label": "points",
            "returnData": true,
        })
    );
}

#[test]
fn a_log_line_can_raise_an_alarm() {
    let mut world = account(1);
    put(&mut world, &json!({}));
    let line = json!({
        "_aws": { "Timestamp": world.now.0, "CloudWatchMetrics": [{
            "Namespace": "Orders/Worker", "Dimensions": [["ServiceName"]],
            "Metrics": [{ "Name": "Errors" }],
        }] },
        "ServiceName": "orders-canary", "Errors": [3, 3],
    });
    ingest_log_line(&mut world, "processed 12 messages");
    ingest_log_line(&mut world, &line.to_string());
    pass(&mut world, 60);
    assert_eq!(state(&mut world), "ALARM");
}

#[test]
fn an_alarm_can_watch_the_depth_of_a_dead_letter_queue() {
    let mut world = account(10);
    let url =
        sqs::create_queue(&mut world, "orders-dead", &serde_json::Map::new()).expect("a queue");
    put(
        &mut world,
        &json!({
            "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible",
            "Dimensions": [{ "Name": "QueueName", "Value": "orders-dead" }],
            "Statistic": "Maximum", "Threshold": 0,
        }),
    );
    pass(&mut world, 12);
    assert_eq!(state(&mut world), "OK");
    sqs::send(&mut world, &url, "order 17").expect("sent");
    pass(&mut world, 12);
    assert_eq!(state(&mut world), "ALARM");
}

#[test]
fn data_are_forgotten_after_the_retention() {
    let mut world = account(1);
    errors(&mut world, "orders-canary", 1);
    let key = Key::new(
        "Orders/Worker",
        "Errors",
        [("ServiceName".to_owned(), "orders-canary".to_owned())],
    );
    let kept = |world: &World| {
        world
            .cloudwatch
            .store
            .aggregate(&key, 0, u64::MAX)
            .is_some()
    };
    let at_the_end = world.now + metrics::RETENTION;
    world.tick(at_the_end);
    assert!(kept(&world));
    world.tick(at_the_end + Duration::from_secs(1));
    assert!(!kept(&world));
}
