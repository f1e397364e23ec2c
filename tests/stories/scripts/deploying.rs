//! The first deployment, and what every deployment needs.

use super::{
    BUILD_FUNCTIONS, CLOSE, DEPLOY, DEPLOY_ARTIFACTS, OPEN, PACKAGE, REPOSITORY, V1, deploy,
    deployed, empty,
};

#[test]
fn the_first_deployment_builds_and_pushes_the_first_image() {
    let machine = empty();
    machine.fails_once(
        "ecr describe-images",
        "An error occurred (ImageNotFoundException)",
    );
    let ended = deploy(
        &machine,
        &["--parameter", "NotificationEmail=me@example.com"],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        "cargo lambda build --profile service --locked --target aarch64-unknown-linux-musl --package sample-app --bin sample-app",
        "docker build --platform linux/arm64 --file sample-app/Dockerfile --build-arg APP_VERSION=first-c0ffee ",
        "docker login --username AWS --password-stdin 111122223333.dkr.ecr.eu-central-1.amazonaws.com",
        &format!("docker push {REPOSITORY}:first-c0ffee"),
        PACKAGE,
        &format!("--parameter-overrides Name=orders Image={V1} NotificationEmail=me@example.com --capabilities CAPABILITY_IAM"),
    ]);
}

#[test]
fn a_first_deployment_that_was_ended_goes_on_with_the_image_it_has_pushed() {
    let ended = deploy(&empty(), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        PACKAGE,
        &format!("Image={V1}"),
    ]);
}

#[test]
fn a_deployment_says_what_a_person_has_to_do_next() {
    let machine = deployed(V1, V1);
    machine.answers("'NotificationEmail'", "me@example.com");
    machine.answers("'SourceType'", "S3");
    machine.answers("'SourceObjectKey'", "source.zip");
    machine.answers("'SourceBucket'", "orders-source");
    deploy(&machine, &[]).assert_said(&[
        "Confirm the subscriptions that AWS has sent to me@example.com",
        "git archive --format=zip --output target/source.zip HEAD && aws s3 cp target/source.zip s3://orders-source/source.zip",
        "infra/send-messages.sh --name orders",
    ]);
    machine.answers("'SourceType'", "Connection");
    machine.answers(
        "'ConnectionArn'",
        "arn:aws:codeconnections:eu-central-1:111122223333:connection/1",
    );
    machine.answers("aws codeconnections get-connection", "PENDING");
    deploy(&machine, &[]).assert_said(&["The connection is PENDING: complete it in the console"]);
}

#[test]
fn what_a_killed_run_began_is_waited_for() {
    let machine = deployed(V1, V1);
    machine.answers_once(
        "--stack-name orders --query Stacks[0].StackStatus",
        "UPDATE_IN_PROGRESS",
    );
    let ended = deploy(&machine, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_said(&["stack orders is UPDATE_IN_PROGRESS; waiting"]);
    ended.assert_changes(&[
        "sleep 15",
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        CLOSE,
        PACKAGE,
        DEPLOY,
        OPEN,
    ]);
}

#[test]
fn a_stack_that_could_not_be_created_is_explained() {
    let machine = deployed(V1, V1);
    machine.answers("query Stacks[0].StackStatus", "ROLLBACK_COMPLETE");
    machine.answers(
        "describe-stack-events",
        "2026-01-01\tQueue\tCREATE_FAILED\tno such thing",
    );
    deploy(&machine, &[]).assert_refused(
        1,
        &[
            "no such thing",
            "stack orders is ROLLBACK_COMPLETE: it could not be created",
            "aws cloudformation delete-stack --stack-name orders",
        ],
    );
}

#[test]
fn all_missing_prerequisites_are_told_at_once() {
    let machine = empty();
    machine.fails(
        "sts get-caller-identity",
        "Unable to locate credentials. You can configure credentials by running \"aws login\".",
    );
    machine.fails("cargo lambda --version", "error: no such command: `lambda`");
    machine.fails("docker info", "Cannot connect to the Docker daemon");
    machine.fails("git rev-parse", "fatal: not a git repository");
    deploy(&machine, &[]).assert_refused(
        3,
        &[
            "nothing was changed, since a prerequisite is missing",
            "There are no valid AWS credentials: Unable to locate credentials.",
            "cargo-lambda is missing.\n    pip3 install cargo-lambda",
            "Docker is installed, but its daemon does not answer",
            "This is not a git repository with a commit",
        ],
    );
    for program in ["aws", "cargo", "docker", "git"] {
        machine.lacks(program);
    }
    deploy(&machine, &[]).assert_refused(
        3,
        &[
            "The AWS CLI is missing.",
            "Rust is missing.",
            "Docker is missing",
            "git is missing",
        ],
    );
}

#[test]
fn what_is_no_digest_is_not_deployed() {
    for digest in ["None", "sha256:1111", "sha256:"] {
        let machine = empty();
        machine.answers("ecr describe-images", digest);
        let ended = deploy(&machine, &[]);
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        ended.assert_said(&["is not an image by digest", "64 hexadecimal digits"]);
        ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS]);
    }
    let machine = deployed(V1, &format!("{REPOSITORY}:latest"));
    let ended = deploy(&machine, &[]);
    assert_eq!(ended.code, Some(1));
    ended.assert_said(&["what service orders runs is not an image by digest"]);
    ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, CLOSE, OPEN]);
}

#[test]
fn a_tool_that_fails_ends_the_script_with_its_own_words_and_a_code_that_the_help_names() {
    let machine = empty();
    machine.tells_code(BUILD_FUNCTIONS, "error: could not compile `canary`", 101);
    let ended = deploy(&machine, &[]);
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    ended.assert_said(&[
        "could not compile",
        "deploy.sh: failed, for the reason above (exit code 101), at: Building the functions",
    ]);
}
