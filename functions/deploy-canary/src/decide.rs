//! What one look of deploy-canary calls for. Pure.

use canary::{
    artifact::Images,
    aws::pipeline::ExecutionStatus,
    clock::Timestamp,
    decision::{Decision, Doing, Done, Move, Outcome, Refusal, Step, WaitingOn},
    gates,
    names::TaskDefinitionArn,
    observation::{Observation, Task},
    reconcile::{FUNCTION_TIMEOUT, Look, Stage},
    record::{
        Beside, Candidate, Cause, Found, FoundDefinition, FoundInFull, FoundRule, FoundService,
        Phase, Reason, Record,
    },
};

use crate::{
    DeployCanary, Detail, Seen,
    candidate::{self, Definition, Source},
    preflight, rules,
};

/// Decides.
pub fn decide(look: &Look<DeployCanary>, seen: &Seen) -> Decision {
    let judged = Seen {
        pair: seen.pair.judged(&look.parameters.release),
        detail: seen.detail.clone(),
    };
    let (before, noted) = (seen.pair.record.as_ref(), judged.pair.record.as_ref());
    deploy(look, &judged).noting(before, noted, look.now)
}

fn deploy(look: &Look<DeployCanary>, seen: &Seen) -> Decision {
    let decision = match &seen.pair.record {
        Some(newer) if newer.is_newer() && newer.is_active() => Refusal::of_schema(newer)
            .map_or(Decision::Wait(WaitingOn::OtherInvocation), Decision::Refuse),
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
        && let Some(refusal) = Refusal::of_target(record, &look.target)
    {
        return Decision::Refuse(refusal);
    }
    // A retried stage keeps its execution id: what is rolled back is the attempt before this action.
    let is_before = |cause: &Cause| cause.at <= look.bookmark.started;
    match &record.phase {
        Phase::RolledBack { cause, .. } if is_before(cause) => begin(look, seen, Some(record)),
        Phase::RollingBack(rolling_back) if is_before(&rolling_back.cause) => {
            Decision::Wait(WaitingOn::OtherRollback {
                release: record.release.clone(),
                cause: rolling_back.cause.clone(),
            })
        }
        Phase::Deploying { candidate } => match gates::all(&seen.pair, record) {
            Ok(None) => deploying(look, seen, record, candidate),
            Ok(Some(undecided)) => Decision::Wait(undecided),
            Err(refusal) => Decision::Refuse(refusal),
        },
        Phase::Promoted { candidate, .. } => nothing_to_do(look, &record.images, candidate, None),
        Phase::RollingBack(_) | Phase::RolledBack { .. } => Refusal::of_rollback(record)
            .map_or(Decision::Wait(WaitingOn::OtherInvocation), Decision::Refuse),
        Phase::Shifting { .. } | Phase::Promoting { .. } => Decision::Refuse(Refusal::WrongPhase {
            function: DeployCanary::NAME,
            release: record.release.clone(),
            phase: record.phase.to_string(),
            advice: "The canary is deployed; retry only the failed actions, or start a new execution",
        }),
    }
}

/// Another release has the pair.
fn other_release(look: &Look<DeployCanary>, detail: &Detail, other: &Record) -> Decision {
    if let Some(rolling_back) = other.rollback() {
        return Decision::Wait(WaitingOn::OtherRollback {
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
            let record = other.roll_back(Cause::new(reason, look.now), false, look.now);
            Decision::write(
                Doing::TakeOver {
                    release: other.release.clone(),
                    status,
                },
                record,
            )
        }
        Detail::Other(None) => Decision::Refuse(Refusal::UnknownExecution {
            owner: other.release.clone(),
            pair: other.pair.to_string(),
            phase: other.phase.to_string(),
            pipeline: other.target.pipeline.clone(),
        }),
        _ => Decision::Refuse(Refusal::AnotherRelease {
            owner: other.release.clone(),
            pair: other.pair.to_string(),
            phase: other.phase.to_string(),
        }),
    }
}

/// Nobody has the pair: everything that can be wrong is found before the first write.
fn begin(look: &Look<DeployCanary>, seen: &Seen, previous: Option<&Record>) -> Decision {
    let pair = &seen.pair;
    let Some(found) = found(seen) else {
        return Decision::Refuse(Refusal::NotSteady((&pair.primary).into()));
    };
    let Detail::Start {
        stable,
        stable_of_canary,
        source,
        execution,
        groups,
    } = &seen.detail
    else {
        return Decision::Wait(WaitingOn::OtherInvocation);
    };
    if let Err(refusal) = in_progress(look, execution.as_ref()) {
        return Decision::Refuse(refusal);
    }
    let images = match check(look, pair, stable, source, &found) {
        Ok(images) => images,
        Err(refusal) => return Decision::Refuse(refusal),
    };
    let release = look.parameters.release.clone();
    let start = |phase| {
        Record::begin(
            previous,
            release.clone(),
            look.target.clone(),
            images.clone(),
            found.clone(),
            phase,
            look.now,
        )
    };
    if stable.runs(&images) {
        let candidate = found.primary.task_definition.clone();
        let beside = Beside {
            release: release.clone(),
            images: images.clone(),
            task_definition: candidate.clone(),
        };
        let record = match previous {
            Some(last) if last.beside(&release) == Some(&beside) => None,
            Some(last) => Some(last.admitting(beside)),
            None => Some(start(Phase::Promoted {
                candidate,
                left: Vec::new(),
                missed: Vec::new(),
            })),
        };
        return nothing_to_do(look, &images, &found.primary.task_definition, record);
    }
    if let Err(unfit) = preflight::check(&look.target, pair, stable, stable_of_canary.as_ref()) {
        return Decision::Refuse(unfit.into());
    }
    if let Err(refusal) = rules::check(&look.target, pair, groups.as_ref()) {
        return Decision::Refuse(refusal);
    }
    for service in [&pair.primary, &pair.canary] {
        if !service.is_settled() {
            return Decision::Wait(WaitingOn::Settling(service.into()));
        }
    }
    let definition = stable.candidate(&images, &release, look.now);
    let record = start(Phase::Deploying {
        candidate: Candidate::Planned { definition },
    });
    let in_full = found_in_full(pair, &record, stable, stable_of_canary.as_ref());
    let stable = found.primary.task_definition.short().to_owned();
    Decision::Take(Move {
        doing: Doing::Begin {
            image: images,
            stable,
        },
        record: Some(Box::new(record)),
        found: Some(Box::new(in_full)),
        steps: Vec::new(),
    })
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

fn check(
    look: &Look<DeployCanary>,
    pair: &Observation,
    stable: &Definition,
    source: &Source,
    found: &Found,
) -> Result<Images, Refusal> {
    let images = candidate::images(
        source,
        &look.parameters,
        stable,
        &found.primary.task_definition,
    )?;
    if stable.runs(&images) {
        return Ok(images);
    }
    gates::alarms(&pair.alarms)?;
    for service in [&pair.primary, &pair.canary] {
        if !service.is_rolled_out() {
            return Err(Refusal::NotSteady(service.into()));
        }
    }
    Ok(images)
}

fn found(seen: &Seen) -> Option<Found> {
    let pair = &seen.pair;
    let groups = match &seen.detail {
        Detail::Start { groups, .. } => groups.as_ref(),
        _ => None,
    };
    Some(Found {
        primary: FoundService::of(&pair.primary)?,
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

/// The release has begun and its gates are open.
fn deploying(
    look: &Look<DeployCanary>,
    seen: &Seen,
    record: &Record,
    candidate: &Candidate,
) -> Decision {
    match candidate {
        Candidate::Planned { definition } => register(look, seen, record, definition),
        Candidate::Registering { definition, since } => match &seen.detail {
            Detail::Latest(latest) if latest.is_of(&record.release, record.began) => {
                match latest.arn() {
                    Some(task_definition) => registered(look, record, task_definition),
                    None => Decision::Wait(WaitingOn::Registration),
                }
            }
            // Whoever claimed the registration may still be at it.
            _ if look.now.since(*since) < FUNCTION_TIMEOUT => {
                Decision::Wait(WaitingOn::Registration)
            }
            _ => register(look, seen, record, definition),
        },
        Candidate::Registered {
            task_definition,
            at,
        } => {
            let hold = Step::hold(&seen.pair, record);
            if !hold.is_empty() {
                Decision::act(Doing::HoldScaling, hold)
            } else if seen.pair.canary.is_on(task_definition) {
                steady(look, seen, record, task_definition)
            } else {
                update(seen, record, task_definition, *at)
            }
        }
    }
}

/// Claims the registration, so that an event that is delivered twice registers once.
fn register(look: &Look<DeployCanary>, seen: &Seen, record: &Record, definition: &str) -> Decision {
    let registering = Candidate::Registering {
        definition: definition.to_owned(),
        since: look.now,
    };
    let mut steps = vec![Step::Register {
        definition: definition.to_owned(),
    }];
    steps.extend(Step::hold(&seen.pair, record));
    Decision::Take(Move {
        doing: Doing::Register,
        record: Some(Box::new(record.advance(
            Phase::Deploying {
                candidate: registering,
            },
            look.now,
        ))),
        found: None,
        steps,
    })
}

fn registered(
    look: &Look<DeployCanary>,
    record: &Record,
    task_definition: TaskDefinitionArn,
) -> Decision {
    let doing = Doing::Registered(task_definition.short().to_owned());
    let candidate = Candidate::Registered {
        task_definition,
        at: look.now,
    };
    Decision::write(
        doing,
        record.advance(Phase::Deploying { candidate }, look.now),
    )
}

/// The canary service is still, or again, on what the release found.
fn update(
    seen: &Seen,
    record: &Record,
    candidate: &TaskDefinitionArn,
    allowed_at: Timestamp,
) -> Decision {
    let canary = &seen.pair.canary;
    // A deployment that was made after ours was allowed is not ours: ECS or somebody else took the
    // candidate back.
    if let Some(newest) = canary
        .newest()
        .filter(|newest| newest.created >= allowed_at)
    {
        return Decision::Refuse(Refusal::ForeignWrite {
            service: canary.name.clone(),
            found: newest.task_definition.short().to_owned(),
            expected: candidate.short().to_owned(),
            reason: newest.reason.clone(),
        });
    }
    put(seen, record, candidate)
}

fn put(seen: &Seen, record: &Record, candidate: &TaskDefinitionArn) -> Decision {
    let service = record.target.canary.clone();
    let tasks = record.first_tasks(&seen.pair.primary);
    let step = Step::UpdateService {
        service: service.clone(),
        task_definition: Some(candidate.clone()),
        desired: Some(tasks),
    };
    Decision::act(
        Doing::Update {
            service,
            candidate: candidate.short().to_owned(),
        },
        vec![step],
    )
}

/// The canary service is on the candidate: done when everything about it says so.
fn steady(
    look: &Look<DeployCanary>,
    seen: &Seen,
    record: &Record,
    candidate: &TaskDefinitionArn,
) -> Decision {
    let canary = &seen.pair.canary;
    if canary.desired == 0 {
        // No tasks prove nothing.
        return put(seen, record, candidate);
    }
    if let Some(alb) = seen
        .pair
        .alb
        .as_ref()
        .filter(|alb| canary.is_steady() && alb.canary.healthy < canary.desired)
    {
        return Decision::Wait(WaitingOn::Targets {
            service: canary.name.clone(),
            needed: canary.desired,
            health: alb.canary.clone(),
        });
    }
    match &seen.detail {
        Detail::Tasks(tasks) if canary.is_steady() && all_on(tasks, candidate, canary.desired) => {
            Decision::Done(Done {
                outcome: Outcome::Deployed {
                    canary: canary.name.clone(),
                    candidate: candidate.short().to_owned(),
                    image: record.images.clone(),
                    tasks: canary.running,
                },
                record: None,
                variables: vec![
                    ("Release", look.parameters.release.to_string()),
                    ("Image", record.images.to_string()),
                    ("TaskDefinition", candidate.to_string()),
                ],
            })
        }
        _ => Decision::Wait(WaitingOn::rollout(canary, candidate)),
    }
}

fn all_on(tasks: &[Task], candidate: &TaskDefinitionArn, desired: u32) -> bool {
    let on = tasks
        .iter()
        .filter(|task| task.well && task.task_definition == *candidate)
        .count();
    on == tasks.len() && u32::try_from(on).is_ok_and(|on| on >= desired)
}

fn nothing_to_do(
    look: &Look<DeployCanary>,
    images: &Images,
    runs: &TaskDefinitionArn,
    write: Option<Record>,
) -> Decision {
    Decision::Done(Done {
        outcome: Outcome::NothingToDo {
            primary: look.target.primary.clone(),
            image: images.clone(),
        },
        record: write.map(Box::new),
        variables: vec![
            ("Release", look.parameters.release.to_string()),
            ("Image", images.to_string()),
            ("TaskDefinition", runs.to_string()),
        ],
    })
}

#[cfg(test)]
mod tests;
