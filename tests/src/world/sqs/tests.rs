mod approximate;

use serde_json::json;

use super::*;
use crate::{
    clock::Moment,
    world::{Identity, journal::What},
};

fn account() -> World {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
    };
    World::new(identity, Moment(1_790_960_400_000), 1)
}

fn create(world: &mut World, name: &str, attributes: &Value) -> String {
    let attributes = attributes.as_object().expect("attributes");
    create_queue(world, name, attributes).expect("a queue")
}

/// `orders`, which gives up a message after three receives, and its dead-letter queue.
fn orders(world: &mut World) -> (String, String) {
    let dead = create(world, "orders-dead", &json!({}));
    let policy = json!({
        "deadLetterTargetArn": "arn:aws:sqs:eu-central-1:111122223333:orders-dead",
        "maxReceiveCount": 3,
    });
    let attributes = json!({ "RedrivePolicy": policy.to_string(), "VisibilityTimeout": "30" });
    let orders = create(world, "orders", &attributes);
    (orders, dead)
}

fn pass(world: &mut World, seconds: u64) {
    for _ in 0..seconds {
        let now = world.now + Duration::from_secs(1);
        world.tick(now);
    }
}

fn receive_one(world: &mut World, url: &str) -> Option<Received> {
    let mut received = receive(world, url, 1, None).expect("a receive");
    received.pop()
}

fn visible(world: &World, name: &str) -> u32 {
    depth(world, name).expect("the queue").visible
}

fn code(result: Result<Value, Fault>) -> String {
    result.expect_err("a fault").code
}

#[test]
fn a_message_that_fails_three_times_lands_in_the_dead_letter_queue() {
    let mut world = account();
    let (orders, dead) = orders(&mut world);
    send(&mut world, &orders, "order 17").expect("sent");
    for attempt in 1..=3 {
        let message = receive_one(&mut world, &orders).expect("the message");
        assert_eq!(message.receive_count, attempt);
        assert_eq!(
            receive_one(&mut world, &orders).map(|it| it.id),
            None,
            "hidden"
        );
        pass(&mut world, 30);
    }
    // AWS moves it when somebody asks for it a fourth time, not before.
    assert_eq!(visible(&world, "orders"), 1);
    assert_eq!(receive_one(&mut world, &orders).map(|it| it.id), None);
    assert_eq!(visible(&world, "orders"), 0);
    let buried = receive_one(&mut world, &dead).expect("the dead letter");
    assert_eq!(
        (buried.body.as_str(), buried.receive_count),
        ("order 17", 4)
    );
}

#[test]
fn the_retention_of_a_dead_letter_counts_from_when_it_was_sent() {
    let mut world = account();
    let dead = create(
        &mut world,
        "dead",
        &json!({ "MessageRetentionPeriod": "120" }),
    );
    let policy = json!({
        "deadLetterTargetArn": "arn:aws:sqs:eu-central-1:111122223333:dead",
        "maxReceiveCount": "1",
    });
    let attributes = json!({ "RedrivePolicy": policy.to_string(), "VisibilityTimeout": "100" });
    let orders = create(&mut world, "orders", &attributes);
    send(&mut world, &orders, "order 17").expect("sent");
    receive_one(&mut world, &orders).expect("the message");
    pass(&mut world, 100);
    receive_one(&mut world, &orders);
    assert_eq!(visible(&world, "dead"), 1);
    pass(&mut world, 20);
    assert_eq!(receive_one(&mut world, &dead).map(|it| it.id), None);
    assert_eq!(visible(&world, "dead"), 0);
}

#[test]
fn only_the_handle_of_the_last_receive_deletes_but_an_older_one_is_no_error() {
    let mut world = account();
    let (orders, _) = orders(&mut world);
    send(&mut world, &orders, "order 17").expect("sent");
    let first = receive_one(&mut world, &orders).expect("the message");
    pass(&mut world, 30);
    let second = receive_one(&mut world, &orders).expect("the message again");
    delete(&mut world, &orders, &first.receipt_handle).expect("a stale handle is accepted");
    assert_eq!(depth(&world, "orders").expect("the queue").in_flight, 1);
    pass(&mut world, 30);
    // Visible again, but the handle is still the newest.
    delete(&mut world, &orders, &second.receipt_handle).expect("deleted");
    assert_eq!(depth(&world, "orders"), Some(Depth::default()));
    let input = json!({ "QueueUrl": orders, "ReceiptHandle": "nonsense" });
    assert_eq!(
        code(call(&mut world, "DeleteMessage", &input)),
        "ReceiptHandleIsInvalid"
    );
}

#[test]
fn a_consumer_can_hold_or_give_back_a_message() {
    let mut world = account();
    let (orders, _) = orders(&mut world);
    send(&mut world, &orders, "order 17").expect("sent");
    let held = receive_one(&mut world, &orders)
        .expect("the message")
        .receipt_handle;
    change_visibility(&mut world, &orders, &held, Duration::from_mins(2)).expect("held");
    pass(&mut world, 119);
    assert_eq!(visible(&world, "orders"), 0);
    change_visibility(&mut world, &orders, &held, Duration::ZERO).expect("given back");
    assert_eq!(visible(&world, "orders"), 1);
    let again = change_visibility(&mut world, &orders, &held, Duration::from_secs(9));
    assert_eq!(
        again.expect_err("no longer held").code,
        "MessageNotInflight"
    );
    let newer = receive_one(&mut world, &orders)
        .expect("the message")
        .receipt_handle;
    let stale = change_visibility(&mut world, &orders, &held, Duration::from_secs(9));
    assert_eq!(
        stale.expect_err("not the newest").code,
        "InvalidParameterValue"
    );
    pass(&mut world, 10);
    let twelve_hours = change_visibility(&mut world, &orders, &newer, queue::LONGEST_VISIBILITY);
    assert_eq!(
        twelve_hours.expect_err("too long").code,
        "InvalidParameterValue"
    );
}

#[test]
fn a_delayed_message_is_neither_visible_nor_in_flight() {
    let mut world = account();
    let url = create(&mut world, "orders", &json!({ "DelaySeconds": "5" }));
    send(&mut world, &url, "order 17").expect("sent");
    let delayed = Depth {
        delayed: 1,
        ..Depth::default()
    };
    assert_eq!(depth(&world, "orders"), Some(delayed));
    let at_once = json!({ "QueueUrl": url, "MessageBody": "order 18", "DelaySeconds": 0 });
    call(&mut world, "SendMessage", &at_once).expect("sent");
    assert_eq!(
        receive_one(&mut world, &url).expect("a message").body,
        "order 18"
    );
    pass(&mut world, 5);
    assert_eq!(
        receive_one(&mut world, &url).expect("a message").body,
        "order 17"
    );
}

#[test]
fn a_message_that_was_received_three_times_goes_to_the_back() {
    let mut world = account();
    let url = create(&mut world, "orders", &json!({ "VisibilityTimeout": "1" }));
    for body in ["poison", "fine"] {
        send(&mut world, &url, body).expect("sent");
    }
    for _ in 0..3 {
        assert_eq!(
            receive_one(&mut world, &url).expect("a message").body,
            "poison"
        );
        pass(&mut world, 1);
    }
    assert_eq!(
        receive_one(&mut world, &url).expect("a message").body,
        "fine"
    );
}

#[test]
fn attributes_are_answered_only_when_asked_for_and_as_strings() {
    let mut world = account();
    let (orders, _) = orders(&mut world);
    send(&mut world, &orders, "order 17").expect("sent");
    let mut ask = |names: Value| {
        let input = json!({ "QueueUrl": orders, "AttributeNames": names });
        call(&mut world, "GetQueueAttributes", &input).expect("attributes")
    };
    assert_eq!(ask(json!([])), json!({}));
    assert_eq!(
        ask(json!(["ApproximateNumberOfMessages", "VisibilityTimeout"])),
        json!({ "Attributes": { "VisibilityTimeout": "30", "ApproximateNumberOfMessages": "1" } })
    );
    let all = ask(json!(["All"]));
    assert_eq!(all["Attributes"]["CreatedTimestamp"], "1790960400");
    assert_eq!(
        all["Attributes"]["RedrivePolicy"],
        r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:111122223333:orders-dead","maxReceiveCount":3}"#
    );
    assert_eq!(all["Attributes"]["RedriveAllowPolicy"], Value::Null);
}

#[test]
fn a_received_message_carries_what_was_asked_for() {
    let mut world = account();
    let (orders, _) = orders(&mut world);
    let sent = json!({ "QueueUrl": orders, "MessageBody": "order 17" });
    let sent = call(&mut world, "SendMessage", &sent).expect("sent");
    assert_eq!(sent["MD5OfMessageBody"], "9c4eba77c8daf0fe28b3d713013bfc9a");
    pass(&mut world, 2);
    let ask = json!({
        "QueueUrl": orders,
        "MessageSystemAttributeNames": ["ApproximateReceiveCount", "SentTimestamp"],
    });
    let received = call(&mut world, "ReceiveMessage", &ask).expect("received");
    let message = &received["Messages"][0];
    assert_eq!(message["MessageId"], sent["MessageId"]);
    assert_eq!(message["MD5OfBody"], sent["MD5OfMessageBody"]);
    assert_eq!(
        message["Attributes"],
        json!({ "SentTimestamp": "1790960400000", "ApproximateReceiveCount": "1" })
    );
    let nothing = call(&mut world, "ReceiveMessage", &ask).expect("an empty answer");
    assert_eq!(nothing, json!({}));
}

#[test]
fn every_entry_of_a_batch_succeeds_or_fails_by_itself() {
    let mut world = account();
    let (orders, _) = orders(&mut world);
    let batch = json!({ "QueueUrl": orders, "Entries": [
        { "Id": "a", "MessageBody": "order 17" },
        { "Id": "b", "MessageBody": "\u{0}" },
        { "Id": "c", "MessageBody": "order 18", "MessageGroupId": "g" },
    ] });
    let answer = call(&mut world, "SendMessageBatch", &batch).expect("an answer");
    assert_eq!(answer["Successful"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["Successful"][0]["Id"], "a");
    assert_eq!(answer["Failed"][0]["Code"], "InvalidMessageContents");
    assert_eq!(answer["Failed"][0]["SenderFault"], true);
    assert_eq!(answer["Failed"][1]["Code"], "UnsupportedOperation");
    assert_eq!(visible(&world, "orders"), 1);

    let handle = receive_one(&mut world, &orders)
        .expect("the message")
        .receipt_handle;
    let entries = json!([
        { "Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 0 },
        { "Id": "b", "ReceiptHandle": "nonsense", "VisibilityTimeout": 0 },
    ]);
    let batch = json!({ "QueueUrl": orders, "Entries": entries });
    let changed = call(&mut world, "ChangeMessageVisibilityBatch", &batch).expect("an answer");
    assert_eq!(changed["Successful"], json!([{ "Id": "a" }]));
    assert_eq!(changed["Failed"][0]["Code"], "ReceiptHandleIsInvalid");
    let deleted = call(&mut world, "DeleteMessageBatch", &batch).expect("an answer");
    assert_eq!(deleted["Successful"], json!([{ "Id": "a" }]));
    assert_eq!(visible(&world, "orders"), 0);
}

#[test]
fn a_batch_that_is_no_batch_is_refused() {
    let mut world = account();
    let (orders, _) = orders(&mut world);
    let mut refused = |entries: Vec<Value>| {
        let input = json!({ "QueueUrl": orders, "Entries": entries });
        code(call(&mut world, "SendMessageBatch", &input))
    };
    let entry = |id: &str| json!({ "Id": id, "MessageBody": "order" });
    let eleven = (0..11).map(|at| entry(&at.to_string())).collect();
    let large = json!({ "Id": "a", "MessageBody": "x".repeat(1_048_577) });
    assert_eq!(refused(vec![]), "EmptyBatchRequest");
    assert_eq!(refused(eleven), "TooManyEntriesInBatchRequest");
    assert_eq!(
        refused(vec![entry("a"), entry("a")]),
        "BatchEntryIdsNotDistinct"
    );
    assert_eq!(refused(vec![entry("a b")]), "InvalidBatchEntryId");
    assert_eq!(refused(vec![large]), "BatchRequestTooLong");
}

#[test]
fn a_queue_is_known_by_account_and_name_whatever_the_host() {
    let mut world = account();
    world.sqs.endpoint = Some("http://127.0.0.1:4566".to_owned());
    let url = create(&mut world, "orders", &json!({}));
    assert_eq!(url, "http://127.0.0.1:4566/111122223333/orders");
    send(
        &mut world,
        "https://sqs.eu-central-1.amazonaws.com/111122223333/orders",
        "order 17",
    )
    .expect("sent");
    let asked = call(&mut world, "GetQueueUrl", &json!({ "QueueName": "orders" }));
    assert_eq!(asked, Ok(json!({ "QueueUrl": url })));
    for unknown in [
        "https://host/111122223333/other",
        "https://host/9/orders",
        "orders",
    ] {
        let input = json!({ "QueueUrl": unknown, "MessageBody": "order 17" });
        assert_eq!(
            code(call(&mut world, "SendMessage", &input)),
            "QueueDoesNotExist",
            "{unknown}"
        );
    }
}

#[test]
fn what_queues_here_do_not_have_is_refused() {
    let mut world = account();
    let url = create(&mut world, "orders", &json!({}));
    let attributes = json!({ "traced": { "DataType": "String", "StringValue": "yes" } });
    let input = json!({ "QueueUrl": url, "MessageBody": "x", "MessageAttributes": attributes });
    assert_eq!(
        code(call(&mut world, "SendMessage", &input)),
        "UnsupportedOperation"
    );
    let purge = call(&mut world, "PurgeQueue", &json!({ "QueueUrl": url }));
    assert_eq!(code(purge), "UnknownOperationException");
    let mut refused = |name: &str, attributes: Value| {
        let attributes = attributes.as_object().expect("attributes");
        create_queue(&mut world, name, attributes)
            .expect_err("refused")
            .code
    };
    assert_eq!(refused("orders.fifo", json!({})), "InvalidParameterValue");
    assert_eq!(
        refused("a", json!({ "FifoQueue": "true" })),
        "InvalidAttributeName"
    );
    assert_eq!(
        refused("a", json!({ "VisibilityTimeout": "43201" })),
        "InvalidAttributeValue"
    );
    assert_eq!(
        refused("orders", json!({ "DelaySeconds": "1" })),
        "QueueNameExists"
    );
    let nowhere = json!({ "deadLetterTargetArn": "arn:aws:sqs:eu-central-1:111122223333:none" });
    let attributes = json!({ "RedrivePolicy": nowhere.to_string() });
    assert_eq!(refused("a", attributes), "InvalidAttributeValue");
}

#[test]
fn a_dead_letter_queue_can_say_whose_letters_it_takes() {
    let mut world = account();
    let allow = json!({ "redrivePermission": "denyAll" });
    create(
        &mut world,
        "dead",
        &json!({ "RedriveAllowPolicy": allow.to_string() }),
    );
    let policy = json!({ "deadLetterTargetArn": "arn:aws:sqs:eu-central-1:111122223333:dead" });
    let attributes = json!({ "RedrivePolicy": policy.to_string() });
    let refused = create_queue(
        &mut world,
        "orders",
        attributes.as_object().expect("attributes"),
    );
    assert_eq!(refused.expect_err("denied").code, "InvalidAttributeValue");
}

#[test]
fn the_wait_of_a_receive_is_its_own_or_that_of_the_queue() {
    let mut world = account();
    let url = create(
        &mut world,
        "orders",
        &json!({ "ReceiveMessageWaitTimeSeconds": "20" }),
    );
    let of_queue = receive_wait(&world, &json!({ "QueueUrl": url }));
    assert_eq!(of_queue, Duration::from_secs(20));
    let own = receive_wait(&world, &json!({ "QueueUrl": url, "WaitTimeSeconds": 1 }));
    assert_eq!(own, Duration::from_secs(1));
}

#[test]
fn the_journal_notes_depths_that_changed_and_nothing_else() {
    let mut world = account();
    let (orders, _) = orders(&mut world);
    pass(&mut world, 10);
    send(&mut world, &orders, "order 17").expect("sent");
    pass(&mut world, 10);
    receive_one(&mut world, &orders).expect("the message");
    pass(&mut world, 10);
    let noted: Vec<(String, u32, u32)> = world
        .journal
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Depth {
                queue,
                visible,
                in_flight,
            } => Some((queue.clone(), *visible, *in_flight)),
            _ => None,
        })
        .collect();
    assert_eq!(
        noted,
        [("orders".to_owned(), 1, 0), ("orders".to_owned(), 0, 1)]
    );
}

#[test]
fn the_ledger_tells_processed_messages_from_those_that_are_still_somewhere() {
    let mut world = account();
    let (orders, dead) = orders(&mut world);
    let done = send(&mut world, &orders, "order 17").expect("sent");
    let received = receive_one(&mut world, &orders).expect("the message");
    delete(&mut world, &orders, &received.receipt_handle).expect("deleted");
    let failing = send(&mut world, &orders, "order 18").expect("sent");
    for _ in 1..=4 {
        receive_one(&mut world, &orders);
        pass(&mut world, 30);
    }
    let held = send(&mut world, &orders, "order 19").expect("sent");

    let of_orders = ledger(&world, "orders").expect("the queue");
    assert_eq!(of_orders.deleted, BTreeSet::from([done]));
    assert_eq!(of_orders.held, BTreeSet::from([held]));
    let of_dead = ledger(&world, "orders-dead").expect("the queue");
    assert_eq!(of_dead.held, BTreeSet::from([failing]));
    assert!(dead.ends_with("orders-dead"));
}
