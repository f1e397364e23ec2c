//! The Lambda example, whose alias has a version and weights that an update must not undo.

use super::{
    BUILD_FUNCTIONS, CLOSE, DEPLOY_ARTIFACTS, OPEN, V1, deploy, deployed, empty, machine::Machine,
};

const PACKAGE: &str = "aws cloudformation package --template-file infra/lambda.yaml";
const BUILD_FIRST: &str = "cargo lambda build --release --locked --arm64 --output-format zip --package sample-app --bin sample-app-lambda";
const UPLOAD: &str = "aws s3 cp --only-show-errors target/lambda/sample-app-lambda/bootstrap.zip s3://orders-packages/first/c0ffee.zip";

/// An account with the Lambda example: the stack was told the version `known`, the alias stands on `live` and has these weights.
fn behind(known: &str, live: &str, weights: &str) -> Machine {
    let machine = deployed(V1, V1);
    machine.answers("get-template --stack-name orders ", "canary-release/lambda");
    machine.answers(
        "[ParameterKey, ParameterValue]",
        "Name\torders\nPackageKey\tfirst/c0ffee.zip",
    );
    machine.answers("ParameterKey=='Version'", known);
    machine.answers("ParameterKey=='InvokedBy'", "queue");
    machine.answers("--query FunctionVersion", live);
    machine.answers("--query RoutingConfig", weights);
    machine
}

#[test]
fn the_first_deployment_builds_the_first_package_and_needs_no_docker() {
    let machine = empty();
    machine.lacks("docker");
    let ended = deploy(&machine, &["--lambda"]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        BUILD_FIRST,
        UPLOAD,
        PACKAGE,
        "/lambda.yaml --parameter-overrides Name=orders PackageKey=first/c0ffee.zip PackageBucket=orders-packages ",
    ]);
    ended.assert_said(&["infra/send-messages.sh --name orders"]);
}

#[test]
fn an_update_passes_the_version_that_is_live_and_leaves_the_first_package_alone() {
    let ended = deploy(&behind("3", "7", "null"), &["--lambda"]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        CLOSE,
        "/deployed.yaml --parameter-overrides Version=7 ",
        PACKAGE,
        "/lambda.yaml --parameter-overrides Name=orders Version=7 ",
        OPEN,
    ]);
}

#[test]
fn a_stack_that_knows_what_is_live_is_told_once() {
    let ended = deploy(&behind("7", "7", "{}"), &["--lambda"]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(!ended.said.contains("Telling stack"), "{}", ended.said);
}

#[test]
fn an_update_is_refused_while_the_alias_has_weights() {
    let ended = deploy(&behind("7", "7", "{\"8\":0.1}"), &["--lambda"]);
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    ended.assert_said(&[
        "alias orders:live has weights although no release is in progress: {\"8\":0.1}",
        "aws lambda update-alias --function-name orders --name live --routing-config 'AdditionalVersionWeights={}'",
    ]);
    ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, CLOSE, OPEN]);
}

#[test]
fn an_alias_on_what_is_not_published_is_refused() {
    let ended = deploy(&behind("7", "$LATEST", "null"), &["--lambda"]);
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    ended.assert_said(&["alias orders:live stands on $LATEST, which is no published version"]);
    ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, CLOSE, OPEN]);
}

#[test]
fn an_alias_that_cannot_be_read_is_not_taken_to_be_at_rest() {
    for call in ["--query RoutingConfig", "--query FunctionVersion"] {
        let machine = behind("7", "7", "null");
        machine.fails(
            call,
            "An error occurred (AccessDeniedException): not authorized",
        );
        let ended = deploy(&machine, &["--lambda"]);
        assert_ne!(ended.code, Some(0));
        ended.assert_said(&["not authorized"]);
        ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, CLOSE, OPEN]);
    }
}

#[test]
fn a_release_of_the_alias_in_progress_is_found_by_the_alias() {
    let machine = behind("7", "7", "{\"8\":0.1}");
    machine.answers("dynamodb get-item", "None");
    machine.answers("lambda/orders:live", "3f1c2a90\tShifting");
    deploy(&machine, &["--lambda"])
        .assert_refused(1, &["a release is in progress", "3f1c2a90, phase Shifting"]);
    machine
        .run("destroy.sh", &["--yes"], "")
        .assert_refused(1, &["a release is in progress: 3f1c2a90, phase Shifting"]);
}

#[test]
fn a_function_with_a_url_is_called_with_a_signature() {
    let machine = empty();
    machine.answers("ParameterKey=='InvokedBy'", "url");
    machine.answers(
        "OutputKey=='Url'",
        "https://abc.lambda-url.eu-central-1.on.aws/",
    );
    let ended = deploy(&machine, &["--lambda", "--parameter", "InvokedBy=url"]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_said(&[
        "--aws-sigv4 aws:amz:eu-central-1:lambda",
        "https://abc.lambda-url.eu-central-1.on.aws/; done",
    ]);
    assert!(!ended.said.contains("send-messages"), "{}", ended.said);
}

#[test]
fn what_runs_is_not_for_people_to_say() {
    for (given, named) in [
        ("Version=7", "Version"),
        ("PackageKey=mine.zip", "PackageKey"),
        ("PackageBucket=mine", "PackageBucket"),
    ] {
        deploy(&empty(), &["--lambda", "--parameter", given])
            .assert_refused(2, &[&format!("--parameter {named} is not for people")]);
    }
    // Of another example it is none of its parameters.
    deploy(&empty(), &["--parameter", "Version=7"]).assert_refused(
        2,
        &["--parameter Version is not a parameter of infra/main.yaml"],
    );
}

#[test]
fn two_examples_at_once_are_refused() {
    for options in [
        ["--lambda", "--http"],
        ["--http", "--lambda"],
        ["--task-sets", "--http"],
    ] {
        let [one, other] = options;
        let said = format!("{one} and {other} are two examples");
        deploy(&empty(), &options).assert_refused(2, &[&said]);
    }
}

#[test]
fn parameters_of_a_function_that_contradict_each_other_are_refused_before_anything_is_built() {
    let cases: [(&[&str], &str); 5] = [
        (
            &["InvokedBy=url", "MaxDeadLetters=3"],
            "MaxDeadLetters is for a function that consumes a queue",
        ),
        (
            &["TimeoutSeconds=200"],
            "VisibilityTimeoutSeconds is 180 and TimeoutSeconds 200; a message would be received again",
        ),
        (
            &["Steps=[{\"weight\":100.5,\"bakeMinutes\":1}]"],
            "Steps: field [0].weight is 100.5; allowed is 0 to 100",
        ),
        (
            &["Steps=[{\"weight\":1,\"bakeMinutes\":1.5}]"],
            "Steps: field [0].bakeMinutes is 1.5; a whole number is needed",
        ),
        (
            &["Steps=[{\"weight\":0.005,\"bakeMinutes\":1}]"],
            "parameter Steps is",
        ),
    ];
    for (given, said) in cases {
        let given = given.iter().flat_map(|it| ["--parameter", *it]);
        let options: Vec<_> = ["--lambda"].into_iter().chain(given).collect();
        deploy(&empty(), &options).assert_refused(2, &[said]);
    }
}

#[test]
fn shares_below_one_percent_are_taken() {
    let steps = "Steps=[{\"weight\":0.5,\"bakeMinutes\":10},{\"weight\":12.25,\"bakeSeconds\":90}]";
    let ended = deploy(&empty(), &["--lambda", "--parameter", steps]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}
