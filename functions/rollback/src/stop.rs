//! What takes work from the candidate and needs nothing but the record: no version that may be missing, no read that may fail.

use canary::{
    decision::Step,
    observation::Known,
    record::{Promotion, Record, RollingBack},
    target::Traffic,
};

use crate::Seen;

/// The stopping call, where it can be said without having seen anything.
///
/// While the stable version still runs somewhere, a canary that consumes a queue gets no tasks. Once the primary is being given
/// the candidate, restoring it is what stops harm, and it never gets a count of 0. What somebody may have done since the release
/// ended has to be seen first, and so have the rules of a load balancer.
pub(crate) fn steps(record: &Record, rolling_back: &RollingBack) -> Vec<Step> {
    if rolling_back.candidate.is_none() {
        return Vec::new();
    }
    let (target, promotion) = (&record.target, rolling_back.promotion);
    let is_queue = matches!(target.traffic, Traffic::Queue(_));
    let is_ours = !promotion.has_given_back() && !rolling_back.spares_canary;
    let canary = (is_queue && is_ours).then(|| Step::count(&target.canary, 0));
    let stable = &record.found.primary.task_definition;
    let primary = (promotion == Promotion::Begun).then(|| Step::version(&target.primary, stable));
    canary.into_iter().chain(primary).collect()
}

/// Whether a count of 0 has gone out to the canary: from then on none of its tasks is wanted.
pub(crate) fn has_emptied(record: &Record, sent: &[Step], failed: &[Step]) -> bool {
    let emptying = Step::count(&record.target.canary, 0);
    sent.contains(&emptying) && !failed.contains(&emptying)
}

/// What of it is still to be sent to services that cannot be seen.
pub(crate) fn blind_steps(seen: &Seen, record: &Record, rolling_back: &RollingBack) -> Vec<Step> {
    if rolling_back.stopped {
        return Vec::new();
    }
    let mut steps = steps(record, rolling_back);
    steps.retain(|step| !is_seen(step, seen, record));
    steps
}

/// Whether it has got through, after a look that sent and saw this: what is seen needs no blind call any more.
pub(crate) fn has_got_through(
    seen: &Seen,
    record: &Record,
    rolling_back: &RollingBack,
    sent: &[Step],
    failed: &[Step],
) -> bool {
    let is_done = |step: &Step| {
        !failed.contains(step) && (sent.contains(step) || is_seen(step, seen, record))
    };
    rolling_back.stopped || steps(record, rolling_back).iter().all(is_done)
}

fn is_seen(step: &Step, seen: &Seen, record: &Record) -> bool {
    let of_canary = matches!(
        step,
        Step::UpdateService { service, .. } if *service == record.target.canary
    );
    let service = if of_canary {
        &seen.canary
    } else {
        &seen.primary
    };
    !matches!(service, Known::Unknown(_))
}
