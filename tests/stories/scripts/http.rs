//! The HTTP example, whose load balancer has weights that an update must not undo.

use super::{
    BUILD_FUNCTIONS, CLOSE, DEPLOY, DEPLOY_ARTIFACTS, OPEN, V1, V2, deploy, deployed, empty,
    machine::Machine,
};

const PACKAGE: &str = "aws cloudformation package --template-file infra/http.yaml";
const RULE: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener-rule/app/orders/1/2/3";
const URL: &str = "http://orders-1.eu-central-1.elb.amazonaws.com/";

/// An account with the HTTP example, the weights of whose rule are these: the primary's and the canary's.
fn with_weights(weights: &str) -> Machine {
    let machine = deployed(V1, V2);
    machine.answers("get-template --stack-name orders ", "canary-release/http");
    machine.answers("OutputKey=='ListenerRuleArn'", RULE);
    machine.answers("OutputKey=='PrimaryTargetGroupArn'", "arn:primary");
    machine.answers("OutputKey=='CanaryTargetGroupArn'", "arn:canary");
    machine.answers("OutputKey=='Url'", URL);
    machine.answers("elbv2 describe-rules", weights);
    machine
}

#[test]
fn the_http_example_is_deployed_by_its_own_template_and_says_how_to_call_it() {
    let machine = empty();
    machine.answers("OutputKey=='Url'", URL);
    let ended = deploy(&machine, &["--parameter", "DrainStep=20", "--http"]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        PACKAGE,
        &format!("/http.yaml --parameter-overrides Name=orders Image={V1} DrainStep=20 "),
    ]);
    ended.assert_said(&[&format!("{URL}; done")]);
    assert!(!ended.said.contains("send-messages"), "{}", ended.said);
}

#[test]
fn parameters_are_those_of_the_example_that_is_meant() {
    let machine = empty();
    for (options, said) in [
        (
            &["--http", "--parameter", "MaxReceives=3"][..],
            "--parameter MaxReceives is not a parameter of infra/http.yaml, which has: ",
        ),
        (
            &["--parameter", "DrainStep=20"],
            "--parameter DrainStep is not a parameter of infra/main.yaml, which has: ",
        ),
    ] {
        deploy(&machine, options).assert_refused(2, &[said]);
    }
}

#[test]
fn a_name_that_no_load_balancer_may_have_is_refused_for_the_http_example_alone() {
    let name = ["--name", "internal-shop"];
    deploy(&empty(), &[&name[..], &["--http"]].concat()).assert_refused(
        2,
        &["--name internal-shop would be the load balancer's name too"],
    );
    let ended = deploy(&empty(), &name);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

#[test]
fn an_update_while_the_weights_are_at_rest_passes_the_live_image() {
    let ended = deploy(&with_weights("100\t0"), &["--http"]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        CLOSE,
        &format!("/deployed.yaml --parameter-overrides Image={V2} "),
        PACKAGE,
        &format!("/http.yaml --parameter-overrides Name=orders Image={V2} "),
        OPEN,
    ]);
}

#[test]
fn an_update_is_refused_while_the_weights_are_not_at_rest() {
    for (weights, told) in [
        ("90\t10", "primary: 90, canary: 10; at rest 100 and 0"),
        ("0\t100", "primary: 0, canary: 100; at rest 100 and 0"),
        ("100\tNone", "primary: 100, canary: None; at rest 100 and 0"),
    ] {
        let ended = deploy(&with_weights(weights), &["--http"]);
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        ended.assert_said(&[
            "the weights of the load balancer are not at rest although no release is in progress",
            told,
            &format!("aws elbv2 modify-rule --rule-arn {RULE}"),
        ]);
        ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, CLOSE, OPEN]);
    }
}

#[test]
fn weights_that_cannot_be_read_are_not_taken_to_be_at_rest() {
    let machine = with_weights("100\t0");
    machine.fails(
        "elbv2 describe-rules",
        "An error occurred (AccessDenied): not authorized",
    );
    let ended = deploy(&machine, &["--http"]);
    assert_ne!(ended.code, Some(0));
    ended.assert_said(&["not authorized"]);
    ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, CLOSE, OPEN]);
}

#[test]
fn a_release_in_progress_is_the_reason_that_is_told_and_not_the_weights_it_moves() {
    let machine = with_weights("90\t10");
    machine.answers("dynamodb get-item", "3f1c2a90\tShifting");
    deploy(&machine, &["--http"])
        .assert_refused(1, &["a release is in progress", "3f1c2a90, phase Shifting"]);
}

#[test]
fn one_example_does_not_take_the_place_of_the_other() {
    deploy(&with_weights("100\t0"), &[]).assert_refused(
        1,
        &["stack orders is another example, not that of infra/main.yaml"],
    );
    deploy(&deployed(V1, V1), &["--http"]).assert_refused(
        1,
        &["stack orders is another example, not that of infra/http.yaml"],
    );
}

#[test]
fn weights_are_no_matter_of_the_queue_example() {
    let ended = deploy(&deployed(V1, V1), &[]);
    ended.assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        CLOSE,
        "infra/main.yaml",
        DEPLOY,
        OPEN,
    ]);
    assert!(!ended.calls.iter().any(|call| call.contains("elbv2")));
}
