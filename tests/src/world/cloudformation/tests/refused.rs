//! What is refused before anything is done.

use serde_json::json;

use super::{Account, QUEUE};

#[test]
fn a_stack_that_is_not_there_is_told_in_the_words_of_aws() {
    let mut account = Account::new();
    let named = json!({ "StackName": "orders" });
    let fault = account.try_call("DescribeStacks", &named).unwrap_err();
    assert_eq!(fault.code, "ValidationError");
    assert_eq!(fault.message, "Stack with id orders does not exist");
    // AWS says nothing of it.
    account.call("DeleteStack", &named);
}

/// The words of public reports, among them `bonusbits/cloudformation_templates#6` and
/// `awslabs/aws-config-engine-for-compliance-as-code#12`, without what the console puts before them.
#[test]
fn values_are_checked_when_a_change_set_is_made() {
    let described = QUEUE.replace(
        "MinValue: 3}",
        "MinValue: 3, ConstraintDescription: 3 or more.}",
    );
    let without = QUEUE.replace("Default: jobs, ", "");
    let mut account = Account::new();
    let mut refused = |body: &str, parameters: &[(&str, &str)]| {
        let fault = account.propose(body, parameters).unwrap_err();
        assert!(account.stack().is_none());
        format!("{}: {}", fault.code, fault.message)
    };
    for (body, parameters, message) in [
        (
            QUEUE,
            &[("Name", "Jobs")],
            "Parameter 'Name' must match pattern ^[a-z]+$",
        ),
        (
            QUEUE,
            &[("Hidden", "2")],
            "Parameter 'Hidden' must be a number not less than 3",
        ),
        (
            QUEUE,
            &[("Hidden", "soon")],
            "Parameter 'Hidden' must be a number",
        ),
        (
            &described,
            &[("Hidden", "2")],
            "Parameter Hidden failed to satisfy constraint: 3 or more.",
        ),
        (
            QUEUE,
            &[("Color", "red")],
            "Parameters: [Color] do not exist in the template",
        ),
    ] {
        assert_eq!(
            refused(body, parameters),
            format!("ValidationError: {message}")
        );
    }
    assert_eq!(
        refused(&without, &[]),
        "ValidationError: Parameters: [Name] must have values"
    );
}

#[test]
fn an_assertion_that_does_not_hold_is_told_by_its_description() {
    let body = "
Rules:
  Both: {Assertions: [{Assert: !Equals [!Ref Name, jobs], AssertDescription: Only jobs will do.}]}
"
    .to_owned()
        + QUEUE;
    let mut account = Account::new();
    let fault = account.propose(&body, &[("Name", "orders")]).unwrap_err();
    assert_eq!(fault.message, "Only jobs will do.");
    account.propose(&body, &[]).unwrap();
}

#[test]
fn a_template_with_roles_has_to_be_acknowledged() {
    let body = "
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
";
    let mut account = Account::new();
    let mut input = json!({
        "StackName": "orders", "ChangeSetName": "changes", "ChangeSetType": "CREATE", "TemplateBody": body,
    });
    let fault = account.try_call("CreateChangeSet", &input).unwrap_err();
    assert_eq!(fault.code, "InsufficientCapabilitiesException");
    assert_eq!(fault.message, "Requires capabilities : [CAPABILITY_IAM]");
    input["Capabilities"] = json!(["CAPABILITY_NAMED_IAM"]);
    account.call("CreateChangeSet", &input);
}

#[test]
fn a_template_that_is_none_is_refused() {
    let mut account = Account::new();
    for body in [
        "Resources: [",
        "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Nobody}}}",
    ] {
        let fault = account.propose(body, &[]).unwrap_err();
        assert!(
            fault.message.starts_with("Template format error: "),
            "{}",
            fault.message
        );
    }
}

#[test]
fn what_is_not_played_is_refused_by_name() {
    let mut account = Account::new();
    let input = json!({
        "StackName": "orders", "ChangeSetName": "changes", "TemplateBody": QUEUE, "IncludeNestedStacks": true,
    });
    let fault = account.try_call("CreateChangeSet", &input).unwrap_err();
    assert!(
        fault.message.contains("IncludeNestedStacks"),
        "{}",
        fault.message
    );
}

#[test]
fn a_change_set_can_be_looked_at_and_thrown_away() {
    let mut account = Account::new();
    account.propose(QUEUE, &[]).unwrap();
    let named = json!({ "StackName": "orders", "ChangeSetName": "changes" });
    account.call("DeleteChangeSet", &named);
    let fault = account.try_call("DescribeChangeSet", &named).unwrap_err();
    assert_eq!(fault.message, "ChangeSet [changes] does not exist");
    let stacks = account.call("DescribeStacks", &json!({ "StackName": "orders" }));
    assert_eq!(stacks["Stacks"][0]["StackStatus"], "REVIEW_IN_PROGRESS");
}

#[test]
fn a_protected_stack_is_not_deleted() {
    let mut account = Account::new();
    account.deploy(QUEUE, &[]);
    let mut protection = json!({ "StackName": "orders", "EnableTerminationProtection": true });
    account.call("UpdateTerminationProtection", &protection);
    let named = json!({ "StackName": "orders" });
    let fault = account.try_call("DeleteStack", &named).unwrap_err();
    assert_eq!(
        fault.message,
        "Stack [orders] cannot be deleted while TerminationProtection is enabled"
    );
    protection["EnableTerminationProtection"] = false.into();
    account.call("UpdateTerminationProtection", &protection);
    assert_eq!(account.delete(), "DELETE_COMPLETE");
}
