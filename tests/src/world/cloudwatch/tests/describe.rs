//! Finding alarms of both kinds.

use super::{composite::with_any, *};

fn describe(world: &mut World, input: &Value) -> (Value, Value) {
    let answer = call(world, "DescribeAlarms", input).expect("an answer");
    let names = |list: &str| {
        let alarms = answer[list].as_array().cloned().unwrap_or_default();
        alarms
            .into_iter()
            .map(|alarm| alarm["AlarmName"].clone())
            .collect()
    };
    (names("MetricAlarms"), names("CompositeAlarms"))
}

#[test]
fn composite_alarms_are_found_only_if_they_are_asked_for() {
    let mut world = account(1);
    with_any(&mut world, "ALARM(errors) OR ALARM(depth)", &json!({}));
    let both = json!(["MetricAlarm", "CompositeAlarm"]);
    for (input, expected) in [
        (json!({}), (json!(["depth", "errors"]), json!([]))),
        (
            json!({ "AlarmNames": ["any", "errors"] }),
            (json!(["errors"]), json!([])),
        ),
        (
            json!({ "AlarmTypes": ["CompositeAlarm"] }),
            (json!([]), json!(["any"])),
        ),
        (
            json!({ "AlarmTypes": ["LogAlarm"] }),
            (json!([]), json!([])),
        ),
        (
            json!({ "AlarmNames": ["any", "errors"], "AlarmTypes": both }),
            (json!(["errors"]), json!(["any"])),
        ),
        (
            json!({ "ActionPrefix": ROLLBACK, "AlarmTypes": both }),
            (json!([]), json!(["any"])),
        ),
    ] {
        assert_eq!(describe(&mut world, &input), expected, "{input}");
    }
    let first = json!({ "AlarmTypes": both, "MaxRecords": 2 });
    let answer = call(&mut world, "DescribeAlarms", &first).expect("an answer");
    assert_eq!(answer["NextToken"], "depth");
    let rest = json!({ "AlarmTypes": both, "MaxRecords": 2, "NextToken": "depth" });
    assert_eq!(describe(&mut world, &rest), (json!(["errors"]), json!([])));
}

#[test]
fn children_and_parents_are_found_with_the_little_that_aws_tells_of_them() {
    let mut world = account(1);
    with_any(&mut world, "ALARM(errors) AND NOT ALARM(depth)", &json!({}));
    let children = json!({ "ChildrenOfAlarmName": "any" });
    let answer = call(&mut world, "DescribeAlarms", &children).expect("an answer");
    assert_eq!(
        answer["MetricAlarms"][0],
        json!({
            "AlarmName": "depth",
            "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:depth",
            "StateValue": "OK",
            "StateUpdatedTimestamp": 1_790_960_400.0,
        })
    );
    let parents = json!({ "ParentsOfAlarmName": "depth" });
    let answer = call(&mut world, "DescribeAlarms", &parents).expect("an answer");
    assert_eq!(
        answer["CompositeAlarms"],
        json!([{
            "AlarmName": "any",
            "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:any",
        }])
    );
    let orphan = json!({ "ParentsOfAlarmName": "any", "MaxRecords": 5 });
    assert_eq!(describe(&mut world, &orphan), (json!([]), json!([])));
    let more = json!({ "ParentsOfAlarmName": "depth", "StateValue": "OK" });
    let fault = call(&mut world, "DescribeAlarms", &more).expect_err("refused");
    assert_eq!(
        fault.message,
        "StateValue must not be given together with ParentsOfAlarmName."
    );
}

#[test]
fn one_composite_alarm_can_be_deleted_at_once_and_none_that_is_watched() {
    let mut world = account(1);
    with_any(&mut world, "ALARM(errors)", &json!({}));
    let other = json!({ "AlarmName": "other", "AlarmRule": "OK(depth)" });
    put_composite_alarm(&mut world, &other).expect("put");
    let mut refused = |names: Value| {
        let input = json!({ "AlarmNames": names });
        call(&mut world, "DeleteAlarms", &input)
            .expect_err("refused")
            .message
    };
    assert_eq!(
        refused(json!(["any", "other"])),
        "At most one composite alarm can be deleted in one request."
    );
    assert_eq!(
        refused(json!(["errors", "depth", "gone"])),
        "Cannot delete errors,depth as there are composite alarm(s) depending on them."
    );
    let whole = json!({ "AlarmNames": ["any", "errors", "gone"] });
    call(&mut world, "DeleteAlarms", &whole).expect("with all that it watches");
    let left = json!({ "AlarmTypes": ["MetricAlarm", "CompositeAlarm"] });
    assert_eq!(
        describe(&mut world, &left),
        (json!(["depth"]), json!(["other"]))
    );
}
