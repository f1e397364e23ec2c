//! Who may do what to the function, its versions and its aliases.

use serde_json::{Map, Value, json};

use super::Shop;
use crate::world::{Principal, iam, sqs};

const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:orders";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:orders";

/// A statement of a policy.
fn allow(actions: &[&str], resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resource })
}

/// The shop, where `release` acts as a role with these statements.
async fn shop(statements: Value) -> Shop {
    let shop = Shop::with_two_versions().await;
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    shop.account.with(|world| {
        let policies = [("inline".to_owned(), policy)];
        let role = iam::put_role(world, "release", &trust, &policies).expect("a role");
        let release = Principal("release".to_owned());
        iam::assume(world, &release, &role, iam::LAMBDA, None).expect("Lambda may");
    });
    shop
}

/// Whether `release` may do something.
fn may(shop: &Shop, operation: &str, input: Value) -> bool {
    let told = shop.try_as("release", operation, input);
    !matches!(told, Err(fault) if fault.code == "AccessDeniedException" && fault.status == 403)
}

#[tokio::test(start_paused = true)]
async fn what_is_done_to_an_alias_needs_the_function_itself() {
    let alias = json!({ "Name": "live" });
    for (resource, expected) in [
        (FUNCTION.to_owned(), true),
        (format!("{FUNCTION}:*"), false),
    ] {
        let actions = [
            "lambda:GetAlias",
            "lambda:UpdateAlias",
            "lambda:PublishVersion",
        ];
        let shop = shop(json!([allow(&actions, &resource)])).await;
        assert_eq!(may(&shop, "GetAlias", alias.clone()), expected);
        assert_eq!(may(&shop, "UpdateAlias", alias.clone()), expected);
        assert_eq!(may(&shop, "PublishVersion", json!({})), expected);
        assert!(!may(&shop, "DeleteAlias", alias.clone()));
    }
}

#[tokio::test(start_paused = true)]
async fn reading_and_invoking_a_version_needs_the_version() {
    let actions = ["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"];
    let versions = shop(json!([allow(&actions, &format!("{FUNCTION}:*"))])).await;
    for (qualified, expected) in [(json!({ "Qualifier": "2" }), true), (json!({}), false)] {
        let configuration = may(&versions, "GetFunctionConfiguration", qualified.clone());
        assert_eq!(configuration, expected);
        assert_eq!(may(&versions, "Invoke", qualified), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn code_from_a_bucket_needs_the_right_to_read_it() {
    let update = allow(&["lambda:UpdateFunctionCode"], FUNCTION);
    let read = allow(&["s3:GetObject"], "arn:aws:s3:::packages/v3");
    let code = json!({ "S3Bucket": "packages", "S3Key": "v3" });
    let without = shop(json!([update])).await;
    assert!(!may(&without, "UpdateFunctionCode", code.clone()));
    let with = shop(json!([update, read])).await;
    assert!(may(&with, "UpdateFunctionCode", code));
}

#[tokio::test(start_paused = true)]
async fn another_role_must_be_passed_to_lambda() {
    let other = "arn:aws:iam::111122223333:role/release";
    let update = allow(&["lambda:UpdateFunctionConfiguration"], FUNCTION);
    let pass = allow(&["iam:PassRole"], other);
    let role = json!({ "Role": other });
    let without = shop(json!([update])).await;
    assert!(may(
        &without,
        "UpdateFunctionConfiguration",
        json!({ "Timeout": 5 })
    ));
    without.passes(3).await;
    assert!(!may(&without, "UpdateFunctionConfiguration", role.clone()));
    let with = shop(json!([update, pass])).await;
    assert!(may(&with, "UpdateFunctionConfiguration", role));
}

#[tokio::test(start_paused = true)]
async fn mappings_can_be_narrowed_to_what_they_invoke() {
    let of_function = json!([{
        "Effect": "Allow",
        "Action": "lambda:CreateEventSourceMapping",
        "Resource": "*",
        "Condition": { "ArnLike": { "lambda:FunctionArn": format!("{FUNCTION}:live") } },
    }]);
    let shop = shop(of_function).await;
    let mapping = |function: &str| json!({ "EventSourceArn": QUEUE, "FunctionName": function });
    assert!(may(
        &shop,
        "CreateEventSourceMapping",
        mapping("orders:live")
    ));
    assert!(!may(&shop, "CreateEventSourceMapping", mapping("orders")));
    assert!(!may(&shop, "ListEventSourceMappings", json!({})));
}

#[tokio::test(start_paused = true)]
async fn the_functions_own_role_must_be_allowed_to_consume_the_queue() {
    for (actions, refused) in [
        (vec!["sqs:ReceiveMessage", "sqs:GetQueueAttributes"], true),
        (vec!["sqs:*"], false),
    ] {
        let shop = shop(json!([allow(&actions, QUEUE)])).await;
        let role = json!({ "Role": "arn:aws:iam::111122223333:role/release" });
        shop.ask("UpdateFunctionConfiguration", role);
        shop.passes(3).await;
        shop.account
            .with(|world| sqs::create_queue(world, "orders", &Map::new()))
            .expect("a queue");
        let mapping = json!({ "EventSourceArn": QUEUE, "FunctionName": "orders" });
        let told = shop.try_as("operator", "CreateEventSourceMapping", mapping);
        let told = told.err().map(|fault| fault.message);
        let denied =
            "The provided execution role does not have permissions to call DeleteMessage on SQS";
        assert_eq!(told.as_deref(), refused.then_some(denied));
    }
}
