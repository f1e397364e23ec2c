//! What a release is like, and what AWS does meanwhile.

use super::*;

/// What a release is like.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) target: Target,
    pub(super) found: Observation,
    pub(super) percents: Vec<u8>,
    pub(super) bake: bool,
    /// How the load balancer does what it is told.
    pub(super) balancer: Balancer,
    /// Whether calls that get lost are answered with an error.
    pub(super) throttles: bool,
    /// The canary's deregistration delay, in seconds.
    pub(super) drain_seconds: u64,
    /// What the primary's automatic scaling wants, look by look, over and over.
    pub(super) scaling: Vec<Scaling>,
    /// In how many looks of a rollback the last rule cannot be read.
    pub(super) blind: usize,
}

impl Story {
    /// A pair, its shares, and an AWS that does everything at once.
    pub(super) fn of(target: Target, found: Observation, percents: Vec<u8>, bake: bool) -> Self {
        Self {
            target,
            found: found.seen_at(at(1000)),
            percents,
            bake,
            balancer: Balancer::default(),
            throttles: false,
            drain_seconds: DRAIN_SECONDS,
            scaling: Vec::new(),
            blind: 0,
        }
    }
}

/// What the primary's automatic scaling does between two looks.
#[derive(Debug, Clone)]
pub(super) enum Scaling {
    Nothing,
    /// A policy wants a count.
    Policy(u32),
    /// A scheduled action sets the bounds.
    Schedule(u32, u32),
}
