//! The share of an HTTP service: tasks first and weight second on the way up, weight first and tasks second on the way
//! down.

use super::{Alb, Change, Reason, Set, View};
use crate::{
    parts::{
        pair::{self, Both, Counts, Service},
        rules::{self, Drain, FoundRules, SetWeight, TargetHealth},
    },
    traffic::model::{Attained, Short, Takes, Toward},
    weight::{self, Weight},
    words::Shared,
};

/// What a share is decided on.
struct Asked<'a> {
    alb: &'a Alb,
    weight: Weight,
    view: View<'a>,
    both: Both<'a>,
    seen: rules::Whole,
    found: &'a FoundRules,
    /// Tasks that the share takes.
    needed: u32,
}

/// How far tasks and weights are.
pub(super) fn toward(
    alb: &Alb,
    asked: Weight,
    tolerance: Option<f64>,
    view: View<'_>,
) -> Toward<Alb> {
    let both = alb.pair(view).both()?;
    let is_new = view.asked != Some(asked);
    let seen = view.seen.rules.whole();
    let Some(seen) = seen.filter(|_| !(is_new && alb.pair(view).is_being_counted())) else {
        return Err(Short::wait(Shared::OtherInvocation));
    };
    let found = &view.found.rules;
    for forward in &found.forwards {
        let weights = forward.weights_within(asked, tolerance);
        weights.map_err(|why| Short::refuse(rules::Reason::from(why)))?;
    }
    let asked = Asked {
        alb,
        weight: asked,
        view,
        both,
        seen,
        found,
        needed: found.tasks(alb.traffic.alb.min_tasks, asked, both.primary),
    };
    match asked
        .capacity()
        .and_then(|()| asked.weighed())
        .and_then(|()| asked.held())
    {
        // The record holds what is asked for before anything else is waited for.
        Err(Short::Wait(_)) if is_new => {
            let doing = asked.raise();
            Err(asked.set(doing, Vec::<Change>::new(), None, None))
        }
        Ok(attained) if is_new => {
            let doing = rules::Reason::Live {
                asked: asked.weight,
                attained,
            };
            Err(asked.set(doing, Vec::<Change>::new(), None, None))
        }
        Ok(attained) => Ok(Attained::share(attained)),
        Err(short) => Err(short),
    }
}

/// Whether the weight is seen on every rule, and a target answers.
pub(super) fn is_held(asked: Weight, view: View<'_>) -> bool {
    let Some(seen) = view.seen.rules.whole() else {
        return false;
    };
    let is_live = view.found.rules.is_live(&seen.forwards, asked);
    view.asked == Some(asked) && is_live && (seen.canary.healthy > 0 || asked == Weight::ZERO)
}

/// A weight that has fallen keeps tasks until their requests are answered.
pub(super) fn takes(view: View<'_>) -> Takes {
    Takes {
        since: None,
        time: rules::drain_time(view.set.weight, view.found.rules.drain_seconds),
    }
}

type Between<T> = Result<T, Short<Alb>>;

impl Asked<'_> {
    /// The tasks that the share takes, before the load balancer sends them anything.
    fn capacity(&self) -> Between<()> {
        let pair = self.alb.pair(self.view);
        let hold = pair.hold(self.both);
        if !hold.is_empty() {
            return Err(self.set(pair.holding(&hold), hold, None, None));
        }
        if self.both.canary.desired < self.needed {
            return Err(self.tasks(self.raise()));
        }
        Ok(())
    }

    fn raise(&self) -> Reason {
        Reason::Capacity {
            asked: self.weight,
            service: self.both.canary.name.clone(),
            tasks: self.needed,
        }
    }

    /// The canary gets so many tasks as the share takes.
    fn tasks(&self, doing: Reason) -> Short<Alb> {
        let changes = vec![pair::Change::count(&self.both.canary.name, self.needed)];
        let counts = Counts {
            canary: self.needed,
            ..self.both.counts()
        };
        self.set(doing, changes, Some(counts), None)
    }

    /// The weight, set only from one that is there, and only where healthy targets take what it brings.
    fn weighed(&self) -> Between<()> {
        let set = self.view.set.weight();
        let weighing = |to: Weight, weight: Option<SetWeight>| {
            let doing = rules::Reason::Weigh {
                asked: to,
                attained: weight::Attained::Weight(self.found.attained(to)),
            };
            let behind = self.found.behind(&self.seen.forwards, to);
            let changes = self.alb.weigh(behind);
            Err(self.set(doing, changes, None, weight))
        };
        if !self.found.is_live(&self.seen.forwards, set) {
            return weighing(set, None);
        }
        let asked = self.weight;
        if set == asked {
            return Ok(());
        }
        if asked > set {
            healthy(self.both.canary, &self.seen.canary, self.needed)?;
        } else if self.seen.primary.healthy == 0 {
            // The primary has its tasks; that one of them answers is asked all the same.
            return Err(targets(self.both.primary, &self.seen.primary, 1));
        }
        let healthy = self.seen.canary.healthy;
        weighing(
            asked,
            Some(SetWeight::new(set, asked, healthy, self.view.now)),
        )
    }

    /// The weight is there: tasks that it needs no more go, and then everything is steady.
    fn held(&self) -> Between<weight::Attained> {
        let attained = weight::Attained::Weight(self.found.attained(self.weight));
        let (canary, set) = (self.both.canary, self.view.set);
        let has_surplus = canary.desired > self.needed && !self.is_grown();
        // As many as the gate lets pass keep no share from being held.
        let spared = self.alb.traffic.alb.max_unhealthy;
        let least = self.needed.min(canary.desired).saturating_sub(spared);
        let is_healthy = healthy(canary, &self.seen.canary, least);
        let is_unseen = set.weight.is_some_and(|it| it.live_since.is_none());
        let is_counting = self.alb.pair(self.view).is_counting();
        let is_set = is_counting && !has_surplus && is_healthy.is_ok();
        if is_unseen || is_set {
            return Err(self.live(attained));
        }
        if !has_surplus {
            return is_healthy.map(|()| attained);
        }
        match rules::drain(set.weight, self.found.drain_seconds, self.view.now) {
            Drain::Until(until) => Err(Short::wait(rules::Reason::Draining {
                weight: self.weight,
                until,
            })),
            Drain::Unseen | Drain::Over => Err(self.tasks(Reason::ScaleIn {
                asked: self.weight,
                service: canary.name.clone(),
                tasks: self.needed,
            })),
        }
    }

    /// What was set last is seen for the first time.
    fn live(&self, attained: weight::Attained) -> Short<Alb> {
        let set = self.view.set;
        let (asked, counts) = (self.weight, self.both.counts());
        Short::Change {
            doing: rules::Reason::Live { asked, attained }.into(),
            set: Some(Set {
                pair: self.alb.pair(self.view).counted(counts),
                weight: set.weight.map(|weight| weight.seen(self.view.now)),
            }),
            changes: Vec::new(),
        }
    }

    /// Whether the canary's own automatic scaling may have added what is more than needed, since the release last set its tasks: that
    /// stays until the share is lowered.
    fn is_grown(&self) -> bool {
        let set = self.view.set;
        let falls = set.weight.filter(|weight| weight.to < weight.from);
        let counts = set.pair.counts.filter(|counts| counts.seen);
        let is_after = |since| counts.is_some_and(|counts| counts.since > since);
        self.both.canary.may_be_scaled_out_from(self.needed)
            && falls.is_none_or(|falling| is_after(falling.since))
    }

    /// Changes for a share, which the record is to hold first.
    fn set(
        &self,
        doing: impl Into<Reason>,
        changes: Vec<impl Into<Change>>,
        counts: Option<Counts>,
        weight: Option<SetWeight>,
    ) -> Short<Alb> {
        let before = self.view.set;
        let is_new = self.view.asked != Some(self.weight);
        let counts = before
            .pair
            .counting(self.both, counts, is_new, self.view.now);
        let is_set = is_new || weight.is_some() || counts != before.pair.counts;
        Short::Change {
            doing: doing.into(),
            set: is_set.then(|| Set {
                pair: pair::Set {
                    counts,
                    ..before.pair.clone()
                },
                weight: weight.or(before.weight),
            }),
            changes: changes.into_iter().map(Into::into).collect(),
        }
    }
}

/// So many of a service's targets get requests.
fn healthy(service: &Service, health: &TargetHealth, needed: u32) -> Between<()> {
    if service.is_settled() && health.healthy >= needed {
        Ok(())
    } else {
        Err(targets(service, health, needed))
    }
}

/// So many targets are waited for.
pub(super) fn targets(service: &Service, health: &TargetHealth, needed: u32) -> Short<Alb> {
    Short::Wait(Reason::Targets {
        service: service.name.clone(),
        needed,
        health: health.clone(),
    })
}
