//! What a glance at a share that is held calls for. Pure.

use canary::{
    clock::Timestamp,
    decision::WaitingOn,
    gates,
    glance::{Glance, Seen},
    parameters::Step,
    reconcile::Look,
    record::{Phase, Record, Turn},
    target::Traffic,
    traffic::queue::share,
    weight::Attained,
};

use crate::ShiftWeight;

/// Whether the step's share is held and has yet to bake, as the last look at everything left it.
#[must_use]
pub fn is_enough(look: &Look<ShiftWeight>) -> bool {
    baking(look).is_some()
}

/// What goes on being waited for, if nothing is amiss.
#[must_use]
pub fn undisturbed(look: &Look<ShiftWeight>, glance: &Glance) -> Option<WaitingOn> {
    let (step, since, attained) = baking(look)?;
    let record = glance.record.as_ref();
    let record = gates::own(record, &look.target, &look.parameters.release).ok()?;
    let is_asked = matches!(&record.phase, Phase::Shifting { asked, turns, .. }
        if *asked == step.weight && !turns.iter().any(|turn| is_later(look, turn)));
    let is_quiet = is_asked && glance.is_quiet(record) && is_held(look, glance, record, step);
    is_quiet.then(|| WaitingOn::Bake {
        asked: step.weight,
        attained,
        held: look.now.since(since),
        bake: step.bake,
    })
}

/// Whether this action has gone on to a later step meanwhile: then this look's event is an old one.
fn is_later(look: &Look<ShiftWeight>, turn: &Turn) -> bool {
    turn.action == look.bookmark.action && turn.step > look.bookmark.step
}

fn baking(look: &Look<ShiftWeight>) -> Option<(Step, Timestamp, Attained)> {
    let step = look.parameters.steps.get(look.bookmark.step)?;
    let since = look.bookmark.is_held(look.now, step.bake)?;
    Some((*step, since, look.bookmark.attained?))
}

/// Whether the tasks are as many as the share takes, if it was their turn.
fn is_held(look: &Look<ShiftWeight>, glance: &Glance, record: &Record, step: Step) -> bool {
    let services = glance.parts.iter().find_map(|part| match part {
        Seen::Services { primary, canary } => Some((primary, canary)),
        _ => None,
    });
    let Some((primary, canary)) = services else {
        return true;
    };
    match (&look.target.traffic, &record.found.alb) {
        (Traffic::Queue(model), _) => share::goal(
            model,
            primary,
            record,
            step.weight,
            look.parameters.tolerance,
        )
        .is_ok_and(|goal| (goal.primary, goal.canary) == (primary.desired, canary.desired)),
        (Traffic::Alb(model), Some(found)) => {
            found.tasks(model, step.weight, primary) == canary.desired
        }
        (Traffic::Alb(_), None) => false,
    }
}

#[cfg(test)]
mod tests;
