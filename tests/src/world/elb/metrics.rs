//! What load balancers tell `CloudWatch`.
//!
//! AWS: ALB user guide, "CloudWatch metrics for your Application Load Balancer". All metrics of a minute
//! of metric time come together when it has ended, for each target group and for the load balancer as a
//! whole; what the load balancer answers itself has no target group.

use std::{collections::BTreeMap, time::Duration};

use super::{TargetState, balancer::full_name, group::TargetGroup};
use crate::{
    clock::Moment,
    world::{World, cloudwatch},
};

const NAMESPACE: &str = "AWS/ApplicationELB";

/// First digits of the statuses of targets that there are metrics of: none of 101, switching protocols.
const CLASSES: std::ops::RangeInclusive<u16> = 2..=5;

/// Own answers that are counted by themselves, beside all of their class.
const COUNTED_ALONE: [u16; 4] = [500, 502, 503, 504];

/// What came of the requests of a minute.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    requests: u32,
    /// Connections that never came about.
    connection_errors: u32,
    /// By the first digit of the status.
    classes: BTreeMap<u16, u32>,
    /// Seconds.
    response_times: Vec<f64>,
}

impl Traffic {
    /// A request for which a target was chosen.
    pub(super) fn request(&mut self) {
        self.requests += 1;
    }

    /// A target answered.
    pub(super) fn answered(&mut self, status: u16, after: Duration) {
        *self.classes.entry(status / 100).or_default() += 1;
        self.response_times.push(after.as_secs_f64());
    }

    /// A target could not be connected to.
    pub(super) fn not_connected(&mut self) {
        self.connection_errors += 1;
    }
}

/// What the load balancer answered itself in a minute, by status.
#[derive(Debug, Default)]
pub(super) struct Own(BTreeMap<u16, u32>);

impl Own {
    pub(super) fn answered(&mut self, status: u16) {
        *self.0.entry(status).or_default() += 1;
    }

    fn counts(self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for (status, count) in self.0 {
            let class = format!("{}XX", status / 100);
            let alone = COUNTED_ALONE.contains(&status).then(|| status.to_string());
            for code in [Some(class), alone].into_iter().flatten() {
                *counts
                    .entry(format!("HTTPCode_ELB_{code}_Count"))
                    .or_default() += count;
            }
        }
        counts
    }
}

/// A value of a metric.
#[derive(Debug)]
pub(super) struct Datum {
    name: String,
    target_group: Option<String>,
    load_balancer: String,
    value: f64,
    /// The beginning of its minute.
    at: Moment,
    /// When `CloudWatch` gets it.
    comes: Moment,
}

/// Publishes the minute that has just ended, once, and what is late of those before.
pub(super) fn publish(world: &mut World) {
    let minute = cloudwatch::minute(world, world.now);
    match world.elb.published_minute.replace(minute) {
        Some(published) if published != minute => measure(world, minute - 1),
        _ => {}
    }
    let now = world.now;
    let (come, underway) = std::mem::take(&mut world.elb.underway)
        .into_iter()
        .partition(|datum| datum.comes <= now);
    world.elb.underway = underway;
    let come: Vec<Datum> = come;
    for datum in come {
        let mut dimensions = vec![("LoadBalancer", datum.load_balancer.as_str())];
        if let Some(target_group) = &datum.target_group {
            dimensions.push(("TargetGroup", target_group));
        }
        cloudwatch::publish(
            world,
            NAMESPACE,
            &datum.name,
            &dimensions,
            datum.value,
            datum.at,
        );
    }
}

/// Sends the metrics of a minute off.
fn measure(world: &mut World, minute: u64) {
    let at = cloudwatch::minute_start(world, minute);
    let delays = world.elb.metrics_delay.clone();
    let (now, pace) = (world.now, world.pace);
    let comes = |name: &str| now + delays.get(name).copied().unwrap_or_default() / pace;
    let mut data = Vec::new();
    let mut put = |name: &str, target_group: Option<&str>, load_balancer: &str, value: f64| {
        data.push(Datum {
            name: name.to_owned(),
            target_group: target_group.map(str::to_owned),
            load_balancer: full_name(load_balancer).to_owned(),
            value,
            at,
            comes: comes(name),
        });
    };
    let with_zeros = world.elb.reports_zeros;
    for (arn, group) in &mut world.elb.target_groups {
        let traffic = std::mem::take(&mut group.traffic);
        if let Some(load_balancer) = &group.load_balancer {
            let values = of_group(traffic, group, with_zeros, now);
            for (name, value) in values {
                let own = Some(full_name(arn));
                put(&name, own, load_balancer, value);
                if !name.ends_with("HostCount") {
                    put(&name, None, load_balancer, value);
                }
            }
        }
    }
    for (arn, load_balancer) in &mut world.elb.load_balancers {
        let own = std::mem::take(&mut load_balancer.own);
        for (name, count) in own.counts() {
            put(&name, None, arn, count.into());
        }
    }
    world.elb.underway.extend(data);
}

/// The values of a group's metrics. Counts of nothing are not reported, or, as the guide has it since, those of
/// requests and answers are as long as there are registered targets.
fn of_group(
    traffic: Traffic,
    group: &TargetGroup,
    with_zeros: bool,
    now: Moment,
) -> Vec<(String, f64)> {
    let states = group.targets.values();
    let states: Vec<_> = states.filter_map(|it| it.state(true, now)).collect();
    let with_zeros = with_zeros && !states.is_empty();
    let mut values = Vec::new();
    if traffic.requests > 0 || with_zeros {
        values.push(("RequestCount".to_owned(), traffic.requests.into()));
    }
    if traffic.connection_errors > 0 {
        let count = traffic.connection_errors.into();
        values.push(("TargetConnectionErrorCount".to_owned(), count));
    }
    for class in CLASSES {
        let count = traffic.classes.get(&class).copied().unwrap_or_default();
        if count > 0 || with_zeros {
            values.push((format!("HTTPCode_Target_{class}XX_Count"), count.into()));
        }
    }
    for seconds in traffic.response_times {
        values.push(("TargetResponseTime".to_owned(), seconds));
    }
    for (name, state) in [
        ("HealthyHostCount", TargetState::Healthy),
        ("UnHealthyHostCount", TargetState::Unhealthy),
    ] {
        let count = states.iter().filter(|it| **it == state).count();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        values.push((name.to_owned(), count.into()));
    }
    values
}
