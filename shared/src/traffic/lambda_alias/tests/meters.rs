use super::*;
use crate::{
    evidence::{
        Counts,
        meter::{Meter, Meters},
        minutes::{MINUTE, Minutes, Series, Span, Split},
    },
    target::resolve,
    traffic::Traffic,
};

/// A release of a function whose target has these metrics, as people write them.
fn with(metrics: &str) -> Told {
    let text = format!(
        r#"{{"function": "orders", "alias": "live", "pipeline": "orders-release",
            "traffic": {{"lambdaAlias": {{{metrics}}}}}}}"#
    );
    let target = resolve(Some(&text), None).unwrap();
    let Traffic::LambdaAlias(model) = target.traffic else {
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
    assert_eq!(names(&compared(&with(SAMPLE))), both.concat());
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
    } = &meters.canary
    else {
        panic!("it counts what it received: {meters:?}")
    };
    let series: Series = [(processed, 9.0), (&taken.received, 10.0)]
        .map(|(metric, count)| (metric.clone(), [(began(), count)].into()))
        .into();
    let split = Split {
        tasks: &[],
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
    let read: super::super::target::LambdaMetrics = serde_json::from_value(stored).unwrap();
    let meter = read.work.meter(&[].into(), Duration::ZERO);
    assert!(matches!(meter, Meter::Work { taken: None, .. }));
}
