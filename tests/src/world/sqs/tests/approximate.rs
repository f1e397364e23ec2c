//! Counts that are off, and metrics that come late.

use super::*;
use crate::world::cloudwatch;

/// What a look at a queue shows, half a minute after the last one: visible, in flight and delayed.
fn look(world: &mut World, url: &str) -> [u32; 3] {
    world.now = world.now + Duration::from_secs(30);
    let input = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
    let answer = call(world, "GetQueueAttributes", &input).expect("attributes");
    ["", "NotVisible", "Delayed"].map(|which| {
        let count = &answer["Attributes"][format!("ApproximateNumberOfMessages{which}")];
        let count = count.as_str().expect("a count is a string");
        count.parse().expect("a count is a number")
    })
}

/// A hundred looks at a queue that holds so many messages, with counts that are off by up to `most`.
fn looks(seed: u64, most: u32, messages: u32) -> Vec<[u32; 3]> {
    let mut world = account();
    let (orders, _) = orders(&mut world);
    for _ in 0..messages {
        send(&mut world, &orders, "order 17").expect("sent");
    }
    world.sqs.approximation = Some(Approximation::seeded(seed, most));
    (0..100).map(|_| look(&mut world, &orders)).collect()
}

#[test]
fn an_empty_queue_may_seem_to_have_a_message_in_flight() {
    let looks = looks(1, 1, 0);
    assert!(looks.contains(&[0, 1, 0]), "{looks:?}");
    assert!(looks.as_flattened().iter().all(|count| *count <= 1));
}

#[test]
fn a_count_is_too_high_or_too_low_for_one_look() {
    let looks = looks(2, 3, 10);
    let visible: Vec<u32> = looks.iter().map(|[visible, ..]| *visible).collect();
    assert!(visible.iter().all(|count| (7..=13).contains(count)));
    assert!(visible.iter().any(|count| *count > 10) && visible.iter().any(|count| *count < 10));
    let exact = [10, 0, 0];
    assert!(
        looks.windows(2).all(|two| two.contains(&exact)),
        "{looks:?}"
    );
}

#[test]
fn the_same_seed_shows_the_same_counts() {
    assert_eq!(looks(3, 3, 10), looks(3, 3, 10));
    assert_ne!(looks(3, 3, 10), looks(4, 3, 10));
}

#[test]
fn only_the_counts_that_are_asked_for_are_off() {
    let mut world = account();
    let (orders, _) = orders(&mut world);
    world.sqs.approximation = Some(Approximation::seeded(1, 5));
    for _ in 0..20 {
        look(&mut world, &orders);
    }
    assert_eq!(depth(&world, "orders"), Some(Depth::default()));
    assert!(receive_one(&mut world, &orders).is_none());
}

/// Puts an alarm on dead letters in one of one minutes, which treats missing data in a way.
fn watch(world: &mut World, missing: &str) {
    let alarm = json!({
        "AlarmName": missing, "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{ "Name": "QueueName", "Value": "orders-dead" }],
        "Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": missing,
    });
    cloudwatch::put_metric_alarm(world, &alarm).expect("an alarm");
}

fn states(world: &mut World) -> Vec<(String, String)> {
    let alarms = cloudwatch::call(world, "DescribeAlarms", &json!({})).expect("the alarms");
    let alarms = alarms["MetricAlarms"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let state = |alarm: &Value| (text(&alarm["AlarmName"]), text(&alarm["StateValue"]));
    alarms.iter().map(state).collect()
}

#[test]
fn an_alarm_sees_metrics_that_come_late_when_they_come() {
    for (delay, missing, after) in [
        (0, "missing", 1),
        (60, "missing", 2),
        (120, "notBreaching", 3),
    ] {
        let mut world = account();
        let (_, dead) = orders(&mut world);
        world.sqs.metrics_delay = Duration::from_secs(delay);
        watch(&mut world, missing);
        send(&mut world, &dead, "order 17").expect("sent");
        let minutes = (1..10).find(|_| {
            pass(&mut world, 60);
            states(&mut world)[0].1 == "ALARM"
        });
        assert_eq!(minutes, Some(after), "{delay} seconds late, {missing}");
    }
}

#[test]
fn metrics_that_come_too_late_for_an_alarm_are_missing_data() {
    let mut world = account();
    let (_, dead) = orders(&mut world);
    world.sqs.metrics_delay = Duration::from_mins(10);
    for missing in ["breaching", "ignore", "missing", "notBreaching"] {
        watch(&mut world, missing);
    }
    send(&mut world, &dead, "order 17").expect("sent");
    pass(&mut world, 15 * 60);
    let expected = [
        ("breaching", "ALARM"),
        ("ignore", "INSUFFICIENT_DATA"),
        ("missing", "INSUFFICIENT_DATA"),
        ("notBreaching", "OK"),
    ];
    let expected = expected.map(|(name, state)| (name.to_owned(), state.to_owned()));
    assert_eq!(states(&mut world), expected);
}
