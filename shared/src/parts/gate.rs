//! Which gate counts when, and what it does.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A question that is asked before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Gate {
    /// The record is this release's, and the target is the one that it began with.
    Ownership,
    /// No alarm of the target has gone to `ALARM` since the release began.
    Alarms,
    /// The dead-letter queue has not grown beyond its bound.
    DeadLetters,
    /// Versions, counts and weights are what the release has set last.
    ForeignWrite,
    /// ECS has not given a deployment up.
    CircuitBreaker,
    /// The canary's targets answer.
    Targets,
    /// The candidate's tasks do not end by themselves.
    Exits,
    /// The candidate does not fail more often than the stable version, nor, once promoted, than its objective allows.
    Verdict,
}

/// When gates are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At every look of deploy-canary, shift-weight and promote-primary.
    Action,
    /// Every minute while none of the release's actions is at work: an approval waits.
    Approval,
    /// Every minute within `guardMinutes` after the promotion.
    Guard,
}

/// What a closed gate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The release is rolled back.
    EndsRelease,
    /// Alarms do not roll the release back any more.
    EndsGuard,
    /// Nothing: it is not asked.
    None,
}

impl Gate {
    /// Every gate.
    pub const ALL: [Self; 8] = [
        Self::Ownership,
        Self::Alarms,
        Self::DeadLetters,
        Self::ForeignWrite,
        Self::CircuitBreaker,
        Self::Targets,
        Self::Exits,
        Self::Verdict,
    ];

    /// What it does when it is found closed.
    #[must_use]
    pub fn effect(self, when: When) -> Effect {
        match (self, when) {
            (Self::ForeignWrite, When::Guard) => Effect::EndsGuard,
            (Self::CircuitBreaker | Self::Targets | Self::Exits, When::Guard) => Effect::None,
            _ => Effect::EndsRelease,
        }
    }
}

/// The gate's name in documents and messages.
impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ownership => "ownership",
            Self::Alarms => "alarms",
            Self::DeadLetters => "dead letters",
            Self::ForeignWrite => "foreign write",
            Self::CircuitBreaker => "circuit breaker",
            Self::Targets => "targets",
            Self::Exits => "task exits",
            Self::Verdict => "verdict",
        })
    }
}
