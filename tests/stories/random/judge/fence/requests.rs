//! Behind a load balancer: the candidate's group has no weight, while at least half of the stable version's targets are healthy.

use canary::{parts::release::Promotion, traffic::task_sets};
use rehearsal_core::{
    clock::Moment,
    stage,
    world::journal::{Entry, What},
};

use super::{Rollback, SCHEDULE, WORK, Work, seconds, time};

pub(super) const REQUESTS: Work = Work {
    stops: |call| call.operation == "ModifyRule",
    gets,
};

fn gets(rollback: &Rollback<'_>, deadline: Moment) -> Option<String> {
    if rollback.rolling_back.promotion != Promotion::NotBegun {
        return None;
    }
    let [stable_group, candidate_group] = groups(rollback);
    let (mut weight, mut healthy, mut desired) = (0, 0, 0);
    let mut lacking_until = Moment(0);
    for Entry { at, what } in &rollback.told.journal {
        if *at >= rollback.rolled_back {
            break;
        }
        match what {
            What::Weights { groups, .. } => {
                let group = groups.iter().find(|(group, _)| group == candidate_group);
                weight = group.map_or(0, |(_, weight)| *weight);
            }
            What::Targets {
                group,
                healthy: now,
                ..
            } if group == stable_group => healthy = *now,
            What::Service {
                service,
                desired: now,
                ..
            } if service == stage::PRIMARY => desired = *now,
            _ => {}
        }
        if healthy * 2 < desired {
            lacking_until = *at;
        }
        let is_late =
            rollback.is_late(*at, deadline) && *at > lacking_until + seconds(SCHEDULE + WORK);
        if is_late && weight > 0 {
            return Some(format!(
                "{} {candidate_group} has weight {weight}",
                time(*at)
            ));
        }
    }
    None
}

/// The stable version's group and the candidate's. Two task sets use both by turns.
fn groups(rollback: &Rollback<'_>) -> [&'static str; 2] {
    let [one, other] = rollback.told.target.stage().traffic.groups();
    let found = rollback.fence.record.body.found.read::<task_sets::Found>();
    let stable = found.ok().and_then(|it| it.balancer).map(|it| it.stable);
    let is_swapped = stable.is_some_and(|it| it.as_str().contains(&format!("/{other}/")));
    if is_swapped {
        [other, one]
    } else {
        [one, other]
    }
}
