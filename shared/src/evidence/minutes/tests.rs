use super::*;
use crate::evidence::meter::Statistic;

const SETTLE: Duration = Duration::from_mins(3);

/// So many seconds after a full minute.
fn at(seconds: u64) -> Timestamp {
    Timestamp::from_epoch_millis((1_790_960_040 + seconds) * 1000)
}

fn minute(nth: u64) -> Timestamp {
    at(nth * 60)
}

fn metric(name: &str, of: &str) -> Metric {
    Metric {
        namespace: "Orders".to_owned(),
        name: name.to_owned(),
        dimensions: vec![("Service".to_owned(), of.to_owned())],
        statistic: Statistic::Sum,
    }
}

/// Workers that count what they do, what they have received among it.
fn work(of: &str) -> Meter {
    Meter::Work {
        processed: metric("Processed", of),
        failed: metric("Failed", of),
        taken: Some(Taken {
            received: metric("Received", of),
            released: Some(metric("Released", of)),
            ends_within: Duration::from_mins(2),
        }),
    }
}

fn workers() -> Meters {
    Meters {
        canary: Some(work("canary")),
        primary: work("primary"),
        ended: Some(metric("Deleted", "queue")),
        together: true,
        called: None,
    }
}

fn requests(of: &str) -> Meter {
    Meter::Requests {
        all: metric("RequestCount", of),
        well: ["2XX", "3XX", "4XX"].map(|kind| metric(kind, of)).into(),
        took: metric("Took", of),
    }
}

fn services() -> Meters {
    Meters {
        canary: Some(requests("canary")),
        primary: requests("primary"),
        ended: None,
        together: true,
        called: None,
    }
}

/// Minutes of metrics: name, whose, which minute, how much.
fn series(points: &[(&str, &str, u64, f64)]) -> Series {
    let mut series = Series::new();
    for (name, of, nth, value) in points {
        let of = series.entry(metric(name, of)).or_default();
        of.insert(minute(*nth), *value);
    }
    series
}

fn span(minutes: u64, settled: u64) -> Span {
    Span {
        from: minute(0),
        through: minute(minutes),
        settled: minute(settled),
    }
}

fn read(span: Span, series: &Series, meters: &Meters, now: Timestamp) -> Minutes {
    let split = Split {
        capacity: &[],
        since: Some(minute(0)),
        with_canary: true,
    };
    Minutes::of(span, series, meters, split, SETTLE, now)
}

/// Attempts and failures of the canary and of the primary.
fn told(blocks: &[Block]) -> Vec<[u64; 4]> {
    let told = blocks.iter().map(|it| {
        [
            it.canary.failures,
            it.canary.attempts,
            it.primary.failures,
            it.primary.attempts,
        ]
    });
    told.collect()
}

#[test]
fn whole_minutes_after_the_canary_has_its_share_are_judged_a_minute_after_they_end_and_settle_after_three()
 {
    let of = |now: u64, until: Option<u64>, together| {
        let span = Span::of(at(20), until.map(at), at(now), SETTLE, together)?;
        let nth = |at: Timestamp| at.since(minute(0)).as_secs() / 60;
        Some((nth(span.from), nth(span.through), nth(span.settled)))
    };
    // Seconds since the minute in which it began; which minutes are judged, and which of them are settled.
    assert_eq!(
        of(179, None, true),
        None,
        "the first whole minute has just ended"
    );
    assert_eq!(of(180, None, true), Some((1, 2, 1)));
    assert_eq!(of(299, None, true), Some((1, 3, 1)));
    assert_eq!(of(300, None, true), Some((1, 4, 2)));
    assert_eq!(
        of(299, None, false),
        None,
        "what does not come together is judged once it is settled"
    );
    assert_eq!(of(300, None, false), Some((1, 2, 2)));
    assert_eq!(
        of(900, Some(250), true),
        Some((1, 4, 4)),
        "until the promotion begins"
    );
    assert_eq!(of(900, Some(70), true), None, "no whole minute");
}

#[test]
fn attempts_are_what_ended_and_a_minute_without_data_has_none() {
    let series = series(&[
        ("Processed", "canary", 0, 95.0),
        ("Failed", "canary", 0, 5.0),
        ("Processed", "primary", 0, 891.0),
        ("Failed", "primary", 0, 9.0),
        ("Processed", "primary", 1, 900.0),
    ]);
    let minutes = read(span(3, 1), &series, &workers(), minute(4));
    assert_eq!(
        told(&minutes.early),
        [[5, 100, 9, 900], [0, 0, 0, 900], [0, 0, 0, 0]]
    );
    assert_eq!(told(&minutes.settled), [[5, 100, 9, 900]]);
    assert_eq!(
        minutes.measured,
        Measured {
            canary: 100,
            primary: 1800
        }
    );
    assert_eq!(minutes.doubt, None);
}

#[test]
fn what_was_received_and_never_ended_has_failed_once_it_is_overdue_and_settled() {
    let series = series(&[
        ("Received", "canary", 0, 20.0),
        ("Processed", "canary", 0, 5.0),
        ("Failed", "canary", 0, 1.0),
        ("Released", "canary", 0, 2.0),
        ("Received", "primary", 0, 100.0),
        ("Processed", "primary", 0, 100.0),
    ]);
    let of = |now| told(&read(span(1, 1), &series, &workers(), at(now)).settled);
    // The minute ends at 60; its work has two minutes, and three more to settle.
    assert_eq!(of(359), [[1, 6, 0, 100]], "it may still be worked on");
    assert_eq!(of(360), [[13, 18, 0, 100]]);
}

#[test]
fn a_request_that_no_target_answered_well_has_failed() {
    let series = series(&[
        ("RequestCount", "canary", 0, 100.0),
        ("2XX", "canary", 0, 80.0),
        ("4XX", "canary", 0, 5.0),
        ("RequestCount", "primary", 0, 900.0),
        ("2XX", "primary", 0, 890.0),
        ("3XX", "primary", 0, 10.0),
        // Answers to requests of the minute before.
        ("2XX", "canary", 1, 3.0),
    ]);
    let minutes = read(span(2, 2), &series, &services(), minute(9));
    assert_eq!(told(&minutes.early), [[15, 100, 0, 900], [0, 0, 0, 0]]);
}

#[test]
fn where_answers_take_long_two_minutes_are_one_block() {
    let mut points = vec![("Took", "canary", 0, 29.0)];
    for nth in 0..3 {
        points.push(("RequestCount", "canary", nth, 10.0));
        points.push(("RequestCount", "primary", nth, 90.0));
        points.push(("2XX", "primary", nth, 90.0));
    }
    points.push(("2XX", "canary", 1, 20.0));
    let minutes = read(span(3, 3), &series(&points), &services(), minute(9));
    assert_eq!(
        told(&minutes.early),
        [[0, 20, 0, 180]],
        "the third waits for the fourth"
    );
}

#[test]
fn the_larger_share_of_the_capacity_in_a_minute_counts() {
    let tasks = [(0, 0.1), (70, 0.5), (110, 0.3)].map(|(seconds, share)| CapacityShare {
        since: at(seconds),
        share,
    });
    let of = |nth| capacity_in(minute(nth), &tasks);
    assert_eq!([of(0), of(1), of(2)], [Some(0.1), Some(0.5), Some(0.3)]);
    assert_eq!(capacity_in(minute(0), &[]), None);
}

#[test]
fn what_cannot_be_compared_is_said_by_the_metrics_name() {
    let read = |points: &[(&str, &str, u64, f64)]| {
        let minutes = read(span(2, 2), &series(points), &workers(), minute(9));
        minutes.doubt.map(|doubt| doubt.to_string())
    };
    assert_eq!(
        read(&[]).as_deref(),
        Some(
            "neither version has counted anything: Processed of Service=canary in Orders and Processed of Service=primary in Orders have no data"
        )
    );
    assert_eq!(
        read(&[("Processed", "primary", 0, 5.0)]).as_deref(),
        Some(
            "Processed of Service=canary in Orders has no data, while the primary has; if it works, its metrics have other names or dimensions"
        )
    );
    assert_eq!(
        read(&[("Failed", "canary", 0, 5.0)]).as_deref(),
        Some(
            "Processed of Service=primary in Orders has no data, while the canary has; if it works, its metrics have other names or dimensions"
        )
    );
    assert_eq!(
        read(&[("Deleted", "queue", 0, 7.0)]).as_deref(),
        Some(
            "the metrics count nothing, while Deleted of Service=queue in Orders is 7: they have other names or dimensions, or others consume the queue"
        )
    );
    let both = |deleted| {
        read(&[
            ("Processed", "canary", 0, 30.0),
            ("Processed", "primary", 0, 90.0),
            ("Deleted", "queue", 0, deleted),
        ])
    };
    assert_eq!(both(60.0), None, "a message may be processed twice");
    assert_eq!(both(0.0), None, "nothing was seen to be deleted yet");
    assert_eq!(
        both(59.0).as_deref(),
        Some(
            "the metrics count 120 messages processed where Deleted of Service=queue in Orders is 59: their dimensions take in more than these two versions"
        )
    );
}

#[test]
fn after_a_promotion_the_canary_may_have_nothing_to_do() {
    let doubt = |points: &[(&str, &str, u64, f64)]| {
        let split = Split {
            capacity: &[],
            since: None,
            with_canary: false,
        };
        let (series, span) = (series(points), span(2, 2));
        Minutes::of(span, &series, &workers(), split, SETTLE, minute(9)).doubt
    };
    let primary = ("Processed", "primary", 0, 120.0);
    assert_eq!(doubt(&[primary]), None);
    let too_many = doubt(&[primary, ("Deleted", "queue", 0, 59.0)]);
    assert!(
        matches!(too_many, Some(Doubt::TooMany { .. })),
        "{too_many:?}"
    );
    let one_sided = doubt(&[("Processed", "canary", 0, 5.0)]);
    assert!(
        matches!(one_sided, Some(Doubt::OneSided { .. })),
        "{one_sided:?}"
    );
}

#[test]
fn a_canary_that_dies_on_every_message_has_data() {
    let points = [
        ("Received", "canary", 0, 5.0),
        ("Processed", "primary", 0, 90.0),
    ];
    let minutes = read(span(1, 1), &series(&points), &workers(), minute(9));
    assert_eq!(
        (told(&minutes.settled), minutes.doubt),
        (vec![[5, 5, 0, 90]], None)
    );
}

#[test]
fn no_value_of_a_metric_breaks_a_count() {
    for value in [f64::NAN, f64::INFINITY, -5.0, 1e300, 0.4] {
        let points = [
            ("Processed", "canary", 0, value),
            ("Failed", "canary", 0, value),
        ];
        let minutes = read(span(1, 1), &series(&points), &workers(), minute(9));
        let [block] = &minutes.early[..] else {
            panic!("one minute")
        };
        assert!(block.canary.failures <= block.canary.attempts, "{value}");
    }
}
