//! What one look of deploy-canary calls for. Pure.

use canary::{
    decision::{Decision, Done},
    gates::{self, NotOwned},
    item::Item,
    names::Version,
    reconcile::{Look, Stage},
    record::{Cause, Phase, Reason, Record},
    traffic::model::{Attained, Goal},
    words::Shared,
};

use crate::{DeployCanary, Detail, Seen, begin::begin, words};

/// Decides.
pub fn decide(look: &Look<DeployCanary>, seen: &Seen) -> Decision {
    let (pair, news) = seen.pair.judged(&look.parameters.release);
    let judged = Seen {
        pair,
        detail: seen.detail.clone(),
    };
    let noted = judged.pair.record.as_ref();
    deploy(look, &judged).noting(noted, news.as_ref(), look.now)
}

fn deploy(look: &Look<DeployCanary>, seen: &Seen) -> Decision {
    let decision = match &seen.pair.record {
        Some(newer) if newer.is_newer() && newer.is_active() => NotOwned::of_schema(newer)
            .map_or(Decision::wait(Shared::OtherInvocation), Decision::refuse),
        Some(own) if own.release == look.parameters.release => own_release(look, seen, own),
        Some(other) if other.is_active() => other_release(look, &seen.detail, other),
        previous => begin(look, seen, previous.as_ref()),
    };
    decision.bounded(look.bookmark.started, look.now, look.parameters.timeout)
}

/// This release has the pair, or had it last.
fn own_release(look: &Look<DeployCanary>, seen: &Seen, record: &Record) -> Decision {
    if record.is_active()
        && record.rollback().is_none()
        && let Some(changed) = NotOwned::of_target(record, &look.target)
    {
        return Decision::refuse(changed);
    }
    // A retried stage keeps its execution id: what is rolled back is the attempt before this action.
    let is_before = |cause: &Cause| cause.at <= look.bookmark.started;
    match &record.phase {
        Phase::RolledBack { cause, .. } if is_before(cause) => begin(look, seen, Some(record)),
        Phase::RollingBack(rolling_back) if is_before(&rolling_back.cause) => {
            Decision::wait(words::Reason::OtherRollback {
                release: record.release.clone(),
                cause: rolling_back.cause.clone(),
            })
        }
        Phase::Deploying => match gates::all(&seen.pair.seen, record) {
            Ok(None) => deploying(look, seen, record),
            Ok(Some(undecided)) => Decision::Wait(undecided),
            Err(refusal) => Decision::refuse(refusal),
        },
        Phase::Promoted { .. } => nothing_to_do(look, &record.item, record.candidate(), None),
        Phase::RollingBack(_) | Phase::RolledBack { .. } => NotOwned::of_rollback(record)
            .map_or(Decision::wait(Shared::OtherInvocation), Decision::refuse),
        Phase::Shifting { .. } | Phase::Promoting { .. } => Decision::refuse(NotOwned::of_phase(
            DeployCanary::NAME,
            record,
            "The canary is deployed; retry only the failed actions, or start a new execution",
        )),
    }
}

/// Another release has the pair.
fn other_release(look: &Look<DeployCanary>, detail: &Detail, other: &Record) -> Decision {
    if let Some(rolling_back) = other.rollback() {
        return Decision::wait(words::Reason::OtherRollback {
            release: other.release.clone(),
            cause: rolling_back.cause.clone(),
        });
    }
    match detail {
        Detail::Other(Some(status)) if !status.is_under_way() => {
            let status = status.as_str().to_owned();
            let reason = Reason::TakenOver {
                by: look.parameters.release.clone(),
                status: status.clone(),
            };
            let record = other.roll_back(gates::cause(other, reason, look.now), false, look.now);
            Decision::write(
                words::Reason::TakeOver {
                    release: other.release.clone(),
                    status,
                },
                record,
            )
        }
        Detail::Other(None) => Decision::refuse(words::Reason::UnknownExecution {
            owner: other.release.clone(),
            pair: other.pair.clone(),
            phase: Box::new(other.phase.clone()),
            pipeline: other.target.pipeline.clone(),
        }),
        _ => Decision::refuse(words::Reason::AnotherRelease {
            owner: other.release.clone(),
            pair: other.pair.clone(),
            phase: Box::new(other.phase.clone()),
        }),
    }
}

/// The release has begun and its gates are open.
fn deploying(look: &Look<DeployCanary>, seen: &Seen, record: &Record) -> Decision {
    let release = record.open(look.now, &seen.pair.seen.pair);
    match release.toward(Goal::Placed) {
        Ok(attained) => deployed(look, record, attained),
        Err(between) => between.decision(record, None, look.now),
    }
}

/// Done, with what later actions and approvals show.
fn deployed(look: &Look<DeployCanary>, record: &Record, attained: Attained) -> Decision {
    Decision::Done(Done {
        outcome: words::Reason::Deployed {
            said: attained.said,
            item: record.item.clone(),
            but: attained.but,
        }
        .into(),
        record: None,
        variables: variables(look, &record.item, record.candidate(), &record.changes),
    })
}

/// Done without a release: what is wanted runs already.
pub(crate) fn nothing_to_do(
    look: &Look<DeployCanary>,
    item: &Item,
    runs: Option<Version>,
    write: Option<Record>,
) -> Decision {
    Decision::Done(Done {
        outcome: Shared::NothingToDo {
            pair: look.target.name(),
            item: item.clone(),
        }
        .into(),
        record: write.map(Box::new),
        variables: variables(look, item, runs, &[]),
    })
}

fn variables(
    look: &Look<DeployCanary>,
    item: &Item,
    runs: Option<Version>,
    changes: &[String],
) -> Vec<(&'static str, String)> {
    let version = look.target.model().version_variable();
    vec![
        ("Release", look.parameters.release.to_string()),
        ("Image", item.to_string()),
        (version, runs.map(String::from).unwrap_or_default()),
        ("Changes", words::Changes(changes).to_string()),
    ]
}

#[cfg(test)]
mod tests;
