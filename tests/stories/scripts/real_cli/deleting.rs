//! The end of it.

use rehearsal_core::world::s3;
use serde_json::json;

use super::Desk;

/// The protection of either stack is asked before anything.
fn protected_from_termination(desk: &Desk) {
    let set = |protection| {
        let stack = ["--stack-name", "orders-artifacts", protection];
        desk.aws(
            &[
                &["cloudformation", "update-termination-protection"],
                &stack[..],
            ]
            .concat(),
        );
    };
    set("--enable-termination-protection");
    let before = desk.moment();
    desk.run("destroy.sh", &["--yes"], "")
        .refused(1, &["stack orders-artifacts has termination protection"]);
    assert_eq!(desk.changes_since(before), [""; 0]);
    set("--no-enable-termination-protection");
}

/// The script is killed while a stack is deleted; `CloudFormation` goes on, and the script does when it is run again.
pub(super) fn destroyed_in_spite_of_a_kill(desk: &Desk) {
    let bucket = desk.output("SourceBucket");
    desk.account.with(|world| {
        for body in ["v1", "v2"] {
            s3::put(world, &bucket, "source.zip", body.into()).expect("the bucket");
        }
    });
    protected_from_termination(desk);
    let mut destroying = desk.start("destroy.sh", &[], "orders\n");
    desk.until("the stack is being deleted", |desk| {
        desk.status("orders").as_deref() == Some("DELETE_IN_PROGRESS")
    });
    destroying.kill();
    let said = desk.run("destroy.sh", &["--yes"], "").succeeded();
    assert!(said.contains("Nothing is left of orders"), "{said}");
    for gone in [
        &format!("what was in bucket {bucket}"),
        "image repository orders with its images",
        "stack orders",
    ] {
        assert!(said.contains(&format!("\n  {gone}\n")), "{gone}: {said}");
    }
    nothing_is_left(desk);
    let active = json!({ "familyPrefix": "orders", "status": "ACTIVE" });
    let active = desk.call("ecs", "ListTaskDefinitions", &active);
    assert_eq!(active["taskDefinitionArns"], json!([]));
}

/// Neither stack, and nothing that has the mark of the scripts.
pub(super) fn nothing_is_left(desk: &Desk) {
    for stack in ["orders", "orders-artifacts"] {
        assert_eq!(desk.status(stack), None, "{stack}");
    }
    let left = json!({ "TagFilters": [{ "Key": "canary-release", "Values": ["orders"] }] });
    let left = desk.call("tagging", "GetResources", &left);
    let left = left["ResourceTagMappingList"].as_array().expect("a list");
    // Those that stack updates have replaced are kept, and then INACTIVE.
    let others = left.iter().filter(|it| {
        let arn = it["ResourceARN"].as_str().unwrap_or_default();
        !arn.contains(":task-definition/")
    });
    assert_eq!(others.count(), 0, "{left:?}");
}
