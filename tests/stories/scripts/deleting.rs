//! The end of it.

use super::machine::{Ended, Machine};
use super::{V1, deployed};

fn destroy(machine: &Machine, options: &[&str], typed: &str) -> Ended {
    machine.run("destroy.sh", options, typed)
}

#[test]
fn nothing_is_deleted_unless_the_name_is_typed() {
    let machine = deployed(V1, V1);
    machine.answers(
        "list-stack-resources --stack-name orders ",
        "AWS::SQS::Queue\thttps://queue/orders\tQueue",
    );
    for typed in ["", "yes\n", "order\n"] {
        destroy(&machine, &[], typed).assert_refused(
            1,
            &[
                "AWS::SQS::Queue\thttps://queue/orders\n",
                "nothing was deleted",
            ],
        );
    }
}

const REVISIONS: &str = "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders";

/// The example with something in its bucket and its repository, so that CloudFormation cannot delete them at first.
fn full() -> Machine {
    let machine = deployed(V1, V1);
    let failed = "ResourceStatus=='DELETE_FAILED'";
    for (stack, id) in [
        ("orders", "AWS::CloudFormation::Stack\tarn:nested"),
        ("arn:nested", "AWS::S3::Bucket\torders-source"),
        ("orders-artifacts", "AWS::ECR::Repository\torders"),
    ] {
        let list = format!("list-stack-resources --stack-name {stack} ");
        machine.answers(&list, &format!("{id}\tLogicalId"));
        machine.answers(
            &format!("{list}--query StackResourceSummaries[?{failed}"),
            id,
        );
    }
    for stack in ["orders", "orders-artifacts"] {
        machine.fails_once(
            &format!("wait stack-delete-complete --stack-name {stack}"),
            "Waiter StackDeleteComplete failed",
        );
    }
    let page = "{\"Objects\": [{\"Key\": \"source.zip\", \"VersionId\": \"1\"}]}";
    machine.answers("list-object-versions", "{\"Objects\": []}");
    machine.answers_once("list-object-versions", page);
    machine.answers_once("list-object-versions", page);
    machine.answers("s3api delete-objects", "None");
    let [first, second, third] = [1, 2, 3].map(|revision| format!("{REVISIONS}:{revision}"));
    machine.answers(
        "list-task-definitions",
        &format!("{first}\t{second}\t{third}"),
    );
    machine.answers(
        "resourcegroupstaggingapi get-resources",
        &format!("{first}\t{third}"),
    );
    machine
}

#[test]
fn what_cloudformation_would_not_delete_is_emptied_only_after_it_was_asked() {
    let ended = destroy(&full(), &[], "orders\n");
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_said(&[
        "Nothing is left of orders",
        "Deleted:\n  what was in bucket orders-source\n  stack orders\n  image repository orders with its images\n  \
         stack orders-artifacts\n  task definition arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:1, deregistered\n  task definition arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:3, deregistered\n",
    ]);
    ended.assert_changes(&[
        "cloudformation delete-stack --stack-name orders",
        "s3api delete-objects --bucket orders-source --delete file://",
        "s3api delete-objects --bucket orders-source --delete file://",
        "cloudformation delete-stack --stack-name orders",
        "cloudformation delete-stack --stack-name orders-artifacts",
        "ecr delete-repository --repository-name orders --force",
        "cloudformation delete-stack --stack-name orders-artifacts",
        "ecs deregister-task-definition --task-definition arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:1",
        "ecs deregister-task-definition --task-definition arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:3",
    ]);
}

#[test]
fn what_was_deleted_is_told_also_after_an_error() {
    let machine = full();
    machine.fails(
        "delete-stack --stack-name orders-artifacts",
        "An error occurred (AccessDenied): not authorized",
    );
    let ended = destroy(&machine, &["--yes"], "");
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    ended.assert_said(&[
        "not authorized",
        "Deleted:\n  what was in bucket orders-source\n  stack orders\n",
        "CloudFormation does not take on to delete stack orders-artifacts",
    ]);
}

#[test]
fn termination_protection_of_either_stack_is_asked_before_anything() {
    for stack in ["orders", "orders-artifacts"] {
        let machine = full();
        machine.answers(
            &format!("{stack} --query Stacks[0].[StackStatus"),
            "UPDATE_COMPLETE\tTrue\torders\torders\tNone",
        );
        for options in [&["--yes"][..], &["--yes", "--force"]] {
            destroy(&machine, options, "").assert_refused(
                1,
                &[
                    &format!("stack {stack} has termination protection, so nothing was deleted"),
                    "--no-enable-termination-protection",
                ],
            );
        }
    }
}

#[test]
fn what_a_template_keeps_is_not_emptied_and_is_told_to_stay() {
    let machine = deployed(V1, V1);
    machine.answers(
        "get-template --stack-name orders-artifacts ",
        "Metadata:\n  CanaryRelease: canary-release/artifacts\nResources:\n  Images:\n    Type: AWS::ECR::Repository\n    \
         DeletionPolicy: Retain\n  Packages:\n    Type: AWS::S3::Bucket\n    DeletionPolicy: Delete",
    );
    machine.answers(
        "list-stack-resources --stack-name orders-artifacts --query StackResourceSummaries[?ResourceStatus!='DELETE_COMPLETE'",
        "AWS::ECR::Repository\torders\tImages\nAWS::S3::Bucket\torders-packages\tPackages",
    );
    let ended = destroy(&machine, &["--yes"], "");
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_said(&[
        "AWS::ECR::Repository\torders\tstays: DeletionPolicy Retain\n",
        "AWS::S3::Bucket\torders-packages\n",
    ]);
    ended.assert_changes(&[
        "delete-stack --stack-name orders",
        "delete-stack --stack-name orders-artifacts",
    ]);
}

#[test]
fn an_execution_that_has_just_entered_the_stage_is_a_release_in_progress() {
    let machine = deployed(V1, V1);
    machine.answers("get-pipeline-state", "True\tInProgress\t5f0e\tNone");
    destroy(&machine, &["--yes"], "").assert_refused(
        1,
        &["a release is in progress: 5f0e, stage Canary InProgress"],
    );
}

#[test]
fn what_is_left_is_told() {
    let machine = deployed(V1, V1);
    machine.answers(
        "resourcegroupstaggingapi get-resources",
        "arn:aws:s3:::orders-old\tarn:aws:s3:::orders-older",
    );
    destroy(&machine, &["--yes"], "").assert_said(&[
        "still lists these with the tag canary-release=orders",
        "\narn:aws:s3:::orders-older\n",
    ]);
}

#[test]
fn nothing_is_deleted_during_a_release_unless_forced() {
    let machine = deployed(V1, V1);
    machine.answers("dynamodb get-item", "3f1c2a90\tShifting");
    destroy(&machine, &["--yes"], "").assert_refused(
        1,
        &[
            "a release is in progress: 3f1c2a90, phase Shifting",
            "--force",
        ],
    );
    assert_eq!(destroy(&machine, &["--yes", "--force"], "").code, Some(0));
}

#[test]
fn a_stack_that_is_not_deleted_is_explained_and_deleting_can_be_repeated() {
    let machine = deployed(V1, V1);
    machine.fails_once(
        "wait stack-delete-complete --stack-name orders",
        "Waiter StackDeleteComplete failed",
    );
    machine.answers(
        "describe-stack-events",
        "2026-01-01\tNetwork\tDELETE_FAILED\thas dependencies",
    );
    let ended = destroy(&machine, &["--yes"], "");
    assert_eq!(ended.code, Some(1));
    ended.assert_said(&["has dependencies", "stack orders could not be deleted"]);
    ended.assert_changes(&["delete-stack --stack-name orders"]);
    assert_eq!(destroy(&machine, &["--yes"], "").code, Some(0));
}
