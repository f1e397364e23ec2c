//! `GetMetricData`.

use super::*;

/// A query for the sum of a service's errors by the minute.
fn errors_of(id: &str, service: &str) -> Value {
    json!({ "Id": id, "MetricStat": {
        "Metric": {
            "Namespace": "Orders/Worker", "MetricName": "Errors",
            "Dimensions": [{ "Name": "ServiceName", "Value": service }],
        },
        "Period": 60, "Stat": "Sum",
    } })
}

/// An account in which the canary had 1, 2, no and 4 errors in minutes one after the other, which begin at the time it
/// returns, and the primary 10 in each.
fn after_four_minutes() -> (World, f64) {
    let mut world = account(1);
    let began = world.now.epoch_seconds();
    for canary in [Some(1), Some(2), None, Some(4)] {
        if let Some(count) = canary {
            errors(&mut world, "orders-canary", count);
        }
        errors(&mut world, "orders", 10);
        pass(&mut world, 60);
    }
    (world, began)
}

fn asked(world: &mut World, queries: Value, more: &Value) -> Result<Value, Fault> {
    let now = world.now.epoch_seconds();
    let mut input = json!({ "StartTime": now - 3600.0, "EndTime": now });
    input["MetricDataQueries"] = queries;
    for (member, value) in more.as_object().expect("members") {
        input[member] = value.clone();
    }
    call(world, "GetMetricData", &input)
}

fn answer(world: &mut World, queries: Value, more: &Value) -> Value {
    asked(world, queries, more).expect("an answer")
}

/// The minutes since that time, and the values, of one result.
fn points(result: &Value, since: f64) -> Vec<(f64, f64)> {
    let list = |member: &str| {
        let list = result[member].as_array().expect("a list").iter();
        list.map(|it| it.as_f64().expect("a number"))
            .collect::<Vec<_>>()
    };
    let times = list("Timestamps").into_iter();
    times
        .map(|time| (time - since) / 60.0)
        .zip(list("Values"))
        .collect()
}

#[test]
fn minutes_come_newest_first_and_one_without_data_is_absent() {
    let (mut world, began) = after_four_minutes();
    let queries = json!([errors_of("canary", "orders-canary"), errors_of("gone", "x")]);
    let found = answer(&mut world, queries.clone(), &json!({}));
    let [canary, gone] = [0, 1].map(|at| found["MetricDataResults"][at].clone());
    assert_eq!(points(&canary, began), [(3.0, 4.0), (1.0, 2.0), (0.0, 1.0)]);
    assert_eq!(points(&gone, began), []);
    for (result, id) in [(canary, "canary"), (gone, "gone")] {
        assert_eq!(result["Id"], id);
        assert_eq!(result["Label"], "Errors");
        assert_eq!(
            result["StatusCode"], "Complete",
            "no data are all there are"
        );
    }
    let oldest_first = json!({ "ScanBy": "TimestampAscending" });
    let found = answer(&mut world, queries, &oldest_first);
    let canary = &found["MetricDataResults"][0];
    assert_eq!(points(canary, began), [(0.0, 1.0), (1.0, 2.0), (3.0, 4.0)]);
}

#[test]
fn the_start_is_inclusive_and_rounded_down_and_the_end_is_exclusive() {
    let (mut world, began) = after_four_minutes();
    for (start, end, minutes) in [
        (0.0, 60.0, vec![0.0]),
        (0.0, 61.0, vec![1.0, 0.0]),
        (59.9, 60.0, vec![0.0]),
        (60.0, 180.0, vec![1.0]),
        (-600.0, 0.0, vec![]),
    ] {
        let span = json!({ "StartTime": began + start, "EndTime": began + end });
        let found = answer(
            &mut world,
            json!([errors_of("canary", "orders-canary")]),
            &span,
        );
        let points = points(&found["MetricDataResults"][0], began);
        let found: Vec<f64> = points.into_iter().map(|(minute, _)| minute).collect();
        assert_eq!(found, minutes, "{start} to {end}");
    }
}

#[test]
fn expressions_are_computed_as_for_alarms_and_what_they_only_need_is_not_returned() {
    let (mut world, began) = after_four_minutes();
    let mut canary = errors_of("canary", "orders-canary");
    canary["ReturnData"] = json!(false);
    let mut primary = errors_of("primary", "orders");
    primary["ReturnData"] = json!(false);
    let share = json!({ "Id": "share", "Label": "of all",
        "Expression": "100 * FILL(canary, 0) / (FILL(canary, 0) + primary)" });
    let sum = json!({ "Id": "sum", "Expression": "RUNNING_SUM(canary)" });
    let found = answer(&mut world, json!([share, canary, sum, primary]), &json!({}));
    let results = found["MetricDataResults"].as_array().expect("results");
    assert_eq!(results.len(), 2);
    assert_eq!(results[0]["Label"], "of all");
    let (minute, share) = points(&results[0], began)[1];
    assert_eq!((minute, share), (2.0, 0.0));
    assert_eq!(results[1]["Label"], "sum");
    let sums = points(&results[1], began);
    assert_eq!(sums, [(3.0, 7.0), (1.0, 3.0), (0.0, 1.0)]);
}

#[test]
fn longer_periods_add_minutes_up() {
    let (mut world, began) = after_four_minutes();
    let mut query = errors_of("canary", "orders-canary");
    query["MetricStat"]["Period"] = json!(120);
    let span = json!({ "StartTime": began, "EndTime": began + 240.0 });
    let found = answer(&mut world, json!([query]), &span);
    let points = points(&found["MetricDataResults"][0], began);
    assert_eq!(points, [(2.0, 4.0), (0.0, 3.0)]);
}

#[test]
fn what_does_not_fit_comes_with_the_next_token() {
    let (mut world, began) = after_four_minutes();
    let queries = json!([
        errors_of("canary", "orders-canary"),
        errors_of("primary", "orders")
    ]);
    let mut pages = Vec::new();
    let mut token = Value::Null;
    loop {
        let more = json!({ "MaxDatapoints": 3, "NextToken": token });
        let page = answer(&mut world, queries.clone(), &more);
        let results = page["MetricDataResults"].as_array().expect("results");
        let results: Vec<_> = results
            .iter()
            .map(|it| {
                let minutes = points(it, began).into_iter().map(|(minute, _)| minute);
                let status = it["StatusCode"].as_str().expect("a status").to_owned();
                (it["Id"].clone(), minutes.collect::<Vec<_>>(), status)
            })
            .collect();
        pages.push(results);
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    let result =
        |id: &str, minutes: &[f64], status: &str| (json!(id), minutes.to_vec(), status.to_owned());
    assert_eq!(
        pages,
        [
            vec![
                result("canary", &[3.0, 1.0, 0.0], "Complete"),
                result("primary", &[], "PartialData"),
            ],
            vec![result("primary", &[3.0, 2.0, 1.0], "PartialData")],
            vec![result("primary", &[0.0], "Complete")],
        ]
    );
    for bad in ["", "x", "7", "0-1", "0-x"] {
        let fault = asked(&mut world, queries.clone(), &json!({ "NextToken": bad }));
        assert_eq!(fault.expect_err(bad).code, "InvalidNextToken");
    }
}

#[test]
fn what_is_computed_has_no_next_token_and_is_partial() {
    let (mut world, began) = after_four_minutes();
    let double = json!({ "Id": "double", "Expression": "2 * canary" });
    let queries = json!([double, errors_of("canary", "orders-canary")]);
    let found = answer(&mut world, queries, &json!({ "MaxDatapoints": 2 }));
    assert_eq!(found["NextToken"], Value::Null);
    let results = &found["MetricDataResults"];
    assert_eq!(points(&results[0], began), [(3.0, 8.0), (1.0, 4.0)]);
    assert_eq!(results[0]["StatusCode"], "PartialData");
    assert_eq!(results[1]["StatusCode"], "PartialData");
}

#[test]
fn a_metric_can_be_read_in_part_or_not_at_all() {
    for (status, name, left) in [
        (Status::PartialData, "PartialData", 1),
        (Status::InternalError, "InternalError", 0),
        (Status::Forbidden, "Forbidden", 0),
    ] {
        let (mut world, began) = after_four_minutes();
        world.cloudwatch.incomplete = vec![Incomplete::new("Errors", status).of("orders-canary")];
        let double = json!({ "Id": "double", "Expression": "2 * canary" });
        let queries = json!([
            errors_of("canary", "orders-canary"),
            double,
            errors_of("primary", "orders")
        ]);
        let found = answer(&mut world, queries, &json!({}));
        let results = found["MetricDataResults"].as_array().expect("results");
        let [canary, double, primary] = &results[..] else {
            panic!("{found}");
        };
        for result in [canary, double] {
            assert_eq!(result["StatusCode"], name);
            assert_eq!(points(result, began).len(), left);
        }
        let messages = canary["Messages"].as_array().map_or(0, Vec::len);
        assert_eq!(messages, usize::from(left == 0));
        assert_eq!(primary["StatusCode"], "Complete");
        assert_eq!(points(primary, began).len(), 4);
    }
}

#[test]
fn every_metric_that_is_asked_for_is_counted_and_no_expression() {
    let (mut world, _) = after_four_minutes();
    let double = json!({ "Id": "double", "Expression": "2 * canary" });
    let queries = json!([
        errors_of("canary", "orders-canary"),
        double,
        errors_of("primary", "orders")
    ]);
    for _ in 0..3 {
        answer(&mut world, queries.clone(), &json!({}));
    }
    assert_eq!(world.cloudwatch.metrics_requested, 6);
}

#[test]
fn whoever_asks_gets_minutes_of_his_own_clock_at_any_pace() {
    let mut world = account(6);
    let began = world.now.epoch_seconds();
    for count in [1, 2, 4] {
        errors(&mut world, "orders-canary", count);
        pass(&mut world, 30);
    }
    let span = json!({ "StartTime": began, "EndTime": began + 120.0 });
    let queries = json!([errors_of("canary", "orders-canary")]);
    let found = answer(&mut world, queries, &span);
    let points = points(&found["MetricDataResults"][0], began);
    assert_eq!(points, [(1.0, 4.0), (0.0, 3.0)]);
}

#[test]
fn minutes_can_be_had_for_two_weeks_and_seconds_for_three_hours() {
    let (mut world, began) = after_four_minutes();
    let later = world.now + Duration::from_hours(14 * 24);
    world.tick(later);
    let span = json!({ "StartTime": began - 3600.0, "EndTime": began + 240.0 });
    let mut query = errors_of("canary", "orders-canary");
    let mut count = |query: &Value| {
        let found = answer(&mut world, json!([query]), &span);
        points(&found["MetricDataResults"][0], began).len()
    };
    assert_eq!(count(&query), 3);
    query["MetricStat"]["Period"] = json!(30);
    assert_eq!(count(&query), 0);
}

#[test]
fn metrics_of_log_lines_can_come_late_and_count_for_their_own_minute() {
    let mut world = account(1);
    let began = world.now;
    world.cloudwatch.late_lines = Some(LateLines::seeded(1, 100, 2..=3));
    let line = json!({
        "_aws": { "Timestamp": began.0, "CloudWatchMetrics": [{
            "Namespace": "Orders/Worker", "Dimensions": [["ServiceName"]],
            "Metrics": [{ "Name": "Errors" }],
        }] },
        "ServiceName": "orders-canary", "Errors": 3,
    });
    ingest_log_line(&mut world, &line.to_string());
    let minutes = |world: &mut World| {
        let queries = json!([errors_of("canary", "orders-canary")]);
        let found = answer(world, queries, &json!({}));
        points(&found["MetricDataResults"][0], began.epoch_seconds())
    };
    pass(&mut world, 119);
    assert_eq!(minutes(&mut world), []);
    pass(&mut world, 61);
    assert_eq!(minutes(&mut world), [(0.0, 3.0)]);
}

#[test]
fn what_cannot_be_asked_is_refused_by_name() {
    let (mut world, began) = after_four_minutes();
    let fine = || errors_of("canary", "orders-canary");
    let with = |pointer: &str, value: Value| {
        let mut query = fine();
        *query.pointer_mut(pointer).expect("a member") = value;
        json!([query])
    };
    let other = |id: &str, member: &str, value: Value| json!([fine(), { "Id": id, member: value }]);
    let mut minutes = errors_of("minutes", "orders");
    minutes["MetricStat"]["Period"] = json!(300);
    let mixed = json!([fine(), minutes, { "Id": "e", "Expression": "canary + minutes" }]);
    let queries = [
        (json!([]), "MetricDataQueries is required"),
        (
            json!([fine(), fine()]),
            "id in MetricDataQueries are not unique",
        ),
        (json!(vec![fine(); 501]), "size greater than 500"),
        (with("/Id", json!("5xx")), "MetricDataQueries.member.1.Id"),
        (with("/Id", json!("Canary")), "^[a-z][a-zA-Z0-9_]*$"),
        (with("/MetricStat/Period", json!(45)), "Period"),
        (with("/MetricStat/Stat", json!("p99")), "p99"),
        (
            with("/MetricStat", Value::Null),
            "MetricDataQueries.member.1.MetricStat is required",
        ),
        (other("e", "Expression", json!("m9 * 2")), "m9"),
        (other("e", "Expression", json!("SEARCH(canary)")), "SEARCH"),
        (other("e", "Expression", json!("2 * 2")), "any metric"),
        (other("e", "AccountId", json!("1")), "AccountId"),
        (mixed, "same period"),
    ];
    for (queries, named) in queries {
        let fault = asked(&mut world, queries, &json!({})).expect_err(named);
        assert_eq!(fault.code, "ValidationException", "{fault:?}");
        assert!(fault.message.contains(named), "{fault:?}");
    }
    let mut both = fine();
    both["Expression"] = json!("canary");
    let fault = asked(&mut world, json!([both]), &json!({})).expect_err("both");
    assert!(fault.message.contains("mutually exclusive"), "{fault:?}");
    for (more, named) in [
        (
            json!({ "EndTime": began, "StartTime": began }),
            "must not equal",
        ),
        (
            json!({ "EndTime": began, "StartTime": began + 1.0 }),
            "must be greater",
        ),
        (json!({ "MaxDatapoints": 0 }), "MaxDatapoints"),
        (json!({ "MaxDatapoints": 100_801 }), "MaxDatapoints"),
        (
            json!({ "LabelOptions": { "Timezone": "+0200" } }),
            "LabelOptions",
        ),
    ] {
        let fault = asked(&mut world, json!([fine()]), &more).expect_err(named);
        assert_eq!(fault.code, "ValidationException", "{fault:?}");
        assert!(fault.message.contains(named), "{fault:?}");
    }
}
