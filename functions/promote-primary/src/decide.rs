//! What one look of promote-primary calls for. Pure.

use std::time::Duration;

use canary::{
    clock::Timestamp,
    decision::{Decision, Doing, Done, Move, Outcome, Refusal, Step, WaitingOn},
    gates,
    job::Bake,
    names::TaskDefinitionArn,
    observation::Observation,
    parts::pair::{FoundService, Service, Task},
    reconcile::{Decided, Look, Stage},
    record::{Beside, Phase, Record},
};

use crate::{PromotePrimary, Seen, drain};

/// Decides.
#[must_use]
pub fn decide(look: &Look<PromotePrimary>, seen: &Seen) -> Decided {
    let mut judged = seen.clone();
    judged.pair = seen.pair.judged(&look.parameters.release);
    let (before, noted) = (seen.pair.record.as_ref(), judged.pair.record.as_ref());
    let decision = match promote(look, &judged) {
        Ok(decision) => in_time(look, &judged.pair, decision),
        Err(refusal) => Decision::Refuse(refusal),
    };
    let decision = decision.noting(before, noted, look.now);
    let bookmark = look.bookmark.clone();
    let is_held = match &decision {
        Decision::Wait(waiting_on) => matches!(waiting_on, WaitingOn::Watch { .. }),
        Decision::Take(taken) => matches!(taken.doing, Doing::Watch(_)),
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

/// Every wait has the action's timeout: the primary's deployment, each step that gives requests back. The bake that begins then is to end
/// within twice its time and half an hour.
fn in_time(look: &Look<PromotePrimary>, pair: &Observation, decision: Decision) -> Decision {
    let bake = look.parameters.bake;
    let usual = look.parameters.timeout + bake;
    let (since, patience) = match (look.bookmark.bake, drain::step(look, pair)) {
        (Some(begun), _) => (begun.began, usual.max(Bake::patience(bake))),
        (None, Some((since, takes))) => (since, usual + takes),
        (None, None) => (look.bookmark.started, usual),
    };
    decision.bounded(since, look.now, patience)
}

fn promote(look: &Look<PromotePrimary>, seen: &Seen) -> Result<Decision, Refusal> {
    let release = &look.parameters.release;
    if let Some(beside) = seen.pair.record.as_ref().and_then(|it| it.beside(release)) {
        return Ok(nothing_to_do(look, beside));
    }
    let record = gates::own(
        seen.pair.record.as_ref(),
        &look.target,
        &look.parameters.release,
    )?;
    match (&record.phase, record.candidate()) {
        (
            Phase::Promoted {
                candidate,
                left,
                missed,
            },
            _,
        ) => {
            if let Some(give_back) = floor_back(record, &seen.pair.primary) {
                return Ok(Decision::Take(give_back));
            }
            let told = (left.clone(), missed.clone());
            Ok(promoted(record, candidate, told, None))
        }
        (
            Phase::Promoting {
                candidate,
                baking_since,
            },
            _,
        ) => {
            if let Some(undecided) = gates::all(&seen.pair, record)? {
                return Ok(Decision::Wait(undecided));
            }
            Ok(promoting(look, seen, record, candidate, *baking_since))
        }
        (Phase::Deploying { .. } | Phase::Shifting { .. }, Some(candidate)) => {
            verify(seen, candidate)?;
            if let Some(undecided) = gates::all(&seen.pair, record)? {
                return Ok(Decision::Wait(undecided));
            }
            Ok(begin(look, seen, record, candidate))
        }
        _ => Err(Refusal::WrongPhase {
            function: PromotePrimary::NAME,
            release: record.release.clone(),
            phase: record.phase.to_string(),
            advice: "It fits after deploy-canary has finished, in the same pipeline execution",
        }),
    }
}

/// What runs on the canary is what was approved: the newest deployment and every running task. That there is none for now is no reason to
/// refuse: Fargate Spot takes them and brings them back.
fn verify(seen: &Seen, candidate: &TaskDefinitionArn) -> Result<(), Refusal> {
    let canary = &seen.pair.canary;
    let refuse = |found: String| {
        Err(Refusal::NotTheCandidate {
            service: canary.name.clone(),
            candidate: candidate.short().to_owned(),
            found,
        })
    };
    if !canary.is_on(candidate) || !canary.is_rolled_out() {
        return refuse(canary.to_string());
    }
    let tasks = seen.tasks.as_deref().unwrap_or_default();
    match tasks.iter().find(|task| task.task_definition != *candidate) {
        Some(other) => refuse(format!(
            "task {} runs {}",
            other.id,
            other.task_definition.short()
        )),
        None if canary.desired == 0 => refuse("it is to have no task".to_owned()),
        None => Ok(()),
    }
}

/// The record first; the primary is changed by a later look that has read it back.
fn begin(
    look: &Look<PromotePrimary>,
    seen: &Seen,
    record: &Record,
    candidate: &TaskDefinitionArn,
) -> Decision {
    let has_none = seen.tasks.as_ref().is_none_or(Vec::is_empty);
    if has_none || !seen.pair.canary.is_settled() {
        return Decision::Wait(WaitingOn::rollout(&seen.pair.canary, candidate));
    }
    let phase = Phase::Promoting {
        candidate: candidate.clone(),
        baking_since: None,
    };
    let doing = Doing::Promote {
        candidate: candidate.short().to_owned(),
        primary: look.target.primary.clone(),
    };
    Decision::write(doing, record.advance(phase, look.now))
}

/// The promotion has begun and its gates are open: primary, then canary, then scaling, then the bake.
fn promoting(
    look: &Look<PromotePrimary>,
    seen: &Seen,
    record: &Record,
    candidate: &TaskDefinitionArn,
    baking_since: Option<Timestamp>,
) -> Decision {
    let pair = &seen.pair;
    if !pair.primary.is_on(candidate) {
        return update(pair, record, candidate);
    }
    let wanted = wanted_primary(pair, record).filter(|desired| *desired != pair.primary.desired);
    if let Some(desired) = wanted {
        return Decision::act(
            updating(&pair.primary, candidate),
            vec![Step::count(&pair.primary.name, desired)],
        );
    }
    if !is_proven(seen, record, candidate) {
        return Decision::Wait(WaitingOn::rollout(&pair.primary, candidate));
    }
    if let Some(waiting_on) = drain::unready(pair) {
        return Decision::Wait(waiting_on);
    }
    if let Some(decision) = drain::requests(look, pair, record) {
        return decision;
    }
    let found = record.found.canary.respecting(&pair.canary);
    let resting = found.bounded(record.resting_tasks());
    if pair.canary.desired != resting && !found.is_scaled_again(&pair.canary) {
        let doing = Doing::GiveBack {
            canary: pair.canary.name.clone(),
            resting,
        };
        return Decision::act(doing, vec![Step::count(&pair.canary.name, resting)]);
    }
    if !pair.canary.is_steady() {
        return Decision::Wait(WaitingOn::GivingBack((&pair.canary).into()));
    }
    let restore = scaling_to_restore(pair, record);
    if !restore.is_empty() {
        return Decision::act(Doing::RestoreScaling, restore);
    }
    watch(look, seen, record, candidate, baking_since)
}

/// The primary is still, or again, on what the release found.
fn update(pair: &Observation, record: &Record, candidate: &TaskDefinitionArn) -> Decision {
    let primary = &pair.primary;
    // A deployment that was made after the promotion began is not ours.
    if let Some(newest) = primary
        .newest()
        .filter(|newest| newest.created >= record.phase_since)
    {
        return Decision::Refuse(Refusal::ForeignWrite {
            service: primary.name.clone(),
            found: newest.task_definition.short().to_owned(),
            expected: candidate.short().to_owned(),
            reason: newest.reason.clone(),
        });
    }
    let step = Step::UpdateService {
        service: primary.name.clone(),
        task_definition: Some(candidate.clone()),
        desired: wanted_primary(pair, record),
    };
    Decision::act(updating(primary, candidate), vec![step])
}

/// The primary's count, where and as long as it is ours: what was found, as far as `maxTasks` has room beside the canary's tasks, the
/// rest when those have gone. Of workers that scale to zero one task is to prove the candidate.
fn wanted_primary(pair: &Observation, record: &Record) -> Option<u32> {
    let (primary, canary) = (&pair.primary, &pair.canary);
    if !record.owns_primary_count() {
        // A count that giving its bounds back has pulled into them is put right, and not kept at the least.
        let pulled = record.found.primary.respecting(primary).pulled(primary);
        let tasks = pulled.unwrap_or_else(|| record.primary_tasks(primary));
        return (tasks > primary.desired).then_some(tasks);
    }
    let found = record.found.primary.respecting(primary);
    let most = record.target.queue().and_then(|queue| queue.max_tasks);
    let room = most.map_or(u32::MAX, |most| {
        most.saturating_sub(canary.desired.max(canary.running))
    });
    let wanted = found.desired.min(room.max(primary.desired));
    (!found.is_scaled_again(primary)).then_some(wanted)
}

fn updating(service: &Service, candidate: &TaskDefinitionArn) -> Doing {
    Doing::Update {
        service: service.name.clone(),
        candidate: candidate.short().to_owned(),
    }
}

/// The primary is steady on the candidate with at least one task, and every task runs it. No tasks prove nothing; where a target asks
/// for none, they are all there is.
fn is_proven(seen: &Seen, record: &Record, candidate: &TaskDefinitionArn) -> bool {
    let primary = &seen.pair.primary;
    let may_be_empty = record
        .target
        .queue()
        .is_some_and(|queue| !queue.floor_primary);
    if may_be_empty && primary.desired == 0 {
        return primary.is_steady();
    }
    let on_candidate = |task: &Task| task.well && task.task_definition == *candidate;
    primary.is_steady()
        && primary.desired > 0
        && seen
            .tasks
            .as_ref()
            .is_some_and(|tasks| !tasks.is_empty() && tasks.iter().all(on_candidate))
}

fn scaling_to_restore(pair: &Observation, record: &Record) -> Vec<Step> {
    let restore = |service: &Service, found: &FoundService| {
        found
            .scaling
            .filter(|scaling| service.scaling != Some(*scaling))
            .map(|to| Step::Scale {
                service: service.name.clone(),
                to,
            })
    };
    let found = record.found.primary.respecting(&pair.primary);
    let primary = record.holds_primary_scaling().then(|| {
        let pulled = || {
            let count = found.pulled(&pair.primary);
            count
                .filter(|_| !record.owns_primary_count())
                .map(|to| Step::count(&pair.primary.name, to))
        };
        restore(&pair.primary, &found).or_else(pulled)
    });
    restore(&pair.canary, &record.found.canary.respecting(&pair.canary))
        .into_iter()
        .chain(primary.flatten())
        .collect()
}

/// Everything is in place; health is watched for a while, if that was asked for.
fn watch(
    look: &Look<PromotePrimary>,
    seen: &Seen,
    record: &Record,
    candidate: &TaskDefinitionArn,
    baking_since: Option<Timestamp>,
) -> Decision {
    let bake = look.parameters.bake;
    match baking_since {
        None if !bake.is_zero() => {
            let phase = Phase::Promoting {
                candidate: candidate.clone(),
                baking_since: Some(look.now),
            };
            Decision::write(Doing::Watch(bake), record.advance(phase, look.now))
        }
        Some(_) if held(look) < bake => Decision::Wait(WaitingOn::Watch {
            held: held(look),
            bake,
        }),
        _ => {
            let pair = &seen.pair;
            let left = record.left_of_scaling(Some(&pair.primary), Some(&pair.canary));
            let missed = seen.missed.clone();
            let phase = Phase::Promoted {
                candidate: candidate.clone(),
                left: left.clone(),
                missed: missed.clone(),
            };
            let write = record.advance(phase, look.now);
            if let Some(give_back) = floor_back(record, &pair.primary) {
                return Decision::Take(Move {
                    record: Some(Box::new(write)),
                    ..give_back
                });
            }
            promoted(record, candidate, (left, missed), Some(write))
        }
    }
}

/// The task that the release alone has kept goes again.
fn floor_back(record: &Record, primary: &Service) -> Option<Move> {
    let tasks = record.found.primary.unfloored(primary)?;
    Some(Move {
        doing: Doing::GiveBackFloor(primary.name.clone()),
        record: None,
        found: None,
        steps: vec![Step::count(&primary.name, tasks)],
    })
}

/// For how long everything was seen in place, this look among them.
fn held(look: &Look<PromotePrimary>) -> Duration {
    Bake::seen(look.bookmark.bake, look.now).held()
}

/// The release is over: what of its scaling stays as somebody else has set it, and which scheduled actions it has missed.
fn promoted(
    record: &Record,
    candidate: &TaskDefinitionArn,
    (left, missed): (Vec<String>, Vec<String>),
    write: Option<Record>,
) -> Decision {
    Decision::Done(Done {
        outcome: Outcome::Promoted {
            primary: record.target.primary.clone(),
            canary: record.target.canary.clone(),
            candidate: candidate.short().to_owned(),
            left,
            missed,
        },
        record: write.map(Box::new),
        variables: vec![("TaskDefinition", candidate.to_string())],
    })
}

/// The execution has found that the primary runs its image already.
fn nothing_to_do(look: &Look<PromotePrimary>, beside: &Beside) -> Decision {
    Decision::Done(Done {
        outcome: Outcome::NothingToDo {
            primary: look.target.primary.clone(),
            image: beside.images.clone(),
        },
        record: None,
        variables: vec![("TaskDefinition", beside.task_definition.to_string())],
    })
}

#[cfg(test)]
mod tests;
