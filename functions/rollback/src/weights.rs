//! Requests go to wherever healthy stable targets are, before anything else; the canary keeps its tasks for as long as it gets
//! requests, or may have to take them.

use canary::{
    decision::{Step, WaitingOn},
    names::ForwardArn,
    observation::Known,
    parts::{
        pair::Service,
        rules::{self, Drain, Forward, FoundAlb},
    },
    record::{Record, RollingBack},
    target::AlbTraffic,
    weight::Weight,
};

use crate::{Seen, seen::Balancer};

/// What becomes of the weights.
pub(crate) struct Weighing {
    /// The record, with what is set now.
    pub(crate) record: Record,
    /// Whether that is news.
    pub(crate) is_new: bool,
    /// Every rule that does not show it yet.
    pub(crate) steps: Vec<Step>,
}

/// Sets the weights, or notes that they are there. `record` is the one that is about to be written.
pub(crate) fn weigh(seen: &Seen, record: Record, rolling_back: &RollingBack) -> Weighing {
    let unchanged = |record| Weighing {
        record,
        is_new: false,
        steps: Vec::new(),
    };
    let (Some(balancer), Some(found)) = (&seen.balancer, &record.found.alb) else {
        return unchanged(record);
    };
    let Some(to) = goal(seen, balancer, found, &record) else {
        return unchanged(record);
    };
    let forwards: Vec<Forward> = balancer.forwards().cloned().collect();
    match record.weight {
        // Nothing was set, by anybody, and nothing is to be: the primary answers, or nobody has touched it.
        None if found.behind(&forwards, Weight::ZERO).next().is_none()
            && (to == Weight::ZERO || !rolling_back.promotion.has_begun()) =>
        {
            unchanged(record)
        }
        Some(set) if set.to == to && is_live(balancer, found, to) => match set.live_since {
            Some(_) => unchanged(record),
            None => Weighing {
                record: record.weighed(seen.now),
                is_new: true,
                steps: Vec::new(),
            },
        },
        Some(set) if set.to == to && set.live_since.is_none() => Weighing {
            steps: Step::weighing(&record, found.behind(&forwards, to))
                .into_iter()
                .chain(from_record(&record, balancer, found, to))
                .collect(),
            is_new: false,
            record,
        },
        // It was there, and the rule that is missing now is one that cannot be seen.
        Some(set) if set.to == to && found.behind(&forwards, to).next().is_none() => {
            unchanged(record)
        }
        // Also where it was there and is not any more: what began before the rollback has arrived since, and with it
        // requests that are to be finished.
        _ => {
            let healthy = balancer.canary.get().map_or(0, |health| health.healthy);
            let next = record.clone().weighing(to, healthy, seen.now);
            Weighing {
                steps: Step::weighing(&record, found.all(&forwards, to))
                    .into_iter()
                    .chain(from_record(&record, balancer, found, to))
                    .collect(),
                is_new: true,
                record: next,
            }
        }
    }
}

/// Rules that cannot be seen are written as the release found them.
fn from_record(record: &Record, balancer: &Balancer, found: &FoundAlb, to: Weight) -> Vec<Step> {
    let unseen = balancer.rules.iter();
    let unseen = unseen.filter(|rule| rule.seen.unseen().is_some());
    let recorded: Vec<Forward> = unseen.filter_map(|rule| rule.recorded.clone()).collect();
    Step::weighing(record, found.all(&recorded, to))
}

/// The canary's share; `None` leaves it as it is.
fn goal(seen: &Seen, balancer: &Balancer, found: &FoundAlb, record: &Record) -> Option<Weight> {
    let running = |service: &Known<_>| {
        let service: Option<&Service> = service.get();
        service.map(|service| service.running)
    };
    // What was decided with sight is not undone without.
    let decided = record
        .weight
        .filter(|weight| weight.since >= record.phase_since)
        .map(|weight| weight.to);
    let Some(primary) = balancer.primary.get() else {
        if decided.is_some() {
            return decided;
        }
        // Who answers is not known: the stable group, unless nobody at all runs there.
        let is_empty = running(&seen.primary) == Some(0);
        let is_alone = is_empty && running(&seen.canary).is_some_and(|running| running > 0);
        return (!is_alone).then_some(Weight::ZERO);
    };
    let canary = match &balancer.canary {
        Known::Known(health) => health.healthy,
        Known::Gone => 0,
        Known::Unknown(_) if primary.healthy > 0 => 0,
        Known::Unknown(_) => return decided,
    };
    let needed = seen.primary.get().map(|primary| primary.desired);
    let needed = needed.unwrap_or(record.found.primary.desired).max(1);
    Some(found.reachable(share(primary.healthy, canary, needed, record.weight())))
}

/// What share of the requests the canary is to have, so that no target gets more than it can take.
///
/// A target is taken to bear twice its even part of what `needed` tasks do: the usual scaling policies keep targets half busy.
/// So the primary takes everything while at least half of its targets are healthy. With fewer it takes what they can, and the
/// canary keeps the rest, never more than it had; with none, the canary gets what its own can.
fn share(primary: u32, canary: u32, needed: u32, set: Weight) -> Weight {
    let able = |healthy: u32| Weight::up_to_all(200 * u64::from(healthy) / u64::from(needed));
    if canary == 0 {
        Weight::ZERO
    } else if primary == 0 {
        able(canary)
    } else {
        Weight::ALL
            .less(able(primary).percent())
            .min(able(canary))
            .min(set)
    }
}

/// Only the canary answers, and has fewer tasks than that takes.
pub(crate) fn raised(seen: &Seen, record: &Record, model: &AlbTraffic) -> Option<Step> {
    let balancer = seen.balancer.as_ref()?;
    let (primary, canary) = (balancer.primary.get()?, balancer.canary.get()?);
    if primary.healthy > 0 || canary.healthy == 0 || record.weight() == Weight::ZERO {
        return None;
    }
    let (primary, canary) = (seen.primary.get()?, seen.canary.get()?);
    let tasks = rules::tasks(model.min_tasks, Weight::ALL.share(), primary);
    (canary.desired < tasks).then(|| Step::count(&canary.name, tasks))
}

/// Whether every rule shows the weight, or sends the canary nothing at all any more.
fn is_live(balancer: &Balancer, found: &FoundAlb, weight: Weight) -> bool {
    let is_gone = |wanted: &ForwardArn| {
        let mut gone = balancer.rules.iter().filter(|rule| rule.seen.is_gone());
        gone.any(|rule| rule.arn == *wanted)
    };
    let forwards = found.forwards.iter();
    let left = FoundAlb {
        forwards: forwards
            .filter(|found| !is_gone(&found.forward))
            .cloned()
            .collect(),
        ..*found
    };
    let shown: Vec<Forward> = balancer.forwards().cloned().collect();
    left.is_live(&shown, weight)
}

/// Whether no rule sends the canary anything: what the release has set is taken back and seen to be.
pub(crate) fn is_given_back(seen: &Seen, record: &Record) -> bool {
    let (Some(weight), Some(balancer), Some(found)) =
        (record.weight, &seen.balancer, &record.found.alb)
    else {
        return record.weight.is_none();
    };
    weight.to == Weight::ZERO
        && weight.live_since.is_some()
        && is_live(balancer, found, Weight::ZERO)
}

/// Whether the canary's tasks may go: no rule sends them anything, nothing that began before the rollback can change that,
/// their targets have finished what they had, and the primary is proven if the release has touched it.
pub(crate) fn is_canary_free(
    seen: &Seen,
    record: &Record,
    rolling_back: &RollingBack,
    is_over: bool,
) -> bool {
    let is_unused = record.weight.is_none()
        || is_over && is_given_back(seen, record) && record.drain(seen.now) == Drain::Over;
    is_unused && (!rolling_back.promotion.has_begun() || is_proven(seen, record, rolling_back))
}

/// Whether the primary can take every request on what the release found, or on what somebody has put there since.
fn is_proven(seen: &Seen, record: &Record, rolling_back: &RollingBack) -> bool {
    let Some(primary) = seen.primary.get() else {
        return seen.primary.is_gone();
    };
    let stable = &record.found.primary.task_definition;
    let health = seen.balancer.as_ref().and_then(|it| it.primary.get());
    (primary.is_on(stable) || crate::services::is_theirs(primary, stable, rolling_back))
        && primary.is_steady()
        && health.is_some_and(|health| health.healthy >= primary.desired.max(1))
}

/// What the load balancer keeps a rollback waiting for.
pub(crate) fn waiting_on(seen: &Seen, record: &Record) -> Option<WaitingOn> {
    record.weight?;
    let unseen = seen.balancer.iter().flat_map(Balancer::unseen).next();
    if let Some(unseen) = unseen {
        return Some(WaitingOn::Unseen(unseen.to_string()));
    }
    match record.drain(seen.now) {
        Drain::Until(until) if record.weight() == Weight::ZERO => Some(WaitingOn::Draining {
            weight: Weight::ZERO,
            until,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use canary::fixtures::weight;

    #[test]
    fn the_canary_gives_back_what_healthy_stable_targets_can_take() {
        // primary, canary, needed, the share that is set, what the canary is to have
        let rows = [
            (4, 2, 4, 50, 0),
            (2, 2, 4, 50, 0),
            (1, 2, 4, 50, 50),
            (1, 2, 4, 10, 10),
            (1, 1, 8, 50, 25),
            (1, 0, 8, 50, 0),
            (0, 1, 4, 10, 50),
            (0, 2, 4, 10, 100),
            (0, 4, 4, 0, 100),
            (0, 0, 4, 50, 0),
        ];
        for (primary, canary, needed, set, expected) in rows {
            assert_eq!(
                share(primary, canary, needed, weight(set)),
                weight(expected),
                "{primary} and {canary} of {needed} at {set} %"
            );
        }
    }
}
