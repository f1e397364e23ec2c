//! What a look reads while something is held and only watched: two parts of the pair at a time.
//!
//! **Goal.** A bake of hours costs four AWS calls a look: the record, two parts, the report.
//!
//! **Guarantees.** The record and what nobody else tells are read at every look: dead letters, the health of the canary's
//! targets. Services, alarms (which call rollback themselves) and rules take turns, one at a time. A glance decides nothing but to
//! go on waiting. Whatever is not exactly as it was set is for a look at everything, at once.

use std::fmt;

use crate::{
    decision::WaitingOn,
    names::{ForwardArn, QueueUrl},
    observation::{Alarm, Forward, Service, TargetHealth},
    record::{Phase, Record},
    target::{AlbTraffic, Target, Traffic},
    weight::Weight,
};

/// So many parts and the record and the report are four calls.
const AT_A_TIME: usize = 2;

/// A part of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Both services.
    Services,
    /// The alarms.
    Alarms,
    /// The dead-letter queue.
    DeadLetters(&'a QueueUrl),
    /// One rule of the load balancer.
    Rule(&'a AlbTraffic, &'a ForwardArn),
    /// The canary's target group.
    Targets(&'a AlbTraffic),
}

/// What a glance saw of one part.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// The services, without their scaling.
    Services {
        /// The primary.
        primary: Service,
        /// The canary.
        canary: Service,
    },
    /// The alarms of the target, in its order.
    Alarms(Vec<Alarm>),
    /// Messages in the dead-letter queue.
    DeadLetters(u64),
    /// The rule.
    Rule(Forward),
    /// The health of the canary's targets.
    Targets(TargetHealth),
}

/// What a glance saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Glance {
    /// The pair's release record, if there ever was a release.
    pub record: Option<Record>,
    /// The parts whose turn it was.
    pub parts: Vec<Seen>,
}

/// How much a look saw.
#[derive(Debug, Clone, PartialEq)]
pub enum Sight<S> {
    /// Everything.
    Whole(S),
    /// A glance, which found nothing amiss: what goes on being waited for.
    Undisturbed(WaitingOn),
}

impl<'a> Part<'a> {
    /// The parts whose turn it is after so many glances.
    #[must_use]
    pub fn in_turn(target: &'a Target, glances: usize) -> Vec<Self> {
        let mut in_turn = vec![Self::Services];
        if !target.alarms.is_empty() {
            in_turn.push(Self::Alarms);
        }
        let always = match &target.traffic {
            Traffic::Queue(queue) => queue.dead_letter_url.as_ref().map(Self::DeadLetters),
            Traffic::Alb(alb) => {
                in_turn.extend(alb.forwards().map(|arn| Self::Rule(alb, arn)));
                Some(Self::Targets(alb))
            }
        };
        let many = in_turn.len();
        in_turn.rotate_left(glances % many);
        always.into_iter().chain(in_turn).take(AT_A_TIME).collect()
    }
}

impl Glance {
    /// Whether everything that was seen is as the release's last look at everything left it.
    #[must_use]
    pub fn is_quiet(&self, record: &Record) -> bool {
        self.parts.iter().all(|part| part.is_quiet(record))
    }
}

impl Seen {
    fn is_quiet(&self, record: &Record) -> bool {
        match self {
            Self::Services { primary, canary } => {
                let is_steady_on =
                    |service: &Service, what| service.is_steady() && service.is_on(what);
                record.candidate().is_some_and(|candidate| {
                    let of_primary = match record.phase {
                        Phase::Promoting { .. } => candidate,
                        _ => &record.found.primary.task_definition,
                    };
                    is_steady_on(primary, of_primary) && is_steady_on(canary, candidate)
                })
            }
            Self::Alarms(alarms) => !alarms.iter().any(|alarm| alarm.firing),
            Self::DeadLetters(now) => record.found.dead_letters.is_none_or(|found| *now <= found),
            Self::Rule(forward) => record.found.alb.as_ref().is_some_and(|found| {
                let shown = std::slice::from_ref(forward);
                found.changed(shown).is_none()
                    && found.weights(&forward.arn, record.weight()) == Some(forward.weights)
            }),
            Self::Targets(health) => {
                health.unhealthy == 0 && (health.healthy > 0 || record.weight() == Weight::ZERO)
            }
        }
    }
}

impl<S: fmt::Display> fmt::Display for Sight<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(seen) => seen.fmt(f),
            Self::Undisturbed(waiting_on) => write!(f, "nothing amiss at a glance: {waiting_on}"),
        }
    }
}

#[cfg(test)]
mod tests;
