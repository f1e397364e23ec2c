//! Targets: registered, checked, draining, gone.

use serde_json::{Value, json};

use super::{
    Checked, Probe, Target, TargetState,
    group::{HealthCheck, TargetGroup},
};
use crate::{
    clock::Moment,
    world::{Effect, World},
};

/// A target in a group.
#[derive(Debug)]
pub(super) struct Registration {
    health: Health,
    /// Checks in a row that speak against what `health` says.
    streak: u32,
    /// When it is checked next.
    due: Moment,
    /// Checks that went out and have not come back.
    awaited: u32,
    /// Deregistered: gone at that time.
    drained: Option<Moment>,
    /// Which request of the account it took last.
    pub(super) served: u64,
}

/// What the checks say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    /// None has gone out.
    Registering,
    /// Not enough have come back.
    Initial,
    Healthy,
    /// With what came of the last check.
    Unhealthy(Checked),
}

impl Registration {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            health: Health::Registering,
            streak: 0,
            due: now,
            awaited: 0,
            drained: None,
            served: 0,
        }
    }

    /// How the load balancer sees it; none when it is gone.
    pub(super) fn state(&self, is_used: bool, now: Moment) -> Option<TargetState> {
        match (self.drained, self.health) {
            (Some(drained), _) if drained <= now => None,
            (Some(_), _) => Some(TargetState::Draining),
            (None, _) if !is_used => Some(TargetState::Unused),
            (None, Health::Registering | Health::Initial) => Some(TargetState::Initial),
            (None, Health::Healthy) => Some(TargetState::Healthy),
            (None, Health::Unhealthy(_)) => Some(TargetState::Unhealthy),
        }
    }

    /// Takes the result of a check.
    ///
    /// AWS: ALB user guide, "Health checks for Application Load Balancer target groups": a new target
    /// is healthy with its first pass, an unhealthy one with as many in a row as the threshold says.
    fn checked(&mut self, result: Checked, check: &HealthCheck) {
        let passes = matches!(result, Checked::Status(status) if check.passes(status));
        let needed = match (self.health, passes) {
            (Health::Healthy, true) => return self.streak = 0,
            (Health::Unhealthy(_), false) => {
                self.health = Health::Unhealthy(result);
                return self.streak = 0;
            }
            (Health::Registering | Health::Initial, true) => 1,
            (Health::Unhealthy(_), true) => check.healthy_threshold,
            (_, false) => check.unhealthy_threshold,
        };
        self.streak += 1;
        if self.streak >= needed {
            self.streak = 0;
            self.health = if passes {
                Health::Healthy
            } else {
                Health::Unhealthy(result)
            };
        }
    }
}

/// Lets checks fall due from now on.
pub(super) fn begin_checks(group: &mut TargetGroup, now: Moment) {
    for registration in group.targets.values_mut() {
        if registration.drained.is_none() {
            *registration = Registration::new(now);
        }
    }
}

pub(super) fn register(world: &mut World, target_group: &str, target: Target) {
    let now = world.now;
    if let Some(group) = world.elb.target_groups.get_mut(target_group) {
        let known = group.targets.get(&target);
        // AWS: registering what is registered changes nothing.
        if known.is_none_or(|known| known.drained.is_some()) {
            group.targets.insert(target, Registration::new(now));
        }
    }
}

/// AWS: ALB user guide, "Edit target group attributes", deregistration delay: a target shows as
/// draining for the whole delay, also when it has no request any more.
pub(super) fn deregister(world: &mut World, target_group: &str, target: &Target) {
    let (now, pace) = (world.now, world.pace);
    if let Some(group) = world.elb.target_groups.get_mut(target_group) {
        let gone = now + group.deregistration_delay() / pace;
        if let Some(registration) = group.targets.get_mut(target) {
            registration.drained.get_or_insert(gone);
        }
    }
}

pub(super) fn checked(world: &mut World, probe: &Probe, result: Checked) {
    let Some(group) = world.elb.target_groups.get_mut(&probe.target_group) else {
        return;
    };
    let Some(registration) = group.targets.get_mut(&probe.target) else {
        return;
    };
    // A check that went out before the target was registered anew is none of its.
    if registration.awaited > 0 && registration.drained.is_none() {
        registration.awaited -= 1;
        registration.checked(result, &group.check);
    }
}

/// Sends the checks that are due and forgets the targets that are drained.
pub(super) fn tick(world: &mut World) {
    let (now, pace) = (world.now, world.pace);
    let mut probes = Vec::new();
    for (arn, group) in &mut world.elb.target_groups {
        let is_used = group.load_balancer.is_some();
        group
            .targets
            .retain(|_, registration| registration.state(is_used, now).is_some());
        if !is_used {
            continue;
        }
        let interval = group.check.interval / pace;
        for (target, registration) in &mut group.targets {
            if registration.drained.is_some() || registration.due > now {
                continue;
            }
            while registration.due <= now {
                registration.due = registration.due + interval;
            }
            registration.awaited += 1;
            if registration.health == Health::Registering {
                registration.health = Health::Initial;
            }
            probes.push(Probe {
                target_group: arn.clone(),
                target: target.clone(),
                path: group.check.path.clone(),
                timeout: group.check.timeout / pace,
            });
        }
    }
    world
        .outbox
        .extend(probes.into_iter().map(Effect::CheckTarget));
}

/// A target as `DescribeTargetHealth` shows it; none when it is gone.
pub(super) fn described(
    group: &TargetGroup,
    target: &Target,
    registration: &Registration,
    now: Moment,
) -> Option<Value> {
    let state = registration.state(group.load_balancer.is_some(), now)?;
    let mut health = json!({ "State": state_name(state) });
    if let Some((reason, description)) = reason(state, registration) {
        health["Reason"] = reason.into();
        health["Description"] = description.into();
    }
    Some(json!({
        "Target": { "Id": target.ip, "Port": target.port },
        "HealthCheckPort": target.port.to_string(),
        "TargetHealth": health,
    }))
}

/// A target that the group does not have.
pub(super) fn described_unknown(target: &Target) -> Value {
    json!({
        "Target": { "Id": target.ip, "Port": target.port },
        "TargetHealth": {
            "State": "unused",
            "Reason": "Target.NotRegistered",
            "Description": "Target is not registered to the target group",
        },
    })
}

/// `TargetHealthStateEnum`.
fn state_name(state: TargetState) -> &'static str {
    match state {
        TargetState::Initial => "initial",
        TargetState::Healthy => "healthy",
        TargetState::Unhealthy => "unhealthy",
        TargetState::Unused => "unused",
        TargetState::Draining => "draining",
    }
}

/// `TargetHealthReasonEnum` and words. AWS: API reference, `TargetHealth`: `Target.FailedHealthChecks` is "an error while
/// establishing a connection to the target or the target response was malformed"; its words are those that AWS answers
/// (public outputs of `describe-target-health`).
fn reason(state: TargetState, registration: &Registration) -> Option<(&'static str, String)> {
    let (reason, description) = match (state, registration.health) {
        (TargetState::Healthy, _) => return None,
        (TargetState::Draining, _) => (
            "Target.DeregistrationInProgress",
            "Target deregistration is in progress",
        ),
        (TargetState::Unused, _) => (
            "Target.NotInUse",
            "Target group is not configured to receive traffic from the load balancer",
        ),
        (TargetState::Unhealthy, Health::Unhealthy(Checked::Status(status))) => {
            return Some((
                "Target.ResponseCodeMismatch",
                format!("Health checks failed with these codes: [{status}]"),
            ));
        }
        (TargetState::Unhealthy, Health::Unhealthy(Checked::Broken)) => {
            ("Target.FailedHealthChecks", "Health checks failed")
        }
        (TargetState::Unhealthy, _) => ("Target.Timeout", "Request timed out"),
        (TargetState::Initial, Health::Registering) => (
            "Elb.RegistrationInProgress",
            "Target registration is in progress",
        ),
        (TargetState::Initial, _) => (
            "Elb.InitialHealthChecking",
            "Initial health checks in progress",
        ),
    };
    Some((reason, description.to_owned()))
}
