//! How a release begins: nobody has the pair, and everything that can be wrong is found before the first write. Pure.

use canary::{
    aws::pipeline::ExecutionStatus,
    decision::{Decision, Move, Step},
    gates,
    item::Item,
    names::Version,
    parts::body::Body,
    reconcile::Look,
    record::{Beside, FoundInFull, Phase, Record},
    traffic::door::{Beginning, Begins, NotBegun},
};

use crate::{DeployCanary, Detail, Seen, decide::nothing_to_do, words::Reason};

/// Begins a release, if everything is in order.
pub(crate) fn begin(look: &Look<DeployCanary>, seen: &Seen, previous: Option<&Record>) -> Decision {
    let start = match &seen.detail {
        Detail::Start(start) => Some(start),
        Detail::Nothing | Detail::Other(_) => None,
    };
    if let Some(start) = start
        && let Err(refusal) = in_progress(look, start.execution.as_ref())
    {
        return Decision::refuse(refusal);
    }
    let beginning = Beginning {
        now: look.now,
        release: &look.parameters.release,
        seen: &seen.pair.seen.pair,
        before: start.and_then(|start| start.before.as_ref()),
    };
    let alarms = seen.pair.seen.alarms.get().map_or(&[][..], Vec::as_slice);
    match (
        look.target.starting().begin(beginning),
        gates::alarms(alarms),
    ) {
        (Err(NotBegun::BadRequest(refusal)), _) | (Err(NotBegun::Refuse(refusal)), Ok(())) => {
            Decision::refuse(refusal)
        }
        // Also while an alarm fires.
        (Err(NotBegun::NothingToDo { runs, body, item }), _) => {
            runs_already(look, previous, runs, body, &item)
        }
        (_, Err(firing)) => Decision::refuse(firing),
        (Err(NotBegun::Wait(waiting_on)), Ok(())) => Decision::Wait(waiting_on),
        (Ok(begins), Ok(())) => Decision::Take(first_move(look, previous, begins)),
    }
}

/// The record holds what was found before anything is changed.
fn first_move(look: &Look<DeployCanary>, previous: Option<&Record>, begins: Begins) -> Move {
    let Begins { released, body, .. } = begins;
    let record = Record {
        changes: released.changes.clone(),
        ..record(look, previous, released.item, body, Phase::Deploying)
    };
    Move {
        doing: Reason::Begin {
            item: released.asked,
            stable: released.stable,
            changes: released.changes,
            until: look.bookmark.started + look.parameters.timeout,
            but: begins.but,
        }
        .into(),
        record: Some(Box::new(record)),
        found: Some(Box::new(FoundInFull {
            pair: look.target.pair(),
            release: look.parameters.release.clone(),
            of_model: begins.in_full,
        })),
        steps: Step::of(begins.changes),
    }
}

fn record(
    look: &Look<DeployCanary>,
    previous: Option<&Record>,
    item: Item,
    body: Body,
    phase: Phase,
) -> Record {
    let (release, target) = (look.parameters.release.clone(), look.target.clone());
    Record::begin(previous, release, target, item, body, phase, look.now)
}

/// There is nothing to do: the last release, its findings and its guard stay as they are.
fn runs_already(
    look: &Look<DeployCanary>,
    previous: Option<&Record>,
    runs: Version,
    body: Body,
    item: &Item,
) -> Decision {
    let release = &look.parameters.release;
    let beside = Beside {
        release: release.clone(),
        item: item.clone(),
        version: runs.clone(),
    };
    let write = match previous {
        Some(last) if last.beside(release) == Some(&beside) => None,
        Some(last) => Some(last.admitting(beside)),
        None => {
            let phase = Phase::Promoted {
                left: Vec::new(),
                missed: Vec::new(),
            };
            Some(record(look, None, item.clone(), body, phase))
        }
    };
    nothing_to_do(look, item, Some(runs), write)
}

/// Events come late and more than once: one that outlived its execution begins nothing.
fn in_progress(
    look: &Look<DeployCanary>,
    execution: Option<&ExecutionStatus>,
) -> Result<(), Reason> {
    let release = look.parameters.release.clone();
    match execution {
        Some(status) if status.is_in_progress() => Ok(()),
        Some(status) => Err(Reason::NotInProgress {
            release,
            status: status.as_str().to_owned(),
        }),
        None => Err(Reason::NoExecution {
            pipeline: look.target.pipeline.clone(),
            release,
        }),
    }
}
