//! The end of stacks.

use super::Account;
use crate::world::{ecr, s3};

const BUCKET: &str = "
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}
  Bucket:
    Type: AWS::S3::Bucket
    DependsOn: Queue
    Properties: {BucketName: packages}
  Images: {Type: AWS::ECR::Repository, Properties: {RepositoryName: orders}}
";

/// The words are those of aws/aws-cdk#21776 and aws/aws-parallelcluster#3314.
#[test]
fn what_is_not_empty_is_not_deleted_nor_what_it_needs() {
    let mut account = Account::new();
    account.deploy(BUCKET, &[]);
    s3::put(&mut account.0, "packages", "a", b"1".to_vec()).unwrap();
    let images = ecr::Repository::here(&account.0, "orders");
    ecr::push(&mut account.0, &images, "v1").unwrap();
    assert_eq!(account.delete(), "DELETE_FAILED");
    assert!(account.has_queue("jobs"));
    let stack = account.stack().unwrap();
    assert_eq!(
        stack["StackStatusReason"],
        "The following resource(s) failed to delete: [Images, Bucket]. "
    );
    let events = account.events("orders").join("\n");
    for reason in [
        "Bucket DELETE_FAILED The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code: BucketNotEmpty; Request ID: ",
        "Images DELETE_FAILED Resource handler returned message: \"The repository with name 'orders' in registry with id '111122223333' cannot be deleted because it still contains images (Service: Ecr, Status Code: 400, Request ID: ",
    ] {
        assert!(events.contains(reason), "{events}");
    }
    s3::delete(&mut account.0, "packages", "a", None).unwrap();
    // Deleted by hand is deleted.
    ecr::delete(&mut account.0, &images, true).unwrap();
    assert_eq!(account.delete(), "DELETE_COMPLETE");
    assert!(!account.0.s3.has_bucket("packages") && !account.has_queue("jobs"));
}

#[test]
fn what_is_to_be_kept_stays() {
    let body = BUCKET.replace("DependsOn: Queue", "DeletionPolicy: Retain");
    let mut account = Account::new();
    account.deploy(&body, &[]);
    assert_eq!(account.delete(), "DELETE_COMPLETE");
    assert!(account.0.s3.has_bucket("packages") && !account.has_queue("jobs"));
}

#[test]
fn a_name_is_free_again_when_its_stack_is_gone() {
    let mut account = Account::new();
    account.deploy(BUCKET, &[]);
    let first = account.stack().unwrap()["StackId"].take();
    account.delete();
    assert_eq!(account.deploy(BUCKET, &[]), "CREATE_COMPLETE");
    assert_ne!(account.stack().unwrap()["StackId"], first);
}
