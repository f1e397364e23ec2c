//! The example of task sets: which group is stable, which sets there are and which part each has is not for an update to change.

use super::{
    BUILD_FUNCTIONS, CLOSE, DEPLOY_ARTIFACTS, Ended, OPEN, V1, deploy, deployed, empty,
    machine::Machine,
};

const PACKAGE: &str = "aws cloudformation package --template-file infra/task-sets.yaml";
const RULE: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener-rule/app/orders/1/2/3";
const RELEASE: &str = "3f1c2a90";

/// A set as AWS tells it: id, status, scale, target group.
fn set(id: &str, status: &str, scale: &str, group: &str) -> String {
    format!("ecs-svc/{id}\t{status}\t{scale}\t{group}")
}

/// An account with the example, whose service has these sets; all but the first are a release's.
fn with_sets(sets: &[String]) -> Machine {
    let machine = deployed(V1, V1);
    machine.answers(
        "get-template --stack-name orders ",
        "canary-release/task-sets",
    );
    machine.answers("ParameterKey=='Stable'", "blue");
    machine.answers("ParameterKey=='WorkFrom'", "queue");
    machine.answers("].taskSets[].[", &sets.join("\n"));
    let tags = sets.iter().map(|set| {
        let id = set.split('\t').next().unwrap_or_default();
        format!("{id}\t{RELEASE}\tNone")
    });
    machine.answers("describe-task-sets", &tags.collect::<Vec<_>>().join("\n"));
    machine
}

/// The same behind a load balancer, the stable set in this group and the rule with these weights: blue's and green's.
fn behind(group: &str, weights: &str) -> Machine {
    let kept = set("1", "ACTIVE", "0.0", "arn:blue");
    let machine = with_sets(&[kept, set("2", "PRIMARY", "100.0", group)]);
    machine.answers("ParameterKey=='WorkFrom'", "alb");
    machine.answers("OutputKey=='ListenerRuleArn'", RULE);
    machine.answers("OutputKey=='BlueTargetGroupArn'", "arn:blue");
    machine.answers("OutputKey=='GreenTargetGroupArn'", "arn:green");
    machine.answers("elbv2 describe-rules", weights);
    machine
}

fn updates(machine: &Machine) -> Ended {
    deploy(machine, &["--task-sets"])
}

/// Nothing of the stack was touched, and the stage is open again.
fn assert_refused(machine: &Machine, said: &[&str]) {
    let ended = updates(machine);
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    ended.assert_said(said);
    ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, CLOSE, OPEN]);
}

#[test]
fn the_first_deployment_pushes_the_image_of_the_first_set_and_says_that_a_release_makes_that() {
    let machine = empty();
    let ended = updates(&machine);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        PACKAGE,
        &format!("/task-sets.yaml --parameter-overrides Name=orders Image={V1} "),
    ]);
    ended.assert_said(&[
        "The first release makes the first task set too: until then nothing runs.",
        "infra/send-messages.sh --name orders",
    ]);
}

#[test]
fn an_update_passes_the_group_of_the_primary_set_first_alone_and_no_image() {
    let ended = updates(&behind("arn:green", "100\t0"));
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_changes(&[
        DEPLOY_ARTIFACTS,
        BUILD_FUNCTIONS,
        CLOSE,
        "/deployed.yaml --parameter-overrides Stable=green ",
        PACKAGE,
        "/task-sets.yaml --parameter-overrides Name=orders Stable=green ",
        OPEN,
    ]);
}

#[test]
fn consumers_of_a_queue_have_no_group_and_an_update_changes_none() {
    let kept = set("1", "ACTIVE", "0.0", "None");
    let draining = set("3", "DRAINING", "0.0", "None");
    let ended = updates(&with_sets(&[
        kept,
        set("2", "PRIMARY", "100.0", "None"),
        draining,
    ]));
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(!ended.said.contains("Telling stack"), "{}", ended.said);
    assert!(!ended.calls.iter().any(|call| call.contains("elbv2")));
}

#[test]
fn before_the_first_release_there_is_no_set_and_an_update_goes_through() {
    let ended = updates(&with_sets(&[]));
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_said(&["Deployed"]);
}

#[test]
fn an_update_is_refused_while_requests_go_elsewhere_than_to_the_primary_set() {
    for (group, weights, told) in [
        (
            "arn:green",
            "0\t100",
            "green: 0, blue: 100; at rest 100 and 0",
        ),
        (
            "arn:blue",
            "90\t10",
            "blue: 90, green: 10; at rest 100 and 0",
        ),
    ] {
        assert_refused(
            &behind(group, weights),
            &[
                "the weights of the load balancer are not at rest",
                told,
                "aws elbv2 modify-rule",
            ],
        );
    }
    assert_refused(
        &behind("arn:other", "100\t0"),
        &[
            "the PRIMARY task set of service orders is in neither target group of the stack: arn:other",
        ],
    );
}

#[test]
fn an_update_is_refused_while_a_set_is_not_as_releases_leave_it() {
    let primary = |scale| set("2", "PRIMARY", scale, "None");
    for (sets, told) in [
        (
            vec![primary("40.0")],
            "task set ecs-svc/2 of service orders is PRIMARY and has 40.0 % of its tasks although no release is in progress",
        ),
        (
            vec![set("1", "ACTIVE", "35.7", "None"), primary("100.0")],
            "task set ecs-svc/1 of service orders has 35.7 % of its tasks, and is not PRIMARY",
        ),
        (
            vec![set("1", "ACTIVE", "0.0", "None")],
            "service orders has no PRIMARY task set, although a release has promoted one",
        ),
    ] {
        assert_refused(&with_sets(&sets), &[told]);
    }
}

#[test]
fn an_update_is_refused_while_there_is_a_set_that_no_release_has_made() {
    let sets = [
        set("1", "ACTIVE", "0.0", "None"),
        set("2", "PRIMARY", "100.0", "None"),
    ];
    let machine = with_sets(&sets);
    machine.answers(
        "describe-task-sets",
        "ecs-svc/1\tNone\tNone\necs-svc/2\t3f1c2a90\tNone",
    );
    assert_refused(
        &machine,
        &["task set ecs-svc/1 of service orders is not PRIMARY, and no release has made it"],
    );

    // What was there before the first release is what that release keeps.
    machine.answers(
        "describe-task-sets",
        "ecs-svc/1\tNone\tNone\necs-svc/2\t3f1c2a90\tecs-svc/1",
    );
    let ended = updates(&machine);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

#[test]
fn a_service_that_has_lost_its_primary_set_is_not_taken_for_a_new_one() {
    let machine = with_sets(&[]);
    machine.answers("dynamodb get-item", "3f1c2a90\tPromoted");
    assert_refused(
        &machine,
        &["service orders has no PRIMARY task set, although a release has promoted one"],
    );
    let gone = with_sets(&["None".to_owned()]);
    assert_refused(&gone, &["cluster orders has no active service orders"]);
}

#[test]
fn sets_that_cannot_be_read_are_not_taken_to_be_at_rest() {
    for call in [
        "].taskSets[].[",
        "describe-task-sets",
        "elbv2 describe-rules",
    ] {
        let machine = behind("arn:blue", "100\t0");
        machine.fails(
            call,
            "An error occurred (AccessDeniedException): not authorized",
        );
        let ended = updates(&machine);
        assert_ne!(ended.code, Some(0));
        ended.assert_said(&["not authorized"]);
        ended.assert_changes(&[DEPLOY_ARTIFACTS, BUILD_FUNCTIONS, CLOSE, OPEN]);
    }
}

#[test]
fn a_release_in_progress_is_the_reason_that_is_told_and_not_the_parts_it_gives() {
    let machine = with_sets(&[set("1", "PRIMARY", "60.0", "None")]);
    machine.answers("dynamodb get-item", "3f1c2a90\tShifting");
    updates(&machine).assert_refused(1, &["a release is in progress", "3f1c2a90, phase Shifting"]);
}

#[test]
fn parameters_that_do_not_fit_are_refused_before_anything_is_built() {
    let cases: [(&[&str], &str); 9] = [
        (&["Stable=green"], "--parameter Stable is not for people"),
        (&["Image=mine"], "--parameter Image is not for people"),
        (
            &["ServiceMinTasks=9", "ServiceMaxTasks=3"],
            "ServiceMinTasks is 9 and ServiceMaxTasks 3; the least must not be above the most",
        ),
        (
            &["MaxTasks=4", "ServiceMinTasks=4"],
            "MaxTasks is 4 and ServiceMinTasks 4; no task would be left for the canary",
        ),
        (
            &["FurtherSteps=[{\"weight\":60,\"bakeMinutes\":1}]"],
            "FurtherSteps: field [0].weight is 60, which cannot be reached while the stable set keeps its tasks (Mode additive); allowed is 0 to 50",
        ),
        (
            &["FurtherSteps=[{\"weight\":20,\"weight\":30}]"],
            "FurtherSteps: field [0] needs \"weight\" once",
        ),
        (
            &["WorkFrom=alb", "Mode=constantTotal"],
            "Mode is for consumers of a queue",
        ),
        (
            &["MinTasks=2"],
            "MinTasks is for tasks behind a load balancer",
        ),
        (
            &["WorkFrom=url"],
            "parameter WorkFrom is \"url\"; allowed is",
        ),
    ];
    for (given, said) in cases {
        let given = given.iter().flat_map(|it| ["--parameter", *it]);
        let options: Vec<_> = ["--task-sets"].into_iter().chain(given).collect();
        deploy(&empty(), &options).assert_refused(2, &[said]);
    }
}

#[test]
fn what_only_consumers_of_a_queue_cannot_do_is_taken_behind_a_load_balancer() {
    let steps = "FurtherSteps=[{\"weight\":60,\"bakeMinutes\":1}]";
    let options = ["--task-sets", "--parameter", steps, "--parameter"];
    for more in ["WorkFrom=alb", "Mode=constantTotal"] {
        let machine = empty();
        machine.answers(
            "OutputKey=='Url'",
            "http://orders-1.eu-central-1.elb.amazonaws.com/",
        );
        let ended = deploy(&machine, &[&options[..], &[more]].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.said);
    }
}

#[test]
fn a_name_that_no_load_balancer_may_have_is_refused_where_there_is_one() {
    let name = ["--name", "internal-shop", "--task-sets"];
    let behind = [&name[..], &["--parameter", "WorkFrom=alb"]].concat();
    deploy(&empty(), &behind).assert_refused(
        2,
        &["--name internal-shop would be the load balancer's name too"],
    );
    let ended = deploy(&empty(), &name);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

#[test]
fn the_service_goes_with_its_sets_before_the_stack() {
    let machine = with_sets(&[set("1", "PRIMARY", "100.0", "None")]);
    let ended = machine.run("destroy.sh", &["--yes"], "");
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    ended.assert_said(&["Deleted:\n  service orders with its task sets\n  stack orders\n"]);
    ended.assert_changes(&[
        "ecs delete-service --cluster orders --service orders --force",
        "cloudformation delete-stack --stack-name orders",
        "cloudformation delete-stack --stack-name orders-artifacts",
    ]);
}

#[test]
fn a_service_that_is_gone_already_is_no_reason_to_stop() {
    let machine = with_sets(&[]);
    machine.fails(
        "delete-service",
        "An error occurred (ServiceNotFoundException): Service not found.",
    );
    let ended = machine.run("destroy.sh", &["--yes"], "");
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    machine.fails(
        "delete-service",
        "An error occurred (AccessDeniedException): not authorized",
    );
    let ended = machine.run("destroy.sh", &["--yes"], "");
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    ended.assert_said(&["service orders cannot be deleted", "not authorized"]);
    assert!(!ended.calls.iter().any(|call| call.contains("delete-stack")));
}
