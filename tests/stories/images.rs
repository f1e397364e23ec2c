//! What AWS's own SDK makes of images and their tags.

use std::time::Duration;

use aws_sdk_ecr::{
    config::Region, error::SdkError, operation::describe_images::DescribeImagesError,
    types::ImageIdentifier,
};
use rehearsal_core::{
    clock::Moment,
    wire::Account,
    world::{
        Effect, Identity, World,
        ecr::{self, Repository, Tags},
        ecs,
    },
};
use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;

use crate::connector::{REGION, client, config};

/// The account of these stories with the repository `app`, in which `latest` is an index.
fn account() -> (Account, String) {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: REGION.to_owned(),
    };
    let mut world = World::new(identity, Moment(1_790_960_680_000), 1);
    let app = Repository::here(&world, "app");
    ecr::create(&mut world, &app, Tags::Mutable).expect("a repository");
    let index = ecr::push_index(&mut world, &app, "latest", 2).expect("a push");
    (Account::new(world, unbounded_channel().0), index)
}

fn latest() -> ImageIdentifier {
    ImageIdentifier::builder().image_tag("latest").build()
}

#[tokio::test]
async fn a_tag_is_resolved_to_a_digest_and_says_what_it_names() {
    let (account, index) = account();
    let ecr = client!(aws_sdk_ecr, account, "somebody");
    let asked = ecr.describe_images().repository_name("app");
    let found = asked.image_ids(latest()).send().await.expect("an answer");
    let [image] = found.image_details() else {
        panic!("{found:?}");
    };
    assert_eq!(image.image_digest(), Some(index.as_str()));
    assert_eq!(image.image_tags(), ["latest"]);
    assert_eq!(image.image_manifest_media_type(), Some(ecr::INDEX));
    assert_eq!(
        image.image_pushed_at().expect("a time").secs(),
        1_790_960_680
    );
}

#[tokio::test]
async fn another_region_has_images_of_its_own() {
    let (account, _) = account();
    let there = config!(aws_sdk_ecr, account, "somebody").region(Region::new("us-east-1"));
    let there = aws_sdk_ecr::Client::from_conf(there.build());
    let ask = || {
        let asked = there.describe_images().repository_name("app");
        asked.image_ids(latest()).send()
    };
    let missing = ask().await.map_err(SdkError::into_service_error);
    assert!(matches!(
        missing,
        Err(DescribeImagesError::RepositoryNotFoundException(_))
    ));
    let pushed = account.with(|world| {
        let mut app = Repository::here(world, "app");
        "us-east-1".clone_into(&mut app.region);
        ecr::create(world, &app, Tags::Mutable).expect("a repository");
        ecr::push(world, &app, "latest").expect("a push")
    });
    let found = ask().await.expect("an answer");
    assert_eq!(
        found.image_details()[0].image_digest(),
        Some(pushed.as_str())
    );
}

#[tokio::test]
async fn a_tag_that_is_not_there_is_an_error_that_the_sdk_knows() {
    let (account, _) = account();
    let ecr = client!(aws_sdk_ecr, account, "somebody");
    let missing = ImageIdentifier::builder().image_tag("v9").build();
    let asked = ecr.describe_images().repository_name("app");
    let error = asked.image_ids(missing).send().await.expect_err("no image");
    let error = error.into_service_error();
    assert!(error.is_image_not_found_exception(), "{error:?}");
}

/// A service `app` of one task, which runs whatever `latest` names.
fn run_latest(world: &mut World) {
    ecs::create_cluster(world, "orders");
    let image = format!("{}:latest", Repository::here(world, "app").uri());
    let definition = json!({
        "family": "app",
        "containerDefinitions": [{ "name": "app", "image": image, "memory": 256 }],
    });
    let definition = ecs::register_task_definition(world, &definition).expect("a definition");
    let service = json!({
        "cluster": "orders", "serviceName": "app", "taskDefinition": definition, "desiredCount": 1,
    });
    ecs::create_service(world, &service).expect("a service");
    for _ in 0..20 {
        world.tick(world.now + Duration::from_secs(1));
        for effect in std::mem::take(&mut world.outbox) {
            if let Effect::StartTask(launch) = effect {
                ecs::task_running(world, &launch.task_arn);
            }
        }
    }
}

#[tokio::test]
async fn a_task_says_which_image_it_runs() {
    let (account, index) = account();
    account.with(run_latest);
    let ecs = client!(aws_sdk_ecs, account, "somebody");
    let listed = ecs.list_tasks().cluster("orders").send().await;
    let arns = listed.expect("an answer").task_arns;
    let asked = ecs.describe_tasks().cluster("orders");
    let described = asked.set_tasks(arns).send().await.expect("an answer");
    let container = &described.tasks()[0].containers()[0];
    assert!(
        container
            .image()
            .is_some_and(|it| it.ends_with("/app:latest"))
    );
    assert_eq!(container.image_digest(), Some(index.as_str()));
}
