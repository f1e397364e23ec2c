//! Stories about scheduled actions, from Friday, 15 January 2027, 8:00.

use super::*;
use crate::world::schedule::local_time;

fn put(world: &mut World, name: &str, change: &Value) {
    try_put(world, name, change).unwrap();
}

fn try_put(world: &mut World, name: &str, change: &Value) -> Result<Value, Fault> {
    let mut change = change.clone();
    change["ScheduledActionName"] = json!(name);
    ask(world, "PutScheduledAction", &change)
}

/// An action at a time that sets these bounds.
fn sets(schedule: &str, minimum: u32, maximum: u32) -> Value {
    json!({
        "Schedule": schedule,
        "ScalableTargetAction": {"MinCapacity": minimum, "MaxCapacity": maximum},
    })
}

fn list(world: &mut World, filter: &Value) -> Value {
    let mut input = filter.clone();
    input["ServiceNamespace"] = json!("ecs");
    let principal = Principal("rollback".to_owned());
    let scaling = "application-autoscaling";
    let answer = world.call(scaling, "DescribeScheduledActions", &input, &principal);
    answer.unwrap()
}

fn names(answer: &Value) -> Vec<&str> {
    let actions = answer["ScheduledActions"].as_array().unwrap();
    actions
        .iter()
        .filter_map(|action| action["ScheduledActionName"].as_str())
        .collect()
}

fn moment(text: &str) -> Moment {
    local_time(text).unwrap()
}

/// Lets time pass until a moment, minute by minute.
fn until(world: &mut World, text: &str) {
    while world.now < moment(text) {
        let now = world.now + std::time::Duration::from_mins(1);
        world.tick(now);
    }
}

/// A service of two tasks, scaled between one and four.
fn scaled() -> World {
    let mut world = account(2);
    register(&mut world, &json!({"MinCapacity": 1, "MaxCapacity": 4}));
    world
}

fn bounds(world: &World) -> (Value, Value) {
    let target = &described(world)[0];
    (target["MinCapacity"].clone(), target["MaxCapacity"].clone())
}

#[test]
fn an_action_pulls_the_count_into_its_bounds_at_its_time_and_once() {
    let mut world = scaled();
    put(&mut world, "fair", &sets("at(2027-01-15T09:00:00)", 6, 8));
    until(&mut world, "2027-01-15T08:59");
    assert_eq!(desired(&world), 2);
    until(&mut world, "2027-01-15T09:00");
    assert_eq!(desired(&world), 6);
    assert_eq!(bounds(&world), (json!(6), json!(8)));
    register(&mut world, &json!({"MinCapacity": 1}));
    ecs::set_desired_count(&mut world, "orders", "app", 1).unwrap();
    until(&mut world, "2027-01-15T12:00");
    assert_eq!(desired(&world), 1);
}

#[test]
fn actions_that_recur_take_turns() {
    let mut world = scaled();
    put(&mut world, "day", &sets("cron(0 9 ? * MON-FRI *)", 3, 9));
    put(&mut world, "night", &sets("cron(0 18 ? * MON-FRI *)", 1, 2));
    for (moment, tasks) in [
        ("2027-01-15T09:00", 3),
        ("2027-01-15T18:00", 2),
        ("2027-01-18T08:59", 2),
        ("2027-01-18T09:00", 3),
    ] {
        until(&mut world, moment);
        assert_eq!(desired(&world), tasks, "{moment}");
    }
}

#[test]
fn a_rate_begins_at_its_start_and_ends_at_its_end() {
    let mut world = scaled();
    let mut action = sets("rate(2 hours)", 5, 9);
    action["StartTime"] = json!(moment("2027-01-15T09:30").epoch_seconds());
    action["EndTime"] = json!(moment("2027-01-15T13:00").epoch_seconds());
    put(&mut world, "load", &action);
    let mut ran = Vec::new();
    for minute in 0..8 * 60 {
        ecs::set_desired_count(&mut world, "orders", "app", 2).unwrap();
        let now = world.now + std::time::Duration::from_mins(1);
        world.tick(now);
        if desired(&world) == 5 {
            ran.push(minute + 1);
        }
    }
    assert_eq!(ran, [90, 210]);
}

#[test]
fn without_a_start_a_rate_begins_one_period_later() {
    let mut world = scaled();
    put(&mut world, "load", &sets("rate(1 hour)", 5, 9));
    until(&mut world, "2027-01-15T08:59");
    assert_eq!(desired(&world), 2);
    until(&mut world, "2027-01-15T09:00");
    assert_eq!(desired(&world), 5);
}

#[test]
fn what_falls_into_a_suspension_is_not_made_up_for() {
    let mut world = scaled();
    put(&mut world, "day", &sets("cron(0 9 * * ? *)", 3, 9));
    let suspended = |it: bool| json!({"SuspendedState": {"ScheduledScalingSuspended": it}});
    register(&mut world, &suspended(true));
    until(&mut world, "2027-01-15T09:30");
    register(&mut world, &suspended(false));
    until(&mut world, "2027-01-16T08:59");
    assert_eq!(desired(&world), 2);
    assert_eq!(bounds(&world), (json!(1), json!(4)));
    until(&mut world, "2027-01-16T09:00");
    assert_eq!(desired(&world), 3);
}

#[test]
fn an_action_may_set_one_bound_and_fails_where_it_contradicts_the_other() {
    let mut world = scaled();
    let minimum = |minimum: u32, at: &str| json!({"Schedule": format!("at({at})"), "ScalableTargetAction": {"MinCapacity": minimum}});
    put(&mut world, "three", &minimum(3, "2027-01-15T09:00:00"));
    put(&mut world, "seven", &minimum(7, "2027-01-15T10:00:00"));
    until(&mut world, "2027-01-15T09:00");
    assert_eq!(bounds(&world), (json!(3), json!(4)));
    until(&mut world, "2027-01-15T10:00");
    assert_eq!(bounds(&world), (json!(3), json!(4)));
}

#[test]
fn an_action_is_described_as_it_was_put() {
    let mut world = scaled();
    let mut action = sets("cron(0 9 * * ? *)", 3, 9);
    let start = moment("2027-02-01T00:00").epoch_seconds();
    action["StartTime"] = json!(start);
    action["Timezone"] = json!("Etc/UTC");
    put(&mut world, "day", &action);
    let answer = list(&mut world, &json!({}));
    let shown = &answer["ScheduledActions"][0];
    let arn = shown["ScheduledActionARN"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:autoscaling:eu-central-1:123456789012:scheduledAction:"));
    assert!(arn.ends_with(":resource/ecs/service/orders/app:scheduledActionName/day"));
    assert_eq!(
        *shown,
        json!({
            "ScheduledActionName": "day",
            "ScheduledActionARN": arn,
            "ServiceNamespace": "ecs",
            "Schedule": "cron(0 9 * * ? *)",
            "ResourceId": ORDERS,
            "ScalableDimension": DIMENSION,
            "ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 9},
            "CreationTime": world.now.epoch_seconds(),
            "Timezone": "Etc/UTC",
            "StartTime": start,
        })
    );
    put(&mut world, "day", &json!({"Schedule": "rate(1 day)"}));
    let changed = list(&mut world, &json!({}))["ScheduledActions"][0].clone();
    assert_eq!(changed["ScheduledActionARN"], arn);
    assert_eq!(changed["Schedule"], "rate(1 day)");
    assert_eq!(changed["ScalableTargetAction"]["MinCapacity"], 3);
    assert_eq!(changed["StartTime"], Value::Null, "a start is not kept");
}

#[test]
fn actions_are_found_by_target_and_name_page_by_page() {
    let mut world = scaled();
    for name in ["c", "a", "b"] {
        put(&mut world, name, &sets("rate(1 day)", 1, 2));
    }
    assert_eq!(names(&list(&mut world, &json!({}))), ["a", "b", "c"]);
    let first = list(&mut world, &json!({"MaxResults": 2}));
    assert_eq!(names(&first), ["a", "b"]);
    let rest = json!({"MaxResults": 2, "NextToken": first["NextToken"]});
    let rest = list(&mut world, &rest);
    assert_eq!(names(&rest), ["c"]);
    assert_eq!(rest.get("NextToken"), None);
    let some = json!({"ResourceId": ORDERS, "ScalableDimension": DIMENSION,
        "ScheduledActionNames": ["c", "z"]});
    assert_eq!(names(&list(&mut world, &some)), ["c"]);
    let other = json!({"ResourceId": "service/orders/other"});
    assert_eq!(names(&list(&mut world, &other)), [""; 0]);
    let b = json!({"ScheduledActionName": "b"});
    ask(&mut world, "DeleteScheduledAction", &b).unwrap();
    let fault = ask(&mut world, "DeleteScheduledAction", &b).unwrap_err();
    assert_eq!(fault.code, "ObjectNotFoundException");
    assert_eq!(names(&list(&mut world, &json!({}))), ["a", "c"]);
    ask(&mut world, "DeregisterScalableTarget", &json!({})).unwrap();
    assert_eq!(names(&list(&mut world, &json!({}))), [""; 0]);
}

#[test]
fn a_question_that_aws_refuses_is_refused() {
    let world = scaled();
    for (input, code) in [
        (json!({"NextToken": "b"}), "InvalidNextTokenException"),
        (json!({"MaxResults": 51}), "ValidationException"),
        (
            json!({"ScalableDimension": DIMENSION}),
            "ValidationException",
        ),
    ] {
        assert_eq!(actions::describe(&world, &input).unwrap_err().code, code);
    }
}

#[test]
fn what_is_no_scheduled_action_is_refused() {
    let mut world = scaled();
    let nobody = json!({"ResourceId": "service/orders/nobody", "Schedule": "rate(1 day)"});
    let fault = try_put(&mut world, "day", &nobody).unwrap_err();
    assert_eq!(fault.code, "ObjectNotFoundException");
    let with = |member: &str, value: Value| {
        let mut action = sets("rate(1 day)", 1, 2);
        action[member] = value;
        action
    };
    let backwards = json!({"Schedule": "rate(1 day)", "StartTime": 20, "EndTime": 10,
        "ScalableTargetAction": {"MinCapacity": 1}});
    for (action, text) in [
        (
            json!({"ScalableTargetAction": {"MinCapacity": 1}}),
            "Schedule is required",
        ),
        (json!({"Schedule": "rate(1 day)"}), "needs MinCapacity"),
        (with("ScalableTargetAction", json!({})), "needs MinCapacity"),
        (sets("rate(1 day)", 3, 2), "cannot be less"),
        (sets("rate(1 days)", 1, 2), "rate(1 days)"),
        (sets("cron(0 9 * * *)", 1, 2), "cron(0 9 * * *)"),
        (sets("cron(0 9 L * ? *)", 1, 2), "cron(0 9 L * ? *)"),
        (sets("at(tomorrow)", 1, 2), "at(tomorrow)"),
        (with("Timezone", json!("Europe/Berlin")), "Europe/Berlin"),
        (backwards, "before EndTime"),
    ] {
        let fault = try_put(&mut world, "day", &action).unwrap_err();
        assert_eq!(fault.code, "ValidationException");
        assert!(fault.message.contains(text), "{}", fault.message);
    }
    assert_eq!(names(&list(&mut world, &json!({}))), [""; 0]);
}
