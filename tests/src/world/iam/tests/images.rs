//! Who may ask for the images of a repository.

use serde_json::{Value, json};

use super::*;
use crate::world::ecr::{self, Repository, Tags};

const OURS: &str = "arn:aws:ecr:eu-central-1:111122223333:repository/app";
const THEIRS: &str = "arn:aws:ecr:us-east-1:444455556666:repository/app";

fn describe(world: &mut World, who: &Principal, region: &str, input: &Value) -> Result<(), Fault> {
    let request = Request {
        region,
        service: "ecr",
        operation: "DescribeImages",
        input,
        secure: true,
    };
    authorize(world, who, &request)
}

fn ask_for_theirs(world: &mut World, who: &Principal) -> Result<(), Fault> {
    let input = json!({ "registryId": "444455556666", "repositoryName": "app" });
    describe(world, who, "us-east-1", &input)
}

/// The other account lets everybody of this one ask for its images.
fn shared_by_them(world: &mut World) {
    let theirs = Repository {
        registry: "444455556666".to_owned(),
        region: "us-east-1".to_owned(),
        name: "app".to_owned(),
    };
    ecr::create(world, &theirs, Tags::Mutable).expect("a repository");
    let policy = document(&json!([{
        "Sid": "Our releases",
        "Effect": "Allow",
        "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
        "Action": "ecr:DescribeImages",
    }]));
    ecr::put_policy(world, &theirs, &policy).expect("a policy");
}

#[test]
fn images_are_asked_for_of_one_repository_in_one_region() {
    let mut world = with(&json!([allow("ecr:DescribeImages", OURS)]));
    let app = json!({ "repositoryName": "app" });
    describe(&mut world, &canary(), REGION, &app).expect("it is granted");
    let elsewhere = denial(describe(&mut world, &canary(), "us-east-1", &app));
    assert!(
        elsewhere.ends_with(
            "is not authorized to perform: ecr:DescribeImages on resource: arn:aws:ecr:us-east-1:111122223333:repository/app because no identity-based policy allows the ecr:DescribeImages action"
        ),
        "{elsewhere}"
    );
    let other = json!({ "repositoryName": "other" });
    denial(describe(&mut world, &canary(), REGION, &other));
}

#[test]
fn images_of_another_account_need_its_consent_and_a_grant() {
    let mut granted = with(&json!([allow("ecr:DescribeImages", THEIRS)]));
    let refused = denial(ask_for_theirs(&mut granted, &canary()));
    assert!(
        refused.ends_with("because no resource-based policy allows the ecr:DescribeImages action"),
        "{refused}"
    );
    shared_by_them(&mut granted);
    ask_for_theirs(&mut granted, &canary()).expect("both allow it");

    let mut consented = with(&json!([allow("ecr:DescribeImages", OURS)]));
    shared_by_them(&mut consented);
    let refused = denial(ask_for_theirs(&mut consented, &canary()));
    assert!(
        refused.ends_with("because no identity-based policy allows the ecr:DescribeImages action"),
        "{refused}"
    );
}

#[test]
fn a_person_needs_the_consent_of_another_account_as_well() {
    let mut world = world();
    let person = Principal("somebody".to_owned());
    denial(ask_for_theirs(&mut world, &person));
    shared_by_them(&mut world);
    ask_for_theirs(&mut world, &person).expect("they allow it");
}

#[test]
fn the_policy_of_a_repository_names_no_resource() {
    let mut world = world();
    let app = Repository::here(&world, "app");
    ecr::create(&mut world, &app, Tags::Mutable).expect("a repository");
    let policy = document(&json!([{ "Effect": "Allow", "Principal": "*",
        "Action": "ecr:DescribeImages", "Resource": OURS }]));
    let refused = ecr::put_policy(&mut world, &app, &policy).expect_err("it is refused");
    assert!(
        refused
            .message
            .ends_with("the policy of a repository has no Resource"),
        "{}",
        refused.message
    );
}
