//! What a release is like, and what AWS does meanwhile.

use super::*;

/// What a release is like.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) target: Target,
    pub(super) found: Moment,
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
    /// What cannot be seen in the looks of a rollback, one after the other.
    pub(super) hidden: Vec<Hidden>,
    /// Which steps of a rollback AWS refuses, one after the other.
    pub(super) refused: Vec<bool>,
}

/// What a look of a rollback cannot see.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hidden {
    pub(super) rule: bool,
    pub(super) health: (bool, bool),
    pub(super) services: (bool, bool),
    pub(super) scaling: bool,
    pub(super) pipeline: bool,
}

/// For a few looks, some of it.
pub(super) fn hidden() -> impl Strategy<Value = Vec<Hidden>> {
    let often = || prop::bool::weighted(0.3);
    let parts = (
        often(),
        (often(), often()),
        (often(), often()),
        often(),
        often(),
    );
    let look = parts.prop_map(|(rule, health, services, scaling, pipeline)| Hidden {
        rule,
        health,
        services,
        scaling,
        pipeline,
    });
    prop::collection::vec(look, 0..6)
}

/// For a few steps, some of them.
pub(super) fn refused() -> impl Strategy<Value = Vec<bool>> {
    prop::collection::vec(prop::bool::weighted(0.4), 0..12)
}

impl Story {
    /// A pair, its shares, and an AWS that does everything at once.
    pub(super) fn of(target: Target, found: Moment, percents: Vec<u8>, bake: bool) -> Self {
        Self {
            target,
            found: found.seen_at(at(1000)),
            percents,
            bake,
            balancer: Balancer::default(),
            throttles: false,
            drain_seconds: DRAIN_SECONDS,
            scaling: Vec::new(),
            hidden: Vec::new(),
            refused: Vec::new(),
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
