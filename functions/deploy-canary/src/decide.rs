//! What one look of deploy-canary calls for. Pure.

use canary::{
    artifact::Images,
    clock::Timestamp,
    decision::{Changes, Decision, Doing, Done, Move, Outcome, Refusal, Step, WaitingOn},
    gates,
    names::TaskDefinitionArn,
    observation::Observation,
    parts::pair::Task,
    reconcile::{FUNCTION_TIMEOUT, Look, Stage},
    record::{Candidate, Cause, Phase, Reason, Record},
};

use crate::{DeployCanary, Detail, Seen, begin::begin};

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
                    Some(task_definition) => registered(look, seen, record, task_definition),
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
            if let Some(hold) = hold(seen, record) {
                Decision::Take(hold)
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
    let claimed = Candidate::Registering {
        definition: definition.to_owned(),
        since: look.now,
    };
    let steps = registering(&seen.pair, record, definition.to_owned());
    Decision::Take(Move {
        doing: Doing::Register,
        record: Some(Box::new(
            record.advance(Phase::Deploying { candidate: claimed }, look.now),
        )),
        found: None,
        steps,
    })
}

pub(crate) fn registering(pair: &Observation, record: &Record, definition: String) -> Vec<Step> {
    let mut steps = vec![Step::Register { definition }];
    steps.extend(Step::hold(pair, record));
    steps
}

/// What is left of holding automatic scaling.
fn hold(seen: &Seen, record: &Record) -> Option<Move> {
    let steps = Step::hold(&seen.pair, record);
    (!steps.is_empty()).then(|| Move {
        doing: Doing::hold(record, &steps),
        record: None,
        found: None,
        steps,
    })
}

/// The candidate is there: the canary service may change, and does.
fn registered(
    look: &Look<DeployCanary>,
    seen: &Seen,
    record: &Record,
    task_definition: TaskDefinitionArn,
) -> Decision {
    let next = hold(seen, record).unwrap_or_else(|| put(seen, record, &task_definition));
    let candidate = Candidate::Registered {
        task_definition,
        at: look.now,
    };
    let record = record.advance(Phase::Deploying { candidate }, look.now);
    Decision::Take(Move {
        record: Some(Box::new(record)),
        ..next
    })
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
    Decision::Take(put(seen, record, candidate))
}

fn put(seen: &Seen, record: &Record, candidate: &TaskDefinitionArn) -> Move {
    let service = record.target.canary.clone();
    let tasks = record.first_tasks(&seen.pair.primary);
    let step = Step::UpdateService {
        service: service.clone(),
        task_definition: Some(candidate.clone()),
        desired: Some(tasks),
    };
    Move {
        doing: Doing::Update {
            service,
            candidate: candidate.short().to_owned(),
        },
        record: None,
        found: None,
        steps: vec![step],
    }
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
        return Decision::Take(put(seen, record, candidate));
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
                    ("Changes", Changes(&record.changes).to_string()),
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

pub(crate) fn nothing_to_do(
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
            ("Changes", Changes(&[]).to_string()),
        ],
    })
}

#[cfg(test)]
mod tests;
