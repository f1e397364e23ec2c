//! Two HTTP services as the release found them. Requests go to wherever healthy stable targets are, before anything else; the canary
//! keeps its tasks for as long as it gets requests, or may have to take them.

use super::{Alb, Change, Reason, Set, View};
use crate::{
    known::Known,
    parts::{
        pair::{self, Back, Service},
        rules::{self, Drain, Returning, Weighing},
    },
    traffic::model::{Attained, Short, Toward},
    weight::Weight,
    words::Shared,
};

impl Alb {
    pub(in crate::traffic) fn back<'a>(&'a self, fenced: bool, view: View<'a>) -> Back<'a> {
        self.pair(view).back(fenced)
    }

    /// Sets the weights, or notes that they are there.
    fn weighing(&self, view: View<'_>) -> Weighing {
        let pair = &view.seen.pair;
        let runs = |service: &Known<Service>| service.get().map(|service| service.running > 0);
        let needed = pair.primary.get().map(|primary| primary.desired);
        let returning = Returning {
            now: view.now,
            since: view.since,
            has_begun: view.promotion.has_begun(),
            seen: &view.seen.rules,
            found: &view.found.rules,
            set: view.set.weight,
            is_alone: (runs(&pair.primary), runs(&pair.canary)) == (Some(false), Some(true)),
            needed: needed.unwrap_or(view.found.pair.primary.desired),
        };
        returning.weighing(|wanted| self.weigh(wanted.into_iter()))
    }
}

impl Set {
    /// With what else is set of the services.
    pub(super) fn with(&self, pair: pair::Set) -> Self {
        Self {
            pair,
            ..self.clone()
        }
    }
}

/// The stopping call: what somebody may have done to the rules has to be seen before requests are sent anywhere.
pub(super) fn stop(back: &Back<'_>) -> Vec<pair::Change> {
    back.restores_primary().into_iter().collect()
}

/// What is between what is seen and what the release found.
pub(super) fn toward(alb: &Alb, fenced: bool, view: View<'_>) -> Toward<Alb> {
    let before = alb.back(fenced, view);
    let noted = before.noted();
    let Weighing {
        weight,
        is_new,
        changes: weights,
    } = alb.weighing(view);
    let set = Set {
        weight,
        ..view.set.with(noted)
    };
    let now = View { set: &set, ..view };
    let back = alb.back(fenced, now);
    let mut changes = if back.view.candidate().is_none() {
        back.scaling_changes()
    } else {
        let canary = back.canary().map(|it| canary_changes(alb, &back, it, now));
        let is_needed = !is_given_back(now);
        let primary = back.primary().map(|it| back.primary_changes(it, is_needed));
        let seen = [canary, primary].into_iter().flatten().flatten();
        back.blind(stop(&back)).into_iter().chain(seen).collect()
    };
    changes.extend(before.anew().changes.into_iter().map(|(_, change)| change));
    changes.extend(back.left_over_changes());
    let weights = weights.into_iter().map(Change::Rules);
    let changes: Vec<_> = weights
        .chain(changes.into_iter().map(Change::Pair))
        .collect();
    let is_changed = set.pair != view.set.pair || is_new;
    if is_changed || !changes.is_empty() {
        return Err(Short::Change {
            doing: Shared::GoOnRollingBack(view.release.clone()).into(),
            set: is_changed.then_some(set),
            changes,
        });
    }
    drained(view).map_err(Short::wait)?;
    back.left_over_ended().map_err(Short::wait)?;
    is_restored(alb, &back, view).map_err(Short::wait)?;
    if let Some(unseen) = &view.seen.pair.scaling {
        return Err(Short::wait(Shared::NotSeen(unseen.to_string())));
    }
    Ok(Attained {
        said: "as found".to_owned(),
        share: None,
        but: left(&back),
    })
}

fn canary_changes(
    alb: &Alb,
    back: &Back<'_>,
    canary: &Service,
    view: View<'_>,
) -> Vec<pair::Change> {
    if view.seen.pair.primary.is_gone() {
        // It has every request, and nobody will ever take them back: task by task, and as many as there are.
        return back.version(canary);
    }
    if is_canary_free(back, view) {
        return back.canary_changes(canary, false, Back::replaced);
    }
    raised(alb, view).into_iter().collect()
}

fn is_restored(alb: &Alb, back: &Back<'_>, view: View<'_>) -> Result<(), pair::Reason> {
    back.is_restored()?;
    let (primary, canary) = (&view.seen.pair.primary, &view.seen.pair.canary);
    let fenced = alb.back(true, view);
    let is_free = canary.is_gone() || primary.is_gone() || is_canary_free(&fenced, view);
    if is_free || back.view.candidate().is_none() {
        return Ok(());
    }
    let pair = &alb.pair;
    Err(pair::Reason::Restoring {
        primary: (&pair.primary, primary).into(),
        canary: (&pair.canary, canary).into(),
    })
}

/// Only the canary answers, and has fewer tasks than that takes.
fn raised(alb: &Alb, view: View<'_>) -> Option<pair::Change> {
    let rules = &view.seen.rules;
    let (primary, canary) = (rules.primary.get()?, rules.canary.get()?);
    if primary.healthy > 0 || canary.healthy == 0 || view.set.weight() == Weight::ZERO {
        return None;
    }
    let pair = &view.seen.pair;
    let (primary, canary) = (pair.primary.get()?, pair.canary.get()?);
    let tasks = rules::tasks(alb.traffic.alb.min_tasks, Weight::ALL.share(), primary);
    (canary.desired < tasks).then(|| pair::Change::count(&canary.name, tasks))
}

/// Whether no rule sends the canary anything: what the release has set is taken back and seen to be.
fn is_given_back(view: View<'_>) -> bool {
    let Some(weight) = view.set.weight else {
        return true;
    };
    weight.to == Weight::ZERO
        && weight.live_since.is_some()
        && view.seen.rules.is_live(&view.found.rules, Weight::ZERO)
}

/// Whether the canary's tasks may go: no rule sends them anything, nothing that began before the rollback can change that,
/// their targets have finished what they had, and the primary is proven if the release has touched it.
fn is_canary_free(back: &Back<'_>, view: View<'_>) -> bool {
    let drain = || rules::drain(view.set.weight, view.found.rules.drain_seconds, view.now);
    let is_unused =
        view.set.weight.is_none() || back.fenced && is_given_back(view) && drain() == Drain::Over;
    is_unused && (!back.promotion.has_begun() || is_proven(back, view))
}

/// Whether the primary can take every request on what the release found, or on what somebody has put there since.
fn is_proven(back: &Back<'_>, view: View<'_>) -> bool {
    let Some(primary) = back.primary() else {
        return view.seen.pair.primary.is_gone();
    };
    let stable = &view.found.pair.primary.task_definition;
    let health = view.seen.rules.primary.get();
    (primary.is_on(stable) || back.is_theirs(primary, stable))
        && primary.is_steady()
        && health.is_some_and(|health| health.healthy >= primary.desired.max(1))
}

/// The canary's targets have finished what they had, as far as that can be seen.
fn drained(view: View<'_>) -> Result<(), Reason> {
    if view.set.weight.is_none() {
        return Ok(());
    }
    if let Some(unseen) = view.seen.rules.unseen().next() {
        return Err(Reason::Unseen(unseen.to_string()));
    }
    match rules::drain(view.set.weight, view.found.rules.drain_seconds, view.now) {
        Drain::Until(until) if view.set.weight() == Weight::ZERO => Err(rules::Reason::Draining {
            weight: Weight::ZERO,
            until,
        }
        .into()),
        _ => Ok(()),
    }
}

/// What stays as it is: also the canary's tasks, where it is alone.
fn left(back: &Back<'_>) -> Vec<String> {
    let pair = back.view.pair;
    let alone = back.view.seen.primary.is_gone().then(|| {
        format!(
            "{} does not exist any more, so {} keeps its requests and its tasks",
            pair.primary, pair.canary
        )
    });
    back.left().into_iter().chain(alone).collect()
}
