//! What takes work from the candidate and needs nothing but the record: no version that may be missing, no read that may fail.

use canary::{
    decision::Step,
    record::{Promotion, Record, RollingBack},
    target::Traffic,
};

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
    let canary = (is_queue && !promotion.has_given_back()).then(|| Step::count(&target.canary, 0));
    let stable = &record.found.primary.task_definition;
    let primary = (promotion == Promotion::Begun).then(|| Step::version(&target.primary, stable));
    canary.into_iter().chain(primary).collect()
}
