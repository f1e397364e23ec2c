mod calls;

use super::*;
use crate::{
    evidence::{
        Counts,
        meter::{Meter, Meters},
        minutes::{MINUTE, Minutes, Series, Span, Split, ceil},
    },
    fixtures::counted as minutes_of,
    gates::{Closed, Gate, Told as Said, When, closed, noted},
    observation::{Counted, Looker, Observation},
    parts::body::Body,
    record::{Phase, Record},
    target::{Target, resolve},
    traffic::{self, Traffic},
};

/// A function whose target has these metrics, as people write them. Once promoted, at most 2 % of its attempts may fail.
fn target(metrics: &str) -> Target {
    let text = format!(
        r#"{{"function": "orders", "alias": "live", "pipeline": "orders-release", "verdict": "act",
            "evidence": {{"objective": 2}}, "traffic": {{"lambdaAlias": {{{metrics}}}}}}}"#
    );
    resolve(Some(&text), None).unwrap()
}

/// A release of it.
fn with(metrics: &str) -> Told {
    let Traffic::LambdaAlias(model) = target(metrics).traffic else {
        panic!("another model")
    };
    Told { model, ..told(10) }
}

/// As the sample function writes them.
const SAMPLE: &str = r#""metrics": {"namespace": "CanaryRelease/SampleApp", "processed": "Processed", "failed": "Failed",
    "received": "Received", "bookedOn": "receipt", "dimensions": {"FunctionName": "orders"}, "together": true}"#;

fn compared(release: &Told) -> Meters {
    let Told {
        model, found, set, ..
    } = release;
    model.meters(found, set).expect("two versions")
}

fn names(meters: &Meters) -> Vec<String> {
    meters.metrics().iter().map(ToString::to_string).collect()
}

#[test]
fn both_versions_are_counted_by_the_version_that_ran() {
    let of = |name: &str, version: &str| {
        format!(
            "{name} of ExecutedVersion={version}, FunctionName=orders, Resource=orders:live in AWS/Lambda"
        )
    };
    assert_eq!(
        names(&compared(&told(10))),
        [
            of("Invocations", "8"),
            of("Errors", "8"),
            of("Invocations", "7"),
            of("Errors", "7")
        ]
    );
}

#[test]
fn metrics_of_the_functions_own_are_told_apart_by_the_version_too() {
    let of = |name: &str, version: &str| {
        format!("{name} of FunctionName=orders, Version={version} in CanaryRelease/SampleApp")
    };
    let counts = ["Processed", "Failed", "Received"];
    let both = ["8", "7"].map(|version| counts.map(|name| of(name, version)));
    let calls = names(&compared(&told(10)));
    assert_eq!(
        names(&compared(&with(SAMPLE))),
        [both.as_flattened(), &calls].concat()
    );
}

/// What the canary is counted to have done in a minute in which it received ten messages and ended nine of them well, so many minutes
/// after that minute.
fn counted(release: &Told, minutes_later: u32) -> Counts {
    let meters = compared(release);
    let span = Span {
        from: began(),
        through: began() + MINUTE,
        settled: began() + MINUTE,
    };
    let Meter::Work {
        processed,
        taken: Some(taken),
        ..
    } = meters.canary.as_ref().expect("two versions")
    else {
        panic!("it counts what it received: {meters:?}")
    };
    let series: Series = [(processed, 9.0), (&taken.received, 10.0)]
        .map(|(metric, count)| (metric.clone(), [(began(), count)].into()))
        .into();
    let split = Split {
        capacity: &[],
        since: None,
        with_canary: true,
    };
    let settle = Duration::from_mins(3);
    let now = span.through + MINUTE * minutes_later;
    Minutes::of(span, &series, &meters, split, settle, now).early[0].canary
}

#[test]
fn a_message_whose_process_died_or_hung_has_failed_once_no_invocation_can_still_be_at_work_on_it() {
    let pending = Counts {
        attempts: 9,
        failures: 0,
    };
    let died = Counts {
        attempts: 10,
        failures: 1,
    };
    // Three minutes until all of it can be read, and then the candidate's timeout, which is 30 seconds.
    let usual = with(SAMPLE);
    assert_eq!(counted(&usual, 3), pending);
    assert_eq!(counted(&usual, 4), died);
    let mut slow = with(SAMPLE);
    let candidate = slow.set.candidate.as_mut().expect("it is published");
    candidate.timeout_seconds = Some(300);
    assert_eq!(counted(&slow, 7), pending);
    assert_eq!(counted(&slow, 8), died);
    let told = with(&SAMPLE.replace("\"together\"", "\"endsWithinSeconds\": 120, \"together\""));
    assert_eq!(counted(&told, 4), pending);
    assert_eq!(counted(&told, 5), died);
}

#[test]
fn a_target_that_was_stored_before_deaths_were_counted_is_read() {
    let stored = serde_json::json!({
        "namespace": "Orders", "processed": "Done", "failed": "Failed", "versionDimension": "Version", "together": false,
    });
    let read: crate::parts::work::VersionMetrics = serde_json::from_value(stored).unwrap();
    let meter = read.work.meter(&[].into(), Duration::ZERO);
    assert!(matches!(meter, Meter::Work { taken: None, .. }));
}

/// A release of it that was promoted in the middle of a minute.
fn promoted(metrics: &str) -> Record {
    let mut release = told(50);
    let routing = release.set.routing.as_mut().expect("it has a weight");
    routing.to = Routing::all(version("8"));
    let phase = Phase::Promoted {
        left: Vec::new(),
        missed: Vec::new(),
    };
    recorded(&release, metrics, phase, promotion())
}

/// The record of a release.
fn recorded(release: &Told, metrics: &str, phase: Phase, since: Timestamp) -> Record {
    let body = Body::of(&release.found, &release.set);
    let (target, item) = (target(metrics), package().to_string());
    let item = crate::item::Item::Named(item);
    Record::begin(None, release.id.clone(), target, item, body, phase, since)
}

fn promotion() -> Timestamp {
    ceil(began()) + Duration::from_secs(610)
}

/// A look of the watch at what was counted: what it says, and the gate that it finds closed.
fn watched(
    when: When,
    record: &Record,
    counted: Known<Counted>,
    now: Timestamp,
    alias: Routing,
) -> (String, Option<Gate>) {
    let seen = Observation {
        now,
        alarms: Known::Known(Vec::new()),
        pair: traffic::Seen::LambdaAlias(seen(alias)),
        counted: Some(counted),
        by: Looker::Schedule,
    };
    let (noted, _) = noted(when, &seen, record);
    let said = Said::of(&noted).expect("something is said").to_string();
    let gate = closed(when, &seen, &noted);
    (said, gate.map(|Closed { gate, .. }| gate))
}

/// The same in a guard, after these minutes.
fn guarded(record: &Record, minutes: &[[f64; 4]], alias: Routing) -> (String, Option<Gate>) {
    let now = ceil(record.phase_since) + MINUTE * u32::try_from(minutes.len() + 1).unwrap();
    let counted = minutes_of(record, minutes, now);
    watched(When::Guard, record, counted, now, alias)
}

/// A tenth of what the alias is invoked for fails.
const BAD: [f64; 4] = [0.0, 0.0, 20.0, 200.0];

#[test]
fn what_was_promoted_is_counted_without_the_dimension_that_goes_with_the_weights() {
    let of_guard = |metrics| {
        let record = promoted(metrics);
        let span = record
            .due(promotion() + MINUTE * 5)
            .expect("minutes are due");
        let names = names(&record.meters_in(&span).expect("a candidate"));
        (span.from.since(promotion()), names)
    };
    let of =
        |name: &str| format!("{name} of FunctionName=orders, Resource=orders:live in AWS/Lambda");
    let invocations = ["Invocations", "Errors"].map(of);
    // It counts both versions while there are two: no second before the promotion is read.
    let first_whole_minute = Duration::from_secs(50);
    assert_eq!(of_guard(""), (first_whole_minute, invocations.to_vec()));
    let of =
        |name: &str| format!("{name} of FunctionName=orders, Version=8 in CanaryRelease/SampleApp");
    let messages = ["Processed", "Failed", "Received"].map(of);
    let both = [&messages[..], &invocations].concat();
    assert_eq!(of_guard(SAMPLE), (first_whole_minute, both));
}

#[test]
fn a_promoted_function_is_held_to_its_objective_and_nothing_beside_it_is_missed() {
    for metrics in ["", SAMPLE] {
        let record = promoted(metrics);
        let (said, gate) = guarded(
            &record,
            &[[0.0, 0.0, 2.0, 200.0]; 4],
            Routing::all(version("8")),
        );
        assert!(
            said.contains(" 4 of 400 attempts failed since the promotion"),
            "{said}"
        );
        assert_eq!(gate, None);
        let (said, gate) = guarded(&record, &[BAD; 4], Routing::all(version("8")));
        assert!(
            said.starts_with("The promoted version is worse than its objective of at most 2 % failures: 80 of 800 attempts failed"),
            "{said}"
        );
        assert_eq!(gate, Some(Gate::Verdict));
    }
}

#[test]
fn an_alias_that_somebody_shares_again_ends_the_guard_before_what_it_mixes_is_judged() {
    let (_, gate) = guarded(&promoted(""), &[BAD; 4], routing(50));
    assert_eq!(gate, Some(Gate::ForeignWrite));
}

#[test]
fn a_promoted_function_that_nobody_invokes_is_no_evidence() {
    let (said, gate) = guarded(&promoted(""), &[[0.0; 4]; 4], Routing::all(version("8")));
    assert_eq!(
        said,
        "No evidence: the promoted version has counted nothing: Invocations of FunctionName=orders, Resource=orders:live in AWS/Lambda has \
         no data"
    );
    assert_eq!(gate, None);
}
