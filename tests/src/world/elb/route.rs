//! Which target a request goes to.

use super::{
    Answered, Request, Routed, Target, TargetState,
    action::Handling,
    forward::{bound_by, cookie},
    group::TargetGroup,
};
use crate::{clock::Moment, world::World};

/// What clients get where no target can take their request. AWS: ALB user guide, "Troubleshoot your
/// Application Load Balancers", HTTP 503.
const UNAVAILABLE: u16 = 503;

pub(super) fn route(world: &mut World, request: &Request) -> Routed {
    let routed = decide(world, request);
    match &routed {
        Routed::Answer(status) => {
            let listener = world.elb.listeners.get(&request.listener);
            let load_balancer = listener.map(|it| it.load_balancer.clone());
            own_answer(world, load_balancer.as_deref(), *status);
        }
        Routed::To { target_group, .. } if world.elb.counts_on_arrival => {
            chosen(world, target_group);
        }
        Routed::To { .. } => {}
    }
    routed
}

/// A target of a group was chosen for a request.
pub(super) fn chosen(world: &mut World, target_group: &str) {
    if let Some(group) = world.elb.target_groups.get_mut(target_group) {
        group.traffic.request();
    }
}

fn decide(world: &mut World, request: &Request) -> Routed {
    let (now, pace) = (world.now, world.pace);
    let elb = &mut world.elb;
    let late = elb.propagation;
    let rules = elb.rules.values_mut();
    let met = rules.filter(|rule| {
        let content = rule.content.seen(now, late);
        rule.listener == request.listener && content.conditions.met_by(request)
    });
    let Some(rule) = met.min_by_key(|rule| rule.rank()) else {
        return Routed::Answer(UNAVAILABLE);
    };
    let forward = match &mut rule.content.seen_mut(now, late).actions.handling {
        Handling::Answer(status) => return Routed::Answer(*status),
        Handling::Forward(forward) => forward,
    };
    let stickiness = forward.stickiness;
    let bound = request.cookie.as_deref().filter(|_| stickiness.is_some());
    let bound = bound.and_then(|cookie| bound_by(cookie, now));
    let Some(target_group) = forward.choose(bound, elb.lots.as_mut()) else {
        return Routed::Answer(UNAVAILABLE);
    };
    // Another group does not stand in for one without targets.
    let group = elb.target_groups.get_mut(target_group);
    let Some(target) = group.and_then(|group| next_target(group, now, &mut elb.requests)) else {
        return Routed::Answer(UNAVAILABLE);
    };
    Routed::To {
        set_cookie: stickiness.map(|lasts| cookie(target_group, now + lasts / pace)),
        target_group: target_group.to_owned(),
        target,
    }
}

/// The target that has waited longest: among the healthy ones, or among all where none is healthy.
/// AWS: ALB user guide, "Health checks for Application Load Balancer target groups": it fails open.
fn next_target(group: &mut TargetGroup, now: Moment, requests: &mut u64) -> Option<Target> {
    let state_of = |registration: &super::target::Registration| registration.state(true, now);
    let any_healthy = group
        .targets
        .values()
        .any(|registration| state_of(registration) == Some(TargetState::Healthy));
    let takes = |state: Option<TargetState>| match state {
        Some(TargetState::Healthy) => true,
        Some(TargetState::Initial | TargetState::Unhealthy) => !any_healthy,
        Some(TargetState::Draining | TargetState::Unused) | None => false,
    };
    let (target, registration) = group
        .targets
        .iter_mut()
        .filter(|(_, registration)| takes(state_of(registration)))
        .min_by_key(|(_, registration)| registration.served)?;
    *requests += 1;
    registration.served = *requests;
    Some(target.clone())
}

pub(super) fn answered(world: &mut World, routed: &Routed, answered: Answered) {
    let Routed::To { target_group, .. } = routed else {
        return;
    };
    let Some(group) = world.elb.target_groups.get_mut(target_group) else {
        return;
    };
    if !world.elb.counts_on_arrival {
        group.traffic.request();
    }
    match answered {
        Answered::Status(status, after) => group.traffic.answered(status, after),
        Answered::Refused | Answered::Unreachable => group.traffic.not_connected(),
        Answered::Dropped | Answered::Late | Answered::GivenUp => {}
    }
    let load_balancer = group.load_balancer.clone();
    if let Some(status) = answered.own_status() {
        own_answer(world, load_balancer.as_deref(), status);
    }
}

fn own_answer(world: &mut World, load_balancer: Option<&str>, status: u16) {
    let load_balancer = load_balancer.and_then(|arn| world.elb.load_balancers.get_mut(arn));
    if let Some(load_balancer) = load_balancer
        && status >= 400
    {
        load_balancer.own.answered(status);
    }
}
