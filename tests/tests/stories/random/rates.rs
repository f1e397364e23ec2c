//! How often what happens in a random world. `tests/README.md` has the same table.

use fastrand::Rng;
use rehearsal_core::wire::Ailment;

use super::story::{Event, Fate, Function, Operation, Pair, Service};

/// One kind of event.
pub(super) struct Rate {
    /// What happens, for people.
    pub(super) what: &'static str,
    /// In how many of a hundred worlds it happens.
    pub(super) percent: u32,
    /// How often at most in one world.
    pub(super) most: u32,
    /// One of them; `None` where the pair has no such thing.
    pub(super) one: fn(&mut Rng, Pair) -> Option<Event>,
}

/// Of a hundred events, how many come close before or after another one of their world, and how close, in seconds.
pub(super) const NEAR: (u32, u32) = (30, 15);

/// In which seconds after the first push things happen: a release takes about ten minutes.
pub(super) const WITHIN: u32 = 900;

/// For how long faults last, in seconds. Lambda tries an event again after one and after two more minutes, so that
/// no fault lasts for all three attempts.
const LASTS: std::ops::RangeInclusive<u32> = 5..=150;

pub(super) fn lasts(rng: &mut Rng) -> u32 {
    rng.u32(LASTS)
}

pub(super) fn any<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())]
}

pub(super) fn ails(rng: &mut Rng, pair: Pair, how: Ailment) -> Event {
    let function = any(rng, &Function::ALL);
    let operations = [&Operation::OF_ALL[..], Operation::only_of(function)].concat();
    let operations: Vec<Operation> = operations.into_iter().filter(|it| it.is_of(pair)).collect();
    let operation = any(rng, &operations);
    Event::Ails(function, operation, how, lasts(rng))
}

pub(super) fn service(rng: &mut Rng) -> Service {
    any(rng, &[Service::Primary, Service::Canary])
}

macro_rules! rates {
    ($($what:literal, $percent:literal, $most:literal, $one:expr;)*) => {
        /// The table.
        pub(super) const RATES: &[Rate] = &[
            $(Rate { what: $what, percent: $percent, most: $most, one: $one },)*
        ];
    };
}

rates! {
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
    "an operation is throttled", 30, 3, |rng, pair| Some(ails(rng, pair, Ailment::Throttled));
    "an operation is denied", 30, 3, |rng, pair| Some(ails(rng, pair, Ailment::Denied));
    "an operation hangs", 20, 2, |rng, pair| Some(ails(rng, pair, Ailment::Hanging));
    "answers of an operation get lost", 20, 2, |rng, pair| Some(ails(rng, pair, Ailment::AnswerLost));
    "answers of an operation are late", 20, 2, |rng, pair| Some(ails(rng, pair, Ailment::AnswerLate));
    "the primary is scaled", 25, 3, |rng, _| Some(Event::Scale(rng.u32(2..=10)));
    "a person sets a count", 12, 1, |rng, _| Some(Event::Count(service(rng), rng.u32(1..=8)));
    "a person deploys a version of their own", 12, 1, |rng, _| Some(Event::Hotfix(service(rng)));
    "a person sets weights (`alb`)", 12, 1, |rng, pair| {
        (pair == Pair::Alb).then(|| Event::Weights(rng.u32(0..=100)))
    };
    "a person stops tasks", 12, 2, |rng, _| Some(Event::StopTasks(service(rng), rng.u32(1..=4)));
    "tasks end as they start", 10, 1, |rng, _| Some(Event::FailStarts(rng.u32(1..=6)));
    "the stable task definition becomes `INACTIVE`", 15, 1, |_, _| Some(Event::Deregister);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_the_same_rates() {
        const README: &str = include_str!("../../../README.md");
        let rows = RATES.iter().map(|rate| {
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
        let (percent, seconds) = NEAR;
        let sentence = format!(
            "within {WITHIN} seconds of the first push, {percent} % of them at most {seconds} seconds from another"
        );
        assert!(README.contains(&sentence), "{sentence}");
        let sentence = format!("Faults last {} to {} seconds", LASTS.start(), LASTS.end());
        assert!(README.contains(&sentence), "{sentence}");
    }
}
