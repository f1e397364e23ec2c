//! Something to consume.

use serde_json::Value;

use super::machine::{Ended, Machine};

/// The bodies that were sent, by call.
fn sent(ended: &Ended) -> Vec<Vec<String>> {
    let entries = |call: &String| {
        let (_, entries) = call.split_once("--entries ")?;
        let (entries, _) = entries.split_once(" --query")?;
        let entries: Vec<Value> = serde_json::from_str(entries).expect("entries as JSON");
        Some(
            entries
                .iter()
                .map(|entry| entry["MessageBody"].as_str().expect("a body").to_owned())
                .collect(),
        )
    };
    ended.calls.iter().filter_map(entries).collect()
}

#[test]
fn orders_are_sent_ten_at_a_time() {
    let machine = Machine::new();
    machine.answers("send-message-batch", "SENT\t1");
    let body = "{\"order\": {}, \"path\": \"a\\b\"}";
    let ended = machine.run("send-messages.sh", &["--count", "23", "--body", body], "");
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    let bodies = sent(&ended);
    assert_eq!(bodies.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 3]);
    assert_eq!(bodies[2][2], "{\"order\": 23, \"path\": \"a\\b\"}");
    assert!(!ended.calls.iter().any(|call| call.starts_with("sleep")));
}

#[test]
fn a_rate_is_kept() {
    let machine = Machine::new();
    machine.answers("send-message-batch", "SENT\t1");
    let ended = machine.run("send-messages.sh", &["--count", "8", "--rate", "3"], "");
    assert_eq!(
        sent(&ended).iter().map(Vec::len).collect::<Vec<_>>(),
        [3, 3, 2]
    );
    let slept = ended.calls.iter().filter(|call| call.starts_with("sleep"));
    assert_eq!(slept.collect::<Vec<_>>(), ["sleep 1", "sleep 2"]);
}

#[test]
fn messages_that_the_queue_refuses_are_counted_and_told() {
    let machine = Machine::new();
    machine.answers(
        "send-message-batch",
        "REFUSED\t2: InternalError: try again\nSENT\t1\nSENT\t3",
    );
    let ended = machine.run("send-messages.sh", &["--count", "3"], "");
    assert_eq!(ended.code, Some(1));
    ended.assert_said(&[
        "2: InternalError: try again",
        "sent 2 messages",
        "the queue refused 1",
    ]);
}

#[test]
fn a_call_that_fails_ends_the_sending_and_says_how_many_are_left() {
    let machine = Machine::new();
    machine.fails("send-message-batch", "An error occurred (AccessDenied)");
    machine.answers_once("send-message-batch", &"SENT\t1\n".repeat(10));
    let ended = machine.run("send-messages.sh", &["--count", "25"], "");
    assert_eq!(ended.code, Some(1));
    ended.assert_said(&[
        "An error occurred (AccessDenied)",
        "sent 10 messages",
        "messages 11 to 20 could not be sent",
        "--count 15",
    ]);
}
