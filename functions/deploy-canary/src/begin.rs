//! How a release begins: nobody has the pair, and everything that can be wrong is found before the first write. Pure.

use canary::{
    aws::pipeline::ExecutionStatus,
    decision::{Decision, Doing, Move, Refusal, Step, WaitingOn},
    gates,
    observation::Observation,
    parts::{
        pair::FoundService,
        task_definition::{self, Definition, Source, Wanted},
    },
    reconcile::Look,
    record::{Beside, Candidate, Found, FoundDefinition, FoundInFull, FoundRule, Phase, Record},
};

use crate::{
    DeployCanary, Detail, Seen, Start,
    decide::{nothing_to_do, registering},
    preflight, rules,
};

/// Begins a release, if everything is in order.
pub(crate) fn begin(look: &Look<DeployCanary>, seen: &Seen, previous: Option<&Record>) -> Decision {
    let pair = &seen.pair;
    let Some(found) = found(look, seen) else {
        return Decision::Refuse(Refusal::NotSteady((&pair.primary).into()));
    };
    let Detail::Start(start) = &seen.detail else {
        return Decision::Wait(WaitingOn::OtherInvocation);
    };
    let asked =
        in_progress(look, start.execution.as_ref()).and_then(|()| asked(look, start, &found));
    let (wanted, changes) = match asked {
        Ok(asked) => asked,
        Err(refusal) => return Decision::Refuse(refusal),
    };
    let begins = |wanted: &Wanted, phase| {
        Record::begin(
            previous,
            look.parameters.release.clone(),
            look.target.clone(),
            wanted.images.clone(),
            found.clone(),
            phase,
            look.now,
        )
    };
    if changes.is_empty() {
        return runs_already(look, previous, &found, &wanted, |phase| {
            begins(&wanted, phase)
        });
    }
    if let Err(refusal) = in_order(look, pair, start, &wanted) {
        return Decision::Refuse(refusal);
    }
    for service in [&pair.primary, &pair.canary] {
        if !service.is_settled() {
            return Decision::Wait(WaitingOn::Settling(service.into()));
        }
    }
    let doing = Doing::Begin {
        image: wanted.images.clone(),
        stable: found.primary.task_definition.short().to_owned(),
        changes: changes.clone(),
        until: look.bookmark.started + look.parameters.timeout,
        floor: (found.primary.floor > 0 && pair.primary.desired == 0)
            .then(|| look.target.primary.clone()),
        letters: dead_letters(look, pair),
    };
    let wanted = wanted.with(&start.digests);
    let (candidate, definition) = candidate(look, &wanted);
    let record = Record {
        changes,
        ..begins(&wanted, Phase::Deploying { candidate })
    };
    let steps = match definition {
        Some(definition) => registering(pair, &record, definition),
        None => Step::hold(pair, &record),
    };
    let in_full = found_in_full(
        pair,
        &record,
        &start.stable,
        start.stable_of_canary.as_ref(),
    );
    Decision::Take(Move {
        doing,
        record: Some(Box::new(record)),
        found: Some(Box::new(in_full)),
        steps,
    })
}

/// What is to be released, and what that changes.
fn asked(
    look: &Look<DeployCanary>,
    start: &Start,
    found: &Found,
) -> Result<(Wanted, Vec<String>), Refusal> {
    let stable = &start.stable;
    let wanted = Wanted::of(
        &start.source,
        &look.parameters,
        stable,
        &found.primary.task_definition,
    )?;
    if matches!(start.source, Source::File { .. } | Source::Revision(_)) {
        preflight::candidate(&start.source, &wanted, &look.target.primary, stable)?;
    }
    if wanted.revision.as_ref() == Some(&found.primary.task_definition) {
        // ECS makes no deployment of what a service is on, whatever its tags mean by now.
        return Ok((wanted, Vec::new()));
    }
    let is_running = |container: &str| wanted.runs(container, &start.digests);
    let changes = task_definition::between(&stable.input(), &wanted.input, is_running);
    Ok((wanted, changes))
}

/// The candidate as the release begins; with what is to be registered, if it is not yet.
fn candidate(look: &Look<DeployCanary>, wanted: &Wanted) -> (Candidate, Option<String>) {
    let now = look.now;
    if let Some(task_definition) = wanted.revision.clone() {
        let candidate = Candidate::Registered {
            task_definition,
            at: now,
        };
        return (candidate, None);
    }
    let definition = wanted.definition(&look.parameters.release, now);
    let candidate = Candidate::Registering {
        definition: definition.clone(),
        since: now,
    };
    (candidate, Some(definition))
}

/// There is nothing to do: the last release, its findings and its guard stay as they are.
fn runs_already(
    look: &Look<DeployCanary>,
    previous: Option<&Record>,
    found: &Found,
    wanted: &Wanted,
    begins: impl FnOnce(Phase) -> Record,
) -> Decision {
    let release = look.parameters.release.clone();
    let candidate = found.primary.task_definition.clone();
    let beside = Beside {
        release: release.clone(),
        images: wanted.images.clone(),
        task_definition: candidate.clone(),
    };
    let record = match previous {
        Some(last) if last.beside(&release) == Some(&beside) => None,
        Some(last) => Some(last.admitting(beside)),
        None => Some(begins(Phase::Promoted {
            candidate,
            left: Vec::new(),
            missed: Vec::new(),
        })),
    };
    nothing_to_do(look, &wanted.images, &found.primary.task_definition, record)
}

/// The pair is fit for a release, and nothing is wrong with it now.
fn in_order(
    look: &Look<DeployCanary>,
    pair: &Observation,
    start: &Start,
    wanted: &Wanted,
) -> Result<(), Refusal> {
    gates::alarms(&pair.alarms)?;
    for service in [&pair.primary, &pair.canary] {
        if !service.is_rolled_out() {
            return Err(Refusal::NotSteady(service.into()));
        }
    }
    let of_canary = start.stable_of_canary.as_ref();
    preflight::check(&look.target, pair, &start.stable, of_canary)?;
    if wanted.revision.is_none() {
        let definition = match &start.source {
            Source::File { .. } => start.source.to_string(),
            _ => start.stable.short(),
        };
        preflight::tags(definition, wanted.kept_tags().count())?;
    }
    rules::check(&look.target, pair, start.groups.as_ref())
}

/// Dead letters from before, where a single one more ends the release.
fn dead_letters(look: &Look<DeployCanary>, pair: &Observation) -> Option<u64> {
    let queue = look.target.queue()?;
    let found = pair.dead_letters.filter(|found| *found > 0);
    found.filter(|_| queue.max_dead_letters == 0)
}

/// Events come late and more than once: one that outlived its execution begins nothing.
fn in_progress(
    look: &Look<DeployCanary>,
    execution: Option<&ExecutionStatus>,
) -> Result<(), Refusal> {
    let release = look.parameters.release.clone();
    match execution {
        Some(status) if status.is_in_progress() => Ok(()),
        Some(status) => Err(Refusal::NotInProgress {
            release,
            status: status.as_str().to_owned(),
        }),
        None => Err(Refusal::NoExecution {
            pipeline: look.target.pipeline.clone(),
            release,
        }),
    }
}

fn found(look: &Look<DeployCanary>, seen: &Seen) -> Option<Found> {
    let pair = &seen.pair;
    let groups = match &seen.detail {
        Detail::Start(start) => start.groups.as_ref(),
        _ => None,
    };
    Some(Found {
        primary: FoundService::of(&pair.primary)?.floored(&look.target),
        canary: FoundService::of(&pair.canary)?,
        dead_letters: pair.dead_letters,
        alb: rules::found(pair, groups),
    })
}

/// Everything that a rollback may have to give back without being able to read it.
fn found_in_full(
    pair: &Observation,
    record: &Record,
    primary: &Definition,
    canary: Option<&Definition>,
) -> FoundInFull {
    let definitions = [Some(primary), canary].into_iter().flatten();
    let forwards = pair.alb.iter().flat_map(|alb| &alb.forwards);
    FoundInFull {
        pair: record.pair.clone(),
        release: record.release.clone(),
        definitions: definitions
            .filter_map(|definition| {
                Some(FoundDefinition {
                    task_definition: definition.arn()?,
                    input: definition.once_more(),
                })
            })
            .collect(),
        rules: forwards
            .map(|forward| FoundRule {
                forward: forward.arn.clone(),
                actions: forward.actions.clone(),
            })
            .collect(),
    }
}
