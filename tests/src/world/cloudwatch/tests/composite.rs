//! Alarms of alarms.

use super::*;
use crate::world::sns;

/// Two metric alarms, `errors` and `depth`, in `OK`, and the composite alarm `any` with this rule, evaluated.
pub(super) fn with_any(world: &mut World, rule: &str, more: &Value) {
    for name in ["errors", "depth"] {
        put(world, &json!({ "AlarmName": name, "AlarmActions": [] }));
        set(world, name, "OK");
    }
    put_any(world, rule, more).expect("a composite alarm");
    pass(world, 1);
    world.outbox.clear();
}

pub(super) fn put_any(world: &mut World, rule: &str, more: &Value) -> Result<(), Fault> {
    let mut input = json!({ "AlarmName": "any", "AlarmRule": rule, "AlarmActions": [ROLLBACK] });
    for (member, value) in more.as_object().expect("members") {
        input[member] = value.clone();
    }
    put_composite_alarm(world, &input)
}

pub(super) fn any(world: &mut World) -> Value {
    let input = json!({ "AlarmNames": ["any"], "AlarmTypes": ["CompositeAlarm"] });
    let answer = call(world, "DescribeAlarms", &input).expect("an answer");
    answer["CompositeAlarms"][0].clone()
}

const EITHER: &str = "ALARM(errors) OR ALARM(\"depth\")";

#[test]
fn a_new_composite_alarm_is_evaluated_after_it_knew_nothing() {
    let mut world = account(1);
    put(
        &mut world,
        &json!({ "AlarmName": "errors", "AlarmActions": [] }),
    );
    put_any(
        &mut world,
        "ALARM(errors)",
        &json!({ "OKActions": [ROLLBACK] }),
    )
    .expect("put");
    let alarm = any(&mut world);
    assert_eq!(alarm["StateValue"], "INSUFFICIENT_DATA");
    assert_eq!(alarm["StateReason"], "Unchecked: Initial alarm creation");
    pass(&mut world, 1);
    let alarm = any(&mut world);
    assert_eq!(alarm["StateValue"], "OK");
    assert_eq!(
        alarm["StateReason"],
        "arn:aws:cloudwatch:us-east-1:111122223333:alarm:any was created and its alarm rule evaluates to OK"
    );
    assert_eq!(
        alarm["StateReasonData"],
        r#"{"triggeringAlarms":[{"arn":"arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors","state":{"value":"INSUFFICIENT_DATA","timestamp":"2026-10-02T17:00:00.000+0000"}}]}"#
    );
    assert_eq!(
        invocations(&mut world, "rollback").len(),
        1,
        "its actions are taken"
    );
}

#[test]
fn a_child_that_changes_state_changes_its_parent_and_the_function_gets_the_rule() {
    let mut world = account(1);
    with_any(
        &mut world,
        EITHER,
        &json!({ "AlarmDescription": "Anything" }),
    );
    set(&mut world, "depth", "ALARM");
    let [payload] = &invocations(&mut world, "rollback")[..] else {
        panic!("one invocation")
    };
    let child = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:depth";
    assert_eq!(
        payload["alarmArn"],
        "arn:aws:cloudwatch:us-east-1:111122223333:alarm:any"
    );
    assert_eq!(
        payload["alarmData"]["state"],
        json!({
            "value": "ALARM",
            "reason": format!("{child} transitioned to ALARM at Friday 02 October, 2026 17:00:01 UTC"),
            "reasonData": format!(
                r#"{{"triggeringAlarms":[{{"arn":"{child}","state":{{"value":"ALARM","timestamp":"2026-10-02T17:00:01.000+0000"}}}}]}}"#
            ),
            "timestamp": "2026-10-02T17:00:01.000+0000",
        })
    );
    assert_eq!(payload["alarmData"]["previousState"]["value"], "OK");
    assert_eq!(
        payload["alarmData"]["configuration"],
        json!({ "description": "Anything", "alarmRule": EITHER })
    );
    // A second child does not make it fire again.
    set(&mut world, "errors", "ALARM");
    set(&mut world, "depth", "OK");
    assert_eq!(invocations(&mut world, "rollback").len(), 0);
    assert_eq!(any(&mut world)["StateValue"], "ALARM");
    set(&mut world, "errors", "OK");
    assert_eq!(any(&mut world)["StateValue"], "OK");
}

#[test]
fn a_topic_gets_the_rule_and_the_children_that_are_the_reason() {
    let mut world = account(1);
    let topic = sns::create_topic(&mut world, "orders-alarms", &serde_json::Map::new());
    let topic = topic.expect("a topic");
    with_any(&mut world, EITHER, &json!({ "AlarmActions": [topic] }));
    set(&mut world, "depth", "ALARM");
    let published = world.sns.published.pop().expect("a message");
    let message: Value = serde_json::from_str(&published.message).expect("a document");
    assert_eq!(
        published.subject.as_deref(),
        Some("ALARM: \"any\" in US East (N. Virginia)")
    );
    assert_eq!(message["AlarmRule"], EITHER);
    assert_eq!(message["Trigger"], Value::Null);
    assert_eq!(
        message["TriggeringChildren"],
        json!([{
            "Arn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:depth",
            "State": { "Value": "ALARM", "Timestamp": "2026-10-02T17:00:01.000+0000" },
        }])
    );
}

#[test]
fn a_composite_alarm_may_watch_another_by_its_arn() {
    let mut world = account(1);
    with_any(&mut world, EITHER, &json!({}));
    let of_any = "ALARM(arn:aws:cloudwatch:us-east-1:111122223333:alarm:any)";
    let input = json!({ "AlarmName": "top", "AlarmRule": of_any });
    put_composite_alarm(&mut world, &input).expect("put");
    pass(&mut world, 1);
    world.journal.clear();
    set(&mut world, "errors", "ALARM");
    assert_eq!(transitions(&world), ["ALARM", "ALARM", "ALARM"]);
}

#[test]
fn a_rule_that_names_an_unknown_alarm_is_refused() {
    let mut world = account(1);
    let fault = put_any(&mut world, "ALARM(errors) OR OK(\"gone\")", &json!({}));
    let fault = fault.expect_err("refused");
    assert_eq!(fault.code, "ValidationException");
    assert_eq!(
        fault.message,
        "Could not save the composite alarm as alarms [errors, gone] in the alarm rule do not exist"
    );
}

#[test]
fn what_composite_alarms_here_do_not_have_is_refused_by_name() {
    let mut world = account(1);
    with_any(&mut world, "FALSE", &json!({}));
    for (more, named) in [
        (json!({ "Tags": [] }), "Tags"),
        (json!({ "ActionConfiguration": {} }), "ActionConfiguration"),
        (
            json!({ "AlarmActions": ["arn:aws:ssm:us-east-1:111122223333:opsitem:1"] }),
            "opsitem",
        ),
        (json!({ "AlarmName": "errors" }), "errors is a metric alarm"),
        (
            json!({ "ActionsSuppressorWaitPeriod": 60 }),
            "ActionsSuppressorWaitPeriod needs",
        ),
        (
            json!({ "ActionsSuppressor": "errors" }),
            "needs ActionsSuppressorWaitPeriod",
        ),
        (
            json!({ "ActionsSuppressor": "gone" }),
            "gone does not exist",
        ),
    ] {
        let fault = put_any(&mut world, "FALSE", &more).expect_err(named);
        assert!(fault.message.contains(named), "{}", fault.message);
    }
    let message = refusal(&mut world, &json!({ "AlarmName": "any" }));
    assert_eq!(
        message,
        "any is a composite alarm; it cannot become a metric alarm."
    );
}

#[test]
fn a_composite_alarm_that_a_person_set_stays_until_a_child_changes() {
    let mut world = account(1);
    with_any(&mut world, EITHER, &json!({}));
    set(&mut world, "any", "ALARM");
    assert_eq!(invocations(&mut world, "rollback").len(), 1);
    pass(&mut world, 50);
    assert_eq!(any(&mut world)["StateValue"], "ALARM");
    set(&mut world, "errors", "INSUFFICIENT_DATA");
    assert_eq!(any(&mut world)["StateValue"], "OK");
}

#[test]
fn a_composite_alarm_that_is_put_again_keeps_its_state_until_it_is_evaluated() {
    let mut world = account(1);
    with_any(&mut world, EITHER, &json!({}));
    put_any(&mut world, "NOT ALARM(errors)", &json!({})).expect("put");
    assert_eq!(any(&mut world)["StateValue"], "OK");
    pass(&mut world, 1);
    let alarm = any(&mut world);
    assert_eq!(alarm["StateValue"], "ALARM");
    let reason = alarm["StateReason"].as_str().expect("a reason");
    assert!(
        reason.ends_with("any was updated and its alarm rule evaluates to ALARM"),
        "{reason}"
    );
}

#[test]
fn alarms_that_watch_each_other_are_evaluated_once_and_cannot_be_deleted() {
    let mut world = account(1);
    with_any(&mut world, "ALARM(errors)", &json!({}));
    let other = json!({ "AlarmName": "other", "AlarmRule": "ALARM(any)" });
    put_composite_alarm(&mut world, &other).expect("put");
    put_any(&mut world, "ALARM(errors) OR ALARM(other)", &json!({})).expect("a cycle is allowed");
    pass(&mut world, 1);
    set(&mut world, "errors", "ALARM");
    set(&mut world, "errors", "OK");
    assert_eq!(
        any(&mut world)["StateValue"],
        "ALARM",
        "they hold each other up"
    );
    let delete = json!({ "AlarmNames": ["any"] });
    let fault = call(&mut world, "DeleteAlarms", &delete).expect_err("other watches it");
    assert_eq!(
        fault.message,
        "Cannot delete any as there are composite alarm(s) depending on it."
    );
    put_any(&mut world, "false", &json!({})).expect("the way out");
    let delete = json!({ "AlarmNames": ["other"] });
    call(&mut world, "DeleteAlarms", &delete).expect("nobody watches it any more");
}

#[test]
fn disabled_actions_of_a_composite_alarm_do_not_run() {
    let mut world = account(1);
    with_any(&mut world, EITHER, &json!({}));
    let names = json!({ "AlarmNames": ["any"] });
    call(&mut world, "DisableAlarmActions", &names).expect("disabled");
    set(&mut world, "errors", "ALARM");
    assert_eq!(any(&mut world)["ActionsEnabled"], false);
    assert_eq!(invocations(&mut world, "rollback").len(), 0);
}
