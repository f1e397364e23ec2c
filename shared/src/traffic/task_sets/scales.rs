//! The scales of both sets, and what was set of them last.

use serde::{Deserialize, Serialize};

use crate::{aws::task_set::Scale, names::TaskSetId, parts::counts::Counts};

/// The scales of both sets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scales {
    /// Of the stable set.
    pub stable: Scale,
    /// Of the candidate's.
    pub candidate: Scale,
}

/// Scales that were set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetScales {
    /// The stable set.
    pub stable: TaskSetId,
    /// The candidate's.
    pub candidate: TaskSetId,
    /// What they had before.
    pub from: Scales,
    /// What they are to have.
    pub to: Scales,
    /// Whether a later look has seen that.
    #[serde(default)]
    pub seen: bool,
}

impl Scales {
    /// Those that make so many tasks of a service that has so many.
    #[must_use]
    pub fn of(tasks: Counts, desired: u32) -> Self {
        Self {
            stable: Scale::of(tasks.primary, desired),
            candidate: Scale::of(tasks.canary, desired),
        }
    }

    pub(super) fn are(self, other: Self) -> bool {
        self.stable.is(other.stable) && self.candidate.is(other.candidate)
    }
}

impl SetScales {
    /// Whether the candidate may have all tasks that there are: what takes them from it has to see that others are there.
    #[must_use]
    pub fn leave_it_alone(&self) -> bool {
        self.may(|scales| scales.stable.is_none())
    }

    /// Whether the stable set has as many tasks as its service.
    #[must_use]
    pub fn spare_the_stable(&self) -> bool {
        !self.may(|scales| !scales.stable.is(Scale::ALL))
    }

    /// Whether that is so of the scales that they have, or may have.
    pub(super) fn may(&self, is: impl Fn(Scales) -> bool) -> bool {
        is(self.to) || !self.seen && is(self.from)
    }
}
