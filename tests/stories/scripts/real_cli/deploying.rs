//! The first deployment, and updates.

use rehearsal_core::world::{functions, sqs, tagging};
use serde_json::json;

use super::{Desk, deployed};

#[test]
fn the_example_is_deployed_fed_updated_released_and_updated_again() {
    let Some(desk) = Desk::new() else { return };
    first_deployment(&desk);
    orders_are_sent(&desk);
    an_update_changes_what_it_names(&desk);
    an_update_without_changes_changes_nothing(&desk);
    an_update_after_a_release_keeps_the_image_that_runs(&desk);
}

fn first_deployment(desk: &Desk) {
    let email = "NotificationEmail=me@example.com";
    let said = desk
        .run("deploy.sh", &["--parameter", email], "")
        .succeeded();
    assert!(
        said.contains("infra/send-messages.sh --name orders"),
        "{said}"
    );
    for stack in ["orders", "orders-artifacts"] {
        assert_eq!(
            desk.status(stack).as_deref(),
            Some("CREATE_COMPLETE"),
            "{stack}"
        );
    }
    let outputs = desk.stack("orders")["Outputs"].take();
    let outputs: Vec<&str> = outputs
        .as_array()
        .expect("outputs")
        .iter()
        .filter_map(|output| output["OutputKey"].as_str())
        .collect();
    assert!(
        outputs.contains(&"SourceBucket") && outputs.contains(&"ReleasesTable"),
        "{outputs:?}"
    );
    let image = desk.image("orders");
    assert!(image.contains("/orders@sha256:"), "{image}");
    assert_eq!(desk.image("orders-canary"), image);
    desk.account.with(|world| {
        // Nested twice, and with the stack's tags.
        let topic_rule = world.arn("events", "rule/orders-release-ended");
        let tags = tagging::of(world, &topic_rule).expect("tags of a rule");
        assert_eq!(tags["application"], "orders");
        let rollback = functions::function(world, "orders-rollback").expect("the function");
        assert!(
            rollback
                .program
                .starts_with("s3://orders-artifacts-packages-"),
            "{}",
            rollback.program
        );
    });
    assert!(desk.is_open(), "executions may enter the stage");
}

fn orders_are_sent(desk: &Desk) {
    let said = desk
        .run("send-messages.sh", &["--count", "12"], "")
        .succeeded();
    assert!(said.contains("sent 12 messages"), "{said}");
    let depth = desk.account.with(|world| sqs::depth(world, "orders"));
    assert_eq!(depth.expect("the queue").visible, 12);
}

fn an_update_changes_what_it_names(desk: &Desk) {
    let program = |desk: &Desk, name: &str| {
        desk.account.with(|world| {
            functions::function(world, name)
                .expect("a function")
                .program
                .clone()
        })
    };
    let before = ["orders-rollback", "orders-shift-weight"].map(|name| program(desk, name));
    let image = desk.image("orders");
    desk.builds("rollback", "another");
    let parameter = ["--parameter", "VisibilityTimeoutSeconds=45"];
    desk.run("deploy.sh", &parameter, "").succeeded();
    assert_eq!(desk.status("orders").as_deref(), Some("UPDATE_COMPLETE"));
    assert_eq!(
        desk.status("orders-artifacts").as_deref(),
        Some("CREATE_COMPLETE")
    );
    let queue = json!({
        "QueueUrl": desk.output("QueueUrl"), "AttributeNames": ["VisibilityTimeout", "ApproximateNumberOfMessages"],
    });
    let queue = desk.call("sqs", "GetQueueAttributes", &queue);
    assert_eq!(queue["Attributes"]["VisibilityTimeout"], "45");
    assert_eq!(
        queue["Attributes"]["ApproximateNumberOfMessages"], "12",
        "they are still there"
    );
    assert_eq!(
        desk.parameter("NotificationEmail"),
        "me@example.com",
        "it was not given again"
    );
    assert_eq!(desk.image("orders"), image);
    let after = ["orders-rollback", "orders-shift-weight"].map(|name| program(desk, name));
    assert_ne!(after[0], before[0]);
    assert_eq!(after[1], before[1]);
    assert!(desk.is_open(), "executions may enter the stage again");
}

fn an_update_without_changes_changes_nothing(desk: &Desk) {
    let before = desk.stack("orders");
    desk.run("deploy.sh", &[], "").succeeded();
    assert_eq!(desk.stack("orders"), before);
    assert!(desk.is_open());
}

fn an_update_after_a_release_keeps_the_image_that_runs(desk: &Desk) {
    let before = desk.image("orders");
    let released = desk.release("v2");
    assert_ne!(released, before);
    desk.run("deploy.sh", &["--parameter", "MaxTaskExits=3"], "")
        .succeeded();
    assert_eq!(desk.status("orders").as_deref(), Some("UPDATE_COMPLETE"));
    assert_eq!(
        [desk.image("orders"), desk.image("orders-canary")],
        [released.clone(), released.clone()]
    );
    assert_eq!(desk.parameter("Image"), released);
    assert_eq!(desk.parameter("MaxTaskExits"), "3");
}

#[test]
fn an_update_that_fails_goes_back_and_the_example_is_destroyed_in_spite_of_a_kill() {
    let Some(desk) = deployed() else { return };
    let image = desk.image("orders");
    desk.account.with(|world| {
        sqs::create_queue(world, "somebody-elses", &serde_json::Map::new()).expect("a queue");
    });
    let another = "  Another: {Type: AWS::SQS::Queue, Properties: {QueueName: somebody-elses}, DependsOn: Canary}\n";
    desk.edits(
        "application.yaml",
        "\nOutputs:\n",
        &format!("\n{another}\nOutputs:\n"),
    );
    let parameter = ["--parameter", "VisibilityTimeoutSeconds=45"];
    desk.run("deploy.sh", &parameter, "")
        .refused(1, &["somebody-elses", "already exists", "Another"]);
    assert_eq!(
        desk.status("orders").as_deref(),
        Some("UPDATE_ROLLBACK_COMPLETE")
    );
    assert_eq!(desk.parameter("VisibilityTimeoutSeconds"), "30");
    assert_eq!(
        [desk.image("orders"), desk.image("orders-canary")],
        [image.clone(), image]
    );
    assert!(desk.is_open(), "executions may enter the stage again");
    super::deleting::destroyed_in_spite_of_a_kill(&desk);
    desk.account
        .with(|world| assert!(sqs::has_queue(world, "somebody-elses")));
}

#[test]
fn what_cannot_be_is_refused_or_rolled_back_and_told() {
    let Some(desk) = Desk::new() else { return };
    parameters_that_contradict_each_other(&desk);
    a_resource_that_cannot_be_made(&desk);
    a_stack_of_somebody_else(&desk);
}

fn parameters_that_contradict_each_other(desk: &Desk) {
    let before = desk.moment();
    let own = ["--parameter", "VpcId=vpc-0a1b2c3d"];
    desk.run("deploy.sh", &own, "")
        .refused(2, &["VpcId is given without SubnetIds"]);
    assert_eq!(desk.changes_since(before), [""; 0]);
}

fn a_resource_that_cannot_be_made(desk: &Desk) {
    desk.account.with(|world| {
        sqs::create_queue(world, "orders", &serde_json::Map::new()).expect("a queue");
    });
    desk.run("deploy.sh", &[], "")
        .refused(1, &["CREATE_FAILED", "already exists"]);
    assert_eq!(desk.status("orders").as_deref(), Some("ROLLBACK_COMPLETE"));
    desk.run("deploy.sh", &[], "")
        .refused(1, &["ROLLBACK_COMPLETE", "already exists"]);
    desk.account
        .with(|world| assert!(sqs::has_queue(world, "orders")));
}

/// It has data, and the suite's names; it is to be as it was, whatever is tried.
fn a_stack_of_somebody_else(desk: &Desk) {
    let template = r#"{"Resources": {
        "Objects": {"Type": "AWS::S3::Bucket"},
        "Images": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "parcels"}},
        "Releases": {"Type": "AWS::DynamoDB::Table", "Properties": {
            "TableName": "parcels-releases", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pair", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pair", "KeyType": "HASH"}]
        }}
    }}"#;
    desk.writes("other.json", template);
    for stack in ["parcels", "shop-artifacts"] {
        let template = ["--stack-name", stack, "--template-file", "other.json"];
        desk.aws(&[&["cloudformation", "deploy"], &template[..]].concat());
        // The names are taken once.
        desk.writes(
            "other.json",
            r#"{"Resources": {"Objects": {"Type": "AWS::S3::Bucket"}}}"#,
        );
    }
    let before = desk.moment();
    for name in ["parcels", "shop"] {
        for (script, options) in [
            ("deploy.sh", &[][..]),
            ("deploy.sh", &["--http"]),
            ("destroy.sh", &["--yes", "--force"]),
        ] {
            let options = [&["--name", name], options].concat();
            desk.run(script, &options, "")
                .refused(1, &["was not made by infra/deploy.sh", "canary-release"]);
        }
    }
    assert_eq!(desk.changes_since(before), [""; 0]);
}
