//! What becomes of events.

use std::time::Duration;

use serde_json::{Value, json};

use super::{invoked, world_of};
use crate::world::{
    World,
    functions::{Ended, Function, Invocation, ended, invoke_async, tick},
    journal::What,
};

fn world(retries: u8, event_age: Duration) -> World {
    world_of(Function {
        retries,
        event_age,
        ..Function::new("rollback")
    })
}

fn fail(world: &mut World, run: &str) {
    ended(world, run, Ended::Error("panicked".to_owned()));
}

fn after(world: &mut World, seconds: u64) -> Vec<Invocation> {
    world.now = world.now + Duration::from_secs(seconds);
    tick(world);
    invoked(world)
}

#[test]
fn an_error_is_tried_again_after_one_and_after_two_minutes_with_the_same_id() {
    let mut world = world(2, Duration::from_hours(6));
    invoke_async(&mut world, "rollback", json!({"n": 1}), "hand");
    let first = invoked(&mut world).remove(0);
    fail(&mut world, &first.run);
    assert_eq!(after(&mut world, 59), []);
    let second = after(&mut world, 1).remove(0);
    assert_eq!((second.attempt, &second.id), (2, &first.id));
    assert_eq!(second.payload, json!({"n": 1}));
    fail(&mut world, &second.run);
    assert_eq!(after(&mut world, 119), []);
    let third = after(&mut world, 1).remove(0);
    fail(&mut world, &third.run);
    assert_eq!(after(&mut world, 3600), []);
    assert_eq!(world.functions.dead, [third]);
}

#[test]
fn an_answer_ends_an_event() {
    let mut world = world(2, Duration::from_hours(6));
    invoke_async(&mut world, "rollback", json!({}), "hand");
    let first = invoked(&mut world).remove(0);
    ended(&mut world, &first.run, Ended::Answer(Value::Null));
    fail(&mut world, &first.run);
    assert_eq!(after(&mut world, 3600), []);
    assert_eq!(world.functions.dead, []);
}

#[test]
fn an_event_that_would_be_too_old_is_given_up() {
    let mut world = world(2, Duration::from_mins(1));
    invoke_async(&mut world, "rollback", json!({}), "hand");
    let first = invoked(&mut world).remove(0);
    world.now = world.now + Duration::from_secs(10);
    fail(&mut world, &first.run);
    assert_eq!(world.functions.dead, [first]);
}

#[test]
fn a_duplicate_has_the_same_id_and_ends_by_itself() {
    let mut world = world(1, Duration::from_hours(6));
    world.functions.deliver_twice = true;
    invoke_async(&mut world, "rollback", json!({}), "hand");
    let runs = invoked(&mut world);
    assert_eq!(runs[0].id, runs[1].id);
    assert_ne!(runs[0].run, runs[1].run);
    ended(&mut world, &runs[0].run, Ended::Answer(Value::Null));
    fail(&mut world, &runs[1].run);
    let again = after(&mut world, 60);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].attempt, 2);
}

#[test]
fn a_function_is_found_by_its_arn_and_a_missing_one_is_noted() {
    let mut world = world(0, Duration::from_hours(6));
    let arn = world.arn("lambda", "function:rollback");
    invoke_async(&mut world, &arn, json!({}), "alarm");
    assert_eq!(invoked(&mut world)[0].function, "rollback");
    invoke_async(&mut world, "nobody", json!({}), "alarm");
    assert_eq!(invoked(&mut world), []);
    assert!(matches!(
        &world.journal.last().expect("an entry").what,
        What::Told(text) if text.contains("nobody")
    ));
}

#[test]
fn the_payload_does_not_show_in_debug() {
    let mut world = world(0, Duration::from_hours(6));
    invoke_async(&mut world, "rollback", json!({"key": "hush"}), "hand");
    let shown = format!("{world:?}");
    assert!(shown.contains("rollback"));
    assert!(!shown.contains("hush"));
}
