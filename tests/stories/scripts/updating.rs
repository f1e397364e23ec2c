//! An update of the stack, which must not undo a release.

use super::{
    BUILD_FUNCTIONS, CLOSE, DEPLOY, DEPLOY_ARTIFACTS, OPEN, PACKAGE, V1, V2, deploy, deployed,
};

#[test]
fn an_update_passes_the_live_image_and_lets_no_release_begin_meanwhile() {
    let ended = deploy(&deployed(V2, V2), &["--parameter", "GuardMinutes=120"]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    let update = format!("Name=orders Image={V2} GuardMinutes=120 ");
    ended.assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        CLOSE,
        PACKAGE,
        &update,
        OPEN,
    ]);
    assert!(!ended.calls.iter().any(|call| call.starts_with("docker")));
}

#[test]
fn a_stack_that_knows_an_older_image_is_told_the_live_one_before_it_is_updated() {
    let ended = deploy(&deployed(V1, V2), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    let told = format!("/deployed.yaml --parameter-overrides Image={V2} ");
    let updated = format!("/main.yaml --parameter-overrides Name=orders Image={V2} ");
    ended.assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        CLOSE,
        &told,
        PACKAGE,
        &updated,
        OPEN,
    ]);
}

#[test]
fn an_update_during_a_release_is_refused() {
    for phase in ["Deploying", "Shifting", "Promoting", "RollingBack"] {
        let machine = deployed(V1, V1);
        machine.answers("dynamodb get-item", &format!("3f1c2a90\t{phase}"));
        let said = format!(
            "a release is in progress, and an update of the stack would interfere: 3f1c2a90, phase {phase}"
        );
        deploy(&machine, &[]).assert_refused(1, &[&said, "\"release\": \"3f1c2a90\""]);
    }
    for phase in ["Promoted", "RolledBack"] {
        let machine = deployed(V1, V1);
        machine.answers("dynamodb get-item", &format!("3f1c2a90\t{phase}"));
        assert_eq!(deploy(&machine, &[]).code, Some(0));
    }
}

#[test]
fn an_update_is_refused_when_an_execution_has_just_entered_the_stage() {
    let machine = deployed(V1, V1);
    machine.answers("get-pipeline-state", "True\tInProgress\t5f0e\tNone");
    deploy(&machine, &[]).assert_refused(1, &["interfere: 5f0e, stage Canary InProgress"]);
}

#[test]
fn a_release_that_begins_during_the_build_stops_the_update() {
    let machine = deployed(V1, V1);
    machine.answers("dynamodb get-item", "3f1c2a90\tDeploying");
    machine.answers_once("dynamodb get-item", "None");
    let ended = deploy(&machine, &[]);
    assert_eq!(ended.code, Some(1));
    ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, CLOSE, OPEN]);
}

#[test]
fn what_cannot_be_read_is_not_taken_for_nothing() {
    for call in ["StackStatus", "dynamodb get-item", "get-pipeline-state"] {
        let machine = deployed(V1, V1);
        machine.fails(
            call,
            "An error occurred (AccessDeniedException): not authorized",
        );
        let ended = deploy(&machine, &[]);
        assert_ne!(ended.code, Some(0), "{call}");
        assert_eq!(ended.changes(), [""; 0], "{call}");
        ended.assert_said(&["not authorized"]);
    }
    for call in ["describe-services", "describe-task-definition"] {
        let machine = deployed(V1, V1);
        machine.fails(
            call,
            "An error occurred (AccessDeniedException): not authorized",
        );
        let ended = deploy(&machine, &[]);
        assert_ne!(ended.code, Some(0));
        ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, CLOSE, OPEN]);
    }
}

#[test]
fn services_with_different_images_are_left_alone() {
    let machine = deployed(V1, V1);
    machine.answers("task-definition/orders:8", V2);
    let ended = deploy(&machine, &[]);
    assert_eq!(ended.code, Some(1));
    ended.assert_said(&[
        "the two services run different images although no release is in progress",
        V1,
        V2,
    ]);
    ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, CLOSE, OPEN]);
}

#[test]
fn a_failing_update_says_why_and_lets_releases_begin_again() {
    let machine = deployed(V1, V1);
    machine.fails(DEPLOY, "Failed to create/update the stack");
    machine.answers(
        "describe-stack-events",
        "2026-01-01\tQueue\tUPDATE_FAILED\tno such thing",
    );
    let ended = deploy(&machine, &[]);
    assert_eq!(ended.code, Some(1));
    ended.assert_said(&[
        "no such thing",
        "stack orders could not be deployed, for the reasons above",
    ]);
    ended.assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        CLOSE,
        PACKAGE,
        DEPLOY,
        OPEN,
    ]);
}

#[test]
fn releases_are_kept_out_as_long_as_cloudformation_goes_on_updating() {
    let machine = deployed(V1, V1);
    machine.fails(
        DEPLOY,
        "Waiter StackUpdateComplete failed: Max attempts exceeded",
    );
    let status = "query Stacks[0].StackStatus";
    machine.answers(status, "UPDATE_IN_PROGRESS");
    machine.answers_once(status, "UPDATE_COMPLETE");
    machine.answers_once(status, "UPDATE_COMPLETE");
    let ended = deploy(&machine, &[]);
    ended.assert_said(&["Stage Canary of pipeline orders-release lets no execution in"]);
    ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, CLOSE, PACKAGE, DEPLOY]);
}

#[test]
fn a_stage_that_a_person_has_closed_stays_closed() {
    let machine = deployed(V1, V1);
    machine.answers(
        "get-pipeline-state",
        "False\tSucceeded\t5f0e\tno releases over Christmas",
    );
    deploy(&machine, &[]).assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, PACKAGE, DEPLOY]);
}

#[test]
fn a_stage_that_a_killed_update_has_closed_is_opened() {
    let machine = deployed(V1, V1);
    machine.answers(
        "get-pipeline-state",
        "False\tSucceeded\t5f0e\tdeploy.sh updates the stack",
    );
    deploy(&machine, &[]).assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        PACKAGE,
        DEPLOY,
        OPEN,
    ]);
}

#[test]
fn an_update_needs_no_docker() {
    let machine = deployed(V1, V1);
    machine.lacks("docker");
    assert_eq!(deploy(&machine, &[]).code, Some(0));
}
