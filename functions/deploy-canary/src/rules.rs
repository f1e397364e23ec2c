//! Whether rules, target groups and services belong together, asked before the first change.

use canary::{
    decision::Refusal,
    observation::Observation,
    parts::rules::{Alb, FoundAlb, FoundForward},
    target::{AlbTraffic, Target},
};

use crate::Groups;

/// The pair's rules send everything to the primary's healthy targets, and to what its services register.
pub(crate) fn check(
    target: &Target,
    pair: &Observation,
    groups: Option<&Groups>,
) -> Result<(), Refusal> {
    let (Some(model), Some(alb), Some(groups)) = (target.alb(), &pair.alb, groups) else {
        return Ok(());
    };
    registered(model, pair)?;
    one_load_balancer(model, alb, groups)?;
    at_rest(model, alb)
}

/// Each service registers its tasks in its group.
fn registered(model: &AlbTraffic, pair: &Observation) -> Result<(), Refusal> {
    for (service, group, field) in [
        (
            &pair.primary,
            &model.primary_target_group,
            "primaryTargetGroup",
        ),
        (
            &pair.canary,
            &model.canary_target_group,
            "canaryTargetGroup",
        ),
    ] {
        if !service.target_groups.contains(group) {
            return Err(Refusal::WrongGroup {
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
fn one_load_balancer(model: &AlbTraffic, alb: &Alb, groups: &Groups) -> Result<(), Refusal> {
    for (group, field, load_balancers) in [
        (
            &model.primary_target_group,
            "primaryTargetGroup",
            &groups.primary,
        ),
        (
            &model.canary_target_group,
            "canaryTargetGroup",
            &groups.canary,
        ),
    ] {
        let apart = alb
            .forwards
            .iter()
            .find(|forward| !load_balancers.contains(&forward.arn.load_balancer()));
        if let Some(forward) = apart {
            return Err(Refusal::OtherLoadBalancer {
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
fn at_rest(model: &AlbTraffic, alb: &Alb) -> Result<(), Refusal> {
    for forward in &alb.forwards {
        let arn = || forward.arn.clone();
        if forward.rest.sticky_seconds.is_some() && !model.allow_sticky {
            return Err(Refusal::Sticky { forward: arn() });
        }
        if forward.weights.canary > 0 || forward.weights.primary == 0 {
            return Err(Refusal::NotAtRest {
                forward: arn(),
                weights: forward.weights,
            });
        }
    }
    if alb.primary.healthy == 0 {
        return Err(Refusal::NoHealthyTarget {
            group: model.primary_target_group.clone(),
            health: alb.primary.clone(),
        });
    }
    Ok(())
}

/// What the release found, for the record.
pub(crate) fn found(pair: &Observation, groups: Option<&Groups>) -> Option<FoundAlb> {
    let (alb, groups) = (pair.alb.as_ref()?, groups?);
    let forwards = alb.forwards.iter().map(|forward| FoundForward {
        forward: forward.arn.clone(),
        weights: forward.weights,
        shared: !forward.rest.groups.is_empty(),
        rest: Some(forward.rest.clone()),
    });
    Some(FoundAlb {
        forwards: forwards.collect(),
        drain_seconds: groups.drain_seconds,
    })
}
