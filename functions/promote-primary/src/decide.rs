//! What one look of promote-primary calls for. Pure.

use std::time::Duration;

use canary::{
    decision::{Decision, Done},
    gates::{self, NotOwned},
    job::Bake,
    names::Version,
    observation::Sight,
    reconcile::{Decided, Look, Stage},
    record::{Beside, Phase, Record},
    traffic::{door::Between, model::Attained},
    words::{Code, Said, Shared},
};

use crate::{PromotePrimary, Seen, goal, words::Reason};

/// Decides.
#[must_use]
pub fn decide(look: &Look<PromotePrimary>, seen: &Seen) -> Decided {
    let (judged, news) = seen.pair.judged(&look.parameters.release);
    let decision = match promote(look, &judged, &seen.missed) {
        Ok(decision) => in_time(look, &judged, decision),
        Err(refusal) => Decision::refuse(refusal),
    };
    let decision = decision.noting(judged.record.as_ref(), news.as_ref(), look.now);
    let bookmark = look.bookmark.clone();
    let is_held = match &decision {
        Decision::Wait(waiting_on) => waiting_on.is(Code::Held),
        Decision::Take(taken) => taken.doing.is(Code::Held),
        _ => false,
    };
    Decided {
        bookmark: if is_held {
            bookmark.held(look.now)
        } else {
            bookmark.not_held()
        },
        decision,
    }
}

/// Each step on the way to the goal has the action's timeout. The bake that begins then is to end within twice its time and half an
/// hour.
fn in_time(look: &Look<PromotePrimary>, seen: &Sight, decision: Decision) -> Decision {
    let bake = look.parameters.bake;
    let usual = look.parameters.timeout + bake;
    // Steps before the promotion began are those of the shares.
    let is_promoting = |it: &&Record| matches!(it.phase, Phase::Promoting { .. });
    let record = seen.record.as_ref().filter(is_promoting);
    let release = record.map(|record| record.open(look.now, &seen.seen.pair));
    let takes = release.map(|release| release.takes(goal(look, false)));
    let takes = takes.unwrap_or_default();
    let baking = look.bookmark.bake;
    let baking = baking.map(|begun| (begun.began, usual.max(Bake::patience(bake))));
    let step = (
        takes.since.unwrap_or(look.bookmark.started),
        usual + takes.time,
    );
    let (since, patience) = baking.unwrap_or(step);
    decision.bounded(since, look.now, patience)
}

fn promote(look: &Look<PromotePrimary>, seen: &Sight, missed: &[String]) -> Result<Decision, Said> {
    let release = &look.parameters.release;
    if let Some(beside) = seen.record.as_ref().and_then(|it| it.beside(release)) {
        return Ok(nothing_to_do(look, beside));
    }
    let record = gates::own(seen.record.as_ref(), &look.target, release)?;
    match (&record.phase, record.candidate()) {
        (Phase::Promoted { .. }, Some(candidate)) => Ok(over(look, record, seen, &candidate, None)),
        (Phase::Promoting { .. }, Some(candidate)) => {
            if let Some(undecided) = gates::all(&seen.seen, record)? {
                return Ok(Decision::Wait(undecided));
            }
            Ok(promoting(look, record, seen, &candidate, missed))
        }
        (Phase::Deploying | Phase::Shifting { .. }, Some(candidate)) => {
            begin(look, record, seen, &candidate)
        }
        _ => Err(NotOwned::of_phase(
            PromotePrimary::NAME,
            record,
            "It can run after deploy-canary has finished, in the same pipeline execution",
        )
        .into()),
    }
}

/// What runs on the canary is what was approved. Then the record comes first; a later look that has read it back changes something.
fn begin(
    look: &Look<PromotePrimary>,
    record: &Record,
    seen: &Sight,
    candidate: &Version,
) -> Result<Decision, Said> {
    let approved = record.open(look.now, &seen.seen.pair).approved();
    // That it is something else says more than a gate.
    if let Err(Between::Refuse(refusal)) = approved {
        return Err(refusal);
    }
    shown(record, candidate, look.parameters.shown.as_ref())?;
    if let Some(undecided) = gates::all(&seen.seen, record)? {
        return Ok(Decision::Wait(undecided));
    }
    if let Err(between) = approved {
        return Ok(between.decision(record, None, look.now));
    }
    let phase = Phase::Promoting { baking_since: None };
    let doing = Reason::Promote {
        candidate: candidate.clone(),
        pair: look.target.name(),
    };
    let mut record = record.advance(phase, look.now);
    *record.evidence = record.evidence.clone().ended(look.now);
    Ok(Decision::write(doing, record))
}

/// What is promoted is what the approval was given to read.
fn shown(record: &Record, candidate: &Version, approved: Option<&String>) -> Result<(), Reason> {
    let shown = record.evidence.shown.as_ref();
    let digest = shown.map_or("nothing", |shown| shown.digest.as_str());
    if let Some(approved) = approved.filter(|approved| *approved != digest) {
        return Err(Reason::OtherDigest {
            approved: approved.clone(),
            shown: digest.to_owned(),
        });
    }
    let Some(shown) = shown else {
        return Ok(());
    };
    let share = record.asked().filter(|share| *share != shown.share);
    let is_other = shown.candidate != *candidate;
    if !is_other && share.is_none() {
        return Ok(());
    }
    Err(Reason::NotShown {
        shown: Box::new(shown.clone()),
        candidate: candidate.clone(),
        share: record.asked().unwrap_or(shown.share),
    })
}

/// The promotion has begun and its gates are open. Once it is complete, health is watched for a while, if that was asked for.
fn promoting(
    look: &Look<PromotePrimary>,
    record: &Record,
    seen: &Sight,
    candidate: &Version,
    missed: &[String],
) -> Decision {
    let Attained { but, .. } = match record
        .open(look.now, &seen.seen.pair)
        .toward(goal(look, false))
    {
        Ok(attained) => attained,
        Err(between) => return between.decision(record, None, look.now),
    };
    let bake = look.parameters.bake;
    let baking_since = match record.phase {
        Phase::Promoting { baking_since } => baking_since,
        _ => None,
    };
    match baking_since {
        None if !bake.is_zero() => {
            let phase = Phase::Promoting {
                baking_since: Some(look.now),
            };
            Decision::write(Reason::Watch(bake), record.advance(phase, look.now))
        }
        Some(_) if held(look) < bake => Decision::wait(Reason::Watching {
            held: held(look),
            bake,
        }),
        _ => {
            let phase = Phase::Promoted {
                left: but,
                missed: missed.to_vec(),
            };
            over(look, record, seen, candidate, Some(phase))
        }
    }
}

/// The release is over, with this look if the phase is new.
fn over(
    look: &Look<PromotePrimary>,
    record: &Record,
    seen: &Sight,
    candidate: &Version,
    new: Option<Phase>,
) -> Decision {
    let attained = match record
        .open(look.now, &seen.seen.pair)
        .toward(goal(look, true))
    {
        Ok(attained) => attained,
        Err(between) => return between.decision(record, new, look.now),
    };
    let (left, missed) = match new.as_ref().unwrap_or(&record.phase) {
        Phase::Promoted { left, missed, .. } => (left.clone(), missed.clone()),
        _ => (attained.but, Vec::new()),
    };
    Decision::Done(Done {
        outcome: Reason::Promoted {
            said: attained.said,
            left,
            missed,
        }
        .into(),
        record: new.map(|phase| Box::new(record.advance(phase, look.now))),
        variables: variables(look, candidate),
    })
}

/// For how long everything was seen in place, this look among them.
fn held(look: &Look<PromotePrimary>) -> Duration {
    Bake::seen(look.bookmark.bake, look.now).held()
}

fn variables(look: &Look<PromotePrimary>, version: &Version) -> Vec<(&'static str, String)> {
    let name = look.target.model().version_variable();
    vec![(name, version.to_string())]
}

/// The execution has found that the primary runs its image already.
fn nothing_to_do(look: &Look<PromotePrimary>, beside: &Beside) -> Decision {
    Decision::Done(Done {
        outcome: Shared::NothingToDo {
            pair: look.target.name(),
            item: beside.item.clone(),
        }
        .into(),
        record: None,
        variables: variables(look, &beside.version),
    })
}

#[cfg(test)]
mod tests;
