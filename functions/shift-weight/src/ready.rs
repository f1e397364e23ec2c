//! Whether this action may set a share.

use canary::{
    decision::{Decision, Done},
    gates::{self, NotOwned},
    item::Item,
    names::Version,
    observation::{Observation, Sight},
    reconcile::{Look, Stage},
    record::{Phase, Record},
    target::Target,
    weight::Weight,
    words::{Said, Shared},
};

use crate::ShiftWeight;

/// What is known once a share may be set.
pub(crate) struct Ready<'a> {
    /// The record.
    pub(crate) record: &'a Record,
    /// The candidate.
    pub(crate) candidate: Version,
    /// The share last set.
    pub(crate) asked: Option<Weight>,
}

/// The record is ours, in a phase that fits, and every gate is open.
pub(crate) fn ready<'a>(
    look: &Look<ShiftWeight>,
    seen: &'a Sight,
) -> Result<Ready<'a>, Box<Decision>> {
    let refuse = |why: NotOwned| Box::new(Decision::refuse(why));
    let release = &look.parameters.release;
    if let Some(beside) = seen.record.as_ref().and_then(|it| it.beside(release)) {
        return Err(Box::new(nothing_to_do(&look.target, &beside.item)));
    }
    let record =
        gates::own(seen.record.as_ref(), &look.target, &look.parameters.release).map_err(refuse)?;
    let asked = match &record.phase {
        Phase::Promoted { .. } => {
            return Err(Box::new(nothing_to_do(&record.target, &record.item)));
        }
        Phase::Shifting { asked, .. } => Some(*asked),
        _ => None,
    };
    let wrong_phase = || {
        refuse(NotOwned::of_phase(
            ShiftWeight::NAME,
            record,
            "It can run after deploy-canary and before promote-primary, in the same pipeline execution",
        ))
    };
    let candidate = match (&record.phase, record.candidate()) {
        (Phase::Shifting { .. }, Some(candidate)) => candidate,
        (Phase::Deploying, Some(candidate)) if is_placed(record, &seen.seen) => candidate,
        _ => return Err(wrong_phase()),
    };
    let closed = |why: Said| Box::new(Decision::refuse(why));
    if let Some(undecided) = gates::all(&seen.seen, record).map_err(closed)? {
        return Err(Box::new(Decision::Wait(undecided)));
    }
    Ok(Ready {
        record,
        candidate,
        asked,
    })
}

/// Whether the candidate was put where it may get a share.
fn is_placed(record: &Record, seen: &Observation) -> bool {
    record.open(seen.now, &seen.pair).is_placed()
}

fn nothing_to_do(target: &Target, item: &Item) -> Decision {
    Decision::Done(Done {
        outcome: Shared::NothingToDo {
            pair: target.name(),
            item: item.clone(),
        }
        .into(),
        record: None,
        // An approval that shows them would fail if they were missing.
        variables: vec![
            ("Asked", "no share".to_owned()),
            ("Attained", "no share: there was nothing to do".to_owned()),
            ("Digest", "nothing".to_owned()),
            (
                "Evidence",
                "No evidence: there was nothing to do".to_owned(),
            ),
            ("Measured", "nothing measured".to_owned()),
            ("Verdict", "no evidence".to_owned()),
        ],
    })
}
