//! Behind a load balancer: the canary's group has no weight, while at least half of the primary's targets are healthy.

use canary::parts::release::Promotion;
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
    let (mut weight, mut healthy, mut desired) = (0, 0, 0);
    let mut lacking_until = Moment(0);
    for Entry { at, what } in &rollback.told.journal {
        if *at >= rollback.rolled_back {
            break;
        }
        match what {
            What::Weights { groups, .. } => {
                let group = groups
                    .iter()
                    .find(|(group, _)| group == stage::CANARY_GROUP);
                weight = group.map_or(0, |(_, weight)| *weight);
            }
            What::Targets {
                group,
                healthy: now,
                ..
            } if group == stage::PRIMARY_GROUP => healthy = *now,
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
                "{} the canary's group has weight {weight}",
                time(*at)
            ));
        }
    }
    None
}
