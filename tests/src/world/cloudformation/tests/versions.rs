//! Stories of stacks with versions and aliases of a function, and of what feeds it.

use std::io::{Cursor, Write};

use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::Account;
use crate::world::{Principal, s3};

/// The stack of a function of which `version` stands for the code; the rest is what is beside it.
fn stack(version: &str, rest: &str) -> String {
    format!(
        "
Resources:
  Orders:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: orders
      Runtime: provided.al2023
      Architectures: [arm64]
      Handler: bootstrap
      MemorySize: 128
      Timeout: 20
      Role: arn:aws:iam::111122223333:role/orders
      Code: {{S3Bucket: packages, S3Key: {version}}}
  V1:
    Type: AWS::Lambda::Version
    DeletionPolicy: Retain
    Properties: {{FunctionName: !Ref Orders}}
{rest}"
    )
}

const LIVE: &str = "
  Live:
    Type: AWS::Lambda::Alias
    Properties:
      Name: live
      FunctionName: !Ref Orders
      FunctionVersion: !GetAtt V1.Version
";

const SOURCE: &str = "
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: orders, VisibilityTimeout: 60}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue.Arn
      FunctionName: !Ref Live
";

fn account() -> Account {
    let mut account = Account::new();
    account.0.s3.create_bucket("packages");
    for version in ["v1", "v2"] {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        archive.start_file("bootstrap", options).unwrap();
        archive.write_all(version.as_bytes()).unwrap();
        let package = archive.finish().unwrap().into_inner();
        s3::put(&mut account.0, "packages", version, package).unwrap();
    }
    account
}

fn ask(account: &mut Account, operation: &str, input: &Value) -> Value {
    let operator = Principal("operator".to_owned());
    let answer = account.0.call("lambda", operation, input, &operator);
    answer.unwrap_or_else(|fault| panic!("{operation}: {}", fault.message))
}

fn alias(account: &mut Account) -> Value {
    ask(
        account,
        "GetAlias",
        &json!({ "FunctionName": "orders", "Name": "live" }),
    )
}

#[test]
fn a_stack_makes_a_version_an_alias_of_it_and_has_that_consume_a_queue() {
    let mut account = account();
    let body = stack("v1", &(LIVE.to_owned() + SOURCE));
    assert_eq!(account.deploy(&body, &[]), "CREATE_COMPLETE");
    assert_eq!(alias(&mut account)["FunctionVersion"], "1");
    let mappings = ask(&mut account, "ListEventSourceMappings", &json!({}));
    let mapping = &mappings["EventSourceMappings"][0];
    assert_eq!(mapping["State"], "Enabled");
    let function = mapping["FunctionArn"].as_str().unwrap();
    assert!(function.ends_with("function:orders:live"), "{function}");

    let smaller = body.replace(
        "FunctionName: !Ref Live",
        "FunctionName: !Ref Live\n      BatchSize: 1\n      ScalingConfig: {MaximumConcurrency: 2}",
    );
    assert_eq!(account.deploy(&smaller, &[]), "UPDATE_COMPLETE");
    let mappings = ask(&mut account, "ListEventSourceMappings", &json!({}));
    let mapping = &mappings["EventSourceMappings"][0];
    assert_eq!(mapping["BatchSize"], 1);
    assert_eq!(mapping["ScalingConfig"]["MaximumConcurrency"], 2);

    assert_eq!(account.delete(), "DELETE_COMPLETE");
    let mappings = ask(&mut account, "ListEventSourceMappings", &json!({}));
    assert_eq!(mappings["EventSourceMappings"], json!([]));
}

#[test]
fn the_next_change_of_an_alias_by_its_stack_undoes_what_a_release_has_made_of_it() {
    let mut account = account();
    let body = stack("v1", LIVE);
    assert_eq!(account.deploy(&body, &[]), "CREATE_COMPLETE");
    let code =
        json!({ "FunctionName": "orders", "S3Bucket": "packages", "S3Key": "v2", "Publish": true });
    assert_eq!(
        ask(&mut account, "UpdateFunctionCode", &code)["Version"],
        "2"
    );
    let shared = json!({
        "FunctionName": "orders", "Name": "live", "FunctionVersion": "1",
        "RoutingConfig": { "AdditionalVersionWeights": { "2": 0.1 } },
    });
    ask(&mut account, "UpdateAlias", &shared);
    account.passes(5);

    let described = body.replace(
        "Name: live",
        "Name: live\n      Description: what customers get",
    );
    assert_eq!(account.deploy(&described, &[]), "UPDATE_COMPLETE");
    let alias = alias(&mut account);
    assert_eq!(alias["FunctionVersion"], "1");
    assert_eq!(alias["RoutingConfig"], Value::Null);
}

#[test]
fn a_template_can_share_an_alias_and_keep_environments_ready() {
    let mut account = account();
    assert_eq!(account.deploy(&stack("v1", LIVE), &[]), "CREATE_COMPLETE");
    let second = "
  V2:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Orders, Description: second}
";
    let shared = LIVE.to_owned()
        + "      RoutingConfig: {AdditionalVersionWeights: [{FunctionVersion: !GetAtt V2.Version, FunctionWeight: 0.25}]}
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 2}
";
    let body = stack("v2", &(second.to_owned() + &shared));
    account.propose(&body, &[]).unwrap();
    let named = json!({ "StackName": "orders", "ChangeSetName": "changes" });
    account.call("ExecuteChangeSet", &named);
    account.passes(30);
    assert_eq!(
        account.status(),
        "UPDATE_IN_PROGRESS",
        "concurrency takes a minute"
    );
    account.passes(60);
    assert_eq!(account.status(), "UPDATE_COMPLETE");
    let weights = &alias(&mut account)["RoutingConfig"]["AdditionalVersionWeights"];
    assert_eq!(*weights, json!({ "2": 0.25 }));
}

#[test]
fn a_version_of_what_has_not_changed_is_refused() {
    let mut account = account();
    let body = stack(
        "v1",
        "  Again: {Type: AWS::Lambda::Version, DependsOn: V1, Properties: {FunctionName: !Ref Orders}}\n",
    );
    assert_eq!(account.deploy(&body, &[]), "ROLLBACK_COMPLETE");
    let events = account.events("orders");
    let expected = "A version for this Lambda function exists ( 1 ). Modify the function to create a new version.";
    assert!(
        events.iter().any(|event| event.contains(expected)),
        "{events:#?}"
    );
}
