//! What somebody else has written stays, as far as the documents promise it (`shared/docs/gates-and-rollback.md`).

use canary::{
    parts::release::Promotion,
    record::{Phase, Reason},
};
use rehearsal_core::{clock::Moment, stage, world::journal::Call};
use serde_json::json;

use super::{seconds, time};
use crate::random::{
    event::Service,
    told::{Deed, Did, Told, Written},
};

/// How long a look takes at most that began before: Amazon ECS and the load balancer have no conditional writes.
pub(super) const LOOK: u64 = 30;

pub(super) fn stays(told: &Told) -> Option<String> {
    let records = told.records();
    told.deeds.iter().enumerate().find_map(|(index, deed)| {
        let until = until(told, &records, index);
        match &deed.what {
            Did::Version(service, version) => {
                version_stays(told, &records, (deed, until), *service, version)
            }
            Did::Count(service, count) => {
                count_stays(told, &records, (deed, until), *service, *count)
            }
            Did::Weights(..) => weights_stay(told, &records, (deed, until)),
            _ => None,
        }
    })
}

/// Until when it is theirs: somebody writes the same once more, or another release begins.
fn until(told: &Told, records: &[Written], index: usize) -> Moment {
    let deed = &told.deeds[index];
    let is_same = |other: &&Deed| match (&deed.what, &other.what) {
        (Did::Version(a, _), Did::Version(b, _)) | (Did::Count(a, _), Did::Count(b, _)) => a == b,
        (Did::Count(a, _), Did::Scaled(_)) => *a == Service::Primary,
        (Did::Weights(..), Did::Weights(..)) => true,
        _ => false,
    };
    let again = told.deeds[index + 1..]
        .iter()
        .find(is_same)
        .map(|other| other.at);
    let current = records.iter().rfind(|it| it.at <= deed.at);
    let begins =
        |it: &&Written| it.at > deed.at && current.is_none_or(|current| !it.is_of(&current.record));
    let begins = records.iter().find(begins).map(|it| it.at);
    let end = told.journal.last().map_or(deed.at, |it| it.at);
    [again, begins].into_iter().flatten().min().unwrap_or(end)
}

/// Updates of a service by the functions, within a time.
fn updates(
    told: &Told,
    service: Service,
    (from, until): (Moment, Moment),
) -> impl Iterator<Item = (Moment, &Call)> {
    let calls = told.calls(move |call| {
        call.operation == "UpdateService"
            && call.fault.is_none()
            && call.input["service"] == service.name()
            && stage::FUNCTIONS.contains(&call.principal.0.as_str())
    });
    calls
        .filter(move |(_, at, _)| *at > from && *at < until)
        .map(|(_, at, call)| (at, call))
}

/// A version that is neither the candidate nor what was found stays, but on a primary that is being promoted.
fn version_stays(
    told: &Told,
    records: &[Written],
    (deed, until): (&Deed, Moment),
    service: Service,
    version: &str,
) -> Option<String> {
    let of_primary = service == Service::Primary;
    let is_promoting = records.iter().any(|it| {
        let is_begun = it
            .record
            .rollback()
            .is_some_and(|it| it.promotion == Promotion::Begun);
        it.at >= deed.at
            && it.at < until
            && (is_begun || matches!(it.record.phase, Phase::Promoting { .. }))
    });
    if of_primary && is_promoting {
        return None;
    }
    let from = deed.at + seconds(LOOK);
    updates(told, service, (from, until)).find_map(|(at, call)| {
        let other = call.input["taskDefinition"].as_str()?;
        let other = other.rsplit('/').next().unwrap_or_default();
        (other != version).then(|| {
            format!(
                "{} {} put {other} on {}, where somebody had put {version} at {}",
                time(at),
                call.principal.0,
                service.name(),
                time(deed.at)
            )
        })
    })
}

/// A count stays that is set while no release has the pair, and one that ends a release while its approval waits.
fn count_stays(
    told: &Told,
    records: &[Written],
    (deed, until): (&Deed, Moment),
    service: Service,
    count: u32,
) -> Option<String> {
    let current = records.iter().rfind(|it| it.at <= deed.at);
    let next_fence = records
        .iter()
        .find(|it| it.at > deed.at && it.at < until && it.record.rollback().is_some());
    let is_free = current.is_none_or(|it| !it.record.is_active());
    let ends_release = next_fence.is_some_and(|it| {
        let what = it.record.rollback().map_or("", |it| it.cause.what.as_str());
        let reason = it.record.rollback().and_then(|it| it.cause.reason.clone());
        matches!(reason.as_deref(), Some(Reason::Gate { .. }))
            && what.contains(service.name())
            && what.contains("task")
    });
    let deregistered = told.deeds.iter().any(|it| it.what == Did::Deregistered);
    if deregistered || !(is_free && next_fence.is_none() || ends_release) {
        return None;
    }
    let from = deed.at + seconds(LOOK);
    let calls = updates(told, service, (from, until));
    let last = calls
        .filter(|(_, call)| !call.input["desiredCount"].is_null())
        .last()?;
    let (at, call) = last;
    (call.input["desiredCount"] != count).then(|| {
        format!(
            "{} {} gave {} {} tasks, which somebody had given {count} at {}",
            time(at),
            call.principal.0,
            service.name(),
            call.input["desiredCount"],
            time(deed.at)
        )
    })
}

/// Weights stay that are set while no release has the pair.
fn weights_stay(
    told: &Told,
    records: &[Written],
    (deed, until): (&Deed, Moment),
) -> Option<String> {
    let current = records.iter().rfind(|it| it.at <= deed.at);
    let is_free = current.is_none_or(|it| !it.record.is_active());
    let is_fenced = records
        .iter()
        .any(|it| it.at > deed.at && it.at < until && it.record.rollback().is_some());
    if !is_free || is_fenced {
        return None;
    }
    let from = deed.at + seconds(LOOK);
    let mut calls = told.calls(|call| {
        call.operation == "ModifyRule"
            && call.fault.is_none()
            && stage::FUNCTIONS.contains(&call.principal.0.as_str())
    });
    let overwritten = calls.find(|(_, at, _)| *at > from && *at < until);
    overwritten.map(|(_, at, call)| {
        format!(
            "{} {} set {} over the weights that somebody had set at {}",
            time(at),
            call.principal.0,
            json!(call.input["Actions"]),
            time(deed.at)
        )
    })
}
