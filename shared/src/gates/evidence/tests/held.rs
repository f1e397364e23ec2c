//! After the promotion: what runs is held to its objective, where it has one.

use super::*;
use crate::{clock::Timestamp, evidence::minutes::Doubt, gates::Worse, record::CameTo};

/// Promoted, where at most 2 % may fail, and a version that is worse is rolled back.
fn promoted() -> Record {
    let mut record = acting(record().promoted());
    record.target.evidence.objective = Some(2.0);
    record
}

/// A look a minute after the last of these minutes after the promotion.
fn look(record: &Record, minutes: &[[f64; 4]]) -> Moment {
    let mut seen = pair().both_on_candidate();
    seen.now = after(record, u32::try_from(minutes.len()).unwrap() + 1);
    seen.counted = Some(counted(record, minutes, seen.now));
    seen
}

fn after(record: &Record, minutes: u32) -> Timestamp {
    ceil(record.phase_since) + MINUTE * minutes
}

/// The record once the schedule has looked at this, and the gate that is closed then.
fn watched(seen: &Moment, record: &Record) -> (Record, Option<Closed>) {
    let by = Looker::Schedule;
    let seen = Observation { by, ..seen.seen() };
    let (noted, _) = noted(When::Guard, &seen, record);
    let closed = closed(When::Guard, &seen, &noted);
    (noted, closed)
}

fn told(seen: &Moment, record: &Record) -> Told {
    Told::of(&watched(seen, record).0).expect("something is said")
}

/// A tenth of what the primary does fails; the canary has nothing to do.
const BAD: [f64; 4] = [0.0, 0.0, 20.0, 200.0];

#[test]
fn a_promoted_version_that_is_worse_than_its_objective_closes_a_gate_in_the_guard() {
    let record = promoted();
    for (minutes, is_closed) in [(1, false), (3, false), (4, true)] {
        let (_, shut) = watched(&look(&record, &vec![BAD; minutes]), &record);
        assert_eq!(shut.is_some(), is_closed, "{minutes}");
        if let Some(Closed { gate, why }) = shut {
            assert_eq!(gate, Gate::Verdict);
            let Why::Worse(worse) = why else {
                panic!("{why:?}")
            };
            assert_eq!(
                worse.to_string(),
                "The promoted version is worse than its objective of at most 2 % failures: 80 of 800 attempts failed since the promotion; \
                 evidence 213, and 100 is enough (a version that keeps within it gets there in at most 1 % of releases)"
            );
        }
    }
}

#[test]
fn one_that_keeps_within_it_stays_and_is_said_to_run_without_a_comparison() {
    let record = promoted();
    let seen = look(&record, &[[0.0, 0.0, 2.0, 200.0]; 10]);
    assert_eq!(watched(&seen, &record).1, None);
    let told = told(&seen, &record);
    assert_eq!(
        told.to_string(),
        "No comparison: everything runs the candidate. 16 of 1600 attempts failed since the promotion: evidence 0 of the 100 that \
         it takes to call that worse than its objective of at most 2 % failures"
    );
    assert_eq!(told.short(), "no comparison");
}

#[test]
fn what_keeps_it_from_being_called_worse_is_said() {
    let said = |change: fn(&mut Record)| {
        let mut record = promoted();
        change(&mut record);
        told(&look(&record, &[BAD; 6]), &record).to_string()
    };
    let failures = said(|record| record.target.evidence.min_canary_failures = 121);
    assert!(
        failures.ends_with(
            "80 of 800 attempts failed since the promotion: evidence 213 of the 100 that it takes to call that worse than its objective of at \
             most 2 % failures, but that is not said: it takes 121 failures (minCanaryFailures)"
        ),
        "{failures}"
    );
    let gap = said(|record| record.target.evidence.min_gap_points = 8.5);
    assert!(
        gap.ends_with(
            ", but that is not said: it takes 8.5 percentage points more than that (minGapPoints)"
        ),
        "{gap}"
    );
}

#[test]
fn what_the_canary_still_does_counts_too_and_that_it_does_nothing_is_no_doubt() {
    let record = promoted();
    let both = look(&record, &[[18.0, 20.0, 2.0, 180.0]; 4]);
    let Told::Worse(Worse::Promoted(held)) = told(&both, &record) else {
        panic!("both services run it")
    };
    assert!(held.to_string().contains(": 80 of 800 attempts failed "));
    let only_canary = look(&record, &[[0.0, 20.0, 0.0, 0.0]; 4]);
    let said = told(&only_canary, &record);
    assert!(
        matches!(said, Told::Doubt(Doubt::OneSided { .. })),
        "{said}"
    );
    let idle = told(&look(&record, &[[0.0; 4]; 4]), &record);
    assert!(matches!(idle, Told::Doubt(Doubt::Nothing { .. })), "{idle}");
}

#[test]
fn where_it_is_only_told_or_somebody_has_promoted_a_worse_canary_it_stays() {
    let mut only_told = promoted();
    only_told.target.verdict = Consequence::Tell;
    let seen = look(&only_told, &[BAD; 4]);
    assert_eq!(watched(&seen, &only_told).1, None);
    let said = told(&seen, &only_told);
    assert!(said.is_worse_and_goes_on());
    assert!(
        said.to_string()
            .ends_with("releases). That is only told (TARGET: field verdict is tell)")
    );
    let mut despite = promoted();
    despite.evidence.despite = Some("known, ticket 17".to_owned());
    assert_eq!(watched(&look(&despite, &[BAD; 4]), &despite).1, None);
}

#[test]
fn it_is_judged_once_a_minute_while_the_guard_lasts_and_never_without_an_objective() {
    let record = promoted();
    assert_eq!(record.due(after(&record, 1)), None, "it has just ended");
    let span = record.due(after(&record, 2)).expect("a minute is over");
    assert_eq!(span.from, after(&record, 0));
    let (judged, news) = noted(When::Guard, &look(&record, &[BAD; 3]).seen(), &record);
    assert!(news.is_some(), "it is written");
    assert_eq!(judged.due(after(&record, 4)), None);
    assert!(judged.due(after(&record, 5)).is_some());
    let last = record.due(after(&record, 59)).expect("the guard lasts");
    assert_eq!(last.through, after(&record, 58));
    assert_eq!(record.due(after(&record, 60)), None, "the guard is over");
    let mut ended = record.clone();
    ended.guard_ended = Some(Box::new(crate::fixtures::cause()));
    assert_eq!(ended.due(after(&record, 5)), None);
    let without = acting(crate::fixtures::record().promoted());
    assert_eq!(without.due(after(&without, 5)), None);
}

/// Promoted as soon as it began to be, with every minute of the comparison judged and settled.
fn soon(came_to: CameTo) -> Record {
    let compared = record().shifting(10).evidence;
    let since = ceil(compared.since.expect("it has a share"));
    let until = since + MINUTE * 10;
    let record = promoted().since(until);
    record
        .comparing(compared.ended(until))
        .judged(until, came_to)
}

#[test]
fn what_settles_of_the_comparison_is_judged_too_and_the_guard_does_not_wait_for_it() {
    let settled = soon(verdict(Answer::AsGood));
    let mut record = settled.clone();
    let read = record.evidence.read.as_mut().expect("it is read");
    read.settled = read.through.before(MINUTE);
    let from = |minutes: u32, record: &Record| record.due(after(record, minutes)).map(|it| it.from);
    let compared = ceil(record.evidence.since.expect("it has a share"));
    assert_eq!(from(1, &record), Some(compared));
    assert_eq!(from(2, &record), Some(after(&record, 0)), "the guard's");
    assert_eq!(from(3, &record), Some(compared), "all of it is settled");
    assert_eq!(from(3, &settled), Some(after(&record, 0)));
}

#[test]
fn what_the_comparison_has_shown_stays_so_and_what_it_could_not_show_hides_nothing() {
    let worse = soon(verdict(Answer::Worse));
    let good = look(&worse, &[[0.0, 0.0, 2.0, 200.0]; 4]);
    assert!(matches!(told(&good, &worse), Told::Worse(Worse::Canary(_))));
    let doubt = Doubt::Nothing {
        canary: "Processed".to_owned(),
        primary: "Processed".to_owned(),
    };
    let unknown = soon(CameTo::Doubt(doubt));
    assert!(matches!(
        told(&look(&unknown, &[BAD; 4]), &unknown),
        Told::Worse(Worse::Promoted(_))
    ));
}
