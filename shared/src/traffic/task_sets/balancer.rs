//! The load balancer in front of both sets, as a look sees it: the stable set's group first, whichever of both that is.

use serde::{Deserialize, Serialize};

use super::{BalancedSets, Reason, Set, TaskSets, View};
use crate::{
    aws::task_set::TaskSet,
    known::Known,
    names::TargetGroupArn,
    parts::rules::{
        self, Change, Forward, FoundRules, GoingOver, Place, Returning, Room, SetWeight, Weighing,
        Weights, Whole,
    },
    traffic::model::Short,
    weight::{Drain, Weight},
    words::Shared,
};

/// What the load balancer did before the first change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundBalancer {
    /// Where the stable set registers its tasks; the candidate's does in the other group.
    pub stable: TargetGroupArn,
    /// The weights, the stable set's as the primary's.
    #[serde(flatten)]
    pub rules: FoundRules,
}

/// A load balancer, while a release goes on.
pub(super) struct Balancer<'a> {
    /// What the target says of it.
    pub(super) balanced: &'a BalancedSets,
    /// Its rules and groups.
    pub(super) place: Place,
    /// What it did before.
    pub(super) found: &'a FoundRules,
    /// What was seen of it.
    pub(super) seen: rules::Seen,
    view: View<'a>,
}

impl BalancedSets {
    /// Whether the stable set's tasks are in the second group.
    pub(super) fn is_swapped(&self, stable: &str) -> bool {
        self.target_groups[1].as_str() == stable
    }
}

impl TaskSets {
    /// The load balancer of a release, if it has one.
    pub(super) fn balancer<'a>(&'a self, view: View<'a>) -> Option<Balancer<'a>> {
        let (balanced, found) = (self.balanced()?, view.found.balancer.as_ref()?);
        let is_swapped = balanced.is_swapped(found.stable.as_str());
        let place = balanced.place(is_swapped);
        let seen = view.seen.rules.clone();
        let seen = seen.unwrap_or_else(|| rules::Seen::nothing(place.forwards()));
        Some(Balancer {
            balanced,
            found: &found.rules,
            seen: if is_swapped { seen.flipped() } else { seen },
            place,
            view,
        })
    }
}

impl Balancer<'_> {
    /// All of it.
    pub(super) fn whole(&self) -> Result<Whole, Short<TaskSets>> {
        let whole = self.seen.whole();
        whole.ok_or_else(|| Short::wait(Shared::OtherInvocation))
    }

    /// The weight that was set last.
    pub(super) fn set(&self) -> Option<SetWeight> {
        self.view.set.weight
    }

    /// The candidate's weight.
    pub(super) fn weight(&self) -> Weight {
        self.set().map_or(Weight::ZERO, |weight| weight.to)
    }

    /// Whether no rule sends the candidate anything: what the release has set is taken back and seen to be.
    pub(super) fn is_given_back(&self) -> bool {
        let Some(weight) = self.set() else {
            return true;
        };
        weight.to == Weight::ZERO
            && weight.live_since.is_some()
            && self.seen.is_live(self.found, Weight::ZERO)
    }

    /// The candidate's tasks that a share takes, of a service that has so many; a set has no more than those.
    pub(super) fn tasks(&self, asked: Weight, desired: u32) -> u32 {
        self.found
            .tasks(self.balanced.min_tasks, asked, room(desired))
    }

    /// Each of these rules gets its weights.
    pub(super) fn weigh<'f>(
        &self,
        wanted: impl IntoIterator<Item = (&'f Forward, Weights)>,
    ) -> Vec<Change> {
        let (stable, candidate) = self.place.groups();
        let weigh = wanted.into_iter().map(|(forward, weights)| Change {
            forward: forward.arn.clone(),
            actions: forward.actions.weighing(stable, candidate, weights),
            weights,
        });
        weigh.collect()
    }

    /// Everything goes over to the candidate, step by step, and the stable set's targets answer the last of theirs.
    pub(super) fn handed_over(&self, pace: Drain) -> Result<(), Short<TaskSets>> {
        let seen = self.whole()?;
        let over = GoingOver {
            now: self.view.now,
            seen: &seen,
            found: self.found,
            set: self.set(),
        };
        let weigh = |to: Weight| self.weigh(self.found.behind(&seen.forwards, to));
        let weighed = over.weights(pace, weigh);
        weighed.map_err(|gap| {
            Short::of(gap, |weight| Set {
                weight: Some(weight),
                ..self.view.set.clone()
            })
        })?;
        Ok(over.answered()?)
    }

    /// Sends requests to whoever answers while a release is rolled back. Where the service's count cannot be seen, one of its sets has
    /// registered as many targets.
    pub(super) fn returning(&self, is_alone: bool, desired: Option<u32>) -> Weighing {
        let returning = Returning {
            now: self.view.now,
            since: self.view.since,
            has_begun: self.view.promotion.has_begun(),
            seen: &self.seen,
            found: self.found,
            set: self.set(),
            is_alone,
            needed: desired.unwrap_or_else(|| self.registered()),
        };
        returning.weighing(|wanted| self.weigh(wanted))
    }

    /// The targets of the group that has most.
    fn registered(&self) -> u32 {
        let groups = [&self.seen.primary, &self.seen.canary];
        let seen = groups.into_iter().filter_map(Known::get);
        let registered = seen.map(|health| health.healthy + health.initial + health.unhealthy);
        registered.max().unwrap_or_default()
    }
}

/// A service's tasks: none of its sets has more.
pub(super) fn room(desired: u32) -> Room {
    Room {
        desired,
        most: desired,
    }
}

/// So many healthy targets are waited for.
pub(super) fn targets(set: &TaskSet, health: &rules::TargetHealth, needed: u32) -> Short<TaskSets> {
    Short::Wait(Reason::Targets {
        set: set.into(),
        needed,
        health: health.clone(),
    })
}
