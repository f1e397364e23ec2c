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
        "AWS::SQS::Queue\thttps://queue/orders",
    );
    for typed in ["", "yes\n", "order\n"] {
        destroy(&machine, &[], typed).assert_refused(
            1,
            &[
                "AWS::SQS::Queue\thttps://queue/orders",
                "nothing was deleted",
            ],
        );
    }
}

#[test]
fn everything_is_deleted_with_what_cloudformation_would_not_delete() {
    let machine = deployed(V1, V1);
    machine.answers(
        "list-stack-resources --stack-name orders ",
        "AWS::CloudFormation::Stack\tarn:nested",
    );
    machine.answers(
        "list-stack-resources --stack-name arn:nested",
        "AWS::S3::Bucket\torders-source",
    );
    machine.answers(
        "list-stack-resources --stack-name orders-artifacts",
        "AWS::ECR::Repository\torders",
    );
    let page = "{\"Objects\": [{\"Key\": \"source.zip\", \"VersionId\": \"1\"}]}";
    machine.answers("list-object-versions", "{\"Objects\": []}");
    machine.answers_once("list-object-versions", page);
    machine.answers_once("list-object-versions", page);
    machine.answers("s3api delete-objects", "None");
    machine.answers("list-task-definitions", "orders:1\torders:2");
    let ended = destroy(&machine, &[], "orders\n");
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_said(&["Nothing is left of orders"]);
    ended.assert_changes(&[
        "s3api delete-objects --bucket orders-source --delete file://",
        "s3api delete-objects --bucket orders-source --delete file://",
        "cloudformation delete-stack --stack-name orders",
        "ecr delete-repository --repository-name orders --force",
        "cloudformation delete-stack --stack-name orders-artifacts",
        "ecs deregister-task-definition --task-definition orders:1",
        "ecs deregister-task-definition --task-definition orders:2",
    ]);
}

#[test]
fn what_is_left_is_told() {
    let machine = deployed(V1, V1);
    machine.answers(
        "resourcegroupstaggingapi get-resources",
        "arn:aws:s3:::orders-old\tarn:aws:s3:::orders-older",
    );
    destroy(&machine, &["--yes"], "").assert_said(&[
        "still lists these with the tag application=orders",
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
        "2026-01-01\tBucket\tDELETE_FAILED\tis not empty",
    );
    let ended = destroy(&machine, &["--yes"], "");
    assert_eq!(ended.code, Some(1));
    ended.assert_said(&["is not empty", "stack orders could not be deleted"]);
    ended.assert_changes(&["delete-stack --stack-name orders"]);
    assert_eq!(destroy(&machine, &["--yes"], "").code, Some(0));
}
