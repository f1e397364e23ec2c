//! How often what happens in a random world. `tests/README.md` has the same table.

use fastrand::Rng;
use rehearsal_core::wire::Ailment;

use super::{
    event::{Event, Fate, Function, Operation, Service, Set},
    story::Target,
};

/// One kind of event.
pub(super) struct Rate {
    /// What happens, for people.
    pub(super) what: &'static str,
    /// In how many of a hundred worlds it happens.
    pub(super) percent: u32,
    /// How often at most in one world.
    pub(super) most: u32,
    /// One of them; `None` where the target has no such thing.
    pub(super) one: fn(&mut Rng, Target) -> Option<Event>,
}

/// Of a hundred events, how many come close before or after another one of their world, and how close, in seconds.
pub(super) const NEAR: (u32, u32) = (30, 15);

/// In which seconds after the first push things happen: a release takes about ten minutes.
pub(super) const WITHIN: u32 = 900;

/// From which second on there is what would end a release that is let through first, if it is not held up.
pub(super) const LET_THROUGH: u32 = 600;

/// For how long faults last, in seconds. Lambda tries an event again after one and after two more minutes, so that
/// no fault lasts for all three attempts.
const LASTS: std::ops::RangeInclusive<u32> = 5..=150;

pub(super) fn lasts(rng: &mut Rng) -> u32 {
    rng.u32(LASTS)
}

pub(super) fn any<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())]
}

pub(super) fn ails(rng: &mut Rng, target: Target, how: Ailment) -> Event {
    let function = any(rng, &Function::ALL);
    let operations = [&Operation::OF_ALL[..], Operation::only_of(function)].concat();
    let operations: Vec<Operation> = operations
        .into_iter()
        .filter(|it| it.is_of(target))
        .collect();
    let operation = any(rng, &operations);
    Event::Ails(function, operation, how, lasts(rng))
}

pub(super) fn service(rng: &mut Rng) -> Service {
    any(rng, &[Service::Primary, Service::Canary])
}

macro_rules! rates {
    ($(#[$doc:meta])* $name:ident: $($what:literal, $percent:literal, $most:literal, $one:expr;)*) => {
        $(#[$doc])*
        pub(super) const $name: &[Rate] = &[
            $(Rate { what: $what, percent: $percent, most: $most, one: $one },)*
        ];
    };
}

rates! {
    /// What happens whatever is released.
    OF_ALL:
    "an alarm goes to `ALARM`", 50, 2, |_, _| Some(Event::Alarm);
    "it goes back to `OK`", 30, 2, |_, _| Some(Event::Calm);
    "an approval is approved", 70, 3, |_, _| Some(Event::Approve);
    "an approval is rejected", 10, 1, |_, _| Some(Event::Reject);
    "another version is pushed", 25, 1, |_, _| Some(Event::Push);
    "the execution is stopped", 8, 1, |_, _| Some(Event::Stop);
    "the execution is abandoned", 8, 1, |_, _| Some(Event::Abandon);
    "the stage is retried", 20, 2, |_, _| Some(Event::Retry);
    "a rollback by hand", 20, 2, |_, _| Some(Event::RollBack);
    "events get lost", 25, 2, |rng, _| Some(Event::Events(Fate::Lost, lasts(rng)));
    "events come twice", 15, 1, |rng, _| Some(Event::Events(Fate::Doubled, lasts(rng)));
    "events come late", 15, 1, |rng, _| Some(Event::Events(Fate::Late, lasts(rng)));
    "invocations run twice", 15, 1, |rng, _| Some(Event::RunTwice(lasts(rng)));
    "a function is killed", 15, 1, |rng, _| {
        Some(Event::Kill(any(rng, &Function::ALL), rng.u32(1..=6)))
    };
    "an operation is throttled", 30, 3, |rng, target| Some(ails(rng, target, Ailment::Throttled));
    "an operation is denied", 30, 3, |rng, target| Some(ails(rng, target, Ailment::Denied));
    "an operation hangs", 20, 2, |rng, target| Some(ails(rng, target, Ailment::Hanging));
    "answers of an operation get lost", 20, 2, |rng, target| Some(ails(rng, target, Ailment::AnswerLost));
    "answers of an operation are late", 20, 2, |rng, target| Some(ails(rng, target, Ailment::AnswerLate));
}

rates! {
    /// What happens to two services.
    OF_PAIRS:
    "the primary is scaled", 25, 3, |rng, _| Some(Event::Scale(rng.u32(2..=10)));
    "a person sets a count", 12, 1, |rng, _| Some(Event::Count(service(rng), rng.u32(1..=8)));
    "a person deploys a version of their own", 12, 1, |rng, _| Some(Event::Hotfix(service(rng)));
    "a person sets weights (`alb`)", 12, 1, |rng, target| {
        (target == Target::Alb).then(|| Event::Weights(rng.u32(0..=100)))
    };
    "a person stops tasks", 12, 2, |rng, _| Some(Event::StopTasks(service(rng), rng.u32(1..=4)));
    "tasks end as they start", 10, 1, |rng, _| Some(Event::FailStarts(rng.u32(1..=6)));
    "the stable task definition becomes `INACTIVE`", 15, 1, |_, _| Some(Event::Deregister);
}

rates! {
    /// What happens to an alias and its function.
    OF_ALIASES:
    "a person sets weights", 20, 2, |rng, _| Some(Event::Weights(rng.u32(0..=100)));
    "a person publishes a version of their own", 12, 1, |_, _| Some(Event::Publish);
    "a person sends everything to a version of their own", 12, 1, |_, _| Some(Event::Redirect);
    "a person gives the function another timeout", 15, 2, |rng, _| Some(Event::Configure(rng.u32(5..=60)));
    "a person deletes the versions that the alias does not name", 12, 1, |_, _| Some(Event::DeleteVersions);
    "a person deletes the alias", 8, 1, |_, _| Some(Event::DeleteAlias);
    "a person keeps instances warm for the alias", 15, 1, |rng, _| Some(Event::Warm(rng.u32(1..=4)));
    "an update of the function fails", 10, 1, |_, _| Some(Event::FailUpdate);
    "a version can never be invoked", 10, 1, |_, _| Some(Event::FailVersion);
    "updates and versions take long", 20, 1, |rng, _| Some(Event::Slow(rng.u32(10..=120)));
    "Lambda does what it does not document the other way", 50, 1, |_, _| Some(Event::Otherwise);
}

rates! {
    /// What happens to a service and its task sets.
    OF_SETS:
    "automatic scaling scales the service", 25, 3, |rng, _| Some(Event::Scale(rng.u32(2..=10)));
    "a person sets the service's count", 12, 1, |rng, _| Some(Event::Count(Service::Primary, rng.u32(1..=8)));
    "a person scales a set", 20, 2, |rng, _| {
        Some(Event::ScaleSet(any(rng, &[Set::Shown, Set::Beside]), rng.u32(0..=100)))
    };
    "a person makes a set of their own", 12, 1, |rng, _| Some(Event::MakeSet(rng.u32(0..=100)));
    "a person makes another set PRIMARY", 8, 1, |_, _| Some(Event::MakePrimary);
    "a person deletes the candidate's set, or the kept one", 10, 1, |_, _| Some(Event::DeleteSet);
    "a person sets the rule's weights (behind a load balancer)", 12, 1, |rng, target| {
        (target == Target::SetsAlb).then(|| Event::Weights(rng.u32(0..=100)))
    };
    "a person stops tasks of any set", 12, 2, |rng, _| Some(Event::StopTasks(Service::Primary, rng.u32(1..=4)));
    "tasks of any set end as they start", 10, 1, |rng, _| Some(Event::FailStarts(rng.u32(1..=6)));
    "Fargate Spot takes tasks of any set", 15, 1, |rng, _| {
        Some(Event::Spot(Service::Primary, rng.u32(1..=4), lasts(rng)))
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::generate::SETS;

    #[test]
    fn the_readme_has_the_same_rates() {
        const README: &str = include_str!("../../README.md");
        for rates in [OF_ALL, OF_PAIRS, OF_ALIASES, OF_SETS] {
            let rows = rates.iter().map(|rate| {
                let Rate {
                    what,
                    percent,
                    most,
                    ..
                } = rate;
                format!("| {what} | {percent} % | {most} |")
            });
            let rows: Vec<_> = rows.collect();
            let table = rows.join("\n");
            assert!(
                README.contains(&table),
                "tests/README.md, \"Random stories\":\n{table}"
            );
        }
        let (percent, seconds) = NEAR;
        let sentence = format!(
            "within {WITHIN} seconds of the first push, {percent} % of them at most {seconds} seconds from another"
        );
        assert!(README.contains(&sentence), "{sentence}");
        let percent = SETS.let_through;
        let sentence = format!(
            "In {percent} % of the worlds of task sets people approve whatever waits, and what would end the release comes only after\n\
             {LET_THROUGH} seconds"
        );
        assert!(README.contains(&sentence), "{sentence}");
        let sentence = format!("Faults last {} to {} seconds", LASTS.start(), LASTS.end());
        assert!(README.contains(&sentence), "{sentence}");
    }
}
