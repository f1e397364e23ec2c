//! What a person meets who deploys, updates, feeds and deletes the example with the scripts of `infra/`.

mod contradictions;
mod deleting;
mod deploying;
mod foreign;
mod http;
mod lambda;
mod machine;
mod real_cli;
mod sending;
mod task_sets;
mod updating;
mod usage;

use self::machine::{Ended, Machine};

const REPOSITORY: &str = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/orders";
const V1: &str = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/orders@sha256:1111111111111111111111111111111111111111111111111111111111111111";
const V2: &str = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/orders@sha256:2222222222222222222222222222222222222222222222222222222222222222";

/// What AWS tells of a stack that is ours: status, termination protection, tag, parameter `Name`, parent.
const OWN: &str = "UPDATE_COMPLETE\tFalse\torders\torders\tNone";

const DEPLOY_ARTIFACTS: &str = "aws cloudformation deploy --stack-name orders-artifacts --template-file infra/artifacts.yaml --parameter-overrides Name=orders ";
const DEPLOY: &str = "aws cloudformation deploy --stack-name orders --template-file";
const BUILD_FUNCTIONS: &str = "cargo lambda build --release --locked --arm64 --output-format zip \
     --package=deploy-canary --package=shift-weight --package=promote-primary --package=rollback";
const PACKAGE: &str = "aws cloudformation package --template-file infra/main.yaml";
const CLOSE: &str =
    "aws codepipeline disable-stage-transition --pipeline-name orders-release --stage-name Canary";
const OPEN: &str =
    "aws codepipeline enable-stage-transition --pipeline-name orders-release --stage-name Canary";

fn deploy(machine: &Machine, options: &[&str]) -> Ended {
    machine.run("deploy.sh", options, "")
}

/// An account that has nothing but, once it is made, the stack of the artifacts.
fn empty() -> Machine {
    let machine = Machine::new();
    machine.answers("OutputKey=='PackageBucket'", "orders-packages");
    machine.answers("OutputKey=='RepositoryUri'", REPOSITORY);
    machine.answers("git rev-parse", "c0ffee");
    machine.answers("ecr describe-images", &V1[V1.len() - 71..]);
    machine
}

/// An account with the example: the stack was told the image `known`, the services run `live`.
fn deployed(known: &str, live: &str) -> Machine {
    let machine = empty();
    machine.answers("StackStatus", "UPDATE_COMPLETE");
    machine.answers("[StackStatus", OWN);
    machine.answers("get-template --stack-name orders ", "canary-release/queue");
    machine.answers(
        "get-template --stack-name orders-artifacts ",
        "canary-release/artifacts",
    );
    machine.answers(
        "[ParameterKey, ParameterValue]",
        &format!("Name\torders\nImage\t{known}"),
    );
    machine.answers("ParameterKey=='Image'", known);
    machine.answers("dynamodb get-item", "None");
    machine.answers("get-pipeline-state", "True\tSucceeded\t5f0e\tNone");
    machine.answers(
        "services orders ",
        "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:7",
    );
    machine.answers(
        "services orders-canary ",
        "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:8",
    );
    machine.answers("describe-task-definition", live);
    machine
}
