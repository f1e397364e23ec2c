//! Updates.

use serde_json::json;

use super::{Account, QUEUE};
use crate::world::sqs;

#[test]
fn an_update_changes_what_it_names_and_keeps_the_other_values() {
    let mut account = Account::new();
    account.deploy(QUEUE, &[("Hidden", "45")]);
    let input = json!({
        "StackName": "orders", "ChangeSetName": "more", "UsePreviousTemplate": true,
        "Parameters": [
            { "ParameterKey": "Name", "ParameterValue": "tasks" },
            { "ParameterKey": "Hidden", "UsePreviousValue": true },
        ],
    });
    account.call("CreateChangeSet", &input);
    account.passes(2);
    let named = json!({ "StackName": "orders", "ChangeSetName": "more" });
    account.call("ExecuteChangeSet", &named);
    account.passes(10);
    assert_eq!(account.status(), "UPDATE_COMPLETE");
    // Another name is another queue.
    assert!(account.has_queue("tasks") && !account.has_queue("jobs"));
    let stack = account.stack().unwrap();
    assert_eq!(stack["Parameters"][0]["ParameterValue"], "45");
    assert!(
        stack["Outputs"][0]["OutputValue"]
            .as_str()
            .unwrap()
            .ends_with("/tasks")
    );
    assert_eq!(
        stack["Tags"][0]["Value"], "orders",
        "they are kept where none are given"
    );
}

#[test]
fn a_queue_that_is_changed_in_place_keeps_its_messages() {
    let mut account = Account::new();
    account.deploy(QUEUE, &[]);
    let url = account.stack().unwrap()["Outputs"][0]["OutputValue"].take();
    sqs::send(&mut account.0, url.as_str().unwrap(), "job").unwrap();
    assert_eq!(
        account.deploy(QUEUE, &[("Hidden", "60")]),
        "UPDATE_COMPLETE"
    );
    assert_eq!(sqs::depth(&account.0, "jobs").unwrap().visible, 1);
    let asked = json!({ "QueueUrl": url, "AttributeNames": ["VisibilityTimeout"] });
    let told = sqs::call(&mut account.0, "GetQueueAttributes", &asked).unwrap();
    assert_eq!(told["Attributes"]["VisibilityTimeout"], "60");
}

#[test]
fn a_change_set_without_changes_fails() {
    let mut account = Account::new();
    account.deploy(QUEUE, &[]);
    // AWS: CloudFormation user guide, "Metadata": "you can't update the Metadata section by itself".
    let marked = "Metadata: {Suite: yes}".to_owned() + QUEUE;
    for body in [QUEUE, &marked] {
        account.propose(body, &[]).unwrap();
        let change_set = account.change_set();
        assert_eq!(change_set["Status"], "FAILED");
        assert_eq!(
            change_set["StatusReason"],
            "The submitted information didn't contain changes. Submit different information to create a change set."
        );
        let named = json!({ "StackName": "orders", "ChangeSetName": "changes" });
        let fault = account.try_call("ExecuteChangeSet", &named).unwrap_err();
        assert_eq!(fault.code, "InvalidChangeSetStatusException");
        account.call("DeleteChangeSet", &named);
    }
    let told = QUEUE.replace("Where to send", "Where to send orders");
    account.propose(&told, &[]).unwrap();
    assert_eq!(
        account.change_set()["Status"],
        "CREATE_COMPLETE",
        "outputs alone can change"
    );
}

#[test]
fn a_resource_that_the_template_has_no_more_is_deleted_last() {
    let two = QUEUE.replace(
        "Outputs:",
        "  Other: {Type: AWS::SQS::Queue, Properties: {QueueName: other}}\nOutputs:",
    );
    let mut account = Account::new();
    account.deploy(&two, &[]);
    assert!(account.has_queue("other"));
    account.deploy(QUEUE, &[("Hidden", "60")]);
    assert!(!account.has_queue("other"));
    let events = account.events("orders");
    let since = events
        .iter()
        .rposition(|event| event == "orders CREATE_COMPLETE")
        .unwrap();
    assert_eq!(
        events[since + 1..],
        [
            "Queue UPDATE_COMPLETE",
            "Other DELETE_COMPLETE",
            "orders UPDATE_COMPLETE"
        ]
    );
}

#[test]
fn a_stack_can_be_updated_only_when_nothing_is_done_to_it() {
    let mut account = Account::new();
    account.deploy(QUEUE, &[]);
    account.propose(QUEUE, &[("Hidden", "60")]).unwrap();
    let named = json!({ "StackName": "orders", "ChangeSetName": "changes" });
    account.call("ExecuteChangeSet", &named);
    let fault = account.propose(QUEUE, &[("Hidden", "61")]).unwrap_err();
    assert!(
        fault
            .message
            .ends_with("is in UPDATE_IN_PROGRESS state and can not be updated."),
        "{}",
        fault.message
    );
}
