//! Stacks within stacks.

use serde_json::{Map, Value, json};

use super::{Account, QUEUE};
use crate::world::{s3, sqs};

const OUTER: &str = "
Parameters:
  Hidden: {Type: Number, Default: 30}
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: https://s3.eu-central-1.amazonaws.com/packages/inner.template
      Parameters: {Hidden: !Ref Hidden}
  Other: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub 'after-${Hidden}', VisibilityTimeout: !If [Never, 1, 2]}, DependsOn: Inner}
Conditions: {Never: !Equals [a, b]}
Outputs:
  Url: {Value: !GetAtt Inner.Outputs.Url}
";

fn account() -> Account {
    let mut account = Account::new();
    account.0.s3.create_bucket("packages");
    s3::put(&mut account.0, "packages", "inner.template", QUEUE.into()).unwrap();
    account
}

fn inner(account: &mut Account) -> Value {
    let named = json!({ "StackName": "orders", "LogicalResourceId": "Inner" });
    let resources = account.call("DescribeStackResources", &named);
    let id = &resources["StackResources"][0]["PhysicalResourceId"];
    let stacks = account.call("DescribeStacks", &json!({ "StackName": id }));
    stacks["Stacks"][0].clone()
}

#[test]
fn a_nested_stack_is_a_resource_and_a_stack() {
    let mut account = account();
    assert_eq!(account.deploy(OUTER, &[]), "CREATE_COMPLETE");
    let outer = account.stack().unwrap();
    let nested = inner(&mut account);
    assert_eq!(nested["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(nested["RootId"], outer["StackId"]);
    assert_eq!(nested["ParentId"], outer["StackId"]);
    assert_eq!(nested["Tags"], outer["Tags"]);
    assert_eq!(
        outer["Outputs"][0]["OutputValue"],
        nested["Outputs"][0]["OutputValue"]
    );
    assert_eq!(
        account.deploy(OUTER, &[("Hidden", "45")]),
        "UPDATE_COMPLETE"
    );
    assert_eq!(inner(&mut account)["StackStatus"], "UPDATE_COMPLETE");
    assert_eq!(account.delete(), "DELETE_COMPLETE");
    assert!(!account.has_queue("jobs"));
}

#[test]
fn what_fails_within_undoes_the_outermost() {
    let mut account = account();
    sqs::create_queue(&mut account.0, "jobs", &Map::new()).unwrap();
    assert_eq!(account.deploy(OUTER, &[]), "ROLLBACK_COMPLETE");
    let events = account.events("orders").join("\n");
    assert!(
        events.contains(
            "was not successfully created: The following resource(s) failed to create: [Queue]."
        ),
        "{events}"
    );
    let nested = inner(&mut account);
    assert_eq!(nested["StackStatus"], "DELETE_COMPLETE");
    assert_eq!(account.delete(), "DELETE_COMPLETE");
    assert!(account.has_queue("jobs"), "it is somebody else's");
}

#[test]
fn a_nested_stack_goes_back_with_the_outermost() {
    let mut account = account();
    account.deploy(OUTER, &[]);
    sqs::create_queue(&mut account.0, "after-45", &Map::new()).unwrap();
    assert_eq!(
        account.deploy(OUTER, &[("Hidden", "45")]),
        "UPDATE_ROLLBACK_COMPLETE"
    );
    let nested = inner(&mut account);
    assert_eq!(nested["StackStatus"], "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(nested["Parameters"][0]["ParameterValue"], "30");
}

/// Two nested stacks, one after the other; `version` is of their templates.
fn two(version: &str) -> String {
    format!(
        "
Resources:
  First:
    Type: AWS::CloudFormation::Stack
    Properties: {{TemplateURL: 'https://s3.eu-central-1.amazonaws.com/packages/first-{version}'}}
  Second:
    Type: AWS::CloudFormation::Stack
    DependsOn: First
    Properties: {{TemplateURL: 'https://s3.eu-central-1.amazonaws.com/packages/second-{version}'}}
"
    )
}

fn queues(names: &[&str]) -> String {
    let queue =
        |name| format!("  {name}: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {name}}}}}\n");
    let queues: String = names.iter().map(queue).collect();
    format!("Resources:\n{queues}")
}

/// The queue `before` of the first stack becomes the queue `after` of the second.
fn moved() -> Account {
    let mut account = Account::new();
    account.0.s3.create_bucket("packages");
    for (key, names) in [
        ("first-1", &["kept", "before"][..]),
        ("second-1", &["other"]),
        ("first-2", &["kept"]),
        ("second-2", &["other", "after"]),
    ] {
        s3::put(&mut account.0, "packages", key, queues(names).into()).unwrap();
    }
    assert_eq!(account.deploy(&two("1"), &[]), "CREATE_COMPLETE");
    account
}

#[test]
fn what_a_nested_stack_has_no_more_stays_until_all_others_are_updated() {
    let mut account = moved();
    account.propose(&two("2"), &[]).unwrap();
    let named = json!({ "StackName": "orders", "ChangeSetName": "changes" });
    account.call("ExecuteChangeSet", &named);
    let mut both = 0;
    while account.status() != "UPDATE_COMPLETE" {
        account.passes(1);
        let (before, after) = (account.has_queue("before"), account.has_queue("after"));
        assert!(before || after, "neither is there");
        both += u64::from(before && after);
    }
    assert!(both > 0, "the old one went before the new one was there");
    assert!(!account.has_queue("before") && account.has_queue("after"));
    assert_eq!(account.delete(), "DELETE_COMPLETE");
    assert!(!account.has_queue("kept") && !account.has_queue("after"));
}

#[test]
fn what_a_nested_stack_was_to_lose_stays_if_another_fails() {
    let mut account = moved();
    sqs::create_queue(&mut account.0, "after", &Map::new()).unwrap();
    assert_eq!(account.deploy(&two("2"), &[]), "UPDATE_ROLLBACK_COMPLETE");
    assert!(account.has_queue("before"));
    let events = account.events("orders").join("\n");
    assert!(!events.contains("DELETE"), "{events}");
    assert_eq!(account.delete(), "DELETE_COMPLETE");
    assert!(!account.has_queue("before") && account.has_queue("after"));
}

#[test]
fn a_template_that_is_not_there_is_missed_only_when_its_stack_is_made() {
    let mut account = account();
    let body = OUTER.replace("inner.template", "other.template");
    account.propose(&body, &[]).unwrap();
    let named = json!({ "StackName": "orders", "ChangeSetName": "changes" });
    account.call("ExecuteChangeSet", &named);
    account.passes(20);
    assert_eq!(account.status(), "ROLLBACK_COMPLETE");
    let events = account.events("orders").join("\n");
    assert!(
        events.contains("Inner CREATE_FAILED S3 error: The specified key does not exist."),
        "{events}"
    );
}
