//! Alarm actions and events that get lost.

use super::*;

const NAME: &str = "orders-canary-errors";

/// How often the function of the alarm, and the one that sees events, are invoked by the next alarm.
fn heard(world: &mut World, alarm: &str) -> (usize, usize) {
    set(world, alarm, "OK");
    world.outbox.clear();
    set(world, alarm, "ALARM");
    (
        invocations(world, "rollback").len(),
        invocations(world, "watcher").len(),
    )
}

fn with_alarms() -> World {
    let mut world = account(1);
    watch_events(&mut world);
    put(&mut world, &json!({}));
    put(&mut world, &json!({ "AlarmName": "other" }));
    for name in [NAME, "other"] {
        set(&mut world, name, "OK");
    }
    world
}

#[test]
fn the_actions_of_the_next_transition_of_one_alarm_can_be_lost() {
    let mut world = with_alarms();
    world.cloudwatch.losses = vec![Loss::next(Lost::Actions).of(NAME)];
    assert_eq!(heard(&mut world, "other"), (1, 1));
    assert_eq!(heard(&mut world, NAME), (0, 1));
    assert_eq!(heard(&mut world, NAME), (1, 1), "it was the next one only");
}

#[test]
fn actions_and_events_of_all_alarms_can_be_lost_for_good() {
    let mut world = with_alarms();
    world.cloudwatch.losses = vec![Loss::always(Lost::Event)];
    assert_eq!(heard(&mut world, NAME), (1, 0));
    world.cloudwatch.losses.push(Loss::always(Lost::Actions));
    for name in [NAME, "other", NAME] {
        assert_eq!(heard(&mut world, name), (0, 0));
    }
    world.cloudwatch.losses.clear();
    assert_eq!(heard(&mut world, NAME), (1, 1));
}

#[test]
fn the_history_of_a_lost_action_says_that_it_was_taken() {
    let mut world = with_alarms();
    world.cloudwatch.losses = vec![Loss::next(Lost::Actions)];
    set(&mut world, NAME, "ALARM");
    let input = json!({ "AlarmName": NAME, "HistoryItemType": "Action" });
    let answer = call(&mut world, "DescribeAlarmHistory", &input).expect("an answer");
    assert_eq!(
        answer["AlarmHistoryItems"][0]["HistorySummary"],
        format!("Successfully executed action {ROLLBACK}")
    );
}
