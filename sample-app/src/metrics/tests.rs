use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// 14:23:07.123, seven seconds into a minute.
const NOW: u64 = 1_791_901_387_123;

/// Metrics on a clock that a test sets, and what they print.
struct Desk {
    metrics: Metrics,
    now: Arc<AtomicU64>,
    printed: Arc<Mutex<Vec<Value>>>,
}

impl Desk {
    fn open() -> Self {
        let (now, printed) = (Arc::new(AtomicU64::new(NOW)), Arc::default());
        let origin = Origin::Task {
            service: "orders-canary".to_owned(),
            version: "orders:43".to_owned(),
            app_version: "2.1.0".to_owned(),
        };
        let clock = Arc::clone(&now);
        let paper: Arc<Mutex<Vec<Value>>> = Arc::clone(&printed);
        let metrics = Metrics::new(
            origin,
            move || UNIX_EPOCH + Duration::from_millis(clock.load(Ordering::Relaxed)),
            move |line| {
                paper
                    .lock()
                    .unwrap()
                    .push(serde_json::from_str(line).unwrap());
            },
        );
        Self {
            metrics,
            now,
            printed,
        }
    }

    fn pass(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap();
        self.now.fetch_add(millis, Ordering::Relaxed);
    }

    /// What was printed since the last call.
    fn printed(&self) -> Vec<Value> {
        std::mem::take(&mut self.printed.lock().unwrap())
    }
}

fn second(line: &Value) -> u64 {
    line["_aws"]["Timestamp"].as_u64().unwrap() / 1000
}

/// The document that declares these metrics, with their values.
fn document(metrics: &[(&str, &str)], values: Value) -> Value {
    let metrics: Vec<_> = metrics
        .iter()
        .map(|(name, unit)| json!({"Name": name, "Unit": unit}))
        .collect();
    let mut document = json!({
        "_aws": {
            "Timestamp": 1_791_901_385_000_u64,
            "CloudWatchMetrics": [{
                "Namespace": "CanaryRelease/SampleApp",
                "Dimensions": [["ServiceName"], ["ServiceName", "Version"]],
                "Metrics": metrics,
            }],
        },
        "ServiceName": "orders-canary",
        "Version": "orders:43",
        "AppVersion": "2.1.0",
    });
    let Value::Object(values) = values else {
        panic!("values by name");
    };
    document.as_object_mut().unwrap().extend(values);
    document
}

const A_MOMENT: Duration = Duration::from_millis(12);

#[test]
fn received_messages_are_written_at_once() {
    let desk = Desk::open();
    let _receipt = desk.metrics.received(7);
    assert_eq!(
        desk.printed(),
        [document(&[("Received", "Count")], json!({ "Received": 7 }))]
    );
}

#[test]
fn a_poll_that_brings_nothing_writes_nothing() {
    let desk = Desk::open();
    let _receipt = desk.metrics.received(0);
    desk.metrics.flush();
    assert!(desk.printed().is_empty());
}

#[test]
fn a_line_has_all_endings_and_latencies_of_the_service_and_of_the_version_in_it() {
    let desk = Desk::open();
    let receipt = desk.metrics.received(4);
    desk.printed();
    desk.metrics.processed(receipt, A_MOMENT);
    desk.metrics.failed(receipt, Duration::from_millis(340));
    desk.metrics.processed(receipt, Duration::from_micros(900));
    desk.metrics.released(receipt);
    desk.metrics.flush();
    let metrics = [
        ("Processed", "Count"),
        ("Failed", "Count"),
        ("Released", "Count"),
        ("LatencyMs", "Milliseconds"),
    ];
    let values = json!({ "Processed": 2, "Failed": 1, "Released": 1, "LatencyMs": [12, 340, 0] });
    assert_eq!(desk.printed(), [document(&metrics, values)]);
}

#[test]
fn a_message_counts_for_the_minute_of_its_receipt_however_long_it_took() {
    let desk = Desk::open();
    let receipt = desk.metrics.received(1);
    let received = second(&desk.printed()[0]);
    desk.pass(Duration::from_mins(42));
    desk.metrics.failed(receipt, Duration::from_mins(42));
    desk.metrics.flush();
    assert_eq!(second(&desk.printed()[0]), received);
}

#[test]
fn no_timestamp_is_in_another_minute_than_the_receipt() {
    let desk = Desk::open();
    for _ in 0..130 {
        let _receipt = desk.metrics.received(1);
        let now = desk.now.load(Ordering::Relaxed) / 1000;
        assert_eq!(second(&desk.printed()[0]) / 60, now / 60);
        desk.pass(Duration::from_millis(997));
    }
}

#[test]
fn messages_of_different_minutes_are_written_apart_and_old_ones_first() {
    let desk = Desk::open();
    let old = desk.metrics.received(2);
    desk.pass(Duration::from_mins(1));
    let new = desk.metrics.received(1);
    desk.printed();
    desk.metrics.processed(new, A_MOMENT);
    desk.metrics.processed(old, A_MOMENT);
    desk.metrics.failed(old, A_MOMENT);
    desk.metrics.flush();
    let counts = |line: &Value| (second(line) % 3600, line["Processed"].clone());
    let printed = desk.printed();
    assert_eq!(
        printed.iter().map(counts).collect::<Vec<_>>(),
        [(23 * 60 + 5, json!(1)), (24 * 60 + 5, json!(1))]
    );
}

#[test]
fn a_hand_back_without_any_work_has_a_line_without_latencies() {
    let desk = Desk::open();
    let receipt = desk.metrics.received(1);
    desk.printed();
    desk.metrics.released(receipt);
    desk.metrics.flush();
    let line = &desk.printed()[0];
    assert_eq!(line["Released"], 1);
    // EMF: a metric without a value would make the document an ordinary log line.
    assert!(line.get("LatencyMs").is_none());
    let declared = &line["_aws"]["CloudWatchMetrics"][0]["Metrics"];
    assert_eq!(declared.as_array().unwrap().len(), 3);
}

#[test]
fn what_did_not_happen_is_a_zero_beside_what_did() {
    let desk = Desk::open();
    let receipt = desk.metrics.received(1);
    desk.metrics.processed(receipt, A_MOMENT);
    desk.metrics.flush();
    let line = &desk.printed()[1];
    assert_eq!((&line["Failed"], &line["Released"]), (&json!(0), &json!(0)));
}

#[test]
fn nothing_is_written_twice() {
    let desk = Desk::open();
    let receipt = desk.metrics.received(1);
    desk.metrics.processed(receipt, A_MOMENT);
    desk.metrics.flush();
    desk.metrics.flush();
    assert_eq!(desk.printed().len(), 2);
}

#[test]
fn no_line_has_more_than_a_hundred_values_and_nothing_is_counted_twice() {
    let desk = Desk::open();
    let receipt = desk.metrics.received(250);
    desk.printed();
    for _ in 0..250 {
        desk.metrics.processed(receipt, A_MOMENT);
    }
    desk.metrics.flush();
    let lines = desk.printed();
    let values = |line: &Value| line["LatencyMs"].as_array().unwrap().len();
    assert_eq!(lines.iter().map(values).collect::<Vec<_>>(), [100, 100, 50]);
    assert_eq!(lines[0]["Processed"], 250);
    assert!(lines[1].get("Processed").is_none());
    let declared = &lines[1]["_aws"]["CloudWatchMetrics"][0]["Metrics"];
    assert_eq!(
        declared,
        &json!([{"Name": "LatencyMs", "Unit": "Milliseconds"}])
    );
}
