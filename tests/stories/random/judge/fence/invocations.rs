//! An alias: the candidate has no share of its invocations but what somebody else has given it.

use rehearsal_core::{
    clock::Moment,
    world::journal::{Entry, What},
};

use super::{Rollback, Work, time};
use crate::random::told::Did;

pub(super) const INVOCATIONS: Work = Work {
    stops: |call| call.operation == "UpdateAlias",
    gets,
};

fn gets(rollback: &Rollback<'_>, deadline: Moment) -> Option<String> {
    let Rollback { told, fence, .. } = rollback;
    let (candidate, stable) = (fence.record.candidate()?, fence.record.stable()?);
    // Nothing is left then that could take its work.
    let gone = told.deeds.iter().find(|deed| match &deed.what {
        Did::DeletedVersions(all) => all.iter().any(|it| it == stable.as_str()),
        _ => false,
    });
    let until = gone.map_or(rollback.until, |deed| deed.at.min(rollback.until));
    let (mut percent, mut is_theirs) = (0.0, false);
    for Entry { at, what } in told.journal.iter().filter(|it| it.at < until) {
        if let What::Shares { shares, .. } = what {
            let share = shares.iter().find(|it| it.version == candidate.as_str());
            percent = share.map_or(0.0, |it| it.percent);
            is_theirs = told.is_routed_at(*at);
        }
        if percent > 0.0 && !is_theirs && rollback.is_late(*at, deadline) {
            return Some(format!(
                "{} version {candidate} has {percent} % of the invocations",
                time(*at)
            ));
        }
    }
    None
}
