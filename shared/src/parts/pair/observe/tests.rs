use super::*;
use crate::{
    fixtures::{Moment, at, candidate, foreign, pair, record, stable},
    parts::pair::{Hold, Holds},
};

const HOLDS: Holds = Holds {
    primary: Hold::Floor,
    canary: Hold::Count,
};

/// What the kit makes of a release and what was seen of it.
fn told<T>(moment: &Moment, of: impl FnOnce(View<'_>) -> T) -> T {
    let record = moment.record.as_ref().expect("a release");
    let mut target = record.target.clone();
    let facts = record.facts(moment.now);
    let mut seen = moment.pair();
    of(View {
        now: moment.now,
        release: facts.id,
        began: facts.began,
        since: facts.since,
        promotion: facts.promotion,
        refused: facts.refused,
        pair: target.services(),
        holds: HOLDS,
        seen: seen.services(),
        found: &record.found(),
        set: &record.set(),
    })
}

fn in_question(moment: &Moment) -> Option<Which> {
    fn which(view: View<'_>) -> Option<Which> {
        view.which_is_in_question()
    }
    told(moment, which)
}

#[test]
fn tasks_are_asked_for_where_they_decide_and_nowhere_else() {
    let on_canary = || pair().canary_on_candidate();
    let on_both = || pair().both_on_candidate();
    let promoting = || record().promoting();
    let rows = vec![
        ("not registered", on_canary().recorded(record()), None),
        (
            "deployed",
            on_canary().recorded(record().registered()),
            Some(Which::Canary),
        ),
        (
            "shifted",
            on_canary().recorded(record().shifting(50)),
            Some(Which::Canary),
        ),
        (
            "the canary runs something else",
            on_canary()
                .canary(|canary| canary.on(&foreign()))
                .recorded(record().shifting(50)),
            None,
        ),
        (
            "the primary is to be updated",
            on_canary().recorded(promoting()),
            None,
        ),
        (
            "its tasks are being replaced",
            on_both()
                .primary(|primary| primary.running(1))
                .recorded(promoting()),
            None,
        ),
        (
            "it looks steady",
            on_both().recorded(promoting()),
            Some(Which::Primary),
        ),
        ("promoted", on_both().recorded(record().promoted()), None),
    ];
    for (situation, seen, expected) in rows {
        assert_eq!(in_question(&seen), expected, "{situation}");
    }
}

/// A rollback that has stopped the canary at second 400, and one of whose tasks goes on.
fn left_over() -> Moment {
    let rolling = record().shifting(25).rolling_back();
    let rolling = rolling.setting(|set: &mut crate::parts::pair::Set| {
        set.restoring.stopped = true;
        set.restoring.unwanted_since = Some(at(400));
    });
    pair()
        .canary(|canary| canary.tasks(0).on(&stable()).replacing(&candidate(), 1))
        .recorded(rolling)
}

fn is_due(moment: &Moment, second: u64) -> bool {
    let moment = moment.clone().seen_at(at(second));
    told(&moment, |view| {
        let back = view.back(false);
        let canary = back.canary().expect("it is there");
        back.has_left_over(canary)
    })
}

#[test]
fn a_task_of_the_candidate_is_left_over_a_minute_after_nobody_wanted_it() {
    let left = left_over();
    assert!(!is_due(&left, 459) && is_due(&left, 460));
    let gone = left_over().canary(|canary| canary.tasks(0).on(&stable()));
    assert!(!is_due(&gone, 460), "nothing is left");
    let wanted = left_over().canary(|canary| canary.tasks(2).on(&candidate()));
    assert!(!is_due(&wanted, 460), "it is what the service wants");
    let replaced = left_over().canary(|canary| {
        canary
            .tasks(2)
            .on(&stable())
            .running(1)
            .replacing(&candidate(), 1)
    });
    assert!(!is_due(&replaced, 460), "it is being replaced");
}
