use super::*;
use crate::world::cloudwatch;

const MINUTE: Duration = Duration::from_mins(1);

/// Whether a statistic of the minute that was published is at least that, as an alarm sees it.
fn reaches(
    stage: &mut Stage,
    metric: &str,
    group: Option<&str>,
    statistic: &str,
    least: f64,
) -> bool {
    let mut dimensions = vec![json!({
        "Name": "LoadBalancer",
        "Value": full_name(&stage.load_balancer),
    })];
    if let Some(group) = group {
        dimensions.push(json!({ "Name": "TargetGroup", "Value": full_name(group) }));
    }
    let name = format!("{metric}-{statistic}-{least}-{}", group.unwrap_or_default());
    let input = json!({
        "AlarmName": name,
        "Namespace": "AWS/ApplicationELB",
        "MetricName": metric,
        "Dimensions": dimensions,
        "Statistic": statistic,
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": least,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    });
    cloudwatch::put_metric_alarm(&mut stage.world, &input).unwrap();
    // A new alarm is looked at for the first time when a minute has passed.
    let now = stage.world.now;
    stage.world.now = now + MINUTE;
    cloudwatch::tick(&mut stage.world);
    stage.world.now = now;
    let input = json!({ "AlarmNames": [name] });
    let output = cloudwatch::call(&mut stage.world, "DescribeAlarms", &input).unwrap();
    output["MetricAlarms"][0]["StateValue"] == "ALARM"
}

/// Sends requests, which are answered so.
fn send(stage: &mut Stage, answers: &[Answered]) {
    for answer in answers {
        let request = stage.request();
        let routed = route(&mut stage.world, &request);
        answered(&mut stage.world, &routed, *answer);
    }
}

fn milliseconds(status: u16, millis: u64) -> Answered {
    Answered::Status(status, Duration::from_millis(millis))
}

/// Lets the running minute end and its metrics come out.
fn end_minute(stage: &mut Stage) {
    stage.pass(MINUTE, |_| Checked::Status(200));
}

#[test]
fn requests_are_counted_for_their_group_and_for_the_load_balancer() {
    let mut stage = Stage::new();
    let (primary, canary) = (stage.primary.clone(), stage.canary.clone());
    stage.run(&primary, &[target(1)]);
    stage.run(&canary, &[target(9)]);
    stage.weigh(0, 1);
    send(
        &mut stage,
        &[
            milliseconds(200, 100),
            milliseconds(204, 200),
            milliseconds(500, 600),
            Answered::Refused,
            Answered::Dropped,
            Answered::Late,
            Answered::GivenUp,
            // Switching protocols.
            milliseconds(101, 300),
        ],
    );
    stage.weigh(1, 0);
    send(&mut stage, &[milliseconds(200, 100)]);
    end_minute(&mut stage);
    let canary = Some(canary.as_str());
    for (metric, group, statistic, least, expected) in [
        ("RequestCount", canary, "Sum", 8.0, true),
        ("RequestCount", canary, "Sum", 9.0, false),
        ("RequestCount", None, "Sum", 9.0, true),
        ("TargetConnectionErrorCount", canary, "Sum", 1.0, true),
        ("TargetConnectionErrorCount", canary, "Sum", 2.0, false),
        ("HTTPCode_Target_1XX_Count", canary, "Sum", 1.0, false),
        ("HTTPCode_Target_2XX_Count", canary, "Sum", 2.0, true),
        ("HTTPCode_Target_4XX_Count", canary, "Sum", 1.0, false),
        ("HTTPCode_Target_5XX_Count", canary, "Sum", 1.0, true),
        ("HTTPCode_Target_5XX_Count", canary, "Sum", 2.0, false),
        (
            "HTTPCode_Target_5XX_Count",
            Some(primary.as_str()),
            "Sum",
            1.0,
            false,
        ),
        ("TargetResponseTime", canary, "Average", 0.299, true),
        ("TargetResponseTime", canary, "Average", 0.301, false),
        ("TargetResponseTime", canary, "Maximum", 0.6, true),
        ("HealthyHostCount", canary, "Minimum", 1.0, true),
        ("UnHealthyHostCount", canary, "Maximum", 1.0, false),
    ] {
        let found = reaches(&mut stage, metric, group, statistic, least);
        assert_eq!(found, expected, "{metric} {group:?} {statistic} {least}");
    }
}

#[test]
fn errors_of_the_load_balancer_have_no_group() {
    let mut stage = Stage::new();
    let primary = stage.primary.clone();
    // 503: there is no target yet.
    send(&mut stage, &[milliseconds(200, 1)]);
    stage.run(&primary, &[target(1)]);
    // 502: the target refuses or drops; 504: it cannot be reached, or does not answer; 460: the client goes away.
    send(
        &mut stage,
        &[
            Answered::Refused,
            Answered::Dropped,
            Answered::Unreachable,
            Answered::Late,
            Answered::GivenUp,
            milliseconds(500, 1),
        ],
    );
    end_minute(&mut stage);
    let of_primary = Some(primary.as_str());
    for (metric, group, least, expected) in [
        ("HTTPCode_ELB_5XX_Count", None, 5.0, true),
        ("HTTPCode_ELB_5XX_Count", None, 6.0, false),
        ("HTTPCode_ELB_502_Count", None, 2.0, true),
        ("HTTPCode_ELB_502_Count", None, 3.0, false),
        ("HTTPCode_ELB_503_Count", None, 1.0, true),
        ("HTTPCode_ELB_504_Count", None, 2.0, true),
        ("HTTPCode_ELB_504_Count", None, 3.0, false),
        ("HTTPCode_ELB_4XX_Count", None, 1.0, true),
        ("TargetConnectionErrorCount", of_primary, 2.0, true),
        ("TargetConnectionErrorCount", of_primary, 3.0, false),
        ("HTTPCode_ELB_5XX_Count", Some(primary.as_str()), 1.0, false),
        (
            "HTTPCode_Target_5XX_Count",
            Some(primary.as_str()),
            2.0,
            false,
        ),
        ("RequestCount", of_primary, 6.0, true),
        ("RequestCount", of_primary, 7.0, false),
    ] {
        let found = reaches(&mut stage, metric, group, "Sum", least);
        assert_eq!(found, expected, "{metric} {group:?} {least}");
    }
}

#[test]
fn unhealthy_targets_are_counted_while_nobody_asks_for_anything() {
    let mut stage = Stage::new();
    let primary = stage.primary.clone();
    register(&mut stage.world, &primary, target(1));
    register(&mut stage.world, &primary, target(2));
    stage.pass(MINUTE, |target| {
        Checked::Status(if target.ip == "10.0.0.1" { 503 } else { 200 })
    });
    let primary = Some(primary.as_str());
    assert!(reaches(
        &mut stage,
        "UnHealthyHostCount",
        primary,
        "Maximum",
        1.0
    ));
    assert!(!reaches(
        &mut stage,
        "UnHealthyHostCount",
        primary,
        "Maximum",
        2.0
    ));
    assert!(reaches(
        &mut stage,
        "HealthyHostCount",
        primary,
        "Minimum",
        1.0
    ));
    assert!(
        !reaches(&mut stage, "RequestCount", primary, "SampleCount", 1.0),
        "counts of nothing are not reported"
    );
}

/// A single answer of the primary's only target, with the knob.
fn one_answer(change: impl FnOnce(&mut World)) -> Stage {
    let mut stage = Stage::new();
    let primary = stage.primary.clone();
    stage.run(&primary, &[target(1)]);
    change(&mut stage.world);
    send(&mut stage, &[milliseconds(200, 1)]);
    end_minute(&mut stage);
    stage
}

#[test]
fn counts_of_nothing_may_be_reported_as_zeros() {
    for zeros in [false, true] {
        let mut stage = one_answer(|world| world.elb.reports_zeros = zeros);
        let primary = stage.primary.clone();
        let mut has = |metric| reaches(&mut stage, metric, Some(&primary), "SampleCount", 1.0);
        assert!(has("HTTPCode_Target_2XX_Count"));
        assert_eq!(has("HTTPCode_Target_5XX_Count"), zeros);
    }
}

#[test]
fn a_metric_may_come_later_than_the_others_of_its_minute() {
    let late = "HTTPCode_Target_2XX_Count";
    let mut stage = one_answer(|world| {
        world.elb.metrics_delay.insert(late, MINUTE / 2);
    });
    let primary = stage.primary.clone();
    let has = |stage: &mut Stage, metric| reaches(stage, metric, Some(&primary), "Sum", 1.0);
    assert!(has(&mut stage, "RequestCount"));
    assert!(!has(&mut stage, late));
    stage.pass(MINUTE / 2, |_| Checked::Status(200));
    assert!(has(&mut stage, late));
}

#[test]
fn a_request_may_be_counted_in_the_minute_in_which_it_comes() {
    for on_arrival in [false, true] {
        let mut stage = Stage::new();
        let primary = stage.primary.clone();
        stage.run(&primary, &[target(1)]);
        stage.world.elb.counts_on_arrival = on_arrival;
        let request = stage.request();
        let routed = route(&mut stage.world, &request);
        end_minute(&mut stage);
        let counted = reaches(&mut stage, "RequestCount", Some(&primary), "Sum", 1.0);
        assert_eq!(counted, on_arrival);
        // Longer than an alarm looks back for a datapoint that is missing.
        for _ in 0..4 {
            end_minute(&mut stage);
        }
        answered(&mut stage.world, &routed, milliseconds(200, 300_000));
        end_minute(&mut stage);
        let answer = "HTTPCode_Target_2XX_Count";
        assert!(reaches(&mut stage, answer, Some(&primary), "Sum", 1.0));
        // Another alarm than above, which has looked already.
        let counted = reaches(&mut stage, "RequestCount", Some(&primary), "Sum", 0.5);
        assert_eq!(counted, !on_arrival);
    }
}
