//! Stacks of the same names that somebody else has made.

use super::{OWN, V1, deployed, machine::Machine};

/// What AWS tells of stacks that are not the suite's, and what the person is told.
const FOREIGN: [(&str, &str); 5] = [
    (
        "UPDATE_COMPLETE\tFalse\tNone\torders\tNone",
        "it has no tag canary-release=orders",
    ),
    (
        "UPDATE_COMPLETE\tTrue\tNone\tNone\tNone",
        "it has no tag canary-release=orders",
    ),
    (
        "UPDATE_COMPLETE\tFalse\tparcels\torders\tNone",
        "it has no tag canary-release=orders",
    ),
    (
        "ROLLBACK_COMPLETE\tFalse\torders\tNone\tNone",
        "its parameter Name is not there",
    ),
    (
        "UPDATE_COMPLETE\tFalse\torders\torders\tarn:aws:cloudformation:parent",
        "it is part of stack arn:aws:cloudformation:parent",
    ),
];

/// Both scripts end before they change anything.
fn assert_left_alone(machine: &Machine, said: &[&str]) {
    for (script, options) in [
        ("deploy.sh", &[][..]),
        ("deploy.sh", &["--http"]),
        ("destroy.sh", &["--yes"]),
        ("destroy.sh", &["--yes", "--force"]),
    ] {
        machine.run(script, options, "").assert_refused(1, said);
    }
}

#[test]
fn a_stack_of_somebody_else_is_left_alone_whichever_of_the_two_it_is() {
    for stack in ["orders", "orders-artifacts"] {
        for (told, why) in FOREIGN {
            let machine = deployed(V1, V1);
            machine.answers(&format!("{stack} --query Stacks[0].[StackStatus"), told);
            let said = format!("stack {stack} was not made by infra/deploy.sh");
            assert_left_alone(&machine, &[&said, why, "--name"]);
        }
    }
}

#[test]
fn it_is_left_alone_where_the_other_of_the_two_is_not_there() {
    let machine = deployed(V1, V1);
    machine.fails(
        "[StackStatus",
        "An error occurred (ValidationError): does not exist",
    );
    machine.answers("orders --query Stacks[0].[StackStatus", FOREIGN[0].0);
    assert_left_alone(&machine, &["stack orders was not made by infra/deploy.sh"]);
}

#[test]
fn a_stack_with_the_tag_whose_template_is_another_one_is_left_alone() {
    for (stack, template) in [
        ("orders", "Resources: {}"),
        ("orders", "CanaryRelease: canary-release/artifacts"),
        ("orders-artifacts", "CanaryRelease: canary-release/queue"),
    ] {
        let machine = deployed(V1, V1);
        machine.answers(&format!("get-template --stack-name {stack} "), template);
        assert_left_alone(&machine, &["its template has no metadata CanaryRelease"]);
    }
}

#[test]
fn a_stack_that_somebody_has_planned_is_left_alone_and_an_own_plan_is_not() {
    let machine = deployed(V1, V1);
    let planned = "REVIEW_IN_PROGRESS\tFalse\tNone\tNone\tNone";
    machine.answers("orders --query Stacks[0].[StackStatus", planned);
    machine.answers("list-change-sets", "first-try");
    machine.answers("describe-change-set", "None");
    assert_left_alone(
        &machine,
        &["change set first-try has no tag canary-release=orders"],
    );
    machine.answers("describe-change-set", "orders");
    let ended = machine.run("destroy.sh", &["--yes"], "");
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_said(&["stack orders: nothing but its plan"]);
}

#[test]
fn whose_a_stack_is_must_be_known() {
    for call in [
        "[StackStatus",
        "get-template ",
        "[ParameterKey, ParameterValue]",
    ] {
        let machine = deployed(V1, V1);
        machine.fails(call, "An error occurred (AccessDenied): not authorized");
        assert_left_alone(&machine, &["not authorized"]);
    }
}

#[test]
fn a_table_of_releases_that_is_somebody_elses_is_not_asked_where_there_is_no_stack() {
    let machine = deployed(V1, V1);
    machine.answers("dynamodb get-item", "3f1c2a90\tShifting");
    machine.fails(
        "orders --query Stacks[0].[StackStatus",
        "Stack with id orders does not exist",
    );
    machine.answers("orders-artifacts --query Stacks[0].[StackStatus", OWN);
    let ended = machine.run("destroy.sh", &["--yes"], "");
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_changes(&["delete-stack --stack-name orders-artifacts"]);
}
