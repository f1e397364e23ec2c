//! Safety questions about task sets.

use super::{Noted, Reason, Scales, Set, TaskSets, View, balancer::Balancer, sets};
use crate::{
    aws::task_set::{External, Scale, Status, TaskSet},
    parts::{
        News,
        exits::{Bound, Watched},
        gate::{Gate, When},
        letters::Counted,
        release::Promotion,
        rules::Targets,
    },
    traffic::model::Question,
};

/// In the order in which they are asked.
pub(super) const GATES: [(Gate, Question<TaskSets>); 4] = [
    (Gate::DeadLetters, |model, when, view| {
        let queue = model.queue();
        Ok(queue.map_or(Ok(()), |it| it.letters.ask(when, counted(view)))?)
    }),
    (Gate::ForeignWrite, |model, _, view| unchanged(model, view)),
    (Gate::Targets, |model, _, view| {
        let balancer = model.balancer(view);
        balancer.map_or(Ok(()), |it| targets(&it, view))
    }),
    (Gate::Exits, |model, _, view| {
        let bound = exits(model, view);
        Ok(bound.map_or(Ok(()), |it| it.ask(&view.set.exits))?)
    }),
];

/// Which set is PRIMARY, which sets there are, their scales and weights are what the release has set last, or found.
pub(super) fn unchanged(model: &TaskSets, view: View<'_>) -> Result<(), Reason> {
    if let Some(service) = view.seen.service.get() {
        only_ours(service, view)?;
        primary(service, view)?;
        candidate(service, view)?;
        scales(service, view)?;
    }
    let Some(balancer) = model.balancer(view) else {
        return Ok(());
    };
    let seen = balancer.seen.whole();
    let unchanged = seen.map_or(Ok(()), |seen| {
        balancer.found.unchanged(balancer.set(), &seen)
    });
    Ok(unchanged?)
}

/// The candidate's targets answer, from when shares are set.
fn targets(balancer: &Balancer<'_>, view: View<'_>) -> Result<(), Reason> {
    let is_promoting = matches!(view.promotion, Promotion::Begun | Promotion::GivenBack);
    let has_share = view.asked.is_some() || is_promoting;
    let Some(seen) = balancer.seen.whole().filter(|_| has_share) else {
        return Ok(());
    };
    let proven = balancer.set().map(|weight| weight.healthy);
    let targets = Targets {
        group: &balancer.place.canary_target_group,
        max_unhealthy: balancer.balanced.max_unhealthy,
        proven: proven.unwrap_or(balancer.balanced.min_tasks),
    };
    Ok(targets.ask(seen)?)
}

/// Nobody else has made a set.
fn only_ours(service: &External, view: View<'_>) -> Result<(), Reason> {
    let stable = sets::stable(service, view).map(|it| &it.id);
    let is_ours = |set: &TaskSet| {
        Some(&set.id) == stable
            || view.found.left_over.contains(&set.id)
            || set.external_id.as_deref() == Some(view.release.as_str())
    };
    let mut sets = service.sets.iter();
    match sets.find(|set| set.status == Status::Active && !is_ours(set)) {
        Some(foreign) => Err(Reason::ForeignSet {
            service: service.name.clone(),
            set: foreign.into(),
        }),
        None => Ok(()),
    }
}

/// The PRIMARY is the stable set until the promotion, and then the candidate's.
fn primary(service: &External, view: View<'_>) -> Result<(), Reason> {
    let found = service.primary().map(|it| &it.id);
    let stable = sets::stable(service, view).map(|it| &it.id);
    let candidate = sets::candidate(view).map(|it| &it.id);
    let is_stable = found == stable && found.is_some();
    let is_candidate = found == candidate && found.is_some();
    let is_expected = match view.promotion {
        Promotion::NotBegun if view.found.task_set.is_none() && view.set.scales.is_none() => {
            is_stable || found.is_none()
        }
        Promotion::NotBegun => is_stable,
        Promotion::Begun => is_stable || is_candidate,
        Promotion::GivenBack | Promotion::Complete => is_candidate,
    };
    if is_expected {
        return Ok(());
    }
    Err(Reason::ForeignPrimary {
        service: service.name.clone(),
        found: service.primary().map(Into::into),
    })
}

/// The candidate's set is there once it has got a task, and runs the candidate.
fn candidate(service: &External, view: View<'_>) -> Result<(), Reason> {
    let (Some(set), Some(registered)) = (&view.set.scales, view.set.registered()) else {
        return Ok(());
    };
    match service.set(&set.candidate) {
        Some(there) if there.task_definition == *registered => Ok(()),
        found => Err(Reason::NoCandidate {
            set: set.candidate.clone(),
            candidate: registered.clone(),
            found: found.map(Into::into),
        }),
    }
}

/// Scales are what was set last, and until that was seen once also what was there before.
fn scales(service: &External, view: View<'_>) -> Result<(), Reason> {
    let foreign = |set: &TaskSet, expected| Reason::ForeignScale {
        set: set.id.clone(),
        found: set.scale,
        expected,
    };
    let Some(set) = &view.set.scales else {
        // The record holds that it gets its first task before it does.
        let candidate = sets::candidate(view).filter(|it| !it.scale.is_none());
        return candidate.map_or(Ok(()), |it| Err(foreign(it, Scale::NONE)));
    };
    let of_candidate = |scales: Scales| scales.candidate;
    let of_stable = |scales: Scales| scales.stable;
    let parts: [(_, &dyn Fn(Scales) -> Scale); 2] =
        [(&set.candidate, &of_candidate), (&set.stable, &of_stable)];
    for (id, part) in parts {
        let is_ours = |it: &TaskSet| set.may(|scales| part(scales).is(it.scale));
        if let Some(found) = service.set(id).filter(|it| !is_ours(it)) {
            return Err(foreign(found, part(set.to)));
        }
    }
    Ok(())
}

/// What nobody can tell yet.
pub(super) fn undecided(model: &TaskSets, when: When, view: View<'_>) -> Option<Reason> {
    let queue = model.queue();
    let letters = queue.and_then(|it| it.letters.undecided(when, counted(view)));
    let exits = || {
        let bound = exits(model, view).filter(|_| when != When::Guard);
        Some(Reason::Exits(bound?.undecided(&view.set.exits)?))
    };
    letters.map(Reason::Letters).or_else(exits)
}

/// What is set, with what this look has seen that counts only together with other looks.
pub(super) fn noted(model: &TaskSets, when: When, view: View<'_>) -> Noted<Set> {
    let before = view.set;
    let stable = &view.found.task_definition;
    let watched = Watched {
        began: view.began,
        candidate: before.registered(),
        stable: [stable, stable],
    };
    let seen = view.seen.exits.get().filter(|_| when != When::Guard);
    let exits = before.exits.clone();
    let set = Set {
        letters: match model.queue() {
            Some(queue) => queue.letters.noted(when, counted(view)),
            None => before.letters,
        },
        exits: match seen {
            Some(seen) => exits.seeing(seen, &watched, view.now),
            None => exits,
        },
        ..before.clone()
    };
    let is_setback = set.exits.says_more_than(&before.exits);
    let is_news = is_setback || set.letters != before.letters;
    let news = is_news.then(|| News {
        said: set.exits.to_string(),
        is_setback,
    });
    Noted { set, news }
}

/// How many tasks may end by themselves, of those that should run the candidate and the stable version.
fn exits<'a>(model: &TaskSets, view: View<'a>) -> Option<Bound<'a>> {
    let service = view.seen.service.get()?;
    Some(Bound {
        candidate: view.set.registered()?,
        allowed: model.max_task_exits,
        tasks: sets::candidate(view).map_or(0, |it| it.computed),
        stable_tasks: service.desired,
    })
}

fn counted(view: View<'_>) -> Counted {
    let (found, set) = (view.found.dead_letters, view.set.letters);
    view.of_letters(found, set, &view.seen.dead_letters)
}
