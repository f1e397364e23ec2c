//! A load balancer in a simulated account.

use std::time::Duration;

use super::{Actions, Change, Forward, Place, Seen, TargetHealth, Whole};
use crate::{
    clock::Timestamp,
    fixtures::{Harm, Part, Speed},
    known::Known,
    names::ForwardArn,
};

/// Of a slow load balancer every so-manieth call gets lost.
const LOSES: usize = 4;

/// Rules, and targets of two groups.
#[derive(Debug, Clone)]
pub(crate) struct World {
    /// What each rule does.
    pub(crate) forwards: Vec<Forward>,
    place: Place,
    speed: Speed,
    /// Weights that do not show yet, and after how many looks they do.
    on_their_way: Vec<(usize, ForwardArn, Actions)>,
    calls: usize,
    /// Of the primary's group and of the canary's.
    healthy: [u32; 2],
    /// Whether a rule has ever sent the canary anything.
    pub(crate) has_sent_canary: bool,
    /// When the primary's share last became less, and the canary's.
    fell: [Option<Timestamp>; 2],
}

impl World {
    pub(crate) fn new(
        place: &Place,
        forwards: Vec<Forward>,
        healthy: [u32; 2],
        speed: Speed,
    ) -> Self {
        Self {
            forwards,
            place: place.clone(),
            speed,
            on_their_way: Vec::new(),
            calls: 0,
            healthy,
            has_sent_canary: false,
            fell: [None; 2],
        }
    }

    pub(crate) fn seen(&self, [primary, canary]: [u32; 2]) -> Seen {
        let [of_primary, of_canary] = self.healthy;
        (&Whole {
            forwards: self.forwards.clone(),
            primary: health(of_primary, primary),
            canary: health(of_canary, canary),
        })
            .into()
    }

    /// What could not be seen by itself, each in turn.
    pub(crate) fn hidden(seen: &Seen) -> Vec<(&'static str, Seen)> {
        let mut without_rule = seen.clone();
        if let Some(rule) = without_rule.rules.last_mut() {
            rule.recorded = rule.seen.get().cloned();
            rule.seen = Known::nothing();
        }
        let without_primary = Seen {
            primary: Known::nothing(),
            ..seen.clone()
        };
        let without_canary = Seen {
            canary: Known::nothing(),
            ..seen.clone()
        };
        vec![
            ("a rule", without_rule),
            ("the primary's targets", without_primary),
            ("the canary's targets", without_canary),
        ]
    }

    /// The same as if everything that is on its way were there.
    pub(crate) fn hasty(mut seen: Seen) -> Seen {
        for health in [&mut seen.primary, &mut seen.canary] {
            if let Known::Known(health) = health {
                *health = TargetHealth {
                    healthy: health.healthy.max(100),
                    ..TargetHealth::default()
                };
            }
        }
        seen
    }

    /// The call that sets a rule's weights.
    pub(crate) fn right(forward: &ForwardArn) -> String {
        format!("elasticloadbalancing:ModifyRule of {}", forward.short())
    }

    /// Whether a rule is one of these.
    pub(crate) fn may(&self, forward: &ForwardArn) -> Result<(), Harm> {
        let mut rules = self.forwards.iter();
        let is_here = rules.any(|rule| rule.arn == *forward);
        is_here
            .then_some(())
            .ok_or_else(|| Harm::Elsewhere(forward.to_string()))
    }

    /// Replaces what a rule does.
    pub(crate) fn take(&mut self, change: &Change, now: Timestamp) {
        let Change {
            forward, actions, ..
        } = change;
        self.calls += 1;
        if self.speed == Speed::Slow && self.calls.is_multiple_of(LOSES) {
            return;
        }
        let mut rules = self.forwards.iter();
        let at = rules.position(|rule| rule.arn == *forward).unwrap_or(0);
        let after = if self.speed == Speed::Slow { at + 1 } else { 0 };
        // What was asked for earlier does not come later.
        let earlier = self
            .on_their_way
            .iter()
            .filter(|(_, rule, _)| rule == forward);
        let after = earlier.map(|(after, ..)| *after).fold(after, usize::max);
        self.on_their_way
            .push((after, forward.clone(), actions.clone()));
        self.show(now);
    }

    /// Time has passed: weights show.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        for (after, ..) in &mut self.on_their_way {
            *after = after.saturating_sub(1);
        }
        self.show(now);
    }

    /// Tasks that run answer, so many of each service's.
    pub(crate) fn heal(&mut self, able: [u32; 2]) {
        self.healthy = able;
    }

    /// Tasks that have gone answer no more.
    pub(crate) fn lose(&mut self, able: [u32; 2]) {
        let [primary, canary] = self.healthy;
        self.healthy = [primary.min(able[0]), canary.min(able[1])];
    }

    fn show(&mut self, now: Timestamp) {
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.on_their_way)
            .into_iter()
            .partition(|(after, ..)| *after == 0);
        self.on_their_way = later;
        let shares = |rules: &[Forward]| {
            rules
                .iter()
                .map(|it| it.weights.share().percent())
                .collect::<Vec<_>>()
        };
        let before = shares(&self.forwards);
        for (_, rule, actions) in due {
            let groups = self.place.groups();
            let shown = Forward::read(groups, &rule, actions).expect("a forward action");
            for forward in self.forwards.iter_mut().filter(|it| it.arn == rule) {
                *forward = shown.clone();
            }
        }
        self.has_sent_canary |= self.sends_canary();
        let after = shares(&self.forwards);
        for (before, after) in before.iter().zip(after) {
            if after > *before {
                self.fell[0] = Some(now);
            }
            if after < *before {
                self.fell[1] = Some(now);
            }
        }
    }

    /// Whether any rule sends the canary anything.
    pub(crate) fn sends_canary(&self) -> bool {
        self.forwards.iter().any(|it| it.weights.canary > 0)
    }

    /// How much of a version's work there is: of each group the largest part that a rule sends it, in tasks of all the work; and how
    /// many healthy targets take it.
    pub(crate) fn loads(&self, all: u32) -> [(&'static str, u32, u32); 2] {
        let most = |part: fn(&Forward) -> u16| {
            let tasks = self.forwards.iter().map(|rule| {
                let share = u32::from(part(rule)) * all;
                share.div_ceil(rule.weights.total().max(1))
            });
            tasks.max().unwrap_or(0)
        };
        let [primary, canary] = self.healthy;
        [
            ("the primary", most(|it| it.weights.primary), primary),
            ("the canary", most(|it| it.weights.canary), canary),
        ]
    }

    /// Whether the primary's targets, and the canary's, may still have requests of which some came under an earlier weight.
    pub(crate) fn are_draining(&self, drain: Duration, now: Timestamp) -> [bool; 2] {
        self.fell
            .map(|fell| fell.is_some_and(|fell| now.since(fell) < drain))
    }

    /// What a release finds and gives back.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let parts = self.forwards.iter().map(|rule| Part {
            what: format!("the weights of {}", rule.arn.short()),
            is: rule.weights.to_string(),
            takes: vec![Self::right(&rule.arn)],
            is_given_back: false,
            is_left: false,
        });
        parts.collect()
    }
}

fn health(healthy: u32, running: u32) -> TargetHealth {
    TargetHealth {
        healthy,
        initial: running.saturating_sub(healthy),
        ..TargetHealth::default()
    }
}
