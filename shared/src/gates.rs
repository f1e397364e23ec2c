//! Safety questions, asked at every look at everything, before anything else. They answer with a reason and change
//! nothing. [`Gate::effect`] is the table of which of them counts when.

mod exits;
mod letters;
mod table;
mod writes;

use crate::{
    clock::Timestamp,
    decision::{Refusal, WaitingOn},
    exits::Exit,
    names::ReleaseId,
    observation::{Alarm, Observation},
    parts::{
        pair::Service,
        rules::{self, Alb},
    },
    record::{Phase, Record},
    target::Target,
    weight::Weight,
};

pub use letters::{Less, Letters};
pub use table::{Effect, Gate, When};

/// What gates are asked about. What could not be seen is not there, and its gates are not asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct View<'a> {
    /// The alarms of the target.
    pub alarms: Option<&'a [Alarm]>,
    /// Messages in the dead-letter queue.
    pub dead_letters: Option<u64>,
    /// The primary and the canary.
    pub services: Option<(&'a Service, &'a Service)>,
    /// Whether the services were seen with their automatic scaling.
    pub with_scaling: bool,
    /// The load balancer.
    pub alb: Option<&'a Alb>,
    /// Tasks that have ended.
    pub exits: Option<&'a [Exit]>,
}

/// A closed gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// Which.
    pub gate: Gate,
    /// Why.
    pub refusal: Refusal,
}

impl Observation {
    /// All of it.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View {
            alarms: Some(&self.alarms),
            dead_letters: self.dead_letters,
            services: Some((&self.primary, &self.canary)),
            with_scaling: true,
            alb: self.alb.as_ref(),
            exits: Some(&self.exits),
        }
    }

    /// The same with what it says noted in the release's record, if the record is that release's and the release goes on.
    #[must_use]
    pub fn judged(&self, release: &ReleaseId) -> Self {
        let own = self.record.as_ref();
        let own =
            own.filter(|it| it.release == *release && it.is_active() && it.rollback().is_none());
        let mut judged = self.clone();
        if let Some(record) = own {
            judged.record = Some(noted(When::Action, &self.view(), record, self.now));
        }
        judged
    }
}

/// The record with what a look has seen that counts only together with other looks. The same look twice is one.
#[must_use]
pub fn noted(when: When, seen: &View<'_>, record: &Record, now: Timestamp) -> Record {
    let mut noted = record.clone();
    if let (Some(count), Some((_, allowed)), Some(letters)) = (
        seen.dead_letters,
        allowed_letters(when, record),
        letters(record),
    ) {
        noted.letters = Some(letters.seeing(count, allowed, now))
            .filter(|it| it.begun.is_none())
            .filter(|it| Some(*it) != record.found.dead_letters.map(Letters::found));
    }
    if let Some(exits) = seen.exits.filter(|_| when != When::Guard) {
        noted.exits = record.exits.clone().seeing(exits, record, now);
    }
    noted
}

/// The record, if it is this release's, no rollback has taken it, and the target is still what it began with.
pub fn own<'a>(
    record: Option<&'a Record>,
    target: &Target,
    release: &ReleaseId,
) -> Result<&'a Record, Refusal> {
    let owned = record.filter(|record| record.release == *release);
    let Some(record) = owned else {
        return Err(Refusal::NotTheOwner {
            pair: target.pair().to_string(),
            owner: record.map(|record| record.release.clone()),
        });
    };
    let refusal = Refusal::of_schema(record)
        .or_else(|| Refusal::of_rollback(record))
        .or_else(|| Refusal::of_target(record, target));
    refusal.map_or(Ok(record), Err)
}

/// Every gate of a release that has begun, for one of its actions. What is undecided is waited for.
pub fn all(seen: &Observation, record: &Record) -> Result<Option<WaitingOn>, Refusal> {
    let view = seen.view();
    match closed(When::Action, &view, record, seen.now) {
        Some(closed) => Err(closed.refusal),
        None => Ok(undecided(When::Action, &view, record, seen.now)),
    }
}

/// What nobody can tell yet: nothing goes further until somebody can.
#[must_use]
pub fn undecided(
    when: When,
    seen: &View<'_>,
    record: &Record,
    now: Timestamp,
) -> Option<WaitingOn> {
    let record = &noted(when, seen, record, now);
    let letters = || {
        let (_, allowed) = allowed_letters(when, record)?;
        record.letters?.beyond?;
        Some(WaitingOn::DeadLetters {
            queue: dead_letter_queue(record),
            now: seen.dead_letters?,
            allowed,
        })
    };
    let exits = || {
        let (primary, canary) = seen.services.filter(|_| when != When::Guard)?;
        exits::undecided(primary, canary, record)
    };
    letters().or_else(exits)
}

/// The first gate that is seen closed.
///
/// ECS's circuit breaker comes before foreign writes: what it takes back is its own doing.
#[must_use]
pub fn closed(when: When, seen: &View<'_>, record: &Record, now: Timestamp) -> Option<Closed> {
    let record = &noted(when, seen, record, now);
    let services = |ask: &dyn Fn(&Service, &Service) -> Result<(), Refusal>| {
        seen.services
            .map_or(Ok(()), |(primary, canary)| ask(primary, canary))
    };
    let ask = |gate| match gate {
        // The record was asked before, by whoever has read it.
        Gate::Ownership => Ok(()),
        Gate::Alarms => seen
            .alarms
            .map_or(Ok(()), |alarms| since_began(alarms, record)),
        Gate::DeadLetters => dead_letters(when, seen.dead_letters, record, now),
        Gate::CircuitBreaker => services(&|primary, canary| {
            unbroken(canary)?;
            unbroken(primary)
        }),
        Gate::ForeignWrite => {
            services(&|primary, canary| writes::versions(primary, canary, record))?;
            seen.alb
                .map_or(Ok(()), |alb| writes::weights(alb, record))?;
            services(&|primary, canary| {
                if seen.with_scaling {
                    writes::counts(when, primary, canary, record)
                } else {
                    Ok(())
                }
            })
        }
        Gate::Targets => {
            services(&|primary, _| seen.alb.map_or(Ok(()), |alb| targets(alb, primary, record)))
        }
        Gate::Exits => services(&|primary, canary| exits::compared(primary, canary, record)),
    };
    let in_order = [
        Gate::Ownership,
        Gate::Alarms,
        Gate::DeadLetters,
        Gate::CircuitBreaker,
        Gate::ForeignWrite,
        Gate::Targets,
        Gate::Exits,
    ];
    let mut asked = in_order
        .into_iter()
        .filter(|gate| gate.effect(when) != Effect::None);
    asked.find_map(|gate| {
        let refusal = ask(gate).err()?;
        Some(Closed { gate, refusal })
    })
}

/// Before a release begins, no alarm of the target may be in `ALARM`, since whenever.
pub fn alarms(seen: &[Alarm]) -> Result<(), Refusal> {
    none(seen, Alarm::counts)
}

/// Since the release began, no alarm of the target has gone to `ALARM`, and stayed there.
fn since_began(seen: &[Alarm], record: &Record) -> Result<(), Refusal> {
    none(seen, |alarm| alarm.counts_since(record.began))
}

fn none(seen: &[Alarm], counts: impl Fn(&Alarm) -> bool) -> Result<(), Refusal> {
    match seen.iter().find(|alarm| counts(alarm)) {
        None => Ok(()),
        Some(alarm) => Err(Refusal::AlarmFiring {
            alarm: alarm.name.clone(),
            reason: alarm.reason.clone(),
        }),
    }
}

/// The canary's targets answer, from when shares are set. While the candidate is deployed, ECS itself waits for them.
///
/// A target that has yet to become healthy for the first time is waited for as well: load balancers call one unhealthy that takes
/// longer to start than its health check allows. So unhealthy ones count where fewer are healthy than when the weight was set.
fn targets(alb: &Alb, primary: &Service, record: &Record) -> Result<(), Refusal> {
    let Some(target) = record.target.alb() else {
        return Ok(());
    };
    if !matches!(
        record.phase,
        Phase::Shifting { .. } | Phase::Promoting { .. }
    ) {
        return Ok(());
    }
    let (group, health) = (target.canary_target_group.clone(), alb.canary.clone());
    let proven = match &record.weight {
        Some(weight) => weight.healthy,
        None => rules::tasks(target.min_tasks, Weight::ZERO.share(), primary),
    };
    if health.unhealthy > target.max_unhealthy && health.healthy < proven {
        let allowed = target.max_unhealthy;
        return Err(Refusal::Unhealthy {
            group,
            health,
            allowed,
        });
    }
    if health.healthy == 0
        && alb
            .forwards
            .iter()
            .any(|forward| forward.weights.canary > 0)
    {
        return Err(Refusal::NoHealthyTarget { group, health });
    }
    Ok(())
}

/// What is known of the dead-letter queue, if the release had one to ask.
fn letters(record: &Record) -> Option<Letters> {
    record
        .letters
        .or_else(|| Some(Letters::begun(record.found.dead_letters?, record.began)))
}

/// The field that bounds dead letters, and the bound. Within the guard only where one is set for it.
fn allowed_letters(when: When, record: &Record) -> Option<(&'static str, u64)> {
    let queue = record.target.queue()?;
    match when {
        When::Guard => Some(("guardMaxDeadLetters", queue.guard_max_dead_letters?)),
        When::Action | When::Approval => Some(("maxDeadLetters", queue.max_dead_letters)),
    }
}

/// The dead-letter queue has not grown by more than the target allows.
fn dead_letters(
    when: When,
    seen: Option<u64>,
    record: &Record,
    now: Timestamp,
) -> Result<(), Refusal> {
    let (Some(count), Some(letters), Some((field, allowed))) =
        (seen, letters(record), allowed_letters(when, record))
    else {
        return Ok(());
    };
    if !letters.are_too_many(now) {
        return Ok(());
    }
    Err(Refusal::DeadLetters {
        queue: dead_letter_queue(record),
        grown: count.saturating_sub(letters.mark),
        allowed,
        field,
        now: count,
    })
}

fn dead_letter_queue(record: &Record) -> String {
    let url = record
        .target
        .queue()
        .and_then(|queue| queue.dead_letter_url.as_ref());
    url.map_or_else(String::new, |url| url.queue().to_owned())
}

fn unbroken(service: &Service) -> Result<(), Refusal> {
    match service.broken() {
        None => Ok(()),
        Some(broken) => Err(Refusal::CircuitBreaker {
            service: service.name.clone(),
            task_definition: broken.task_definition.short().to_owned(),
            reason: broken.reason.clone(),
        }),
    }
}

#[cfg(test)]
mod tests;
