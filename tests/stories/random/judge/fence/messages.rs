//! A queue: no message is received, no task of the canary runs the candidate.

use canary::parts::release::Promotion;
use rehearsal_core::{
    clock::Moment,
    stage,
    world::journal::{Entry, What},
};

use super::{Rollback, Work, time};

pub(super) const MESSAGES: Work = Work {
    stops: |call| {
        call.operation == "UpdateService"
            && call.input["service"] == stage::CANARY
            && call.input["desiredCount"] == 0
    },
    gets,
};

fn gets(rollback: &Rollback<'_>, deadline: Moment) -> Option<String> {
    if rollback.rolling_back.promotion.has_given_back() {
        return None;
    }
    let label = label(rollback);
    let is_only_canary = rollback.rolling_back.promotion == Promotion::NotBegun;
    let mut runs = 0;
    for Entry { at, what } in &rollback.told.journal {
        if *at >= rollback.until {
            break;
        }
        match what {
            What::Messages {
                version,
                processed,
                failed,
                ..
            } if *version == label && is_only_canary && rollback.is_late(*at, deadline) => {
                return Some(format!(
                    "{} {label} got {} messages",
                    time(*at),
                    processed + failed
                ));
            }
            What::Service {
                service, running, ..
            } if service == stage::CANARY => {
                let of_candidate = running.iter().filter(|(version, _)| *version == label);
                runs = of_candidate.map(|(_, tasks)| tasks).sum();
            }
            _ => {}
        }
        if runs > 0 && rollback.is_late(*at, deadline) {
            return Some(format!(
                "{} {runs} tasks of the canary run {label}",
                time(*at)
            ));
        }
    }
    None
}

fn label(rollback: &Rollback<'_>) -> String {
    let images = serde_json::to_string(&rollback.fence.record.item).unwrap_or_default();
    rollback.told.label_of(&images)
}
