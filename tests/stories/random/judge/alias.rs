//! What somebody else has written to an alias stays, and what it is like in the end.

use canary::{
    aws::function::Routing,
    record::{Phase, Record},
    traffic::lambda_alias::Set,
};
use rehearsal_core::{clock::Moment, world::journal::What};

use super::time;
use crate::random::told::{Deed, Did, Told, Written};

/// Every write of the alias has the revision that the look before it has seen, so that there is no time in which one may be overwritten.
pub(super) fn theirs_stays(told: &Told) -> Option<String> {
    let records = told.records();
    told.deeds.iter().find_map(|deed| match &deed.what {
        Did::Routed(Some(theirs)) if !is_like_ours(&records, deed, theirs) => {
            overwritten(told, &records, deed, theirs)
        }
        _ => None,
    })
}

/// Whether it is what the release of then has found or set: nobody can tell that from its own.
fn is_like_ours(records: &[Written], deed: &Deed, theirs: &Routing) -> bool {
    let Some(current) = records.iter().rfind(|it| it.at <= deed.at) else {
        return false;
    };
    let mut of_release = records.iter().filter(|it| it.is_of(&current.record));
    of_release.any(|it| {
        let set = it.record.body.set.read::<Set>();
        let set = set.ok().and_then(|set| set.routing);
        let known = set.into_iter().flat_map(|set| [set.from, set.to]);
        known.chain(stable(&it.record)).any(|it| it.is(theirs))
    })
}

/// A write after theirs by no person, before somebody writes once more or another release begins.
fn overwritten(told: &Told, records: &[Written], deed: &Deed, theirs: &Routing) -> Option<String> {
    let current = records.iter().rfind(|it| it.at <= deed.at);
    let is_next = |it: &&Written| current.is_none_or(|current| !it.is_of(&current.record));
    let begins = records.iter().filter(|it| it.at > deed.at).find(is_next);
    let later = told.journal.iter().filter(|it| it.at > deed.at);
    let mut writes = later.filter_map(|entry| match &entry.what {
        What::Shares { shares, .. } => Some((entry.at, shares)),
        _ => None,
    });
    let (at, shares) = writes.next()?;
    if told.is_routed_at(at) || begins.is_some_and(|it| it.at <= at) {
        return None;
    }
    let shares: Vec<_> = shares.iter().map(ToString::to_string).collect();
    Some(format!(
        "{} the alias was sent to {} over {theirs}, which somebody had written at {}",
        time(at),
        shares.join(", "),
        time(deed.at)
    ))
}

pub(super) fn is_as_it_should_be(told: &Told) -> Option<String> {
    let records = told.records();
    let last = records.last().map(|it| &it.record);
    let began = last.and_then(|last| records.iter().find(|it| it.is_of(last)));
    let since = began.map_or(Moment(0), |it| it.at);
    let left = match last {
        None => told.before.alias().cloned(),
        Some(record) if matches!(record.phase, Phase::Promoted { .. }) => {
            record.candidate().map(Routing::all)
        }
        Some(record) => stable(record),
    };
    let theirs = told.deeds.iter().filter(|deed| deed.at >= since);
    let theirs = theirs.filter_map(|deed| match &deed.what {
        Did::Routed(routing) => Some(routing.clone()),
        _ => None,
    });
    let allowed: Vec<Option<Routing>> = [left].into_iter().chain(theirs).collect();
    let now = told.after.alias();
    let is_like = |it: &Option<Routing>| match (it, now) {
        (Some(allowed), Some(now)) => allowed.is(now),
        (allowed, now) => allowed.is_none() && now.is_none(),
    };
    (!allowed.iter().any(is_like)).then(|| {
        let words = |it: Option<&Routing>| it.map_or("nothing".to_owned(), ToString::to_string);
        let allowed: Vec<_> = allowed.iter().map(|it| words(it.as_ref())).collect();
        format!("the alias is on {} and not on {allowed:?}", words(now))
    })
}

/// Where a release has found the alias.
fn stable(record: &Record) -> Option<Routing> {
    record.stable().map(Routing::all)
}
