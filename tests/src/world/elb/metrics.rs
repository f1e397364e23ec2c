//! What load balancers tell `CloudWatch`.
//!
//! AWS: ALB user guide, "CloudWatch metrics for your Application Load Balancer". Counts are reported
//! when they are not zero, for each target group and for the load balancer as a whole; the minutes are
//! those of metric time.

use std::{collections::BTreeMap, time::Duration};

use super::{TargetState, balancer::full_name};
use crate::world::{World, cloudwatch};

const NAMESPACE: &str = "AWS/ApplicationELB";

/// What came of the requests of a minute.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    requests: u32,
    /// Requests that no answer came to. AWS counts only connections that were never there; here one that broke off counts too.
    refused: u32,
    /// By the first digit of the status.
    classes: BTreeMap<u16, u32>,
    /// Seconds.
    response_times: Vec<f64>,
}

impl Traffic {
    /// A target answered.
    pub(super) fn answered(&mut self, status: u16, after: Duration) {
        self.requests += 1;
        *self.classes.entry(status / 100).or_default() += 1;
        self.response_times.push(after.as_secs_f64());
    }

    /// A target did not answer.
    pub(super) fn broken(&mut self) {
        self.requests += 1;
        self.refused += 1;
    }
}

/// A value of a metric.
struct Datum {
    name: String,
    target_group: Option<String>,
    load_balancer: String,
    value: f64,
}

/// Publishes the minute that has just ended, once.
pub(super) fn publish(world: &mut World) {
    let minute = cloudwatch::minute(world, world.now);
    let Some(published) = world.elb.published_minute.replace(minute) else {
        return;
    };
    if published == minute {
        return;
    }
    let mut data = Vec::new();
    of_target_groups(world, &mut data);
    for (arn, load_balancer) in &mut world.elb.load_balancers {
        let own = std::mem::take(&mut load_balancer.own_5xx);
        if own > 0 {
            data.push(Datum {
                name: "HTTPCode_ELB_5XX_Count".to_owned(),
                target_group: None,
                load_balancer: full_name(arn).to_owned(),
                value: own.into(),
            });
        }
    }
    let at = cloudwatch::minute_start(world, minute - 1);
    for datum in data {
        let mut dimensions = vec![("LoadBalancer", datum.load_balancer.as_str())];
        if let Some(target_group) = &datum.target_group {
            dimensions.push(("TargetGroup", target_group));
        }
        cloudwatch::publish(world, NAMESPACE, &datum.name, &dimensions, datum.value, at);
    }
}

fn of_target_groups(world: &mut World, data: &mut Vec<Datum>) {
    let now = world.now;
    for (arn, group) in &mut world.elb.target_groups {
        let traffic = std::mem::take(&mut group.traffic);
        let Some(load_balancer) = &group.load_balancer else {
            continue;
        };
        let mut put = |name: &str, target_group: Option<&str>, value: f64| {
            data.push(Datum {
                name: name.to_owned(),
                target_group: target_group.map(str::to_owned),
                load_balancer: full_name(load_balancer).to_owned(),
                value,
            });
        };
        let own = Some(full_name(arn));
        for target_group in [own, None] {
            if traffic.requests > 0 {
                put("RequestCount", target_group, traffic.requests.into());
            }
            if traffic.refused > 0 {
                let count = traffic.refused.into();
                put("TargetConnectionErrorCount", target_group, count);
            }
            for (class, count) in &traffic.classes {
                let name = format!("HTTPCode_Target_{class}XX_Count");
                put(&name, target_group, (*count).into());
            }
            for seconds in &traffic.response_times {
                put("TargetResponseTime", target_group, *seconds);
            }
        }
        let states = group.targets.values();
        let states: Vec<_> = states.filter_map(|it| it.state(true, now)).collect();
        for (name, state) in [
            ("HealthyHostCount", TargetState::Healthy),
            ("UnHealthyHostCount", TargetState::Unhealthy),
        ] {
            let count = states.iter().filter(|it| **it == state).count();
            put(name, own, u32::try_from(count).unwrap_or(u32::MAX).into());
        }
    }
}
