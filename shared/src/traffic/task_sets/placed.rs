//! The candidate's task set: it runs beside the stable one, with the fewest tasks that it can be seen with.

use super::{
    Change, Reason, Set, TaskSets, View,
    balancer::targets,
    sets::{self, Both},
};
use crate::{
    aws::{
        task_set::{External, NewSet, Scale, Status, TaskSet},
        task_sets::token,
    },
    names::TaskDefinitionArn,
    parts::{
        counts::Counts,
        task_definition::{Candidate, Registration},
    },
    traffic::{
        configured::Configured,
        model::{Attained, Short, Toward},
    },
    words::Shared,
};

impl TaskSets {
    /// The candidate's tasks before it gets a share: the fewest that it can be seen with.
    fn first_tasks(&self, desired: u32) -> u32 {
        let least = self.balanced().map_or(1, |it| it.min_tasks);
        least.min(desired)
    }
}

/// How far the candidate is.
pub(super) fn toward(model: &TaskSets, view: View<'_>) -> Toward<TaskSets> {
    let service = sets::service(view)?;
    let candidate = view.set.candidate.as_ref();
    let candidate = candidate.ok_or_else(|| Short::wait(Shared::OtherInvocation))?;
    let attempt = (view.release, view.began);
    let latest = view.seen.latest.as_ref();
    let placing = |task_definition| Placing {
        model,
        service,
        task_definition,
        view,
    };
    match candidate.registration(latest, attempt, view.now) {
        Registration::Done {
            task_definition, ..
        } => placing(task_definition).toward(),
        Registration::Seen(task_definition) => {
            let short = placing(&task_definition).toward();
            Err(noting(short, task_definition.clone(), view))
        }
        Registration::UnderWay => Err(Short::Wait(Reason::Registration)),
        Registration::Open { definition } => Err(Short::Change {
            doing: Reason::Register,
            set: Some(Set {
                candidate: Some(Candidate::registering(definition, view.now)),
                ..view.set.clone()
            }),
            changes: vec![Change::Register {
                definition: definition.to_owned(),
            }],
        }),
    }
}

/// The same, and the record holds what is registered.
fn noting(
    placed: Toward<TaskSets>,
    task_definition: TaskDefinitionArn,
    view: View<'_>,
) -> Short<TaskSets> {
    let (doing, changes) = match placed {
        Err(Short::Change { doing, changes, .. }) => (doing, changes),
        Err(Short::Wait(waiting_on)) => (waiting_on, Vec::new()),
        Err(refused @ Short::Refuse(_)) => return refused,
        Ok(_) => (Reason::Registration, Vec::new()),
    };
    Short::Change {
        doing,
        set: Some(Set {
            candidate: Some(Candidate::Registered {
                task_definition,
                at: view.now,
            }),
            ..view.set.clone()
        }),
        changes,
    }
}

struct Placing<'a> {
    model: &'a TaskSets,
    service: &'a External,
    task_definition: &'a TaskDefinitionArn,
    view: View<'a>,
}

impl Placing<'_> {
    fn toward(&self) -> Toward<TaskSets> {
        self.cleared()?;
        let stable = self.stable()?;
        let candidate = self.made(stable)?;
        let both = Both {
            service: self.service,
            stable,
            candidate,
        };
        self.started(both)?;
        if !candidate.is_settled() || candidate.computed == 0 {
            return Err(Short::Wait(Reason::Steady(candidate.into())));
        }
        self.answers(candidate)?;
        let running = candidate.running;
        Ok(Attained {
            said: format!(
                "task set {} runs {}",
                candidate.id,
                self.task_definition.short()
            ),
            share: None,
            but: vec![format!("{running} of {running} tasks steady")],
        })
    }

    /// Every task of it is a healthy target, where a load balancer is to send it requests.
    fn answers(&self, candidate: &TaskSet) -> Result<(), Short<TaskSets>> {
        let Some(balancer) = self.model.balancer(self.view) else {
            return Ok(());
        };
        let health = balancer.whole()?.canary;
        if health.healthy < candidate.computed {
            return Err(targets(candidate, &health, candidate.computed));
        }
        Ok(())
    }

    /// Nothing of earlier releases is there any more: AWS counts also what drains.
    fn cleared(&self) -> Result<(), Short<TaskSets>> {
        let left_over = self.view.found.left_over.iter();
        let left_over: Vec<_> = left_over.filter_map(|id| self.service.set(id)).collect();
        if !left_over.is_empty() {
            let deletes = left_over
                .iter()
                .map(|set| Change::delete(&self.service.name, &set.id));
            return Err(change(
                Reason::Clear {
                    service: self.service.name.clone(),
                },
                deletes.collect(),
            ));
        }
        let mut sets = self.service.sets.iter();
        match sets.find(|set| !set.is_there()) {
            Some(draining) => Err(Short::Wait(Reason::Draining(draining.into()))),
            None => Ok(()),
        }
    }

    /// The set that runs what the release found; where there was none, it is made first.
    fn stable(&self) -> Result<&TaskSet, Short<TaskSets>> {
        let stable = sets::stable(self.service, self.view);
        let bootstrap = self.model.bootstrap.as_ref();
        let is_first = self.view.found.task_set.is_none();
        let Some(stable) = stable else {
            let Some(bootstrap) = bootstrap.filter(|_| is_first) else {
                return Err(Short::wait(Shared::OtherInvocation));
            };
            let first = NewSet {
                release: self.view.release.clone(),
                replaces: None,
                task_definition: self.view.found.task_definition.clone(),
                launch: bootstrap.launch_in(self.model.balanced().map(|it| &it.target_groups[0])),
                token: self.token("first"),
            };
            return Err(self.create(first));
        };
        if is_first && stable.status != Status::Primary {
            if !stable.scale.is(Scale::ALL) {
                let scale = Change::scale(&self.service.name, stable, Scale::ALL);
                return Err(change(Reason::First(stable.into()), vec![scale]));
            }
            if !stable.is_settled() {
                return Err(Short::Wait(Reason::Steady(stable.into())));
            }
            let primary = Change::make_primary(&self.service.name, stable);
            return Err(change(Reason::MakePrimary(stable.into()), vec![primary]));
        }
        Ok(stable)
    }

    /// The candidate's set, launched as the stable one is.
    fn made(&self, stable: &TaskSet) -> Result<&TaskSet, Short<TaskSets>> {
        if let Some(made) = sets::candidate(self.view) {
            return Ok(made);
        }
        let balancer = self.model.balancer(self.view);
        let launch = balancer.map(|it| stable.launch.in_group(&it.place.canary_target_group));
        Err(self.create(NewSet {
            release: self.view.release.clone(),
            replaces: Some(stable.id.clone()),
            task_definition: self.task_definition.clone(),
            launch: launch.unwrap_or_else(|| stable.launch.clone()),
            token: self.token("candidate"),
        }))
    }

    /// The same for each attempt of a release, and another one for the next.
    fn token(&self, purpose: &str) -> String {
        let pair = self.model.id();
        let began = self.view.began.to_string();
        token(&[pair.as_str(), self.view.release.as_str(), &began, purpose])
    }

    fn create(&self, set: NewSet) -> Short<TaskSets> {
        let doing = Reason::Create {
            service: self.service.name.clone(),
            task_definition: set.task_definition.clone(),
        };
        let create = Change::Create {
            service: self.model.service.clone(),
            set: Box::new(set),
        };
        change(doing, vec![create])
    }

    /// It has its first task.
    fn started(&self, both: Both<'_>) -> Result<(), Short<TaskSets>> {
        if self.service.desired == 0 {
            let service = self.model.service.clone();
            return Err(Short::Wait(Reason::NoTasks { service }));
        }
        let tasks = Counts {
            primary: self.service.desired,
            canary: self.model.first_tasks(self.service.desired),
        };
        let doing = Reason::Start(both.candidate.into());
        both.scaled(both.counting(tasks), doing, None, self.view)
    }
}

fn change(doing: Reason, changes: Vec<Change>) -> Short<TaskSets> {
    Short::Change {
        doing,
        set: None,
        changes,
    }
}
