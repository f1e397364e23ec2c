//! Task sets.

use aws_sdk_ecs::types::{Scale, ScaleUnit, StabilityStatus, TaskSetField};
use rehearsal_core::world::ecs;

use super::*;

fn percent(value: f64) -> Scale {
    let scale = Scale::builder().value(value);
    scale.unit(ScaleUnit::Percent).build()
}

/// A service with an external deployment controller, and `app:1`.
fn with_service() -> Account {
    let account = account();
    account.with(|world| {
        ecs::create_cluster(world, "orders");
        let container = json!({ "name": "app", "image": "app:v1" });
        let definition = json!({ "family": "app", "containerDefinitions": [container] });
        ecs::register_task_definition(world, &definition).unwrap();
        let service = json!({ "cluster": "orders", "serviceName": "app", "desiredCount": 7,
            "deploymentController": { "type": "EXTERNAL" } });
        ecs::create_service(world, &service).unwrap();
    });
    account
}

#[tokio::test(start_paused = true)]
async fn a_task_set_is_created_scaled_made_primary_and_told() {
    let account = with_service();
    let ecs = client!(aws_sdk_ecs, account, "deploy-canary");
    let create = ecs.create_task_set().cluster("orders").service("app");
    let created = create
        .task_definition("app:1")
        .external_id("release-7")
        .client_token("release-7-candidate")
        .scale(percent(100.0 * 2.5 / 7.0))
        .send();
    let set = created.await.unwrap().task_set.unwrap();
    assert_eq!(set.stability_status, Some(StabilityStatus::Stabilizing));
    let id = set.id.unwrap();

    account.with(|world| {
        let now = world.now;
        world.tick(now + Duration::from_secs(5));
    });
    let describe = ecs.describe_task_sets().cluster("orders").service("app");
    let described = describe
        .task_sets(&id)
        .task_sets("ecs-svc/1")
        .include(TaskSetField::Tags)
        .send();
    let described = described.await.unwrap();
    let [set] = described.task_sets() else {
        panic!("{described:?}");
    };
    assert_eq!(set.computed_desired_count, 3);
    assert_eq!(set.external_id(), Some("release-7"));
    assert_eq!(set.scale().map(Scale::value), Some(100.0 * 2.5 / 7.0));
    assert_eq!(described.failures()[0].reason(), Some("MISSING"));

    let update = ecs.update_task_set().cluster("orders").service("app");
    let updated = update.task_set(&id).scale(percent(100.0)).send();
    assert_eq!(
        updated.await.unwrap().task_set.unwrap().status(),
        Some("ACTIVE")
    );
    let primary = ecs.update_service_primary_task_set();
    let primary = primary.cluster("orders").service("app");
    let primary = primary.primary_task_set(&id).send().await.unwrap();
    assert_eq!(primary.task_set.unwrap().status(), Some("PRIMARY"));

    let services = ecs.describe_services().cluster("orders");
    let services = services.services("app").send().await.unwrap();
    let service = &services.services()[0];
    assert!(service.deployments().is_empty());
    assert_eq!(service.task_sets()[0].id(), Some(id.as_str()));
    assert_eq!(service.task_definition(), set.task_definition());
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_arrives_under_its_name() {
    let account = with_service();
    let ecs = client!(aws_sdk_ecs, account, "rollback");
    let delete = || ecs.delete_task_set().cluster("orders").service("app");
    let gone = delete().task_set("ecs-svc/1").force(true).send().await;
    assert!(gone.is_err_and(|error| {
        let error = error.as_service_error();
        error.is_some_and(
            aws_sdk_ecs::operation::delete_task_set::DeleteTaskSetError::is_task_set_not_found_exception,
        )
    }));
    let create = ecs.create_task_set().cluster("orders").service("billing");
    let refused = create.task_definition("app:1").send().await;
    assert_eq!(code(refused), "ServiceNotFoundException");
}
