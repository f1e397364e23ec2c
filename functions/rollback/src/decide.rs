//! What one look of rollback calls for. Pure.

use std::time::Duration;

use canary::{
    clock::Timestamp,
    decision::{Decision, Doing, Done, Idle, Move, Outcome, Step, WaitingOn},
    names::ReleaseId,
    parameters::Rollback,
    reconcile::FUNCTION_TIMEOUT,
    record::{Cause, Phase, Record},
    target::Traffic,
    trigger::{Ended, Firing},
};

use crate::{
    Seen, services,
    weights::{self, Weighing},
};

/// By how much clocks on AWS may differ; event times of pipelines are whole seconds besides.
const SKEW: Duration = Duration::from_secs(5);

/// How long CodePipeline may take to end an execution whose approval was rejected; not documented, a generous guess.
const TAKEN_IN: Duration = Duration::from_secs(15);

/// Why rollback was called.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// By an action of the release's own pipeline execution.
    Action(Rollback),
    /// By a person.
    Hand(Rollback),
    /// By an alarm.
    Alarm(Firing),
    /// By the end of a pipeline execution.
    Ended(Ended),
    /// By the schedule.
    Schedule,
}

impl Why {
    /// Whether a call that names no pair may concern this record's pair.
    #[must_use]
    pub fn concerns(&self, record: &Record) -> bool {
        match self {
            Self::Alarm(firing) => record.target.alarms.contains(&firing.alarm),
            Self::Ended(ended) => record.release == ended.release,
            Self::Schedule => record.is_active(),
            Self::Action(_) | Self::Hand(_) => true,
        }
    }

    /// The release that the call is about, if it names one.
    fn release(&self) -> Option<&ReleaseId> {
        match self {
            Self::Action(asked) | Self::Hand(asked) => Some(&asked.release),
            Self::Ended(ended) => Some(&ended.release),
            Self::Alarm(_) | Self::Schedule => None,
        }
    }

    /// When what the event tells of happened. Events come late and more than once: what ended an earlier
    /// attempt of a release must not end the one that a retry has begun since.
    fn happened(&self) -> Option<Timestamp> {
        match self {
            Self::Alarm(firing) => firing.at,
            Self::Ended(ended) => ended.at,
            Self::Action(_) | Self::Hand(_) | Self::Schedule => None,
        }
    }

    /// Whether the execution is to be ended. Not by its own action, and not where its end is what called.
    fn ends_execution(&self) -> bool {
        matches!(self, Self::Alarm(_) | Self::Hand(_))
    }

    /// Why this release is to be rolled back, or why not.
    fn verdict(&self, record: &Record, seen: &Seen) -> Result<Cause, Idle> {
        let because = |what| {
            Ok(Cause {
                what,
                at: seen.pair.now,
            })
        };
        if let Some(at) = self.happened().filter(|at| *at + SKEW < record.began) {
            return Err(Idle::Earlier {
                at,
                release: record.release.clone(),
                began: record.began,
            });
        }
        match self {
            Self::Action(asked) => because(asked_for("asked for by the pipeline", asked)),
            Self::Hand(asked) => because(asked_for("asked for by hand", asked)),
            Self::Alarm(firing)
                if !firing.direct && !record.target.alarms.contains(&firing.alarm) =>
            {
                Err(Idle::ForeignAlarm(firing.alarm.clone()))
            }
            Self::Alarm(firing) => guarded(record, seen.pair.now).and_then(|()| {
                because(format!(
                    "alarm {} went to ALARM: {}",
                    firing.alarm,
                    firing.reason.trim_end_matches('.')
                ))
            }),
            Self::Ended(ended) if record.is_active() => because(ended.what.clone()),
            Self::Schedule if record.is_active() => match &seen.status {
                Some(status) if !status.is_under_way() => because(format!(
                    "its pipeline execution has ended ({})",
                    status.as_str()
                )),
                _ => Err(Idle::UnderWay {
                    release: record.release.clone(),
                    phase: record.phase.to_string(),
                }),
            },
            Self::Ended(_) | Self::Schedule => Err(Idle::Finished(record.release.clone())),
        }
    }
}

fn asked_for(by: &str, asked: &Rollback) -> String {
    asked
        .reason
        .as_ref()
        .map_or_else(|| by.to_owned(), |reason| format!("{by}: {reason}"))
}

/// Whether an alarm still rolls the release back.
fn guarded(record: &Record, now: Timestamp) -> Result<(), Idle> {
    let guard_minutes = record.target.guard_minutes;
    let guard = Duration::from_secs(u64::from(guard_minutes) * 60);
    if record.is_active() || now.since(record.phase_since) < guard {
        return Ok(());
    }
    Err(Idle::Promoted {
        release: record.release.clone(),
        since: record.phase_since,
        guard_minutes,
    })
}

/// The release in which the schedule may have something to repair. Where there is none, the record alone tells so.
pub fn in_progress(record: Option<Record>) -> Result<Record, Box<Decision>> {
    match record {
        None => Err(Box::new(idle(Idle::NoRelease))),
        Some(record) if record.is_active() => Ok(record),
        Some(record) => Err(Box::new(idle(Idle::Finished(record.release)))),
    }
}

/// Decides.
pub fn decide(seen: &Seen, why: &Why) -> Decision {
    let Some(record) = &seen.pair.record else {
        return idle(Idle::NoRelease);
    };
    if let Some(asked) = why.release().filter(|asked| **asked != record.release) {
        return idle(Idle::NotTheOwner {
            owner: record.release.clone(),
            asked: asked.clone(),
        });
    }
    match &record.phase {
        Phase::RolledBack { cause } => idle(Idle::RolledBack {
            release: record.release.clone(),
            cause: cause.clone(),
        }),
        Phase::RollingBack { cause, .. } => go_on(seen, why, record, cause),
        _ => match why.verdict(record, seen) {
            Ok(cause) => begin(seen, why, record, cause),
            Err(reason) => idle(reason),
        },
    }
}

fn idle(reason: Idle) -> Decision {
    Decision::Done(Done {
        outcome: Outcome::Idle(reason),
        record: None,
        variables: Vec::new(),
    })
}

/// The fence first, then everything that stops harm, at once.
fn begin(seen: &Seen, why: &Why, record: &Record, cause: Cause) -> Decision {
    let doing = Doing::RollBack {
        release: record.release.clone(),
        cause: cause.clone(),
    };
    let record = record.roll_back(cause, why.ends_execution(), seen.pair.now);
    let Weighing {
        record, mut steps, ..
    } = weights::weigh(seen, record);
    steps.extend(self::steps(seen, why, &record, true));
    Decision::Take(Move {
        doing,
        record: Some(Box::new(record)),
        steps,
    })
}

/// Whatever is still short of what the release found; if nothing is, wait for the fence, then say so.
fn go_on(seen: &Seen, why: &Why, record: &Record, cause: &Cause) -> Decision {
    let pair = &seen.pair;
    let Weighing {
        record: next,
        is_new,
        mut steps,
    } = weights::weigh(seen, record.again(pair.now));
    steps.extend(self::steps(seen, why, &next, false));
    if is_new || !steps.is_empty() {
        return Decision::Take(Move {
            doing: Doing::GoOnRollingBack(record.release.clone()),
            record: is_new.then(|| Box::new(next)),
            steps,
        });
    }
    if let Some(waiting_on) = weights::waiting_on(seen, record) {
        return Decision::Wait(waiting_on);
    }
    if !is_restored(seen, record) {
        return Decision::Wait(WaitingOn::Restoring {
            primary: (&pair.primary).into(),
            canary: (&pair.canary).into(),
        });
    }
    let until = fence(record);
    if pair.now <= until {
        return Decision::Wait(WaitingOn::Fence { until });
    }
    let phase = Phase::RolledBack {
        cause: cause.clone(),
    };
    Decision::Done(Done {
        outcome: Outcome::RolledBack {
            release: record.release.clone(),
            cause: cause.clone(),
        },
        record: Some(Box::new(record.advance(phase, pair.now))),
        variables: Vec::new(),
    })
}

/// When the last invocation that began before the rollback is over.
fn fence(record: &Record) -> Timestamp {
    record.phase_since + FUNCTION_TIMEOUT
}

/// Every step that the observed state still calls for.
///
/// Scaling is given back last, when nothing that began earlier can change a count any more: from then on a count
/// that changes is the scaling's own doing.
fn steps(seen: &Seen, why: &Why, record: &Record, is_first: bool) -> Vec<Step> {
    let Phase::RollingBack {
        cause,
        candidate,
        promotion_begun,
        ends_execution,
    } = &record.phase
    else {
        return Vec::new();
    };
    let (pair, found) = (&seen.pair, &record.found);
    let is_over = pair.now > fence(record);
    let mut steps = if candidate.is_some() {
        let mut steps = match &record.target.traffic {
            Traffic::Queue(_) => services::canary_steps(&pair.canary, &found.canary, is_over),
            Traffic::Alb(_) if weights::is_canary_free(seen, record, is_over) => {
                services::replaced(&pair.canary, &found.canary, is_over)
            }
            Traffic::Alb(_) => Vec::new(),
        };
        steps.extend(services::primary_steps(
            seen,
            record,
            *promotion_begun,
            is_over,
        ));
        steps
    } else {
        // Without a candidate nothing but scaling was changed.
        let mut steps = services::scaling_back(&pair.canary, &found.canary, is_over);
        if record.owns_primary_count() {
            steps.extend(services::scaling_back(
                &pair.primary,
                &found.primary,
                is_over,
            ));
        } else if record.holds_primary_scaling() {
            steps.extend(services::scaling_up_back(
                &pair.primary,
                &found.primary,
                is_over,
            ));
        }
        steps
    };
    if *ends_execution && !matches!(why, Why::Action(_)) {
        steps.extend(pipeline_step(seen, record, cause, is_first));
    }
    steps
}

/// The release's execution ends: its approval is rejected, or it is stopped.
///
/// It is stopped by the first look, and again only by one that comes after CodePipeline has taken in what the first
/// one did: between a rejection and the end that follows from it there is no approval, and nothing to stop either.
fn pipeline_step(seen: &Seen, record: &Record, cause: &Cause, is_first: bool) -> Option<Step> {
    if let Some(approval) = &seen.execution.approval {
        let summary = format!("Rolled back: {cause}");
        return Some(Step::Reject {
            approval: approval.clone(),
            summary,
        });
    }
    let is_due = is_first || seen.pair.now.since(record.phase_since) > TAKEN_IN;
    (seen.execution.under_way && is_due).then(|| Step::Stop {
        pipeline: record.target.pipeline.clone(),
        release: record.release.clone(),
        reason: format!("Rolled back: {cause}"),
    })
}

/// Everything that the release may have changed is what it found.
fn is_restored(seen: &Seen, record: &Record) -> bool {
    let Phase::RollingBack {
        candidate: Some(_),
        promotion_begun,
        ..
    } = &record.phase
    else {
        return true;
    };
    let (pair, found) = (&seen.pair, &record.found);
    let canary = pair.canary.is_on(&found.canary.task_definition) && pair.canary.is_steady();
    let version = !promotion_begun
        || pair.primary.is_on(&found.primary.task_definition) && pair.primary.is_rolled_out();
    let count = !promotion_begun && !record.owns_primary_count() || pair.primary.is_settled();
    let is_free = record.target.alb().is_none() || weights::is_canary_free(seen, record, true);
    canary && version && count && is_free
}

#[cfg(test)]
mod tests;
