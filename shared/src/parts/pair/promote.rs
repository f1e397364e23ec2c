//! What a promotion takes of two services, condition by condition: the candidate on the primary, the canary as it rests, automatic
//! scaling as it was found.

use super::{Both, Change, Condition, FoundService, Gap, Reason, Service, Task, View};
use crate::{names::TaskDefinitionArn, parts::Attained};

/// Two services that are to run the candidate, both of them.
#[derive(Debug, Clone, Copy)]
pub struct Promoting<'a> {
    /// The primary.
    pub primary: &'a Service,
    /// The canary.
    pub canary: &'a Service,
    candidate: &'a TaskDefinitionArn,
    view: View<'a>,
}

impl<'a> View<'a> {
    /// The promotion of both services.
    ///
    /// # Errors
    /// One of them was not seen, or there is no candidate yet.
    pub fn promotion(self) -> Condition<Promoting<'a>> {
        let Both { primary, canary } = self.both()?;
        let unregistered = Gap::Wait(Reason::Registration);
        Ok(Promoting {
            primary,
            canary,
            candidate: self.candidate().ok_or(unregistered)?,
            view: self,
        })
    }
}

impl Promoting<'_> {
    /// The canary runs what was approved, and nothing else: the newest deployment and every running task.
    ///
    /// # Errors
    /// It runs something else, or no task for now. The latter is waited for: Fargate Spot takes tasks and brings them back.
    pub fn approved(self) -> Condition {
        let (canary, candidate) = (self.canary, self.candidate);
        let refuse = |found| {
            Err(Gap::Refuse(Reason::NotTheCandidate {
                service: canary.name.clone(),
                candidate: candidate.clone(),
                found,
            }))
        };
        if !canary.is_on(candidate) || !canary.is_rolled_out() {
            return refuse(canary.to_string());
        }
        let tasks = self.tasks();
        if let Some(other) = tasks.iter().find(|it| it.task_definition != *candidate) {
            let version = other.task_definition.short();
            return refuse(format!("task {} runs {version}", other.id));
        }
        if canary.desired == 0 {
            return refuse("it is to have no task".to_owned());
        }
        if tasks.is_empty() || !canary.is_settled() {
            return Err(Gap::Wait(Reason::rollout(canary, candidate)));
        }
        Ok(())
    }

    /// The primary's newest deployment is the candidate's. It comes with the count that the primary is to have, as far as there is
    /// room for so many tasks of it.
    ///
    /// # Errors
    /// It runs what the release found; or what somebody else has deployed since the promotion began.
    pub fn updated(self, room: u32) -> Condition {
        let (primary, candidate) = (self.primary, self.candidate);
        if primary.is_on(candidate) {
            return Ok(());
        }
        let newest = primary.newest();
        if let Some(foreign) = newest.filter(|it| it.created >= self.view.since) {
            return Err(Gap::Refuse(Reason::ForeignWrite {
                service: primary.name.clone(),
                found: Some(foreign.task_definition.clone()),
                expected: candidate.clone(),
                reason: foreign.reason.clone(),
            }));
        }
        Err(self.update(Change::UpdateService {
            service: primary.name.clone(),
            task_definition: Some(candidate.clone()),
            desired: self.wanted(room),
        }))
    }

    /// The primary has the count that it is to have, as far as there is room for so many tasks of it.
    ///
    /// # Errors
    /// It has another one.
    pub fn counted(self, room: u32) -> Condition {
        let primary = self.primary;
        match self.wanted(room).filter(|it| *it != primary.desired) {
            Some(tasks) => Err(self.update(Change::count(&primary.name, tasks))),
            None => Ok(()),
        }
    }

    /// The primary is steady on the candidate with at least one task, and every task runs it. No tasks prove nothing; where a target
    /// asks for none, they are all there is.
    ///
    /// # Errors
    /// Not yet.
    pub fn proven(self, may_be_empty: bool) -> Condition {
        let (primary, candidate) = (self.primary, self.candidate);
        let is_empty = may_be_empty && primary.desired == 0;
        let on_candidate = |task: &Task| task.well && task.task_definition == *candidate;
        let tasks = self.tasks();
        let all_run_it =
            || primary.desired > 0 && !tasks.is_empty() && tasks.iter().all(on_candidate);
        if primary.is_steady() && (is_empty || all_run_it()) {
            return Ok(());
        }
        Err(Gap::Wait(Reason::rollout(primary, candidate)))
    }

    /// The canary has the tasks that it has between releases, or its automatic scaling sets them again.
    ///
    /// # Errors
    /// It has the release's.
    pub fn rests(self) -> Condition {
        let canary = self.canary;
        let found = self.view.found.canary.respecting(canary);
        let resting = found.bounded(self.view.resting_tasks());
        if canary.desired == resting || found.is_scaled_again(canary) {
            return Ok(());
        }
        let doing = Reason::GiveBack {
            canary: canary.name.clone(),
            resting,
        };
        let rest = Change::count(&canary.name, resting);
        Err(Gap::change(doing, vec![rest]))
    }

    /// Whether the canary has more tasks than between releases.
    #[must_use]
    pub fn has_surplus(self) -> bool {
        self.canary.desired > self.view.resting_tasks()
    }

    /// The canary is steady.
    ///
    /// # Errors
    /// Not yet.
    pub fn settled(self) -> Condition {
        let canary = self.canary;
        if canary.is_steady() {
            return Ok(());
        }
        Err(Gap::Wait(Reason::GivingBack(canary.into())))
    }

    /// Automatic scaling of both is what was found, but for what somebody else has set since.
    ///
    /// # Errors
    /// It is the release's; or it is given back, and that has pulled the primary's count into its bounds.
    pub fn scaling_restored(self) -> Condition {
        let View { holds, found, .. } = self.view;
        let restore = |service: &Service, found: &FoundService| {
            let found = found.respecting(service).scaling;
            let to = found.filter(|it| service.scaling != Some(*it))?;
            Some(Change::Scale {
                service: service.name.clone(),
                to,
            })
        };
        let primary = holds.primary.changes(&found.primary).then(|| {
            let pulled = || {
                let count = self.pulled().filter(|_| !holds.primary.owns_count());
                count.map(|to| Change::count(&self.primary.name, to))
            };
            restore(self.primary, &found.primary).or_else(pulled)
        });
        let canary = restore(self.canary, &found.canary);
        let changes: Vec<Change> = canary.into_iter().chain(primary.flatten()).collect();
        if changes.is_empty() {
            return Ok(());
        }
        Err(Gap::change(Reason::RestoreScaling, changes))
    }

    /// The task that the release alone has kept is gone again.
    ///
    /// # Errors
    /// It is still there.
    pub fn unfloored(self) -> Condition {
        let primary = self.primary;
        match self.view.found.primary.unfloored(primary) {
            Some(tasks) => Err(Gap::change(
                Reason::GiveBackFloor(primary.name.clone()),
                vec![Change::count(&primary.name, tasks)],
            )),
            None => Ok(()),
        }
    }

    /// What the promotion has come to.
    #[must_use]
    pub fn attained(self) -> Attained {
        let (primary, canary) = (&self.primary.name, &self.canary.name);
        let candidate = self.candidate.short();
        Attained {
            said: format!(
                "{primary} and {canary} run {candidate}, tasks and scaling are as the release found them"
            ),
            share: None,
            but: self
                .view
                .left_of_scaling(Some(self.primary), Some(self.canary)),
        }
    }

    fn update(self, change: Change) -> Gap {
        let doing = Reason::Update {
            service: self.primary.name.clone(),
            candidate: self.candidate.clone(),
        };
        Gap::change(doing, vec![change])
    }

    /// The running tasks of the service that is in question.
    fn tasks(&self) -> &[Task] {
        self.view.seen.tasks.as_deref().unwrap_or_default()
    }

    /// The primary's count, where and as long as it is the release's: what was found, as far as there is room, the rest when that is
    /// there. Of workers that scale to zero one task is to prove the candidate.
    fn wanted(self, room: u32) -> Option<u32> {
        let primary = self.primary;
        if !self.view.holds.primary.owns_count() {
            // A count that giving its bounds back has pulled into them is put right, and not kept at the least.
            let pulled = self.pulled();
            let tasks = pulled.unwrap_or_else(|| self.view.primary_tasks(primary));
            return (tasks > primary.desired).then_some(tasks);
        }
        let found = self.view.found.primary.respecting(primary);
        let wanted = found.desired.min(room.max(primary.desired));
        (!found.is_scaled_again(primary)).then_some(wanted)
    }

    /// The count that was found, where giving back the bounds of its scaling has pulled it into them.
    fn pulled(self) -> Option<u32> {
        let found = self.view.found.primary.respecting(self.primary);
        found.pulled(self.primary)
    }
}
