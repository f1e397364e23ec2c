//! Composite alarms whose actions are kept back: the examples of AWS's user guide, with a wait of two and an extension
//! of three minutes.

use super::{
    composite::{any, put_any, with_any},
    *,
};

/// `any` fires with `errors`, unless `depth` does.
fn with_suppressor() -> World {
    let mut world = account(1);
    with_any(&mut world, "ALARM(errors)", &suppressor("depth"));
    watch_events(&mut world);
    world
}

fn suppressor(alarm: &str) -> Value {
    json!({
        "OKActions": [ROLLBACK],
        "ActionsSuppressor": alarm,
        "ActionsSuppressorWaitPeriod": 120,
        "ActionsSuppressorExtensionPeriod": 180,
    })
}

/// The states that the function was told since the last question.
fn acted(world: &mut World) -> Vec<String> {
    let payloads = invocations(world, "rollback").into_iter();
    let state = |payload: Value| {
        payload["alarmData"]["state"]["value"]
            .as_str()
            .map(str::to_owned)
    };
    payloads.filter_map(state).collect()
}

fn by(world: &mut World) -> Value {
    any(world)["ActionsSuppressedBy"].clone()
}

/// Metric alarms without data would become `INSUFFICIENT_DATA` meanwhile; here time passes for the composite alarm
/// only.
fn wait(world: &mut World, seconds: u64) {
    for _ in 0..seconds {
        world.now = world.now + Duration::from_secs(1);
        super::super::suppression::release_due(world);
        super::super::mute::unmute_due(world);
    }
}

#[test]
fn without_a_suppressor_in_alarm_actions_are_taken_after_the_wait() {
    let mut world = with_suppressor();
    set(&mut world, "errors", "ALARM");
    assert_eq!(by(&mut world), "WaitPeriod");
    assert_eq!(
        any(&mut world)["ActionsSuppressedReason"],
        "Actions suppressed by WaitPeriod"
    );
    wait(&mut world, 119);
    assert_eq!(acted(&mut world), Vec::<String>::new());
    wait(&mut world, 1);
    assert_eq!(by(&mut world), Value::Null);
    let [payload] = &invocations(&mut world, "rollback")[..] else {
        panic!("one invocation")
    };
    let data = &payload["alarmData"];
    assert_eq!(data["state"]["value"], "ALARM");
    assert_eq!(data["state"]["timestamp"], "2026-10-02T17:02:01.000+0000");
    assert_eq!(data["state"]["actionsSuppressedBy"], Value::Null);
    assert_eq!(data["previousState"]["value"], "ALARM");
    assert_eq!(
        data["previousState"]["timestamp"],
        "2026-10-02T17:00:01.000+0000"
    );
    assert_eq!(data["previousState"]["actionsSuppressedBy"], "WaitPeriod");
    assert_eq!(
        data["configuration"],
        json!({
            "alarmRule": "ALARM(errors)",
            "actionsSuppressor": "depth",
            "actionsSuppressorWaitPeriod": 120,
            "actionsSuppressorExtensionPeriod": 180,
        })
    );
}

#[test]
fn the_event_is_sent_at_once_and_says_what_suppresses_the_actions() {
    let mut world = with_suppressor();
    set(&mut world, "errors", "ALARM");
    let details = event_details(&mut world);
    let of_any = details.iter().find(|detail| detail["alarmName"] == "any");
    let state = &of_any.expect("an event")["state"];
    assert_eq!(state["value"], "ALARM");
    assert_eq!(state["actionsSuppressedBy"], "WaitPeriod");
    assert_eq!(
        state["actionsSuppressedReason"],
        "Actions suppressed by WaitPeriod"
    );
}

#[test]
fn a_suppressor_that_fires_within_the_wait_ends_it_and_suppresses_until_its_extension_is_over() {
    let mut world = with_suppressor();
    set(&mut world, "errors", "ALARM");
    wait(&mut world, 60);
    set(&mut world, "depth", "ALARM");
    assert_eq!(by(&mut world), "Alarm");
    wait(&mut world, 600);
    assert_eq!(acted(&mut world), Vec::<String>::new());
    set(&mut world, "depth", "OK");
    assert_eq!(by(&mut world), "ExtensionPeriod");
    wait(&mut world, 179);
    assert_eq!(acted(&mut world), Vec::<String>::new());
    wait(&mut world, 1);
    assert_eq!(acted(&mut world), ["ALARM"]);
    assert_eq!(by(&mut world), Value::Null);
}

#[test]
fn a_transition_within_the_wait_begins_a_new_one() {
    let mut world = with_suppressor();
    set(&mut world, "errors", "ALARM");
    wait(&mut world, 60);
    set(&mut world, "errors", "OK");
    wait(&mut world, 119);
    assert_eq!(acted(&mut world), Vec::<String>::new());
    wait(&mut world, 1);
    assert_eq!(acted(&mut world), ["OK"]);
}

#[test]
fn a_suppressor_that_is_in_alarm_already_suppresses_at_once() {
    let mut world = with_suppressor();
    set(&mut world, "depth", "ALARM");
    set(&mut world, "errors", "ALARM");
    assert_eq!(by(&mut world), "Alarm");
    wait(&mut world, 600);
    assert_eq!(acted(&mut world), Vec::<String>::new());
}

#[test]
fn a_transition_within_the_extension_begins_a_wait() {
    let mut world = with_suppressor();
    set(&mut world, "depth", "ALARM");
    set(&mut world, "errors", "ALARM");
    set(&mut world, "depth", "OK");
    wait(&mut world, 60);
    set(&mut world, "errors", "OK");
    assert_eq!(by(&mut world), "WaitPeriod");
    wait(&mut world, 120);
    assert_eq!(acted(&mut world), ["OK"]);
}

#[test]
fn an_extension_in_which_nothing_was_kept_back_ends_in_silence() {
    let mut world = with_suppressor();
    wait(&mut world, 120);
    assert_eq!(acted(&mut world), ["OK"], "its first state has a wait, too");
    set(&mut world, "depth", "ALARM");
    set(&mut world, "depth", "OK");
    wait(&mut world, 300);
    assert_eq!(acted(&mut world), Vec::<String>::new());
    assert_eq!(by(&mut world), Value::Null);
}

#[test]
fn another_suppressor_discards_the_wait() {
    let mut world = with_suppressor();
    put(
        &mut world,
        &json!({ "AlarmName": "maintenance", "AlarmActions": [] }),
    );
    set(&mut world, "errors", "ALARM");
    let again = suppressor("depth");
    put_any(&mut world, "ALARM(errors)", &again).expect("the same suppressor");
    assert_eq!(by(&mut world), "WaitPeriod");
    assert_eq!(acted(&mut world), Vec::<String>::new());
    put_any(&mut world, "ALARM(errors)", &suppressor("maintenance")).expect("another suppressor");
    assert_eq!(by(&mut world), Value::Null);
    assert_eq!(acted(&mut world), ["ALARM"]);
}

#[test]
fn the_wait_passes_in_the_pace_of_the_world() {
    let mut world = account(10);
    with_any(&mut world, "ALARM(errors)", &suppressor("depth"));
    set(&mut world, "errors", "ALARM");
    wait(&mut world, 11);
    assert_eq!(acted(&mut world), Vec::<String>::new());
    wait(&mut world, 1);
    assert_eq!(acted(&mut world), ["ALARM"]);
}

#[test]
fn a_suppressor_cannot_be_deleted_alone() {
    let mut world = with_suppressor();
    let delete = json!({ "AlarmNames": ["depth", "errors"] });
    let fault = call(&mut world, "DeleteAlarms", &delete).expect_err("any needs both");
    assert_eq!(
        fault.message,
        "Cannot delete depth,errors as there are composite alarm(s) depending on them."
    );
    let delete = json!({ "AlarmNames": ["depth", "errors", "any"] });
    call(&mut world, "DeleteAlarms", &delete).expect("all of them");
}
