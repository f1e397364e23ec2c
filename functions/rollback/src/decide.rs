//! What one look at a release that is being rolled back calls for. Pure.

use canary::{
    clock::Timestamp,
    decision::{Decision, Doing, Done, Move, Outcome, Step, WaitingOn},
    observation::Known,
    parts::pair::{FoundService, Service},
    reconcile::FUNCTION_TIMEOUT,
    record::{Phase, Record, RollingBack, Which},
    target::Traffic,
};

use crate::{
    Seen,
    call::Why,
    execution, left_over,
    missing::Lacking,
    services, stop,
    weights::{self, Weighing},
};

/// What one look at a release that is being rolled back calls for.
#[derive(Debug, Clone, PartialEq)]
pub struct Restoring {
    /// The next move.
    pub decision: Decision,
    /// What cannot be done, so that nothing is tried.
    pub lacking: Vec<Lacking>,
}

/// Decides what is still short of what the release found; if nothing is, waits for the fence and for the end of the execution, then
/// says so.
#[must_use]
pub fn restore(
    seen: &Seen,
    record: &Record,
    rolling_back: &RollingBack,
    why: &Why,
    is_first: bool,
) -> Restoring {
    let now = seen.now;
    let is_over = now > fence(record);
    let mut next = rolling_back.clone();
    if rolling_back.promotion.has_given_back() && seen.scaling.is_none() {
        for (which, service) in [
            (Which::Primary, &seen.primary),
            (Which::Canary, &seen.canary),
        ] {
            next.kept = service
                .get()
                .map_or(next.kept, |it| next.kept.with(which, it));
        }
    }
    let canary = seen.canary.get();
    if canary.is_some_and(|canary| left_over::is_there(canary, rolling_back)) {
        next.unwanted_since.get_or_insert(now);
    }
    let anew = anew(seen, record, rolling_back);
    for (which, _) in &anew.steps {
        next.forced = next.forced.again(*which);
    }
    let is_changed = next != *rolling_back;
    // An execution that has ended, and goes on after that, was retried: that is not this rollback's to end.
    let has_ended = rolling_back.ends_execution && execution::has_ended(seen);
    next.ends_execution &= !has_ended;
    let Weighing {
        record: written,
        is_new,
        mut steps,
    } = weights::weigh(seen, record.rolling(next.clone(), now), &next);
    steps.extend(service_steps(seen, &written, &next, is_over));
    steps.extend(anew.steps.into_iter().map(|(_, step)| step));
    steps.extend(left_over::steps(seen, record));
    if rolling_back.ends_execution && !matches!(why, Why::Action(_)) {
        steps.extend(execution::steps(seen, record, rolling_back, is_first));
    }
    let goes_on = || Doing::GoOnRollingBack(record.release.clone());
    let decision = if is_changed || is_new || !steps.is_empty() {
        Decision::Take(Move {
            doing: goes_on(),
            record: (is_changed || is_new || has_ended).then(|| Box::new(written)),
            found: None,
            steps,
        })
    } else {
        match conclude(seen, record, rolling_back, why) {
            Decision::Wait(_) if has_ended => Decision::write(goes_on(), written),
            decision => decision,
        }
    };
    Restoring {
        decision,
        lacking: anew
            .lacking
            .into_iter()
            .chain(accepted(seen, record, rolling_back))
            .collect(),
    }
}

/// What AWS has refused, and somebody has put something else in place of since: it stays refused, without being tried again.
fn accepted(seen: &Seen, record: &Record, rolling_back: &RollingBack) -> Vec<Lacking> {
    let services = [
        (&seen.primary, &record.found.primary),
        (&seen.canary, &record.found.canary),
    ];
    let services = services.into_iter().filter_map(|(service, found)| {
        let stable = &found.task_definition;
        let service = service.get()?;
        let is_theirs = services::is_theirs(service, stable, rolling_back);
        is_theirs.then(|| Step::version(&service.name, stable).to_string())
    });
    let whats: Vec<String> = services.collect();
    let refused = rolling_back.missing.iter();
    let refused = refused.filter(|missing| whats.contains(&missing.what));
    refused
        .map(|missing| Lacking {
            what: missing.what.clone(),
            why: missing.why.clone(),
        })
        .collect()
}

/// Nothing is to be changed any more.
fn conclude(seen: &Seen, record: &Record, rolling_back: &RollingBack, why: &Why) -> Decision {
    if let Some(waiting_on) = weights::waiting_on(seen, record) {
        return Decision::Wait(waiting_on);
    }
    if let Some(waiting_on) = left_over::waiting_on(seen, record) {
        return Decision::Wait(waiting_on);
    }
    if !is_restored(seen, record, rolling_back) {
        return Decision::Wait(WaitingOn::Restoring {
            primary: (&record.target.primary, &seen.primary).into(),
            canary: (&record.target.canary, &seen.canary).into(),
        });
    }
    let ends = rolling_back.ends_execution && !matches!(why, Why::Action(_));
    let unseen = seen.scaling.as_ref();
    let of_pipeline = seen.execution.unseen().or(seen.status.unseen());
    if let Some(unseen) = unseen.or(of_pipeline.filter(|_| ends)) {
        return Decision::Wait(WaitingOn::NotSeen(unseen.to_string()));
    }
    let until = fence(record);
    if seen.now <= until {
        return Decision::Wait(WaitingOn::Fence { until });
    }
    if ends && !execution::has_ended(seen) {
        let at_work = seen.execution.get().map(|it| it.at_work.clone());
        return Decision::Wait(WaitingOn::Ending {
            release: record.release.clone(),
            at_work: at_work.unwrap_or_default(),
        });
    }
    let left: Vec<String> = left(seen, record, rolling_back);
    let cause = rolling_back.cause.clone();
    let phase = Phase::RolledBack {
        cause: cause.clone(),
        left: left.clone(),
        missed: seen.missed.clone(),
    };
    Decision::Done(Done {
        outcome: Outcome::RolledBack {
            release: record.release.clone(),
            cause,
            left,
            missed: seen.missed.clone(),
        },
        record: Some(Box::new(record.advance(phase, seen.now))),
        variables: Vec::new(),
    })
}

/// When the last invocation that began before the rollback is over.
fn fence(record: &Record) -> Timestamp {
    record.phase_since + FUNCTION_TIMEOUT
}

/// What the services still lack. One that is gone needs nothing; of one that cannot be seen only what needs no sight is asked.
///
/// Scaling is given back last, when nothing that began earlier can change a count any more: from then on a count
/// that changes is the scaling's own doing.
fn service_steps(
    seen: &Seen,
    record: &Record,
    rolling_back: &RollingBack,
    is_over: bool,
) -> Vec<Step> {
    if rolling_back.candidate.is_none() {
        return services::scaling_steps(seen, record, is_over);
    }
    let blind = stop::blind_steps(seen, record, rolling_back).into_iter();
    let found = &record.found.canary;
    let steps = |canary: &Service, away| {
        services::canary_steps(canary, found, seen, rolling_back, is_over, away)
    };
    let canary = seen.canary.get();
    let canary = canary.map(|canary| match &record.target.traffic {
        Traffic::Queue(_) => steps(canary, services::stopped),
        // It has every request, and nobody will ever take them back: task by task, and as many as there are.
        Traffic::Alb(_) if seen.primary.is_gone() => {
            services::version_steps(canary, found, rolling_back)
        }
        Traffic::Alb(_) if weights::is_canary_free(seen, record, rolling_back, is_over) => {
            steps(canary, services::replaced)
        }
        Traffic::Alb(model) => weights::raised(seen, record, model).into_iter().collect(),
    });
    let primary = seen.primary.get();
    let primary =
        primary.map(|it| services::primary_steps(it, seen, record, rolling_back, is_over));
    let seen = [canary, primary].into_iter().flatten().flatten();
    blind.chain(seen).collect()
}

/// Failed deployments of the stable version that are due to be made anew, and those that AWS does not take again.
#[derive(Default)]
struct Anew {
    steps: Vec<(Which, Step)>,
    lacking: Vec<Lacking>,
}

fn anew(seen: &Seen, record: &Record, rolling_back: &RollingBack) -> Anew {
    let mut anew = Anew::default();
    let has_begun = rolling_back.promotion.has_begun();
    let of_primary = (Which::Primary, &seen.primary, &record.found.primary);
    let of_canary = (Which::Canary, &seen.canary, &record.found.canary);
    let ours = [
        (has_begun, of_primary),
        (rolling_back.candidate.is_some(), of_canary),
    ];
    for (_, (which, service, found)) in ours.into_iter().filter(|(ours, _)| *ours) {
        let Some(service) = service.get() else {
            continue;
        };
        let stable = &found.task_definition;
        let times = rolling_back.forced.of(which);
        let Some(due) = services::anew_at(service, stable, times) else {
            continue;
        };
        let step = Step::Redeploy {
            service: service.name.clone(),
            task_definition: stable.clone(),
        };
        if seen.inactive.contains(stable) {
            anew.lacking.push(Lacking {
                what: step.to_string(),
                why: format!(
                    "{} is INACTIVE, and its last deployment has failed with {service}",
                    stable.short()
                ),
            });
        } else if seen.now >= due {
            anew.steps.push((which, step));
        }
    }
    anew
}

/// Everything that the release may have changed is what it found, or somebody's own.
fn is_restored(seen: &Seen, record: &Record, rolling_back: &RollingBack) -> bool {
    if rolling_back.candidate.is_none() {
        return seen.primary.unseen().is_none() && seen.canary.unseen().is_none();
    }
    let has_begun = rolling_back.promotion.has_begun();
    let is = |service: &Known<Service>, found: &FoundService, holds: &dyn Fn(&Service) -> bool| {
        let stable = &found.task_definition;
        match service {
            Known::Known(service) => {
                let is_theirs = services::is_theirs(service, stable, rolling_back);
                is_theirs && !services::is_at_work(service, rolling_back) || holds(service)
            }
            Known::Gone => true,
            Known::Unknown(_) => false,
        }
    };
    let (of_primary, of_canary) = (&record.found.primary, &record.found.canary);
    let canary = |canary: &Service| {
        let stable = &of_canary.task_definition;
        canary.is_on(stable) && canary.is_steady() || canary.is_steady_but_for_protected(stable)
    };
    let primary = |primary: &Service| {
        let stable = &of_primary.task_definition;
        let version = !has_begun || primary.is_on(stable) && primary.is_rolled_out();
        let count = !has_begun && !record.owns_primary_count() || primary.is_settled();
        version && count || primary.is_steady_but_for_protected(stable)
    };
    is(&seen.canary, of_canary, &canary)
        && is(&seen.primary, of_primary, &primary)
        && (record.target.alb().is_none()
            || seen.canary.is_gone()
            || seen.primary.is_gone()
            || weights::is_canary_free(seen, record, rolling_back, true))
}

/// What stays as it is, because somebody has put it there since the release ended.
fn left(seen: &Seen, record: &Record, rolling_back: &RollingBack) -> Vec<String> {
    let services = [
        (&seen.primary, &record.found.primary),
        (&seen.canary, &record.found.canary),
    ];
    let services = services.into_iter().filter_map(|(service, found)| {
        let service = service.get()?;
        let version = service.newest()?.task_definition.short();
        let stable = &found.task_definition;
        services::is_theirs(service, stable, rolling_back).then(|| {
            format!(
                "{} stays on {version}, which is neither the candidate nor what the release found ({})",
                service.name,
                stable.short()
            )
        })
    });
    let alone = record.target.alb().is_some() && seen.primary.is_gone();
    let alone = alone.then(|| {
        let (primary, canary) = (&record.target.primary, &record.target.canary);
        format!("{primary} does not exist any more, so {canary} keeps its requests and its tasks")
    });
    services
        .chain(kept_counts(seen, record, rolling_back))
        .chain(kept_bounds(seen, record, rolling_back))
        .chain(protected(seen))
        .chain(alone)
        .collect()
}

/// Tasks of the right version that are there beyond a service's count.
fn protected(seen: &Seen) -> impl Iterator<Item = String> {
    let services = [&seen.primary, &seen.canary].into_iter();
    services.filter_map(|service| {
        let service = service.get()?;
        let protection = service.protection?;
        Some(format!("of {}, {protection}", service.name))
    })
}

/// Counts that somebody had set before the rollback began. After a promotion has given them back all counts are theirs.
fn kept_counts(
    seen: &Seen,
    record: &Record,
    rolling_back: &RollingBack,
) -> impl Iterator<Item = String> {
    let kept = rolling_back.kept;
    let kept = [
        (&seen.primary, kept.primary, &record.found.primary),
        (&seen.canary, kept.canary, &record.found.canary),
    ];
    let is_by_hand = !rolling_back.promotion.has_given_back();
    let kept = kept.into_iter().filter(move |_| is_by_hand);
    kept.filter_map(|(service, kept, found)| {
        let (service, tasks) = (service.get()?, kept?.desired);
        (tasks != found.desired).then(|| {
            let s = if tasks == 1 { "" } else { "s" };
            format!(
                "{} keeps its {tasks} task{s}, because somebody has changed it",
                service.name
            )
        })
    })
}

/// Bounds of automatic scaling that somebody has set since the release began. After a promotion has given them back all are theirs.
fn kept_bounds(seen: &Seen, record: &Record, rolling_back: &RollingBack) -> Vec<String> {
    if rolling_back.promotion.has_given_back() {
        return Vec::new();
    }
    record.left_of_scaling(seen.primary.get(), seen.canary.get())
}

#[cfg(test)]
mod tests;
