use super::*;
use crate::{fixtures::queue::target, traffic::queue::Mode};

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
    let target = resolve(Some(ORDERS), None).unwrap();
    assert_eq!((target.resting_tasks, target.guard_minutes), (1, 60));
    assert_eq!(target.queue().unwrap().mode, Mode::Additive);
    assert_eq!(
        (
            target.queue().unwrap().max_dead_letters,
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
