//! Versions that work off a queue.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Shop;
use crate::world::{
    functions::{Ended, Invocation},
    sqs,
};

const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:orders";
const LIVE: &str = "arn:aws:lambda:eu-central-1:111122223333:function:orders:live";

/// The shop with a queue of that visibility timeout, and its URL.
async fn shop(visibility: &str) -> (Shop, String) {
    let shop = Shop::with_two_versions().await;
    let attributes = json!({ "VisibilityTimeout": visibility });
    let attributes: &Map<String, Value> = attributes.as_object().expect("attributes");
    let url = shop
        .account
        .with(|world| sqs::create_queue(world, "orders", attributes));
    (shop, url.expect("a queue"))
}

fn send(shop: &Shop, url: &str, messages: usize) {
    for number in 0..messages {
        shop.account
            .with(|world| sqs::send(world, url, &format!("order {number}")))
            .expect("a queue");
    }
}

/// Has a function consume the queue, and waits until it does.
async fn consume(shop: &Shop, more: Value) -> Value {
    let mut asked = json!({ "EventSourceArn": QUEUE, "FunctionName": LIVE });
    for (member, value) in more.as_object().into_iter().flatten() {
        asked[member] = value.clone();
    }
    let mapping = shop.ask("CreateEventSourceMapping", asked);
    assert_eq!(mapping["State"], "Creating");
    shop.passes(10).await;
    mapping["UUID"].clone()
}

/// The ids of a batch's messages.
fn ids(invocation: &Invocation) -> Vec<String> {
    let records = invocation.payload["Records"].as_array().expect("records");
    records
        .iter()
        .map(|it| it["messageId"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn depth(shop: &Shop) -> (u32, u32) {
    let depth = shop.account.with(|world| sqs::depth(world, "orders"));
    let depth = depth.expect("a queue");
    (depth.visible, depth.in_flight)
}

#[tokio::test(start_paused = true)]
async fn what_a_batch_has_processed_is_deleted() {
    let (mut shop, url) = shop("30").await;
    send(&shop, &url, 3);
    consume(&shop, json!({})).await;
    let batch = shop.invocations().remove(0);
    assert_eq!(
        (batch.source.as_str(), batch.version.as_str()),
        ("sqs", "1")
    );
    let record = &batch.payload["Records"][0];
    assert_eq!(record["body"], "order 0");
    assert_eq!(record["eventSourceARN"], QUEUE);
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(depth(&shop), (0, 3));
    shop.answers(&batch, Value::Null);
    assert_eq!(depth(&shop), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_comes_back_as_a_whole_after_the_visibility_timeout() {
    let (mut shop, url) = shop("30").await;
    send(&shop, &url, 2);
    consume(&shop, json!({})).await;
    let first = shop.invocations().remove(0);
    shop.fails(&first);
    shop.passes(29).await;
    assert_eq!(shop.invocations(), []);
    shop.passes(2).await;
    let again = shop.invocations().remove(0);
    assert_eq!(ids(&again), ids(&first));
    let count = &again.payload["Records"][0]["attributes"]["ApproximateReceiveCount"];
    assert_eq!(count, "2");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_reports_its_failures_gets_only_those_again() {
    let (mut shop, url) = shop("30").await;
    send(&shop, &url, 3);
    let reports = json!({ "FunctionResponseTypes": ["ReportBatchItemFailures"] });
    consume(&shop, reports).await;
    let batch = shop.invocations().remove(0);
    let failed = ids(&batch)[1].clone();
    let answer = json!({ "batchItemFailures": [{ "itemIdentifier": failed }] });
    shop.answers(&batch, answer);
    assert_eq!(depth(&shop), (0, 1));
    shop.passes(31).await;
    let again = shop.invocations().remove(0);
    assert_eq!(ids(&again), [failed]);
    let unknown = json!({ "batchItemFailures": [{ "itemIdentifier": "" }] });
    shop.answers(&again, unknown);
    assert_eq!(depth(&shop), (0, 1), "nothing of it counts as done");
    shop.passes(31).await;
    let last = shop.invocations().remove(0);
    shop.answers(&last, json!({ "batchItemFailures": [] }));
    assert_eq!(depth(&shop), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_version_is_drawn_once_for_a_whole_batch() {
    let (mut shop, url) = shop("30").await;
    shop.weigh(0.5);
    send(&shop, &url, 400);
    consume(&shop, json!({})).await;
    let mut versions = Vec::new();
    for _ in 0..40 {
        let batches = shop.invocations();
        assert!(batches.len() <= 5, "five at once");
        for batch in batches {
            assert_eq!(ids(&batch).len(), 10);
            versions.push(batch.version.clone());
            shop.answers(&batch, Value::Null);
        }
    }
    assert_eq!(versions.len(), 40);
    let candidate = versions.iter().filter(|version| *version == "2").count();
    assert!((10..=30).contains(&candidate), "{candidate} of 40");
}

#[tokio::test(start_paused = true)]
async fn a_mapping_of_the_function_itself_runs_what_was_never_published() {
    let (mut shop, url) = shop("30").await;
    send(&shop, &url, 2);
    let whole = json!({
        "FunctionName": "orders", "BatchSize": 1, "ScalingConfig": { "MaximumConcurrency": 2 },
    });
    consume(&shop, whole).await;
    let versions: Vec<_> = shop
        .invocations()
        .into_iter()
        .map(|it| it.version)
        .collect();
    assert_eq!(versions, ["$LATEST", "$LATEST"]);
}

#[tokio::test(start_paused = true)]
async fn at_most_as_many_batches_are_processed_at_once_as_the_mapping_says() {
    let (mut shop, url) = shop("30").await;
    send(&shop, &url, 5);
    let limited = json!({ "BatchSize": 1, "ScalingConfig": { "MaximumConcurrency": 2 } });
    consume(&shop, limited).await;
    let running = shop.invocations();
    assert_eq!(running.len(), 2);
    shop.passes(5).await;
    assert_eq!(shop.invocations(), []);
    shop.ends(&running[0], Ended::Answer(Value::Null));
    assert_eq!(shop.invocations().len(), 1, "the next at once");
}

#[tokio::test(start_paused = true)]
async fn a_mapping_is_disabled_after_a_while_and_busy_meanwhile() {
    let (mut shop, url) = shop("30").await;
    let uuid = consume(&shop, json!({})).await;
    let disable = json!({ "UUID": uuid, "Enabled": false });
    let told = shop.ask("UpdateEventSourceMapping", disable.clone());
    assert_eq!(told["State"], "Disabling");
    let busy = shop.refused("UpdateEventSourceMapping", disable);
    assert!(busy.starts_with("ResourceInUseException"), "{busy}");
    send(&shop, &url, 1);
    shop.passes(1).await;
    assert_eq!(shop.invocations().len(), 1, "it is not disabled yet");
    shop.passes(10).await;
    let found = shop.ask("GetEventSourceMapping", json!({ "UUID": uuid }));
    assert_eq!(found["State"], "Disabled");
    send(&shop, &url, 1);
    shop.passes(5).await;
    assert_eq!(shop.invocations(), []);
    let told = shop.ask("DeleteEventSourceMapping", json!({ "UUID": uuid }));
    assert_eq!(told["State"], "Deleting");
    shop.passes(10).await;
    let gone = shop.refused("GetEventSourceMapping", json!({ "UUID": uuid }));
    assert!(gone.starts_with("ResourceNotFoundException"), "{gone}");
}

#[tokio::test(start_paused = true)]
async fn mappings_are_found_by_what_they_invoke_and_by_their_queue() {
    let (shop, _) = shop("30").await;
    consume(&shop, json!({})).await;
    consume(&shop, json!({ "FunctionName": "orders", "Enabled": false })).await;
    let found = |asked: Value| {
        let told = shop.ask("ListEventSourceMappings", asked);
        let told = told["EventSourceMappings"].as_array().cloned();
        let arns = told.unwrap_or_default().into_iter().map(|it| {
            let arn = it["FunctionArn"].as_str().unwrap_or_default().to_owned();
            arn.rsplit(':').next().unwrap_or_default().to_owned()
        });
        arns.collect::<BTreeSet<_>>()
    };
    let both = BTreeSet::from(["live".to_owned(), "orders".to_owned()]);
    let live = BTreeSet::from(["live".to_owned()]);
    let whole = BTreeSet::from(["orders".to_owned()]);
    assert_eq!(found(json!({ "EventSourceArn": QUEUE })), both);
    assert_eq!(found(json!({ "FunctionName": LIVE })), live);
    assert_eq!(found(json!({ "FunctionName": "orders" })), whole);
    shop.account
        .with(|world| world.functions.lists_mappings_of_aliases = true);
    assert_eq!(found(json!({ "FunctionName": "orders" })), both);
    let first = shop.ask("ListEventSourceMappings", json!({ "MaxItems": 1 }));
    let rest = shop.ask(
        "ListEventSourceMappings",
        json!({ "Marker": first["NextMarker"] }),
    );
    assert_eq!(
        rest["EventSourceMappings"].as_array().map(Vec::len),
        Some(1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_mapping_that_could_not_work_is_refused() {
    let (shop, _) = shop("10").await;
    let refused = |more: Value| {
        let mut asked = json!({ "EventSourceArn": QUEUE, "FunctionName": LIVE });
        for (member, value) in more.as_object().into_iter().flatten() {
            asked[member] = value.clone();
        }
        shop.refused("CreateEventSourceMapping", asked)
    };
    assert_eq!(
        refused(json!({})),
        "InvalidParameterValueException: Queue visibility timeout: 10 seconds is less than Function timeout: 20 seconds"
    );
    for (more, why) in [
        (
            json!({ "FunctionName": "orders:next" }),
            "Function not found",
        ),
        (
            json!({ "EventSourceArn": "arn:aws:sqs:eu-central-1:111122223333:others" }),
            "The specified queue does not exist.",
        ),
        (
            json!({ "BatchSize": 100 }),
            "if maximum batch size is greater than 10",
        ),
        (
            json!({ "MaximumBatchingWindowInSeconds": 5 }),
            "The local account does not have a batching window.",
        ),
        (
            json!({ "ParallelizationFactor": 2 }),
            "The local account does not have ParallelizationFactor.",
        ),
    ] {
        let told = refused(more);
        assert!(told.contains(why), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_has_one_mapping_for_what_consumes_it() {
    let (shop, _) = shop("30").await;
    consume(&shop, json!({})).await;
    let again = json!({ "EventSourceArn": QUEUE, "FunctionName": LIVE });
    let refused = shop.refused("CreateEventSourceMapping", again);
    assert!(
        refused.starts_with("ResourceConflictException"),
        "{refused}"
    );
}
