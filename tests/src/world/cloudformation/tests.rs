//! Stories of stacks.

mod deleting;
mod failing;
mod nesting;
mod refused;
mod shipped;
mod task_sets;
mod updating;
mod versions;

use std::time::Duration;

use serde_json::{Value, json};

use super::call;
use crate::{
    clock::Moment,
    stage::identity,
    world::{Fault, World, sqs},
};

/// An account with an empty past.
struct Account(World);

impl Account {
    fn new() -> Self {
        Self(World::new(identity(), Moment(1_790_000_000_000), 1))
    }

    fn try_call(&mut self, operation: &str, input: &Value) -> Result<Value, Fault> {
        let checked = crate::wire::check_input("cloudformation", operation, input);
        checked.unwrap_or_else(|fault| panic!("{operation}: {}", fault.message));
        call(&mut self.0, operation, input)
    }

    #[track_caller]
    fn call(&mut self, operation: &str, input: &Value) -> Value {
        let answer = self.try_call(operation, input);
        answer.unwrap_or_else(|fault| panic!("{operation}: {}", fault.message))
    }

    fn passes(&mut self, seconds: u64) {
        for _ in 0..seconds {
            let now = self.0.now + Duration::from_secs(1);
            self.0.tick(now);
        }
    }

    /// Makes a change set `changes` for stack `orders` from a template in the call.
    fn propose(&mut self, body: &str, parameters: &[(&str, &str)]) -> Result<Value, Fault> {
        let answer = self.propose_from("TemplateBody", body, parameters.iter().copied());
        self.passes(2);
        answer
    }

    /// The same from a template that is given in this way, without waiting for it.
    fn propose_from<'a, V: serde::Serialize>(
        &mut self,
        way: &str,
        template: &str,
        parameters: impl Iterator<Item = (&'a str, V)>,
    ) -> Result<Value, Fault> {
        let kind = if self.stack().is_some() {
            "UPDATE"
        } else {
            "CREATE"
        };
        let parameters: Vec<Value> = parameters
            .map(|(key, value)| json!({ "ParameterKey": key, "ParameterValue": value }))
            .collect();
        let input = json!({
            "StackName": "orders", "ChangeSetName": "changes", "ChangeSetType": kind, way: template,
            "Parameters": parameters, "Capabilities": ["CAPABILITY_IAM"], "Tags": [{ "Key": "application", "Value": "orders" }],
        });
        self.try_call("CreateChangeSet", &input)
    }

    fn change_set(&mut self) -> Value {
        let named = json!({ "StackName": "orders", "ChangeSetName": "changes" });
        self.call("DescribeChangeSet", &named)
    }

    /// Makes stack `orders` be so, and answers its status.
    #[track_caller]
    fn deploy(&mut self, body: &str, parameters: &[(&str, &str)]) -> String {
        self.propose(body, parameters)
            .unwrap_or_else(|fault| panic!("{}", fault.message));
        let named = json!({ "StackName": "orders", "ChangeSetName": "changes" });
        self.call("ExecuteChangeSet", &named);
        self.passes(60);
        self.status()
    }

    fn delete(&mut self) -> String {
        let id = self.stack().expect("the stack")["StackId"].take();
        self.call("DeleteStack", &json!({ "StackName": "orders" }));
        self.passes(60);
        let stacks = self.call("DescribeStacks", &json!({ "StackName": id }));
        stacks["Stacks"][0]["StackStatus"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Stack `orders`, unless only a change set was made for it.
    fn stack(&mut self) -> Option<Value> {
        let stacks = self.try_call("DescribeStacks", &json!({ "StackName": "orders" }));
        let stack = stacks.ok()?["Stacks"][0].take();
        (stack["StackStatus"] != "REVIEW_IN_PROGRESS").then_some(stack)
    }

    fn status(&mut self) -> String {
        let stack = self.stack().expect("the stack");
        stack["StackStatus"].as_str().unwrap().to_owned()
    }

    /// `RESOURCE STATUS REASON` of what happened to a stack, the oldest first; without what is in progress.
    fn events(&mut self, stack: &str) -> Vec<String> {
        let events = self.call("DescribeStackEvents", &json!({ "StackName": stack }));
        let events = events["StackEvents"].as_array().unwrap().iter().rev();
        events
            .map(|event| {
                let part = |member: &str| event[member].as_str().unwrap_or_default();
                let (resource, status) = (part("LogicalResourceId"), part("ResourceStatus"));
                format!("{resource} {status} {}", part("ResourceStatusReason"))
            })
            .filter(|event| !event.contains("_IN_PROGRESS "))
            .map(|event| event.trim_end().to_owned())
            .collect()
    }

    fn has_queue(&self, name: &str) -> bool {
        sqs::has_queue(&self.0, name)
    }
}

const QUEUE: &str = "
Parameters:
  Name: {Type: String, Default: jobs, AllowedPattern: '^[a-z]+$'}
  Hidden: {Type: Number, Default: 30, MinValue: 3}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Ref Name, VisibilityTimeout: !Ref Hidden}
Outputs:
  Url: {Value: !Ref Queue, Description: Where to send}
";

#[test]
fn a_stack_is_reviewed_then_created_and_tells_what_happened() {
    let mut account = Account::new();
    account.propose(QUEUE, &[]).unwrap();
    let review = account.call("DescribeStacks", &json!({ "StackName": "orders" }));
    assert_eq!(review["Stacks"][0]["StackStatus"], "REVIEW_IN_PROGRESS");
    let change_set = account.change_set();
    assert_eq!(change_set["Status"], "CREATE_COMPLETE");
    assert_eq!(change_set["Changes"][0]["ResourceChange"]["Action"], "Add");
    assert!(!account.has_queue("jobs"), "nothing is made yet");

    let named = json!({ "StackName": "orders", "ChangeSetName": "changes" });
    account.call("ExecuteChangeSet", &named);
    assert_eq!(account.status(), "CREATE_IN_PROGRESS");
    account.passes(5);
    let stack = account.stack().unwrap();
    assert_eq!(stack["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(stack["Outputs"][0]["OutputKey"], "Url");
    assert_eq!(stack["EnableTerminationProtection"], false);
    assert_eq!(
        stack["Tags"],
        json!([{ "Key": "application", "Value": "orders" }])
    );
    assert_eq!(
        account.events("orders"),
        ["Queue CREATE_COMPLETE", "orders CREATE_COMPLETE"]
    );
    let arn = account.0.arn("sqs", "jobs");
    let tags = crate::world::tagging::of(&account.0, &arn).unwrap();
    assert_eq!(tags["application"], "orders");
    assert_eq!(tags["aws:cloudformation:logical-id"], "Queue");
}

#[test]
fn a_template_is_told_as_it_was_given_and_summed_up() {
    let body = "Metadata: {Suite: {Kind: queue}}".to_owned() + QUEUE;
    let mut account = Account::new();
    account.deploy(&body, &[]);
    let named = json!({ "StackName": "orders" });
    assert_eq!(account.call("GetTemplate", &named)["TemplateBody"], body);
    let summary = account.call("GetTemplateSummary", &named);
    assert_eq!(summary["Metadata"], r#"{"Suite":{"Kind":"queue"}}"#);
    assert_eq!(summary["Parameters"][1]["DefaultValue"], "30");
    assert_eq!(summary["ResourceTypes"], json!(["AWS::SQS::Queue"]));
    let valid = account.call("ValidateTemplate", &json!({ "TemplateBody": body }));
    assert_eq!(valid["Parameters"][0]["ParameterKey"], "Name");
}
