//! The candidate comes to the canary service: conditions of every model of two services.

use super::{Both, Candidate, Change, Condition, Gap, Reason, Service, Set, Task, View};
use crate::{
    clock::Timestamp,
    names::TaskDefinitionArn,
    parts::{Attained, task_definition::Registration},
    words::Shared,
};

/// A candidate that is registered.
#[derive(Debug, Clone, Copy)]
pub struct Placing<'a> {
    /// Its task definition.
    pub candidate: &'a TaskDefinitionArn,
    /// When the canary service was allowed to change.
    pub at: Timestamp,
    /// The canary's tasks before it gets a share.
    pub tasks: u32,
}

impl<'a> View<'a> {
    /// The candidate is registered, and is to go to the canary service with so many tasks.
    ///
    /// # Errors
    /// It is not yet, or the record does not say so.
    pub fn registered(self, both: Both<'_>, tasks: u32) -> Result<Placing<'a>, Gap<Set>> {
        let Some(candidate) = &self.set.candidate else {
            return Err(Gap::Wait(Shared::OtherInvocation.into()));
        };
        let attempt = (self.release, self.began);
        match candidate.registration(self.seen.latest.as_ref(), attempt, self.now) {
            Registration::Done {
                task_definition: candidate,
                at,
            } => Ok(Placing {
                candidate,
                at,
                tasks,
            }),
            Registration::Seen(registered) => Err(self.first_seen(both, registered, tasks)),
            Registration::UnderWay => Err(Gap::Wait(Reason::Registration)),
            Registration::Open { definition } => Err(self.register(both, definition)),
        }
    }

    /// What registers the candidate, and who claims it: an event that is delivered twice registers once.
    #[must_use]
    pub fn registering(self, both: Both<'_>, definition: String) -> (Candidate, Vec<Change>) {
        let claimed = Candidate::registering(&definition, self.now);
        let mut changes = vec![Change::Register { definition }];
        changes.extend(self.hold(both));
        (claimed, changes)
    }

    fn register(self, both: Both<'_>, definition: &str) -> Gap<Set> {
        let (claimed, changes) = self.registering(both, definition.to_owned());
        Gap::Change {
            doing: Reason::Register,
            set: Some(self.with(claimed)),
            changes,
        }
    }

    /// The candidate is there: the canary service may change, and does as soon as automatic scaling is held.
    fn first_seen(
        self,
        both: Both<'_>,
        task_definition: TaskDefinitionArn,
        tasks: u32,
    ) -> Gap<Set> {
        let at = self.now;
        let placing = Placing {
            candidate: &task_definition,
            at,
            tasks,
        };
        let missing = self.hold(both);
        let (doing, changes) = if missing.is_empty() {
            self.put(placing)
        } else {
            (self.holding(&missing), missing)
        };
        Gap::Change {
            doing,
            set: Some(self.with(Candidate::Registered {
                task_definition,
                at,
            })),
            changes,
        }
    }

    fn with(self, candidate: Candidate) -> Set {
        Set {
            candidate: Some(candidate),
            ..self.set.clone()
        }
    }

    fn put(self, placing: Placing<'_>) -> (Reason, Vec<Change>) {
        let service = self.pair.canary.clone();
        let doing = Reason::Update {
            service: service.clone(),
            candidate: placing.candidate.clone(),
        };
        let update = Change::UpdateService {
            service,
            task_definition: Some(placing.candidate.clone()),
            desired: Some(placing.tasks),
        };
        (doing, vec![update])
    }

    /// Whether the canary service was put on the candidate.
    #[must_use]
    pub fn is_placed(self) -> bool {
        let canary = self.seen.canary.get();
        let candidate = self.candidate();
        canary
            .zip(candidate)
            .is_some_and(|(canary, candidate)| canary.is_on(candidate))
    }

    /// The canary service is on the candidate, with tasks: none would prove nothing.
    ///
    /// # Errors
    /// It is still, or again, on what the release found.
    pub fn on_canary(self, both: Both<'_>, placing: Placing<'_>) -> Condition {
        let canary = both.canary;
        let is_on = canary.is_on(placing.candidate);
        if is_on && canary.desired > 0 {
            return Ok(());
        }
        // A deployment that was made after ours was allowed is not ours: ECS or somebody else took the candidate back.
        let newest = canary.newest().filter(|it| it.created >= placing.at);
        if let Some(newest) = newest.filter(|_| !is_on) {
            return Err(Gap::Refuse(Reason::ForeignWrite {
                service: canary.name.clone(),
                found: Some(newest.task_definition.clone()),
                expected: placing.candidate.clone(),
                reason: newest.reason.clone(),
            }));
        }
        let (doing, changes) = self.put(placing);
        Err(Gap::change(doing, changes))
    }

    /// Everything about the canary says that it runs the candidate: its deployment, its counts, and each of its tasks.
    ///
    /// # Errors
    /// Something does not yet.
    pub fn steady(self, both: Both<'_>, placing: Placing<'_>) -> Condition<Attained> {
        let Placing { candidate, .. } = placing;
        let canary = both.canary;
        let tasks = self.seen.tasks.as_deref();
        let runs = |tasks| all_on(tasks, candidate, canary.desired);
        if !canary.is_steady() || !tasks.is_some_and(runs) {
            return Err(Gap::Wait(Reason::rollout(canary, candidate)));
        }
        let Service { name, running, .. } = canary;
        Ok(Attained {
            said: format!("{name} runs {}", candidate.short()),
            share: None,
            but: vec![format!("{running} of {running} tasks steady")],
        })
    }
}

fn all_on(tasks: &[Task], candidate: &TaskDefinitionArn, desired: u32) -> bool {
    let on = tasks
        .iter()
        .filter(|task| task.well && task.task_definition == *candidate)
        .count();
    on == tasks.len() && u32::try_from(on).is_ok_and(|on| on >= desired)
}
