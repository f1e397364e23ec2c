//! Safety questions about two services: what ECS has given up, what somebody else has written, and tasks that end by themselves.

use super::{Both, FoundService, Hold, Reason, Service, Set, View};
use crate::{
    names::TaskDefinitionArn,
    parts::{
        exits::{Bound, Watched},
        gate::When,
        release::Promotion,
    },
    weight::Weight,
};

impl<'a> View<'a> {
    /// Both services, if they were seen, with or without their scaling.
    #[must_use]
    pub fn services(self) -> Option<Both<'a>> {
        Some(Both {
            primary: self.seen.primary.get()?,
            canary: self.seen.canary.get()?,
        })
    }

    /// ECS has given no deployment up.
    pub fn unbroken(self) -> Result<(), Reason> {
        let services = self.services().map(|both| [both.canary, both.primary]);
        for service in services.into_iter().flatten() {
            if let Some(broken) = service.broken() {
                return Err(Reason::CircuitBreaker {
                    service: service.name.clone(),
                    task_definition: broken.task_definition.clone(),
                    reason: broken.reason.clone(),
                });
            }
        }
        Ok(())
    }

    /// Both services run what this release last set.
    pub fn versions(self, asked: Option<Weight>) -> Result<(), Reason> {
        let Some(both) = self.services() else {
            return Ok(());
        };
        let (of_primary, of_canary) = self.expected(asked);
        version(both.canary, &of_canary)?;
        version(both.primary, &of_primary)
    }

    /// What the primary and the canary may run: what we last set, and while a change is being made also what was there before.
    fn expected(
        self,
        asked: Option<Weight>,
    ) -> (Vec<&'a TaskDefinitionArn>, Vec<&'a TaskDefinitionArn>) {
        let primary = &self.found.primary.task_definition;
        let canary = &self.found.canary.task_definition;
        match (self.promotion, self.candidate()) {
            (_, None) => (vec![primary], vec![canary]),
            (Promotion::NotBegun, Some(candidate)) if asked.is_some() => {
                (vec![primary], vec![candidate])
            }
            (Promotion::NotBegun, Some(candidate)) => (vec![primary], vec![candidate, canary]),
            (Promotion::Begun | Promotion::GivenBack, Some(candidate)) => {
                (vec![candidate, primary], vec![candidate])
            }
            (Promotion::Complete, Some(candidate)) => (vec![candidate], vec![candidate]),
        }
    }

    /// The counts that are the release's are what it last set, and until that was seen once also what was there before; while an
    /// approval waits for the first share, the canary has `first` tasks.
    ///
    /// While an action deploys or promotes, it changes them itself.
    pub fn counts(
        self,
        when: When,
        asked: Option<Weight>,
        first: impl FnOnce(&Service) -> u32,
    ) -> Result<(), Reason> {
        let both = self.services().filter(|_| self.seen.scaling.is_none());
        let Some(Both { primary, canary }) = both else {
            return Ok(());
        };
        let (of_canary, of_primary) = match (self.promotion, asked, self.set.counts) {
            (Promotion::NotBegun, Some(_), Some(set)) => {
                let from = |from| (!set.seen).then_some(from);
                (
                    (set.to.canary, from(set.from.canary)),
                    (set.to.primary, from(set.from.primary)),
                )
            }
            (Promotion::NotBegun, None, _) if when == When::Approval => {
                // Until its scaling is held, the primary's count is not the release's.
                return count(canary, self.holds.canary, (first(primary), None));
            }
            _ => return Ok(()),
        };
        count(canary, self.holds.canary, of_canary)?;
        if self.holds.primary.owns_count() {
            count(primary, self.holds.primary, of_primary)?;
        }
        Ok(())
    }

    /// The candidate's tasks end by themselves no more often than the target allows, or than the stable version's do.
    pub fn exits(self) -> Result<(), Reason> {
        let bound = self.bound();
        Ok(bound.map_or(Ok(()), |bound| bound.ask(&self.set.exits))?)
    }

    /// Ends that nobody knows the reason of count where they would decide: then nothing goes on for as long as they are remembered.
    #[must_use]
    pub fn undecided_exits(self) -> Option<Reason> {
        Some(self.bound()?.undecided(&self.set.exits)?.into())
    }

    /// What is set, with the ends of tasks that were seen; after the promotion nobody asks for them.
    #[must_use]
    pub fn noted(self, when: When) -> Set {
        let seen = self.seen.exits.get().filter(|_| when != When::Guard);
        let found = |service: &'a FoundService| &service.task_definition;
        let watched = Watched {
            began: self.began,
            candidate: self.candidate(),
            stable: [found(&self.found.primary), found(&self.found.canary)],
        };
        let mut set = self.set.clone();
        if let Some(seen) = seen {
            set.exits = set.exits.seeing(seen, &watched, self.now);
        }
        set
    }

    /// How many may, of the tasks that should run the candidate and the stable version.
    fn bound(self) -> Option<Bound<'a>> {
        let Both { primary, canary } = self.services()?;
        let (tasks, stable_tasks) = match self.promotion {
            Promotion::Begun | Promotion::GivenBack => {
                (primary.desired + canary.desired, self.found.primary.desired)
            }
            _ => (canary.desired, primary.desired),
        };
        Some(Bound {
            candidate: self.candidate()?,
            allowed: self.pair.max_task_exits,
            tasks,
            stable_tasks,
        })
    }
}

fn version(service: &Service, expected: &[&TaskDefinitionArn]) -> Result<(), Reason> {
    let newest = service.newest();
    let is_expected = newest.is_some_and(|newest| expected.contains(&&newest.task_definition));
    let Some(set) = expected.first().filter(|_| !is_expected) else {
        return Ok(());
    };
    Err(Reason::ForeignWrite {
        service: service.name.clone(),
        found: newest.map(|newest| newest.task_definition.clone()),
        expected: (*set).clone(),
        reason: newest.and_then(|newest| newest.reason.clone()),
    })
}

/// A count is what it was set to; where it is not the release's alone, its own scaling may have added tasks.
fn count(service: &Service, hold: Hold, (to, from): (u32, Option<u32>)) -> Result<(), Reason> {
    let is_ours = service.desired == to || from == Some(service.desired);
    let least = from.map_or(to, |from| from.min(to));
    if is_ours || !hold.owns_count() && service.may_be_scaled_out_from(least) {
        return Ok(());
    }
    Err(Reason::ForeignCount {
        service: service.name.clone(),
        found: service.desired,
        expected: to,
    })
}
