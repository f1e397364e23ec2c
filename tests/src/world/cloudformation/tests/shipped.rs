//! The shipped templates as stacks: created, updated by every parameter, deleted.

mod task_sets;

use std::{collections::BTreeMap, fs};

use serde_json::json;

use super::Account;
use crate::{
    stage::{Behaviour, Version},
    workspace,
    world::{
        Effect,
        codepipeline::{self, Played},
        ecr, ecs,
        elb::{self, Checked},
        functions::{self, Ended},
        s3,
    },
};

const ADDRESS: &str = "https://s3.eu-central-1.amazonaws.com/packages";

impl Account {
    /// What the account wants done outside is done at once, and goes well.
    fn lives(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.passes(1);
            for effect in std::mem::take(&mut self.0.outbox) {
                self.carry_out(effect);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        let world = &mut self.0;
        match effect {
            Effect::StartTask(launch) => {
                ecs::task_running(world, &launch.task_arn);
                ecs::task_health(world, &launch.task_arn, ecs::Health::Healthy);
            }
            Effect::SignalTask { task_arn, .. } => {
                ecs::task_exited(world, &task_arn, Some(0), None);
            }
            Effect::Invoke(invocation) => {
                functions::ended(world, &invocation.run, Ended::Answer(json!({})));
            }
            Effect::CheckTarget(probe) => elb::checked(world, &probe, Checked::Status(200)),
            Effect::PlayAction(action) => {
                let how = Played::Failed("nobody builds here".to_owned());
                codepipeline::action_finished(world, &action.action_execution, how);
            }
        }
    }

    /// Makes stack `orders` be as a template of `infra/` has it with these parameters; answers its status.
    fn deploys(&mut self, root: &str, parameters: &BTreeMap<&str, String>) -> String {
        let address = format!("{ADDRESS}/{root}");
        let parameters = parameters.iter().map(|(key, value)| (*key, value));
        self.propose_from("TemplateURL", &address, parameters)
            .expect("a change set");
        self.lives(2);
        let named = json!({ "StackName": "orders", "ChangeSetName": "changes" });
        self.call("ExecuteChangeSet", &named);
        for _ in 0..200 {
            self.lives(10);
            let status = self.status();
            if !status.ends_with("_IN_PROGRESS") {
                return status;
            }
        }
        self.status()
    }

    /// What failed, also in nested stacks.
    fn failures(&self) -> Vec<String> {
        let stacks = self.0.cloudformation.stacks.iter();
        let events = stacks.flat_map(|stack| &stack.events);
        events
            .filter(|event| event.status.ends_with("_FAILED"))
            .map(|event| {
                let reason = event.reason.as_deref().unwrap_or_default();
                format!("{} {}: {reason}", event.logical, event.status)
            })
            .collect()
    }
}

/// An account with the templates in a bucket, as packaging leaves them.
fn packaged() -> Account {
    let mut account = Account::new();
    let world = &mut account.0;
    world.iam.strict = true;
    world.cloudformation.step = std::time::Duration::from_millis(100);
    world.s3.create_bucket("packages");
    for folder in ["", "traffic/"] {
        for file in fs::read_dir(workspace().join("infra").join(folder)).expect("infra") {
            let path = file.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            if name.ends_with(".yaml") {
                let text = fs::read_to_string(&path).expect("a template");
                let nested = format!("TemplateURL: {ADDRESS}/{folder}");
                let text = text.replace("TemplateURL: ./", &nested);
                s3::put(world, "packages", &format!("{folder}{name}"), text.into())
                    .expect("the bucket");
            }
        }
    }
    account
}

/// The same with an image; answers it.
fn with_image() -> (Account, String) {
    let mut account = packaged();
    let world = &mut account.0;
    let images = ecr::Repository::here(world, "orders");
    ecr::create(world, &images, ecr::Tags::Immutable).expect("a repository");
    let image = pushed(&mut account, "v1");
    (account, image)
}

/// The same with a function's package, and the parameters that name it.
fn with_package() -> (Account, BTreeMap<&'static str, String>) {
    let mut account = packaged();
    let package = Version::new("v1", Behaviour::Works).package();
    s3::put(&mut account.0, "packages", "v1.zip", package).expect("the bucket");
    let parameters = BTreeMap::from([
        ("PackageBucket", "packages".to_owned()),
        ("PackageKey", "v1.zip".to_owned()),
    ]);
    (account, parameters)
}

fn pushed(account: &mut Account, tag: &str) -> String {
    let images = ecr::Repository::here(&account.0, "orders");
    let digest = ecr::push(&mut account.0, &images, tag).expect("a push");
    format!("{}@{digest}", images.uri())
}

/// The stack of services with one parameter after the other changed, and then without anything.
fn lives_and_ends(root: &str, changes: &[(&'static str, &str)]) {
    let (mut account, image) = with_image();
    let parameters = BTreeMap::from([("Image", image)]);
    let released = pushed(&mut account, "v2");
    let changes = [&[("Image", released.as_str())], changes].concat();
    changes_and_ends(&mut account, root, parameters, &changes);
}

fn changes_and_ends(
    account: &mut Account,
    root: &str,
    mut parameters: BTreeMap<&'static str, String>,
    changes: &[(&'static str, &str)],
) {
    let created = account.deploys(root, &parameters);
    assert_eq!(created, "CREATE_COMPLETE", "{:#?}", account.failures());
    for (parameter, value) in changes {
        parameters.insert(parameter, (*value).to_owned());
        let updated = account.deploys(root, &parameters);
        assert_eq!(
            updated,
            "UPDATE_COMPLETE",
            "{parameter}: {:#?}",
            account.failures()
        );
    }
    account.call("DeleteStack", &json!({ "StackName": "orders" }));
    account.lives(600);
    assert_eq!(account.stack(), None, "{:#?}", account.failures());
    let all = crate::world::tagging::call(&account.0, "GetResources", &json!({}));
    let left = all.expect("an answer")["ResourceTagMappingList"].take();
    let left = left.as_array().expect("a list").iter();
    let left: Vec<&str> = left
        .filter_map(|it| it["ResourceARN"].as_str())
        .filter(|arn| !arn.contains(":task-definition/"))
        .collect();
    assert_eq!(left, Vec::<&str>::new());
}

#[test]
fn every_parameter_of_the_queue_s_example_can_be_changed() {
    lives_and_ends(
        "main.yaml",
        &[
            ("PrimaryMinTasks", "3"),
            ("PrimaryMaxTasks", "30"),
            ("VisibilityTimeoutSeconds", "45"),
            ("StopTimeoutSeconds", "20"),
            ("MaxReceives", "7"),
            ("Steps", r#"[{"weight":20,"bakeMinutes":1}]"#),
            ("PromotionBakeSeconds", "60"),
            ("RestingTasks", "2"),
            ("MaxTasks", "30"),
            ("FloorPrimary", "false"),
            ("Mode", "constantTotal"),
            ("MaxDeadLetters", "3"),
            ("GuardMaxDeadLetters", "3"),
            ("MaxTaskExits", "3"),
            ("ProtectedTasks", "wait"),
            ("Verdict", "tell"),
            ("Evidence", r#"{"alpha":0.05}"#),
            ("GuardMinutes", "30"),
            ("SourceObjectKey", "other.zip"),
            ("TaskDefinition", "taskdef.json"),
            ("ValidateBuildspec", "tests/buildspec.yml"),
            ("NotificationEmail", "me@example.com"),
            ("NotificationEmail", ""),
            ("LogRetentionDays", "90"),
        ],
    );
}

#[test]
fn every_parameter_of_the_http_example_can_be_changed() {
    lives_and_ends(
        "http.yaml",
        &[
            ("PrimaryMinTasks", "3"),
            ("PrimaryMaxTasks", "30"),
            ("ClientCidr", "192.0.2.0/24"),
            ("DeregistrationDelaySeconds", "60"),
            ("StopTimeoutSeconds", "70"),
            ("Steps", r#"[{"weight":20,"bakeMinutes":1}]"#),
            ("DrainStep", "10"),
            ("DrainIntervalSeconds", "20"),
            ("PromotionBakeSeconds", "60"),
            ("MinTasks", "2"),
            ("MaxUnhealthyTargets", "1"),
            ("RestingTasks", "2"),
            ("MaxTaskExits", "3"),
            ("ProtectedTasks", "wait"),
            ("Verdict", "tell"),
            ("Evidence", r#"{"alpha":0.05}"#),
            ("GuardMinutes", "30"),
            ("SourceObjectKey", "other.zip"),
            ("TaskDefinition", "taskdef.json"),
            ("NotificationEmail", "me@example.com"),
            ("LogRetentionDays", "90"),
        ],
    );
}

const FUNCTION_CHANGES: [(&str, &str); 17] = [
    ("TimeoutSeconds", "20"),
    ("MemoryMegabytes", "256"),
    ("WorkMilliseconds", "50"),
    ("Steps", r#"[{"weight":0.5,"bakeMinutes":1}]"#),
    ("PromotionBakeSeconds", "60"),
    ("Verdict", "tell"),
    ("Evidence", r#"{"alpha":0.05}"#),
    ("GuardMinutes", "30"),
    ("ErrorPercent", "8"),
    ("FewestInvocations", "50"),
    ("LatencySeconds", "2.5"),
    ("BacklogSeconds", "600"),
    ("SourceObjectKey", "other.zip"),
    ("NotificationEmail", "me@example.com"),
    ("NotificationEmail", ""),
    ("LogRetentionDays", "90"),
    // The one that is live, as deploy.sh gives it at every update.
    ("Version", "1"),
];

#[test]
fn every_parameter_of_the_function_s_example_can_be_changed() {
    let (mut account, parameters) = with_package();
    let of_the_queue = [
        ("BatchSize", "5"),
        ("VisibilityTimeoutSeconds", "240"),
        ("MaxReceives", "7"),
        ("MaxDeadLetters", "3"),
        ("GuardMaxDeadLetters", "3"),
    ];
    let changes: Vec<_> = FUNCTION_CHANGES.into_iter().chain(of_the_queue).collect();
    changes_and_ends(&mut account, "lambda.yaml", parameters, &changes);
}

#[test]
fn the_function_s_example_with_a_url_can_be_changed_and_ends() {
    let (mut account, mut parameters) = with_package();
    parameters.insert("InvokedBy", "url".to_owned());
    let changes = [("TimeoutSeconds", "20"), ("LatencySeconds", "2.5")];
    changes_and_ends(&mut account, "lambda.yaml", parameters, &changes);
}

#[test]
fn an_update_to_a_version_that_does_not_exist_is_undone_and_the_alias_stays() {
    let (mut account, mut parameters) = with_package();
    let created = account.deploys("lambda.yaml", &parameters);
    assert_eq!(created, "CREATE_COMPLETE", "{:#?}", account.failures());
    parameters.insert("Version", "9".to_owned());
    parameters.insert("BacklogSeconds", "600".to_owned());
    let updated = account.deploys("lambda.yaml", &parameters);
    assert_eq!(updated, "UPDATE_ROLLBACK_COMPLETE");
    let failures = account.failures();
    let told = failures.iter().any(|it| it.contains("Function not found"));
    assert!(told, "{failures:#?}");
    let behind = functions::shares(&account.0, "orders", "live");
    assert_eq!((behind.len(), behind[0].version.as_str()), (1, "1"));
}
