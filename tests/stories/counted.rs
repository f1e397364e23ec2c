//! What each version has counted can be read by the minute, while both run.

#![expect(clippy::float_cmp, reason = "sums of counts are whole numbers")]

use std::{collections::BTreeMap, time::Duration};

use rehearsal_core::{
    stage::{self, Behaviour, Entrance, Script, Stage, Step, Traffic, Version},
    world::{
        World,
        cloudwatch::{self, dashboard},
    },
};
use serde_json::{Value, json};

use crate::play::Play;

/// Minutes, by when they began, and the sums of several metrics in them.
type Minutes = Vec<BTreeMap<&'static str, f64>>;

/// The last ten minutes but two. A metric that is absent in a minute has no sum there.
fn minutes(
    play: &Play,
    namespace: &str,
    dimensions: &[(&str, &str)],
    names: &[&'static str],
) -> Minutes {
    let dimensions: Vec<Value> = dimensions
        .iter()
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect();
    let query = |(index, name): (usize, &&str)| {
        let metric =
            json!({ "Namespace": namespace, "MetricName": name, "Dimensions": dimensions });
        json!({
            "Id": format!("m{index}"),
            "MetricStat": { "Metric": metric, "Period": 60, "Stat": "Sum" },
        })
    };
    let queries: Vec<Value> = names.iter().enumerate().map(query).collect();
    let read = |world: &mut World| {
        let now = world.now.epoch_seconds();
        let minute = now - now % 60.0;
        let input = json!({
            "MetricDataQueries": queries,
            "StartTime": minute - 600.0,
            "EndTime": minute - 120.0,
        });
        cloudwatch::call(world, "GetMetricData", &input).expect("an answer")
    };
    let answer = play.account.with(read);
    let mut sums: BTreeMap<String, BTreeMap<&'static str, f64>> = BTreeMap::new();
    for (index, name) in names.iter().enumerate() {
        let result = &answer["MetricDataResults"][index];
        let list = |member: &str| result[member].as_array().expect("a list").clone();
        for (at, sum) in list("Timestamps").into_iter().zip(list("Values")) {
            let minute = sums.entry(at.to_string()).or_default();
            minute.insert(name, sum.as_f64().expect("a number"));
        }
    }
    sums.into_values().collect()
}

const APPLICATION: &str = "CanaryRelease/SampleApp";
const COUNTS: [&str; 4] = ["Received", "Processed", "Failed", "Released"];

fn of_service(play: &Play, service: &str) -> Minutes {
    minutes(play, APPLICATION, &[("ServiceName", service)], &COUNTS)
}

/// A release whose canary is to have half of the work for half an hour, and the execution. Neither an alarm nor the verdict
/// acts: there would be nothing to read.
async fn half_of_the_work(traffic: Traffic, behaviour: Behaviour) -> (Play, String) {
    let stage = Stage {
        traffic,
        steps: Some(vec![Step::new(50, 30 * 60)]),
        max_dead_letters: 1000,
        ..Stage::default()
    };
    let script = Script::new([Version::new("v2", behaviour)]);
    let play = Play::begin(&stage, script).await;
    play.switch_alarms_off();
    play.retarget(|target| target["verdict"] = json!("tell"));
    let release = play.push("v2");
    (play, release)
}

/// The same, when the canary has had half of the work for twelve minutes.
async fn after_twelve_minutes(traffic: Traffic, behaviour: Behaviour) -> Play {
    let (play, _) = half_of_the_work(traffic, behaviour).await;
    play.until_bakes().await;
    play.pass(Duration::from_mins(12)).await;
    play
}

#[tokio::test(start_paused = true)]
async fn both_services_count_what_they_receive_and_how_it_ends_and_the_queue_what_is_deleted() {
    let play = after_twelve_minutes(Traffic::Queue, Behaviour::FailsAttempts(20)).await;
    let canary = of_service(&play, stage::CANARY);
    let primary = of_service(&play, stage::PRIMARY);
    let queue = [("QueueName", stage::QUEUE)];
    let queue = minutes(&play, "AWS/SQS", &queue, &["NumberOfMessagesDeleted"]);
    assert_eq!([canary.len(), primary.len(), queue.len()], [8; 3]);
    for (canary, (primary, queue)) in canary.iter().zip(primary.iter().zip(&queue)) {
        for service in [canary, primary] {
            let ended = service["Processed"] + service["Failed"] + service["Released"];
            assert_eq!(service["Received"], ended);
        }
        let processed = canary["Processed"] + primary["Processed"];
        assert_eq!(processed, queue["NumberOfMessagesDeleted"]);
    }
    let failed = |minutes: &Minutes| minutes.iter().map(|it| it["Failed"]).sum::<f64>();
    assert!(failed(&canary) > 0.0);
    assert_eq!(failed(&primary), 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_has_received_more_than_it_ended_and_failed_nothing() {
    let (play, release) = half_of_the_work(Traffic::Queue, Behaviour::DiesOnMessages(4)).await;
    assert_eq!(
        play.until_ended(&release).await,
        "FAILED",
        "three tasks ended"
    );
    play.pass(Duration::from_mins(3)).await;
    let sum = |service: &str, name: &str| {
        let minutes = of_service(&play, service);
        minutes.iter().filter_map(|it| it.get(name)).sum::<f64>()
    };
    let unaccounted = |service: &str| {
        let ended = sum(service, "Processed") + sum(service, "Failed") + sum(service, "Released");
        sum(service, "Received") - ended
    };
    assert!(unaccounted(stage::CANARY) > 0.0);
    assert_eq!(sum(stage::CANARY, "Failed"), 0.0);
    assert_eq!(unaccounted(stage::PRIMARY), 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_target_group_counts_requests_and_answers_and_none_that_was_not_given() {
    let play = after_twelve_minutes(Traffic::Alb, Behaviour::Drops(20)).await;
    let Entrance::LoadBalancer {
        listener,
        groups: [primary_group, canary_group],
        ..
    } = &play.scene.entrance
    else {
        panic!("a load balancer");
    };
    let after = |arn: &str, word: &str| arn.split_once(word).map(|(_, rest)| rest.to_owned());
    let balancer = after(listener, ":listener/").expect("an ARN");
    let (balancer, _) = balancer.rsplit_once('/').expect("an ARN");
    let of = |group: &str| {
        let group = format!(
            "targetgroup/{}",
            after(group, ":targetgroup/").expect("an ARN")
        );
        let names = [
            "RequestCount",
            "HTTPCode_Target_2XX_Count",
            "HTTPCode_Target_5XX_Count",
        ];
        let dimensions = [("LoadBalancer", balancer), ("TargetGroup", group.as_str())];
        minutes(&play, "AWS/ApplicationELB", &dimensions, &names)
    };
    let sum = |minutes: &Minutes, name: &str| {
        let values = minutes.iter().filter_map(|it| it.get(name));
        values.sum::<f64>()
    };
    let (canary, primary) = (of(canary_group), of(primary_group));
    for minutes in [&canary, &primary] {
        assert_eq!(minutes.len(), 8);
        let reported = minutes
            .iter()
            .any(|it| it.contains_key("HTTPCode_Target_5XX_Count"));
        assert!(!reported, "none was a 5xx, which is not reported then");
    }
    let unanswered = |minutes: &Minutes| {
        sum(minutes, "RequestCount") - sum(minutes, "HTTPCode_Target_2XX_Count")
    };
    let share = unanswered(&canary) / sum(&canary, "RequestCount");
    assert!((0.15..0.25).contains(&share), "{share}");
    assert_eq!(unanswered(&primary), 0.0);
}

/// What the dashboard draws as evidence in the last twelve minutes but two.
fn drawn(play: &Play) -> Vec<f64> {
    play.account.with(|world| {
        let queries = dashboard::queries(world, "orders-release", "Evidence");
        let now = world.now.epoch_seconds();
        let minute = now - now % 60.0;
        let input = json!({
            "MetricDataQueries": queries.expect("the graph"),
            "StartTime": minute - 720.0,
            "EndTime": minute - 120.0,
            "ScanBy": "TimestampAscending",
        });
        let answer = cloudwatch::call(world, "GetMetricData", &input).expect("an answer");
        let results = answer["MetricDataResults"].as_array().expect("results");
        let [evidence] = &results[..] else {
            panic!("one line is drawn: {results:?}");
        };
        let values = evidence["Values"].as_array().expect("values");
        values
            .iter()
            .map(|it| it.as_f64().expect("a number"))
            .collect()
    })
}

#[tokio::test(start_paused = true)]
async fn the_dashboard_draws_the_evidence_and_a_canary_that_is_worse_crosses_its_line() {
    const LINE: f64 = 4.605;
    for (traffic, worse) in [
        (Traffic::Queue, Behaviour::FailsAttempts(20)),
        (Traffic::Alb, Behaviour::Drops(20)),
    ] {
        let evidence = drawn(&after_twelve_minutes(traffic, worse).await);
        assert_eq!(evidence.len(), 10);
        assert!(evidence.is_sorted() && evidence[9] > LINE, "{evidence:?}");
        let evidence = drawn(&after_twelve_minutes(traffic, Behaviour::Works).await);
        assert_eq!(evidence, [0.0; 10], "where nothing fails there is none");
    }
}
