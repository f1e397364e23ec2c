//! What takes work from the candidate and needs nothing but the record: no version that may be missing, no read that may fail.

use super::{Back, Change, FoundService, KeptService, Restoring, Service, Set};
use crate::{known::Known, parts::release::Promotion};

impl Back<'_> {
    /// The canary gets no tasks, while it is the release's: before the promotion gives counts back, and unless it was seen to run
    /// somebody else's version.
    #[must_use]
    pub fn empties(&self) -> Option<Change> {
        let is_ours = !self.promotion.has_given_back() && !self.view.set.restoring.spares_canary;
        let is_there = self.view.candidate().is_some() && is_ours;
        is_there.then(|| Change::count(&self.view.pair.canary, 0))
    }

    /// Once the primary is being given the candidate, restoring it is what stops harm, and it never gets a count of 0.
    #[must_use]
    pub fn restores_primary(&self) -> Option<Change> {
        let stable = &self.view.found.primary.task_definition;
        let is_theirs = self.view.candidate().is_none() || self.promotion != Promotion::Begun;
        (!is_theirs).then(|| Change::version(&self.view.pair.primary, stable))
    }

    /// What of the stopping call is still to be sent to services that cannot be seen.
    #[must_use]
    pub fn blind(&self, mut stop: Vec<Change>) -> Vec<Change> {
        if self.view.set.restoring.stopped {
            return Vec::new();
        }
        stop.retain(|change| !self.is_seen(change));
        stop
    }

    /// What is set after a look that sent and saw this: whether the stopping call has got through, since what is seen needs no blind
    /// call any more; and since when no task of the candidate is wanted.
    #[must_use]
    pub fn sent(&self, stop: &[Change], sent: &[Change], failed: &[Change]) -> Set {
        let got_through = |change: &Change| sent.contains(change) && !failed.contains(change);
        let is_done = |change: &Change| {
            !failed.contains(change) && (sent.contains(change) || self.is_seen(change))
        };
        let before = &self.view.set.restoring;
        let is_emptied = got_through(&Change::count(&self.view.pair.canary, 0));
        Set {
            restoring: Restoring {
                stopped: before.stopped || stop.iter().all(is_done),
                unwanted_since: before
                    .unwanted_since
                    .or(is_emptied.then_some(self.view.now)),
                ..*before
            },
            ..self.view.set.clone()
        }
    }

    /// What is set where somebody else has changed a service: a count stays where they set it, and so does a version that is not the
    /// candidate. A count of the primary that is still the release's own goes back to what was found.
    #[must_use]
    pub fn spared(&self, changed: &str) -> Set {
        let mut set = self.view.set.clone();
        let (Some(primary), Some(canary)) = (self.primary(), self.canary()) else {
            return set;
        };
        let keeping = |found: &FoundService, service: &Service| KeptService {
            desired: service.desired,
            scaling: found.scaling,
        };
        let found = self.view.found;
        let is_set = set.counts.map(|counts| counts.to.primary) == Some(primary.desired);
        let is_ours = self.view.holds.primary.owns_count() && is_set;
        let restoring = &mut set.restoring;
        if canary.name.as_str() == changed {
            let candidate = self.view.candidate();
            restoring.spares_canary = candidate.is_some_and(|candidate| !canary.is_on(candidate));
            restoring.kept.canary = Some(keeping(&found.canary, canary));
        } else if !is_ours {
            restoring.kept.primary = Some(keeping(&found.primary, primary));
        }
        set
    }

    fn is_seen(&self, change: &Change) -> bool {
        let is_of_canary = matches!(
            change,
            Change::UpdateService { service, .. } if *service == self.view.pair.canary
        );
        let service = if is_of_canary {
            &self.view.seen.canary
        } else {
            &self.view.seen.primary
        };
        !matches!(service, Known::Unknown(_))
    }
}
