//! The watch: gates are asked and the share is held, also while no job runs.

mod calls;
mod fence;
mod guard;
mod hands;
mod lost;
mod share;
mod stopped;

use std::time::Duration;

use rehearsal_core::{
    clock::Moment,
    stage::{self, Behaviour, Runs, Script, Stage, Step, Traffic, Version, Work},
    world::{World, cloudwatch, events, journal::What, scaling},
};
use serde_json::{Value, json};

use crate::play::{Play, function, pairs, targets};

fn v2() -> Script {
    Script::new([Version::new("v2", Behaviour::Works)])
}

/// A release that waits for its approval, and has been looked at since; what the pair was like before it, and its execution.
async fn at_approval(stage: &Stage) -> (Play, String, String) {
    at_approval_of(stage, |_| ()).await
}

async fn at_approval_of(stage: &Stage, change: fn(&mut World)) -> (Play, String, String) {
    let play = Play::begin_with(stage, v2(), change).await;
    play.slow_down();
    let before = play.pair();
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.pass(Duration::from_mins(3)).await;
    assert_eq!(play.phase(), "Shifting", "{}", play.transcript());
    (play, before, release)
}

/// A promoted release, within its guard.
async fn promoted(stage: &Stage) -> (Play, String) {
    let (play, before, release) = at_approval(stage).await;
    play.succeeds(&release).await;
    play.pass(Duration::from_mins(2)).await;
    assert_eq!(play.phase(), "Promoted");
    (play, before)
}

/// One of the target's alarms goes to `ALARM` at its next evaluation, and stays there.
fn break_alarm(play: &Play) {
    let alarm = play.alarm_name();
    play.account
        .with(|world| put_alarm(world, &alarm, "breaching"));
}

/// An alarm on something that has no data, with the actions that it has.
fn put_alarm(world: &mut World, alarm: &str, missing: &str) {
    let described = cloudwatch::call(world, "DescribeAlarms", &json!({ "AlarmNames": [alarm] }));
    let described = described.expect("alarms can be described")["MetricAlarms"][0].clone();
    let mut input = json!({
        "AlarmName": alarm, "Namespace": "Somewhere", "MetricName": "Nothing", "Statistic": "Sum",
        "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": missing,
    });
    if described["AlarmActions"].is_array() {
        input["AlarmActions"] = described["AlarmActions"].clone();
    }
    cloudwatch::call(world, "PutMetricAlarm", &input).expect("an alarm");
}

/// The primary's automatic scaling wants another count.
fn scale(play: &Play, service: &str, tasks: u32) {
    let resource = format!("service/{}/{service}", stage::CLUSTER);
    play.account
        .with(|world| scaling::scale(world, &resource, tasks))
        .expect("it is scaled");
}

/// What a service should have, by the last thing that happened to it.
fn desired(play: &Play, wanted: &str) -> u32 {
    let counts = play.entries(|what| match what {
        What::Service {
            service, desired, ..
        } if service == wanted => Some(*desired),
        _ => None,
    });
    *counts.last().expect("the service was seen")
}

/// Lets time pass until a rollback has begun; answers after how long.
async fn until_rolling_back(play: &Play, since: Moment) -> Duration {
    for _ in 0..600 {
        if ["RollingBack", "RolledBack"].contains(&play.phase().as_str()) {
            return play.account.now().since(since);
        }
        play.pass(Duration::from_secs(1)).await;
    }
    panic!("nothing is rolled back\n{}", play.transcript());
}

/// Somebody updates a service.
fn update(play: &Play, service: &str, change: &Value) {
    let mut input = json!({ "cluster": stage::CLUSTER, "service": service });
    let fields = change.as_object().expect("an object").clone();
    input.as_object_mut().expect("an object").extend(fields);
    play.ecs("UpdateService", &input);
}
