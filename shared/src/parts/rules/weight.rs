//! The weight that was set last, and how far the targets are with what they got before.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, weight::Weight};

/// A weight that was set on every rule of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetWeight {
    /// What the rules showed before.
    pub from: Weight,
    /// What they are to show.
    pub to: Weight,
    /// When it was set.
    pub since: Timestamp,
    /// How many of the canary's targets were healthy then.
    pub healthy: u32,
    /// When a look first saw it on every rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_since: Option<Timestamp>,
}

impl SetWeight {
    /// A weight that is set now, while so many of the canary's targets are healthy.
    #[must_use]
    pub fn new(from: Weight, to: Weight, healthy: u32, now: Timestamp) -> Self {
        Self {
            from,
            to,
            since: now,
            healthy,
            live_since: None,
        }
    }

    /// The same, seen on every rule.
    #[must_use]
    pub fn seen(self, now: Timestamp) -> Self {
        Self {
            live_since: self.live_since.or(Some(now)),
            ..self
        }
    }
}

/// How long a weight that has fallen keeps tasks at least, which is no reason to give up.
#[must_use]
pub fn drain_time(set: Option<SetWeight>, drain_seconds: u64) -> Duration {
    let falls = set.is_some_and(|weight| weight.to < weight.from);
    Duration::from_secs(if falls { drain_seconds } else { 0 })
}

/// Whether targets still finish requests that they got under an earlier weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drain {
    /// The load balancer has not been seen with the weight that was set last.
    Unseen,
    /// Until the deregistration delay is over.
    Until(Timestamp),
    /// They have finished, or never got any.
    Over,
}

/// How far the canary's targets are with what they got before the weight was set last. Counted from when a look first
/// saw that weight on every rule: what a call has asked for is not yet what the load balancer does.
#[must_use]
pub fn drain(set: Option<SetWeight>, drain_seconds: u64, now: Timestamp) -> Drain {
    let Some(weight) = set else {
        return Drain::Over;
    };
    match weight
        .live_since
        .map(|since| since + Duration::from_secs(drain_seconds))
    {
        None => Drain::Unseen,
        Some(until) if now < until => Drain::Until(until),
        Some(_) => Drain::Over,
    }
}
