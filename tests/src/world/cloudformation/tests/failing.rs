//! Resources that cannot be made.

use serde_json::Map;

use super::{Account, QUEUE};
use crate::world::sqs;

fn two() -> String {
    QUEUE.replace(
        "Outputs:",
        "  Other: {Type: AWS::SQS::Queue, DependsOn: Queue, Properties: {QueueName: other}}\nOutputs:",
    )
}

#[test]
fn a_stack_that_cannot_be_created_is_rolled_back_and_can_only_be_deleted() {
    let mut account = Account::new();
    sqs::create_queue(&mut account.0, "other", &Map::new()).unwrap();
    assert_eq!(account.deploy(&two(), &[]), "ROLLBACK_COMPLETE");
    assert!(account.has_queue("other"), "it is somebody else's");
    assert!(!account.has_queue("jobs"));
    let events = account.events("orders");
    assert_eq!(events[0], "Queue CREATE_COMPLETE");
    assert!(
        events[1].starts_with("Other CREATE_FAILED Resource handler returned message: \"Resource of type 'AWS::SQS::Queue' with identifier 'other' already exists.\""),
        "{}",
        events[1]
    );
    let reason = account.0.cloudformation.stacks[0].events.iter();
    let mut reasons = reason.filter_map(|event| event.reason.as_deref());
    assert!(reasons.any(|reason| reason
        == "The following resource(s) failed to create: [Other]. Rollback requested by user."));
    let fault = account.propose(&two(), &[]).unwrap_err();
    assert!(
        fault
            .message
            .ends_with("is in ROLLBACK_COMPLETE state and can not be updated.")
    );
    assert_eq!(account.delete(), "DELETE_COMPLETE");
    assert!(account.has_queue("other"));
}

#[test]
fn an_update_that_fails_goes_back_to_what_was_there() {
    let mut account = Account::new();
    account.deploy(QUEUE, &[]);
    sqs::create_queue(&mut account.0, "other", &Map::new()).unwrap();
    let status = account.deploy(&two(), &[("Hidden", "60")]);
    assert_eq!(status, "UPDATE_ROLLBACK_COMPLETE");
    let stack = account.stack().unwrap();
    assert_eq!(stack["Parameters"][0]["ParameterValue"], "30");
    let url = &stack["Outputs"][0]["OutputValue"];
    let asked = serde_json::json!({ "QueueUrl": url, "AttributeNames": ["VisibilityTimeout"] });
    let told = sqs::call(&mut account.0, "GetQueueAttributes", &asked).unwrap();
    assert_eq!(told["Attributes"]["VisibilityTimeout"], "30");
    assert!(account.has_queue("other"), "it is somebody else's");
    sqs::delete_queue(&mut account.0, "other");
    assert_eq!(account.deploy(&two(), &[]), "UPDATE_COMPLETE");
    assert!(account.has_queue("other"));
}

#[test]
fn a_replacement_is_undone_with_the_update_that_made_it() {
    let mut account = Account::new();
    account.deploy(QUEUE, &[]);
    sqs::create_queue(&mut account.0, "other", &Map::new()).unwrap();
    let status = account.deploy(&two(), &[("Name", "tasks")]);
    assert_eq!(status, "UPDATE_ROLLBACK_COMPLETE");
    assert!(account.has_queue("jobs") && !account.has_queue("tasks"));
}
