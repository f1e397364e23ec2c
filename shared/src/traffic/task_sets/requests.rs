//! Requests while a release is rolled back: they go to whoever answers, and tasks stay for as long as they have some.

use super::{Change, Reason, back::Back};
use crate::{
    aws::task_set::{Scale, TaskSet},
    parts::rules::{self, Drain, Weighing},
    weight::Weight,
};

impl Back<'_> {
    /// Requests go to whoever answers.
    pub(super) fn weighing(&self) -> Weighing {
        let unchanged = Weighing {
            weight: self.view.set.weight,
            is_new: false,
            changes: Vec::new(),
        };
        let balancer = self.model.balancer(self.view);
        let Some(balancer) = balancer.filter(|_| !self.may_be_emptied()) else {
            return unchanged;
        };
        let mut made = self.made().filter(|it| it.is_there());
        let running = [self.stable, made.next()].map(|set| Some(set.map_or(0, |it| it.running)));
        balancer.returning(running, self.service.desired)
    }

    /// Whether the call of a promotion that takes the stable set's tasks may still be under way: behind a load balancer requests go
    /// nowhere then.
    pub(super) fn may_be_emptied(&self) -> bool {
        let scales = self.view.set.scales.as_ref();
        let is_unseen = scales.is_some_and(|it| !it.seen && it.to.stable.is_none());
        is_unseen && !self.fenced && self.model.balanced().is_some()
    }

    /// Whether the load balancer needs the candidate's tasks no more: no rule sends them anything, nothing that began before the rollback
    /// can change that, and their targets have finished what they had.
    pub(super) fn is_free(&self) -> bool {
        let Some(balancer) = self.model.balancer(self.view) else {
            return true;
        };
        let drain = || rules::drain(balancer.set(), balancer.found.drain_seconds, self.view.now);
        balancer.set().is_none()
            || self.fenced && balancer.is_given_back() && drain() == Drain::Over
    }

    /// Whether the stable set's targets answer, as many as it has tasks.
    pub(super) fn answers(&self, stable: &TaskSet) -> bool {
        let Some(balancer) = self.model.balancer(self.view) else {
            return true;
        };
        let health = balancer.seen.primary.get();
        health.is_some_and(|health| health.healthy >= stable.computed.max(1))
    }

    /// Only the candidate answers, and has fewer tasks than that takes.
    pub(super) fn raised(&self) -> Option<Change> {
        let balancer = self.model.balancer(self.view)?;
        let (stable, candidate) = (balancer.seen.primary.get()?, balancer.seen.canary.get()?);
        let is_alone = stable.healthy == 0 && candidate.healthy > 0;
        let mut made = self
            .made()
            .filter(|it| it.is_there() && !it.scale.is(Scale::ALL));
        let set = made
            .next()
            .filter(|_| is_alone && balancer.weight() > Weight::ZERO)?;
        Some(Change::scale(&self.model.service, set, Scale::ALL))
    }

    /// The candidate's targets have requests to finish, as far as that can be seen.
    pub(super) fn drains(&self) -> Option<Reason> {
        let balancer = self.model.balancer(self.view)?;
        balancer.set()?;
        if let Some(unseen) = balancer.seen.unseen().next() {
            return Some(Reason::Unseen(unseen.to_string()));
        }
        match rules::drain(balancer.set(), balancer.found.drain_seconds, self.view.now) {
            Drain::Until(until) if balancer.weight() == Weight::ZERO => {
                let weight = Weight::ZERO;
                Some(rules::Reason::Draining { weight, until }.into())
            }
            _ => None,
        }
    }
}
