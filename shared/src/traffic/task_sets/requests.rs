//! Requests while a release is rolled back: they go to whoever answers, and tasks stay for as long as they have some.

use super::{Change, Reason, SetScales, TaskSets, View, back::Back};
use crate::{
    aws::task_set::{Scale, TaskSet},
    parts::rules::{self, Drain, Weighing},
    weight::Weight,
};

/// Requests go to whoever answers, also where the service cannot be seen.
pub(super) fn weighing(model: &TaskSets, fenced: bool, view: View<'_>) -> Weighing {
    let balancer = model.balancer(view);
    let Some(balancer) = balancer.filter(|_| !may_be_emptied(model, fenced, view)) else {
        return Weighing {
            weight: view.set.weight,
            is_new: false,
            changes: Vec::new(),
        };
    };
    let back = Back::seen(model, fenced, view);
    let is_alone = back.map_or_else(|| may_be_alone(view), |back| back.is_alone());
    balancer.returning(is_alone, back.map(|back| back.service.desired))
}

/// Whether the call of a promotion that takes the stable set's tasks may still be under way: behind a load balancer requests go
/// nowhere then.
pub(super) fn may_be_emptied(model: &TaskSets, fenced: bool, view: View<'_>) -> bool {
    let scales = view.set.scales.as_ref();
    let is_unseen = scales.is_some_and(|it| !it.seen && it.to.stable.is_none());
    is_unseen && !fenced && model.balanced().is_some()
}

/// Whether the release may have left all tasks to the candidate.
fn may_be_alone(view: View<'_>) -> bool {
    let scales = view.set.scales.as_ref();
    scales.is_some_and(SetScales::leave_it_alone)
}

impl Back<'_> {
    /// Whether nobody but the candidate runs. A stable set that comes back does once all its tasks are there, since the first of them
    /// could not bear everything.
    fn is_alone(&self) -> bool {
        let runs = |stable: &TaskSet| stable.running > 0;
        let is_back = |stable: &TaskSet| {
            if may_be_alone(self.view) {
                self.is_whole(stable)
            } else {
                runs(stable)
            }
        };
        let mut made = self.made().filter(|it| it.is_there());
        !self.stable.is_some_and(is_back) && made.any(runs)
    }

    /// Whether the load balancer needs the candidate's tasks no more: somebody else's PRIMARY answers in their group, or no rule sends them
    /// anything, nothing that began before the rollback can change that, and their targets have finished what they had.
    pub(super) fn is_free(&self) -> bool {
        let Some(balancer) = self.model.balancer(self.view) else {
            return true;
        };
        let drain = || rules::drain(balancer.set(), balancer.found.drain_seconds, self.view.now);
        let group = balancer.place.canary_target_group.as_str();
        let answers = |it: &TaskSet| it.is_settled() && it.launch.groups().any(|it| it == group);
        balancer.set().is_none()
            || self.others().is_some_and(answers)
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
