//! What the kit's conditions are asked about.

use super::{Change, Condition, Counts, Found, Gap, Holds, Pair, Reason, Seen, Service, Set};
use crate::{
    clock::{FUNCTION_TIMEOUT, Timestamp},
    known::Known,
    names::{ReleaseId, TaskDefinitionArn},
    parts::release::{Missing, Promotion},
    words::Shared,
};

/// The two services of a release.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// When.
    pub now: Timestamp,
    /// The release.
    pub release: &'a ReleaseId,
    /// When it began.
    pub began: Timestamp,
    /// Since when it is in its phase.
    pub since: Timestamp,
    /// How far its promotion is, or was when it was rolled back.
    pub promotion: Promotion,
    /// Changes that AWS has refused.
    pub refused: &'a [Missing],
    /// The services of the target.
    pub pair: &'a Pair,
    /// What the release holds of their automatic scaling.
    pub holds: Holds,
    /// What was seen of them.
    pub seen: &'a Seen,
    /// What the release found.
    pub found: &'a Found,
    /// What it has made and set last.
    pub set: &'a Set,
}

/// Both services, seen.
#[derive(Debug, Clone, Copy)]
pub struct Both<'a> {
    /// The primary.
    pub primary: &'a Service,
    /// The canary.
    pub canary: &'a Service,
}

impl Both<'_> {
    /// The desired counts.
    #[must_use]
    pub fn counts(self) -> Counts {
        Counts {
            primary: self.primary.desired,
            canary: self.canary.desired,
        }
    }
}

impl Seen {
    /// Both services; what was not seen is waited for.
    ///
    /// # Errors
    /// One of them was not seen.
    pub fn both(&self, pair: &Pair) -> Result<Both<'_>, Reason> {
        let unseen = |name, service: &Known<Service>| match service {
            Known::Known(_) => None,
            Known::Gone => Some(format!("{name} is gone")),
            Known::Unknown(unseen) => Some(unseen.to_string()),
        };
        match (self.primary.get(), self.canary.get()) {
            (Some(primary), Some(canary)) if self.scaling.is_none() => Ok(Both { primary, canary }),
            _ => {
                let scaling = self.scaling.as_ref().map(ToString::to_string);
                let why = unseen(&pair.primary, &self.primary)
                    .or_else(|| unseen(&pair.canary, &self.canary))
                    .or(scaling);
                Err(Shared::Aws(why.unwrap_or_default()).into())
            }
        }
    }
}

impl<'a> View<'a> {
    /// Both services; what was not seen is waited for.
    ///
    /// # Errors
    /// One of them was not seen.
    pub fn both(self) -> Condition<Both<'a>> {
        self.seen.both(self.pair).map_err(Gap::Wait)
    }

    /// What a release does not give back of its services' automatic scaling, in words: bounds that somebody else has set.
    #[must_use]
    pub fn left_of_scaling(
        self,
        primary: Option<&Service>,
        canary: Option<&Service>,
    ) -> Vec<String> {
        let found = self.found;
        let primary = primary.filter(|_| self.holds.primary.changes(&found.primary));
        let primary = primary.and_then(|it| found.primary.left_of_scaling(it));
        let canary = canary.and_then(|it| found.canary.left_of_scaling(it));
        primary.into_iter().chain(canary).collect()
    }

    /// Whether an invocation that has set counts before may still be at it.
    #[must_use]
    pub fn is_being_counted(self) -> bool {
        let is_fresh = |since| self.now.since(since) < FUNCTION_TIMEOUT;
        let counts = self.set.counts;
        counts.is_some_and(|counts| !counts.seen && is_fresh(counts.since))
    }

    /// Whether counts were set that no look has seen yet.
    #[must_use]
    pub fn is_counting(self) -> bool {
        self.set.counts.is_some_and(|counts| !counts.seen)
    }

    /// What is set, with these counts seen.
    #[must_use]
    pub fn counted(self, seen: Counts) -> Set {
        Set {
            counts: self.set.counts.map(|counts| counts.seen(seen)),
            ..self.set.clone()
        }
    }

    /// The candidate's task definition, once it is registered.
    #[must_use]
    pub fn candidate(self) -> Option<&'a TaskDefinitionArn> {
        self.set.candidate.as_ref()?.registered()
    }

    /// As many tasks as the primary has or is to have: the least of them, where it has fewer.
    #[must_use]
    pub fn primary_tasks(self, primary: &Service) -> u32 {
        primary.desired.max(self.found.primary.floor)
    }

    /// Tasks that the canary has between releases; never below what its scalable target would pull it up to again.
    #[must_use]
    pub fn resting_tasks(self) -> u32 {
        let resting = self.pair.resting_tasks;
        self.found.canary.scaling.map_or(resting, |scaling| {
            resting.clamp(scaling.min, scaling.max.max(scaling.min))
        })
    }

    /// What is missing before automatic scaling leaves the release alone. Of a primary that scales to zero one task stays, and starts
    /// where there is none.
    ///
    /// No count is changed before nothing is missing.
    #[must_use]
    pub fn hold(self, both: Both<'_>) -> Vec<Change> {
        let (primary, found) = (both.primary, self.found);
        let scaling = [
            (
                both.canary,
                self.holds.canary.missing(both.canary, &found.canary),
            ),
            (primary, self.holds.primary.missing(primary, &found.primary)),
        ];
        let scaling = scaling.into_iter().filter_map(|(service, to)| {
            Some(Change::Scale {
                service: service.name.clone(),
                to: to?,
            })
        });
        let floor = self.primary_tasks(primary);
        let floor = (floor > primary.desired).then(|| Change::count(&primary.name, floor));
        scaling.chain(floor).collect()
    }

    /// Automatic scaling leaves the release alone.
    ///
    /// # Errors
    /// It does not yet.
    pub fn held(self, both: Both<'_>) -> Condition {
        let missing = self.hold(both);
        if missing.is_empty() {
            return Ok(());
        }
        Err(Gap::change(self.holding(&missing), missing))
    }

    /// What these changes do, which [`hold`](Self::hold) names.
    #[must_use]
    pub fn holding(self, changes: &[Change]) -> Reason {
        let primary = &self.pair.primary;
        let is_of_primary = |change: &Change| match change {
            Change::Scale { service, .. } | Change::UpdateService { service, .. } => {
                service == primary
            }
            _ => false,
        };
        let is_floored = self.found.primary.floor > 0 && changes.iter().any(is_of_primary);
        Reason::HoldScaling {
            floor: is_floored.then(|| primary.clone()),
        }
    }
}
