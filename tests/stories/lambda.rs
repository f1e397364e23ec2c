//! What AWS's own SDK makes of the account's Lambda.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, and not the functions that they share"
)]

mod release;

use std::{
    io::{Cursor, Write},
    time::Duration,
};

use aws_sdk_lambda::{
    Client,
    client::Waiters,
    operation::update_alias::UpdateAliasError,
    primitives::Blob,
    types::{AliasRoutingConfiguration, FunctionResponseType, InvocationType, State},
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use rehearsal_core::{
    clock::Moment,
    wire::Account,
    world::{
        Effect, Identity, World,
        functions::{Ended, Function, Invocation, create_function, ended},
        iam, s3, sqs,
    },
};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::connector::{REGION, client};

fn package(program: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    archive.start_file("bootstrap", options).unwrap();
    archive.write_all(program.as_bytes()).unwrap();
    archive.finish().unwrap().into_inner()
}

/// A living account with the function `orders`, packages for it and a queue.
fn account() -> (Account, UnboundedReceiver<Effect>) {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: REGION.to_owned(),
    };
    let mut world = World::new(identity, Moment(1_790_960_680_000), 1);
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Principal": { "Service": iam::LAMBDA }, "Action": "sts:AssumeRole" }] });
    let consume = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], "Resource": "*" }] });
    let policies = [("consume".to_owned(), consume)];
    let role = iam::put_role(&mut world, "orders", &trust, &policies).unwrap();
    let function = Function {
        role: Some(role),
        ..Function::new("orders")
    };
    create_function(&mut world, function).unwrap();
    sqs::create_queue(&mut world, "orders", &Map::new()).unwrap();
    world.s3.create_bucket("packages");
    for version in ["v1", "v2"] {
        s3::put(&mut world, "packages", version, package(version)).unwrap();
    }
    let (tell, effects) = unbounded_channel();
    let account = Account::new(world, tell);
    let living = account.clone();
    tokio::spawn(async move { living.live(Duration::from_secs(1)).await });
    (account, effects)
}

/// Has every invocation answer after two seconds with its version, or fail if its event says so.
fn run(account: &Account, mut effects: UnboundedReceiver<Effect>) {
    let account = account.clone();
    tokio::spawn(async move {
        while let Some(effect) = effects.recv().await {
            let Effect::Invoke(invocation) = effect else {
                continue;
            };
            tokio::time::sleep(Duration::from_secs(2)).await;
            let how = answer(&invocation);
            account.with(|world| ended(world, &invocation.run, how));
        }
    });
}

fn answer(invocation: &Invocation) -> Ended {
    if invocation.payload["fails"] == true {
        Ended::Error("Panic: out of stock".to_owned())
    } else {
        Ended::Answer(json!({ "version": invocation.version }))
    }
}

/// Publishes a package, waiting for the function as AWS's waiters do; answers the version's number.
async fn publish(lambda: &Client, package: &str) -> String {
    let update = lambda.update_function_code().function_name("orders");
    let update = update.s3_bucket("packages").s3_key(package);
    let updated = update.send().await.unwrap();
    let limit = Duration::from_mins(5);
    let waits = lambda.wait_until_function_updated_v2();
    waits.function_name("orders").wait(limit).await.unwrap();
    let publish = lambda.publish_version().function_name("orders");
    let publish = publish.set_code_sha256(updated.code_sha256);
    let published = publish.send().await.unwrap();
    assert_eq!(published.state, Some(State::Pending));
    let version = published.version.unwrap();
    let waits = lambda.wait_until_published_version_active();
    let waits = waits.function_name("orders").qualifier(&version);
    waits.wait(limit).await.unwrap();
    version
}

fn weights(version: &str, weight: f64) -> AliasRoutingConfiguration {
    AliasRoutingConfiguration::builder()
        .additional_version_weights(version, weight)
        .build()
}

#[tokio::test(start_paused = true)]
async fn a_canary_of_a_function_is_published_shared_and_promoted() {
    let (account, effects) = account();
    run(&account, effects);
    let lambda = client!(aws_sdk_lambda, account, "operator");
    let stable = publish(&lambda, "v1").await;
    let create = lambda.create_alias().function_name("orders").name("live");
    let alias = create.function_version(&stable).send().await.unwrap();
    let candidate = publish(&lambda, "v2").await;
    assert_eq!((stable.as_str(), candidate.as_str()), ("1", "2"));

    let update = || lambda.update_alias().function_name("orders").name("live");
    let share = update()
        .routing_config(weights(&candidate, 0.1))
        .set_revision_id(alias.revision_id.clone());
    let shared = share.send().await.unwrap();
    let map = shared.routing_config.unwrap();
    let map = map.additional_version_weights.unwrap();
    assert!((map["2"] - 0.1).abs() < f64::EPSILON);

    let outdated = update().function_version(&candidate);
    let outdated = outdated.set_revision_id(alias.revision_id).send().await;
    let error = outdated.unwrap_err().into_service_error();
    assert!(matches!(
        error,
        UpdateAliasError::PreconditionFailedException(_)
    ));
    assert!(error.message().unwrap().contains("latest Revision Id"));

    let none = AliasRoutingConfiguration::builder()
        .set_additional_version_weights(Some([].into()))
        .build();
    let promote = update().function_version(&candidate).routing_config(none);
    promote.send().await.unwrap();
    let found = lambda.get_alias().function_name("orders").name("live");
    let found = found.send().await.unwrap();
    assert_eq!(found.function_version.as_deref(), Some("2"));
    assert_eq!(found.routing_config, None);
    let listed = lambda.list_versions_by_function().function_name("orders");
    let pages = listed.into_paginator().page_size(2).items().send();
    let versions = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
    assert_eq!(versions.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_caller_waits_for_the_answer_or_the_error_of_a_function() {
    let (account, effects) = account();
    run(&account, effects);
    let lambda = client!(aws_sdk_lambda, account, "operator");
    publish(&lambda, "v1").await;
    let create = lambda.create_alias().function_name("orders").name("live");
    create.function_version("1").send().await.unwrap();
    let invoke = |payload: Value| {
        let invoke = lambda.invoke().function_name("orders").qualifier("live");
        invoke.payload(Blob::new(payload.to_string())).send()
    };
    let good = invoke(json!({})).await.unwrap();
    assert_eq!((good.status_code, good.function_error), (200, None));
    assert_eq!(good.executed_version.as_deref(), Some("1"));
    let answer: Value = serde_json::from_slice(good.payload.unwrap().as_ref()).unwrap();
    assert_eq!(answer, json!({ "version": "1" }));

    let bad = invoke(json!({ "fails": true })).await.unwrap();
    assert_eq!(bad.status_code, 200, "the call itself is well");
    assert_eq!(bad.function_error.as_deref(), Some("Unhandled"));
    let error: Value = serde_json::from_slice(bad.payload.unwrap().as_ref()).unwrap();
    assert_eq!(
        error,
        json!({ "errorType": "Panic", "errorMessage": "out of stock" })
    );

    let event = lambda.invoke().function_name("orders").qualifier("live");
    let event = event.invocation_type(InvocationType::Event).send().await;
    assert_eq!(event.unwrap().status_code, 202);
}

#[tokio::test(start_paused = true)]
async fn what_consumes_a_queue_is_listed_page_by_page() {
    let (account, _effects) = account();
    let lambda = client!(aws_sdk_lambda, account, "operator");
    let queue = account.with(|world| world.arn("sqs", "orders"));
    publish(&lambda, "v1").await;
    for alias in ["live", "next"] {
        let create = lambda.create_alias().function_name("orders").name(alias);
        create.function_version("1").send().await.unwrap();
        let create = lambda.create_event_source_mapping();
        let create = create
            .event_source_arn(&queue)
            .function_name(format!("orders:{alias}"))
            .function_response_types(FunctionResponseType::ReportBatchItemFailures);
        create.send().await.unwrap();
    }
    let list = lambda.list_event_source_mappings().event_source_arn(&queue);
    let pages = list.into_paginator().page_size(1).items().send();
    let found = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
    assert_eq!(found.len(), 2);
    let live = account.with(|world| world.arn("lambda", "function:orders:live"));
    let list = lambda.list_event_source_mappings().function_name(&live);
    let found = list.send().await.unwrap().event_source_mappings.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].function_arn.as_deref(), Some(live.as_str()));
}

#[tokio::test(start_paused = true)]
async fn what_the_account_does_not_have_is_an_error() {
    let (account, _effects) = account();
    let lambda = client!(aws_sdk_lambda, account, "operator");
    let missing = lambda.get_function().function_name("others").send().await;
    let missing = missing.unwrap_err().into_service_error();
    assert!(missing.is_resource_not_found_exception());
    let policy = lambda.get_policy().function_name("orders").send().await;
    let unknown = policy.unwrap_err().into_service_error();
    assert_eq!(unknown.code(), Some("UnknownOperationException"));
}
