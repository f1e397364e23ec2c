//! The share behind a load balancer: tasks first and weight second on the way up, weight first and tasks second on the way down.

use super::{
    Reason, Set, TaskSets, View,
    balancer::{Balancer, targets},
    sets::Both,
};
use crate::{
    aws::task_set::TaskSet,
    parts::{
        counts::Counts,
        rules::{self, Drain, SetWeight, TargetHealth, Whole},
    },
    traffic::model::{Attained, Short, Takes, Toward},
    weight::{self, Weight},
};

/// What a share is decided on.
struct Asked<'a> {
    balancer: &'a Balancer<'a>,
    weight: Weight,
    view: View<'a>,
    both: Both<'a>,
    seen: Whole,
    /// The candidate's tasks that the share takes.
    needed: u32,
}

type Between<T> = Result<T, Short<TaskSets>>;

/// How far tasks and weights are.
pub(super) fn toward(
    balancer: &Balancer<'_>,
    asked: Weight,
    tolerance: Option<f64>,
    view: View<'_>,
) -> Toward<TaskSets> {
    let both = Both::of(view)?;
    let seen = balancer.whole()?;
    if both.service.desired == 0 {
        return Err(Short::Wait(Reason::NoTasks {
            service: both.service.name.clone(),
        }));
    }
    for forward in &balancer.found.forwards {
        let weights = forward.weights_within(asked, tolerance);
        weights.map_err(|why| Short::refuse(rules::Reason::from(why)))?;
    }
    let asked = Asked {
        balancer,
        weight: asked,
        view,
        both,
        seen,
        needed: balancer.tasks(asked, both.service.desired),
    };
    let held = asked.capacity().and_then(|()| asked.weighed());
    match held.and_then(|()| asked.held()) {
        // The record holds what is asked for before anything else is waited for.
        Err(Short::Wait(_)) if asked.is_new() => Err(asked.set(asked.raise(), None, Vec::new())),
        Ok(attained) if asked.is_new() => Err(asked.set(asked.live(attained), None, Vec::new())),
        Ok(attained) => Ok(Attained::share(attained)),
        Err(short) => Err(short),
    }
}

/// Whether the weight is seen on every rule, and a target answers.
pub(super) fn is_held(balancer: &Balancer<'_>, asked: Weight, view: View<'_>) -> bool {
    let Some(seen) = balancer.seen.whole() else {
        return false;
    };
    let is_live = balancer.found.is_live(&seen.forwards, asked);
    view.asked == Some(asked) && is_live && (seen.canary.healthy > 0 || asked == Weight::ZERO)
}

/// A weight that has fallen keeps tasks until their requests are answered.
pub(super) fn takes(balancer: &Balancer<'_>) -> Takes {
    Takes {
        since: None,
        time: rules::drain_time(balancer.set(), balancer.found.drain_seconds),
    }
}

impl Asked<'_> {
    fn is_new(&self) -> bool {
        self.view.asked != Some(self.weight)
    }

    /// The tasks that the share takes, before the load balancer sends them anything.
    fn capacity(&self) -> Between<()> {
        if self.both.candidate.computed >= self.needed {
            return Ok(());
        }
        self.tasks(self.raise())
    }

    fn raise(&self) -> Reason {
        Reason::Capacity {
            asked: self.weight,
            set: self.both.candidate.id.clone(),
            tasks: self.needed,
        }
    }

    /// The candidate gets so many tasks as the share takes.
    fn tasks(&self, doing: Reason) -> Between<()> {
        let tasks = Counts {
            primary: self.both.service.desired,
            canary: self.needed,
        };
        let asked = Some(self.weight).filter(|_| self.is_new());
        let scales = self.both.counting(tasks);
        self.both.scaled(scales, doing, asked, self.view)
    }

    /// The weight, set only from one that is there, and only where healthy targets take what it brings.
    fn weighed(&self) -> Between<()> {
        let (set, found) = (self.balancer.weight(), self.balancer.found);
        let weighing = |to: Weight, weight: Option<SetWeight>| {
            let doing = rules::Reason::Weigh {
                asked: to,
                attained: weight::Attained::Weight(found.attained(to)),
            };
            let changes = self.balancer.weigh(found.behind(&self.seen.forwards, to));
            Err(self.set(doing, weight, changes))
        };
        if !found.is_live(&self.seen.forwards, set) {
            return weighing(set, None);
        }
        let asked = self.weight;
        if set == asked {
            return Ok(());
        }
        if asked > set {
            healthy(self.both.candidate, &self.seen.canary, self.needed)?;
        } else if self.seen.primary.healthy == 0 {
            return Err(targets(self.both.stable, &self.seen.primary, 1));
        }
        let healthy = self.seen.canary.healthy;
        let weight = SetWeight::new(set, asked, healthy, self.view.now);
        weighing(asked, Some(weight))
    }

    /// The weight is there: tasks that it needs no more go, and then everything is steady.
    fn held(&self) -> Between<weight::Attained> {
        let (candidate, set) = (self.both.candidate, self.view.set);
        let attained = weight::Attained::Weight(self.balancer.found.attained(self.weight));
        let has_surplus = candidate.computed > self.needed;
        // As many as the gate lets pass keep no share from being held.
        let spared = self.balancer.balanced.max_unhealthy;
        let least = self.needed.min(candidate.computed).saturating_sub(spared);
        let is_healthy = healthy(candidate, &self.seen.canary, least);
        let is_unseen = set.weight.is_some_and(|it| it.live_since.is_none());
        let is_scaling = set.scales.as_ref().is_some_and(|it| !it.seen);
        if is_unseen || is_scaling && !has_surplus && is_healthy.is_ok() {
            return Err(self.noted(attained));
        }
        if !has_surplus {
            return is_healthy.map(|()| attained);
        }
        let drain_seconds = self.balancer.found.drain_seconds;
        if let Drain::Until(until) = rules::drain(set.weight, drain_seconds, self.view.now) {
            return Err(Short::wait(rules::Reason::Draining {
                weight: self.weight,
                until,
            }));
        }
        self.tasks(Reason::ScaleIn {
            asked: self.weight,
            set: candidate.id.clone(),
            tasks: self.needed,
        })?;
        // AWS has not computed it yet.
        Err(Short::Wait(Reason::Steady(candidate.into())))
    }

    fn live(&self, attained: weight::Attained) -> rules::Reason {
        rules::Reason::Live {
            asked: self.weight,
            attained,
        }
    }

    /// What was set last is seen for the first time.
    fn noted(&self, attained: weight::Attained) -> Short<TaskSets> {
        let weight = self.view.set.weight;
        let set = Set {
            weight: weight.map(|weight| weight.seen(self.view.now)),
            ..self.view.set.clone()
        };
        self.both.noted(self.live(attained), &set)
    }

    /// Changes for a share, which the record is to hold first.
    fn set(
        &self,
        doing: impl Into<Reason>,
        weight: Option<SetWeight>,
        changes: Vec<rules::Change>,
    ) -> Short<TaskSets> {
        let is_set = self.is_new() || weight.is_some();
        Short::Change {
            doing: doing.into(),
            set: is_set.then(|| Set {
                weight: weight.or(self.view.set.weight),
                ..self.view.set.clone()
            }),
            changes: changes.into_iter().map(Into::into).collect(),
        }
    }
}

/// So many of a set's targets get requests.
fn healthy(set: &TaskSet, health: &TargetHealth, needed: u32) -> Between<()> {
    if set.is_settled() && health.healthy >= needed {
        Ok(())
    } else {
        Err(targets(set, health, needed))
    }
}
