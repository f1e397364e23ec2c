//! The operations.

use super::*;

#[test]
fn set_alarm_state_acts_once_and_is_corrected_at_the_next_evaluation() {
    let mut world = account(1);
    put(&mut world, &json!({}));
    errors(&mut world, "orders-canary", 0);
    pass(&mut world, 60);
    let drill = json!({
        "AlarmName": "orders-canary-errors", "StateValue": "ALARM", "StateReason": "drill",
    });
    for _ in 0..2 {
        call(&mut world, "SetAlarmState", &drill).expect("set");
    }
    assert_eq!(transitions(&world), ["OK", "ALARM"]);
    let alarm = described(&mut world);
    assert_eq!(alarm["StateReason"], "drill");
    assert_eq!(alarm["StateReasonData"], Value::Null);
    pass(&mut world, 60);
    assert_eq!(transitions(&world), ["OK", "ALARM", "OK"]);

    let unknown = json!({ "AlarmName": "a", "StateValue": "OK", "StateReason": "r" });
    let fault = call(&mut world, "SetAlarmState", &unknown).expect_err("no such alarm");
    assert_eq!(
        (fault.code.as_str(), fault.status),
        ("ResourceNotFound", 404)
    );
}

#[test]
fn what_alarms_here_do_not_have_is_refused_by_name() {
    let mut world = account(1);
    let expression = |text: &str| {
        json!({ "Namespace": null, "MetricName": null, "Dimensions": null, "Statistic": null,
            "Period": null, "Metrics": [
                { "Id": "e", "Expression": text },
                { "Id": "m", "ReturnData": false, "MetricStat": {
                    "Metric": { "Namespace": "N", "MetricName": "m" }, "Period": 60, "Stat": "Sum",
                } },
            ] })
    };
    for (more, named) in [
        (json!({ "ExtendedStatistic": "p99" }), "ExtendedStatistic"),
        (json!({ "Unit": "Count" }), "Unit"),
        (json!({ "Period": 45 }), "Period"),
        (json!({ "Threshold": null }), "Threshold"),
        (json!({ "DatapointsToAlarm": 2 }), "DatapointsToAlarm"),
        (json!({ "EvaluationPeriods": 1441 }), "EvaluationPeriods"),
        (json!({ "TreatMissingData": "bad" }), "TreatMissingData"),
        (
            json!({ "AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"] }),
            "ec2:stop",
        ),
        (json!({ "OKActions": vec![ROLLBACK; 6] }), "OKActions"),
        (expression("RATE(m)"), "RATE"),
        (expression("m + gone"), "gone"),
        (expression("e + m"), "itself"),
        (expression("1 + 1"), "any metric"),
    ] {
        let message = refusal(&mut world, &more);
        assert!(message.contains(named), "{message}");
    }
}

#[test]
fn an_alarm_that_is_put_again_keeps_its_state() {
    let mut world = account(1);
    put(&mut world, &json!({}));
    errors(&mut world, "orders-canary", 12);
    pass(&mut world, 60);
    put(&mut world, &json!({ "Threshold": 20.0 }));
    assert_eq!(state(&mut world), "ALARM");
    pass(&mut world, 60);
    assert_eq!(state(&mut world), "OK");
}

#[test]
fn describing_finds_what_was_asked_for_and_leaves_out_what_does_not_exist() {
    let mut world = account(1);
    for name in ["orders-a", "orders-b", "payments"] {
        put(&mut world, &json!({ "AlarmName": name }));
    }
    let mut found = |input: Value| {
        let answer = call(&mut world, "DescribeAlarms", &input).expect("an answer");
        let alarms = answer["MetricAlarms"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let names = alarms
            .iter()
            .map(|alarm| alarm["AlarmName"].clone())
            .collect::<Vec<_>>();
        (names, answer["NextToken"].clone())
    };
    let mut names = |input: Value| found(input).0;
    assert_eq!(
        names(json!({ "AlarmNames": ["payments", "paymets"] })),
        ["payments"]
    );
    assert_eq!(
        names(json!({ "AlarmNamePrefix": "orders-" })),
        ["orders-a", "orders-b"]
    );
    assert_eq!(names(json!({ "StateValue": "OK" })), Vec::<Value>::new());
    assert_eq!(
        names(json!({ "AlarmTypes": ["CompositeAlarm"] })),
        Vec::<Value>::new()
    );
    assert_eq!(names(json!({ "ActionPrefix": ROLLBACK })).len(), 3);
    let (page, token) = found(json!({ "MaxRecords": 2 }));
    assert_eq!(page, ["orders-a", "orders-b"]);
    let (page, token) = found(json!({ "MaxRecords": 2, "NextToken": token }));
    assert_eq!((page, token), (vec![json!("payments")], Value::Null));
    call(
        &mut world,
        "DeleteAlarms",
        &json!({ "AlarmNames": ["payments", "x"] }),
    )
    .expect("done");
    let rest = call(&mut world, "DescribeAlarms", &json!({})).expect("an answer");
    assert_eq!(rest["MetricAlarms"].as_array().map(Vec::len), Some(2));
}

#[test]
fn metric_data_that_aws_refuses_are_refused() {
    let mut world = account(1);
    let mut code = |namespace: &str, datum: Value| {
        let input = json!({ "Namespace": namespace, "MetricData": [datum] });
        call(&mut world, "PutMetricData", &input)
            .expect_err("refused")
            .code
    };
    let old = json!({ "MetricName": "m", "Value": 1, "Timestamp": 1_780_000_000.0 });
    let both = json!({ "MetricName": "m", "Value": 1, "Values": [1] });
    let fine = json!({ "MetricName": "m", "Value": 1 });
    assert_eq!(code("N", old), "InvalidParameterValueException");
    assert_eq!(code("N", both), "InvalidParameterCombinationException");
    assert_eq!(
        code("N", json!({ "MetricName": "m" })),
        "MissingRequiredParameterException"
    );
    assert_eq!(code("AWS/SQS", fine), "InvalidParameterValueException");
}

#[test]
fn counts_and_statistic_sets_add_up() {
    let mut world = account(1);
    put(
        &mut world,
        &json!({ "Statistic": "Average", "Threshold": 2.4, "Dimensions": [] }),
    );
    let data = json!([
        { "MetricName": "Errors", "Values": [1, 4], "Counts": [2, 2] },
        { "MetricName": "Errors", "StatisticValues":
            { "SampleCount": 1, "Sum": 2.5, "Minimum": 2.5, "Maximum": 2.5 } },
    ]);
    let input = json!({ "Namespace": "Orders/Worker", "MetricData": data });
    call(&mut world, "PutMetricData", &input).expect("stored");
    pass(&mut world, 60);
    let reason = described(&mut world)["StateReason"].clone();
    assert!(
        reason.as_str().expect("a reason").contains("[2.5 ("),
        "{reason}"
    );
}
