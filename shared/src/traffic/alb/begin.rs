//! How a release behind a load balancer begins: rules, target groups and services belong together, and everything goes to the
//! primary's healthy targets. Pure.

use super::{Alb, AlbTraffic, Found, Reason, Set};
use crate::{
    names::TargetGroupArn,
    parts::{
        NotBegun,
        pair::{self, Both},
        rules::{self, FoundForward, FoundRule, FoundRules},
    },
    traffic::begin::{Begin, Beginning},
    words::Shared,
};

/// What is read once, before a release begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// Of the services.
    pub pair: pair::Before,
    /// Of the target groups.
    pub groups: Groups,
}

/// What does not change about the target groups while a release goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// The load balancers of the primary's group, by ARN.
    pub primary: Vec<String>,
    /// The load balancers of the canary's group, by ARN.
    pub canary: Vec<String>,
    /// The deregistration delay of the canary's group, in seconds.
    pub drain_seconds: u64,
}

/// Begins a release, if everything is in order.
pub(super) fn begin(alb: &Alb, of: Beginning<'_, Alb>) -> Begin<Alb> {
    let seen = of.seen.rules.whole();
    let seen = seen.ok_or_else(|| NotBegun::wait(Shared::OtherInvocation))?;
    let drain_seconds = of.before.map_or(0, |before| before.groups.drain_seconds);
    let rules = found(&seen, drain_seconds);
    let found = |pair| Found { pair, rules };
    let set = |pair| Set {
        pair,
        ..Set::default()
    };
    let planned = pair::Beginning {
        now: of.now,
        release: of.release,
        pair: &alb.pair,
        holds: Alb::HOLDS,
        keeps_primary: false,
        seen: &of.seen.pair,
        before: of.before.map(|before| &before.pair),
    };
    let planned = match planned.planned() {
        Ok(planned) => planned,
        Err(why) => return Err(why.of(found, set)),
    };
    planned.is_in_order().map_err(NotBegun::refuse)?;
    planned.has_room_for_tags().map_err(NotBegun::refuse)?;
    registered(&alb.traffic.alb, planned.both).map_err(NotBegun::Refuse)?;
    if let Some(before) = of.before {
        one_load_balancer(&alb.traffic.alb, &seen, &before.groups).map_err(NotBegun::Refuse)?;
    }
    at_rest(&alb.traffic.alb, &seen).map_err(NotBegun::Refuse)?;
    planned.is_settled().map_err(NotBegun::wait)?;
    let mut begun = planned.begun();
    let in_full = seen.forwards.into_iter().map(|forward| FoundRule {
        forward: forward.arn,
        actions: forward.actions,
    });
    let in_full = rules::InFull {
        rules: in_full.collect(),
    };
    begun.in_full = begun.in_full.and(&in_full);
    Ok(begun.of(found, set))
}

/// What the rules are like before the first change.
fn found(seen: &rules::Whole, drain_seconds: u64) -> FoundRules {
    let forwards = seen.forwards.iter().map(|forward| FoundForward {
        forward: forward.arn.clone(),
        weights: forward.weights,
        shared: !forward.rest.groups.is_empty(),
        rest: Some(forward.rest.clone()),
    });
    FoundRules {
        forwards: forwards.collect(),
        drain_seconds,
    }
}

/// Each of both, with the target's field that names its group.
fn each<T>(traffic: &AlbTraffic, primary: T, canary: T) -> [(T, &TargetGroupArn, &'static str); 2] {
    let (of_primary, of_canary) = traffic.place.groups();
    [
        (primary, of_primary, "primaryTargetGroup"),
        (canary, of_canary, "canaryTargetGroup"),
    ]
}

/// Each service registers its tasks in its group.
fn registered(traffic: &AlbTraffic, both: Both<'_>) -> Result<(), Reason> {
    for (service, group, field) in each(traffic, both.primary, both.canary) {
        if !service.target_groups.contains(group) {
            return Err(Reason::WrongGroup {
                service: service.name.clone(),
                group: group.clone(),
                field,
                found: service.target_groups.clone(),
            });
        }
    }
    Ok(())
}

/// Rules and groups are of one load balancer.
fn one_load_balancer(
    traffic: &AlbTraffic,
    seen: &rules::Whole,
    groups: &Groups,
) -> Result<(), Reason> {
    for (load_balancers, group, field) in each(traffic, &groups.primary, &groups.canary) {
        let apart = seen
            .forwards
            .iter()
            .find(|forward| !load_balancers.contains(&forward.arn.load_balancer()));
        if let Some(forward) = apart {
            return Err(Reason::OtherLoadBalancer {
                group: group.clone(),
                field,
                load_balancers: load_balancers.clone(),
                forward: forward.arn.clone(),
            });
        }
    }
    Ok(())
}

/// Everything goes to the primary, by no cookie, and somebody answers there.
fn at_rest(traffic: &AlbTraffic, seen: &rules::Whole) -> Result<(), Reason> {
    for forward in &seen.forwards {
        let arn = || forward.arn.clone();
        if forward.rest.sticky_seconds.is_some() && !traffic.allow_sticky {
            return Err(Reason::Sticky { forward: arn() });
        }
        if forward.weights.canary > 0 || forward.weights.primary == 0 {
            return Err(Reason::NotAtRest {
                forward: arn(),
                weights: forward.weights,
            });
        }
    }
    if seen.primary.healthy == 0 {
        return Err(Reason::NoHealthyTarget {
            group: traffic.place.primary_target_group.clone(),
            health: seen.primary.clone(),
        });
    }
    Ok(())
}
