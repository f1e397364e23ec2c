//! Requests go to wherever healthy stable targets are, before anything else; the canary keeps its tasks for as long as it gets
//! requests, or may have to take them.

use canary::{
    decision::{Step, WaitingOn},
    observation::Alb,
    record::{FoundAlb, Phase, Record},
    traffic::alb::{self, Drain},
    weight::Weight,
};

use crate::Seen;

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
pub(crate) fn weigh(seen: &Seen, record: Record) -> Weighing {
    let now = seen.pair.now;
    let unchanged = |record| Weighing {
        record,
        is_new: false,
        steps: Vec::new(),
    };
    let (Some(alb), Some(found)) = (&seen.pair.alb, &record.found.alb) else {
        return unchanged(record);
    };
    // Who answers is not known. Before the promotion it is the primary, which nobody has touched; after that a weight that
    // is moved blindly may do more harm than one that stays.
    if !seen.knows_health && has_begun(&record) {
        return unchanged(record);
    }
    let to = goal(alb);
    let is_there = is_live(seen, alb, found, to);
    match record.weight {
        // Nothing was set, and nothing is to be: the primary answers, or nobody has touched it.
        None if to == Weight::ZERO || !has_begun(&record) => unchanged(record),
        Some(set) if set.to == to && is_there => match set.live_since {
            Some(_) => unchanged(record),
            None => Weighing {
                record: record.weighed(now),
                is_new: true,
                steps: Vec::new(),
            },
        },
        Some(set) if set.to == to && set.live_since.is_none() => Weighing {
            steps: Step::weigh(&seen.pair, &record, to),
            is_new: false,
            record,
        },
        // It was there, and the rule that is missing now is one that cannot be seen.
        Some(set) if set.to == to && found.behind(alb, to).next().is_none() => unchanged(record),
        // Also where it was there and is not any more: what began before the rollback has arrived since, and with it
        // requests that are to be finished.
        _ => {
            let record = record.weighing(to, alb.canary.healthy, now);
            Weighing {
                steps: Step::weigh_all(&seen.pair, &record, to),
                is_new: true,
                record,
            }
        }
    }
}

/// Whether the primary may have been touched.
fn has_begun(record: &Record) -> bool {
    matches!(
        record.phase,
        Phase::RollingBack {
            promotion_begun: true,
            ..
        }
    )
}

/// Everything to the primary's group, which serves the stable version or is on its way there; to the canary's while
/// only that one has a healthy target.
fn goal(alb: &Alb) -> Weight {
    if alb.primary.healthy == 0 && alb.canary.healthy > 0 {
        Weight::ALL
    } else {
        Weight::ZERO
    }
}

/// Whether every rule shows the weight, or sends the canary nothing at all any more.
fn is_live(seen: &Seen, alb: &Alb, found: &FoundAlb, weight: Weight) -> bool {
    let forwards = found.forwards.iter();
    let left = FoundAlb {
        forwards: forwards
            .filter(|found| !seen.gone.contains(&found.forward))
            .cloned()
            .collect(),
        ..*found
    };
    left.is_live(alb, weight)
}

/// Whether no rule sends the canary anything: what the release has set is taken back and seen to be.
pub(crate) fn is_given_back(seen: &Seen, record: &Record) -> bool {
    let (Some(weight), Some(alb), Some(found)) = (record.weight, &seen.pair.alb, &record.found.alb)
    else {
        return record.weight.is_none();
    };
    seen.unseen.is_empty()
        && weight.to == Weight::ZERO
        && weight.live_since.is_some()
        && is_live(seen, alb, found, Weight::ZERO)
}

/// Whether the canary's tasks may go: no rule sends them anything, nothing that began before the rollback can change that,
/// their targets have finished what they had, and the primary is proven if the release has touched it.
pub(crate) fn is_canary_free(seen: &Seen, record: &Record, is_over: bool) -> bool {
    let is_unused = record.weight.is_none()
        || is_over
            && is_given_back(seen, record)
            && alb::drain(record, seen.pair.now) == Drain::Over;
    is_unused && (!has_begun(record) || is_proven(seen, record))
}

/// Whether the primary can take every request on what the release found.
fn is_proven(seen: &Seen, record: &Record) -> bool {
    let primary = &seen.pair.primary;
    primary.is_on(&record.found.primary.task_definition)
        && primary.is_steady()
        && seen
            .pair
            .alb
            .as_ref()
            .is_some_and(|alb| alb.primary.healthy >= primary.desired.max(1))
}

/// What the load balancer keeps a rollback waiting for.
pub(crate) fn waiting_on(seen: &Seen, record: &Record) -> Option<WaitingOn> {
    record.weight?;
    if let Some(reason) = seen.unseen.first() {
        return Some(WaitingOn::Unseen(reason.clone()));
    }
    match alb::drain(record, seen.pair.now) {
        Drain::Until(until) if record.weight() == Weight::ZERO => Some(WaitingOn::Draining {
            weight: Weight::ZERO,
            until,
        }),
        _ => None,
    }
}
