use super::*;
use crate::{fixtures::queue::target, parts::plan::Mode};

const ORDERS: &str = r#"{
    "cluster": "orders", "primary": "orders", "canary": "orders-canary", "pipeline": "orders-release",
    "alarms": ["orders-dead-letters"],
    "traffic": {"queue": {
        "url": "https://sqs.eu-central-1.amazonaws.com/111122223333/orders",
        "deadLetterUrl": "https://sqs.eu-central-1.amazonaws.com/111122223333/orders-dead-letters"}}}"#;

fn with(from: &str, to: &str) -> String {
    assert!(ORDERS.contains(from));
    ORDERS.replacen(from, to, 1)
}

#[test]
fn what_is_left_out_has_its_default() {
    let mut target = resolve(Some(ORDERS), None).unwrap();
    assert_eq!(
        (target.services().resting_tasks, target.guard_minutes),
        (1, 60)
    );
    assert_eq!(target.queue().unwrap().mode, Mode::Additive);
    assert_eq!(
        (
            target.queue().unwrap().letters.max_dead_letters,
            target.queue().unwrap().max_tasks
        ),
        (0, None)
    );
    assert_eq!(target.pair().as_str(), "orders/orders");
}

#[test]
fn a_bad_queue_names_the_field_and_what_is_allowed() {
    let cases = [
        (
            with(
                "\"deadLetterUrl\": \"https://sqs.eu-central-1.amazonaws.com/111122223333/orders-dead-letters\"",
                "\"guardMaxDeadLetters\": 5",
            ),
            "TARGET: field traffic.queue.guardMaxDeadLetters: there is no dead-letter queue to ask",
        ),
        (
            with("{\n        \"url\"", "{\"maxTasks\": 0, \"url\""),
            "TARGET: field traffic.queue.maxTasks: 0 tasks",
        ),
        (
            with("{\n        \"url\"", "{\"mode\": \"add\", \"url\""),
            "TARGET: field traffic.queue.mode: unknown variant `add`",
        ),
    ];
    for (text, expected) in cases {
        let error = resolve(Some(&text), None).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{expected}\n{error}");
    }
}

#[test]
fn another_mode_is_another_place_and_a_limit_is_not() {
    let here = target();
    let mut limited = target().allowing_dead_letters(7);
    assert_eq!(limited.differs(&here), None);
    limited = limited.constant_total();
    let difference = limited.differs(&here).expect("another mode");
    assert_eq!(difference.field, "traffic.queue.mode");
}

/// Metrics that are not the sample application's.
const OWN: &str = r#""namespace": "Orders", "processed": "Done", "failed": "Failed",
        "primary": {"Service": "orders"}, "canary": {"Service": "orders-canary"}"#;

fn metrics_of(target: &Target) -> Vec<crate::evidence::meter::Metric> {
    let record = crate::fixtures::queue::record();
    let record = crate::record::Record {
        target: target.clone(),
        ..record
    };
    record.meters().expect("two versions").metrics()
}

/// The names of all metrics of a target with these.
fn named(metrics: &str) -> Result<Vec<String>, String> {
    let text = with(
        "{\n        \"url\"",
        &format!("{{\"metrics\": {{{metrics}}}, \"url\""),
    );
    let target = resolve(Some(&text), None).map_err(|error| error.to_string())?;
    let names = metrics_of(&target);
    Ok(names.iter().map(ToString::to_string).collect())
}

#[test]
fn metrics_of_ones_own_are_named_in_full() {
    let deleted = "NumberOfMessagesDeleted of QueueName=orders in AWS/SQS";
    assert_eq!(
        named(OWN).unwrap(),
        [
            "Done of Service=orders-canary in Orders",
            "Failed of Service=orders-canary in Orders",
            "Done of Service=orders in Orders",
            "Failed of Service=orders in Orders",
            deleted,
        ]
    );
    let usual = metrics_of(&resolve(Some(ORDERS), None).unwrap());
    let usual: Vec<_> = usual.iter().map(ToString::to_string).collect();
    assert_eq!(
        usual[2],
        "Received of ServiceName=orders-canary in CanaryRelease/SampleApp"
    );
    assert_eq!((usual.len(), usual[8].as_str()), (9, deleted));
}

#[test]
fn metrics_that_make_no_sense_are_named() {
    let refused = [
        (
            r#""namespace": """#,
            "namespace",
            "namespace: \"\" is no name",
        ),
        (
            r#""processed": 7"#,
            "processed",
            "processed: invalid type: integer `7`",
        ),
        (
            r#""primary": {}"#,
            "primary",
            "primary: 0 dimensions; allowed are 1 to 30",
        ),
        (
            r#""primary": {":Service": "orders"}"#,
            "primary",
            "primary: \":Service\": \"orders\" is no dimension",
        ),
        (
            r#""primary": {"Service": ""}"#,
            "primary",
            "primary: \"Service\": \"\" is no dimension",
        ),
        (
            r#""primary": {"Service": 7}"#,
            "primary",
            "primary.Service: invalid type: integer `7`",
        ),
        (
            r#""primary": ["Service", "orders"]"#,
            "primary",
            "primary: invalid type: sequence",
        ),
        (
            r#""canary": {"Service": "orders"}"#,
            "canary",
            "canary: the primary has the same dimensions",
        ),
        (
            r#""received": "Received""#,
            "",
            "received: attempts are booked on the minute of their end",
        ),
        (
            r#""bookedOn": "receipt", "released": "Released""#,
            "",
            "released: given without received",
        ),
        (
            r#""bookedOn": "start""#,
            "",
            "bookedOn: unknown variant `start`, expected `receipt` or `end`",
        ),
        (
            r#""endsWithinSeconds": 0"#,
            "",
            "endsWithinSeconds: 0 is out of range",
        ),
        (r#""unit": "Count""#, "", "unit: unknown field `unit`"),
    ];
    for (field, instead_of, expected) in refused {
        let rest: Vec<_> = OWN
            .split(',')
            .filter(|it| {
                instead_of.is_empty() || !it.trim().starts_with(&format!("\"{instead_of}\""))
            })
            .collect();
        let error = named(&format!("{field}, {}", rest.join(","))).unwrap_err();
        let expected = format!("TARGET: field traffic.queue.metrics.{expected}");
        assert!(error.starts_with(&expected), "{expected}\n{error}");
    }
}
