//! A version that dies before it can count anything: Lambda counts its invocations.

use super::*;
use crate::{fixtures::series, record::AtShare};

/// A release that has had its tenth since the first whole minute.
fn at_a_tenth() -> Record {
    let phase = Phase::Shifting {
        asked: weight(10),
        turns: Vec::new(),
    };
    let mut record = recorded(&told(10), SAMPLE, phase, began());
    let since = ceil(began());
    record.evidence.since = Some(since);
    record.evidence.at = Some(AtShare {
        asked: weight(10),
        attained: 10.0,
        since,
    });
    record
}

/// A look after so many minutes in which only the primary has counted its messages, and Lambda these invocations of both.
fn silent(
    record: &Record,
    when: When,
    minutes: u32,
    invocations: [f64; 4],
) -> (String, Option<Gate>) {
    let from = match when {
        When::Guard => record.phase_since,
        _ => record.evidence.since.expect("it has a share"),
    };
    let now = ceil(from) + MINUTE * (minutes + 1);
    let span = record.due(now).expect("minutes are due");
    let own = record.meters_in(&span).expect("two versions");
    let called = own.called.as_deref().expect("it counts messages itself");
    let minutes = usize::try_from(minutes).unwrap();
    let mut counted = series(called, span, &vec![invocations; minutes]);
    if own.canary.is_some() {
        counted.extend(series(&own, span, &vec![[0.0, 0.0, 0.0, 900.0]; minutes]));
    }
    let series = counted;
    let alias = match when {
        When::Guard => Routing::all(version("8")),
        _ => routing(10),
    };
    let counted = Known::Known(Counted { span, series });
    watched(when, record, counted, now, alias)
}

/// Ten of a hundred invocations are the candidate's, and all of them fail.
const DIES: [f64; 4] = [10.0, 10.0, 0.0, 90.0];

#[test]
fn a_candidate_that_dies_at_every_start_is_worse_by_its_invocations() {
    let record = at_a_tenth();
    let (said, gate) = silent(&record, When::Approval, 5, DIES);
    assert_eq!(gate, Some(Gate::Verdict), "{said}");
    assert!(
        said.starts_with("The canary is worse than the primary: 50 of 50 failed, of the primary 0 of 450; evidence "),
        "{said}"
    );
    assert!(
        said.ends_with(
            "releases). These are calls: Processed of FunctionName=orders, Version=8 in CanaryRelease/SampleApp has no data, while the \
             primary has; if it works, its metrics have other names or dimensions"
        ),
        "{said}"
    );
}

/// A handler that reports every message of a batch as failed has succeeded, to Lambda.
#[test]
fn invocations_that_end_well_say_nothing_of_messages_that_nobody_counts() {
    let record = at_a_tenth();
    let (said, gate) = silent(&record, When::Approval, 30, [0.0, 10.0, 0.0, 90.0]);
    assert!(said.starts_with("No evidence: Processed of "), "{said}");
    assert_eq!(gate, None);
}

#[test]
fn a_promoted_version_that_dies_at_every_start_is_held_to_its_objective_by_the_invocations_of_the_alias()
 {
    let record = promoted(SAMPLE);
    let (said, gate) = silent(&record, When::Guard, 4, [0.0, 0.0, 100.0, 100.0]);
    assert_eq!(gate, Some(Gate::Verdict), "{said}");
    assert!(
        said.contains("400 of 400 attempts failed since the promotion")
            && said.contains(
                ". These are calls: the promoted version has counted nothing: Processed of "
            ),
        "{said}"
    );
}
