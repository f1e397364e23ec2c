//! Task sets that go, and how many there can be.

use serde_json::json;

use super::*;

#[test]
fn a_deleted_task_set_drains_and_leaves_the_list_after_its_last_task() {
    let (mut stage, _) = Stage::stable(2);
    let v2 = stage.version("v2", Behaviour::Runs);
    let canary = stage.create_set(&v2, 50.0);
    stage.seconds(30);
    let set = stage.delete_set(&canary);
    assert_eq!(set["status"], "DRAINING");
    assert_eq!(set["computedDesiredCount"], 0);
    assert_eq!(set["stabilityStatus"], "STABILIZING");
    stage.seconds(15);
    assert_eq!(stage.counts_of(&canary), (0, 0));
    assert_eq!(stage.statuses(), ["PRIMARY", "DRAINING"]);
    let again = json!({"taskSet": canary, "force": true});
    stage.of_app("DeleteTaskSet", &again).expect("it goes on");
    stage.seconds(15);
    assert_eq!(stage.statuses(), ["PRIMARY"]);
    let (code, _) = stage.refuses("DeleteTaskSet", &again);
    assert_eq!(code, "TaskSetNotFoundException");
    assert_eq!(stage.described()["runningCount"], 2);
}

#[test]
fn a_task_set_that_drains_is_not_changed_any_more() {
    let (mut stage, stable) = Stage::stable(1);
    let v2 = stage.version("v2", Behaviour::Runs);
    let canary = stage.create_set(&v2, 100.0);
    stage.delete_set(&canary);
    let scale = json!({"taskSet": canary, "scale": {"value": 50.0}});
    stage.of_app("UpdateTaskSet", &scale).expect_err("it goes");
    let primary = json!({"primaryTaskSet": canary});
    let fault = stage.of_app("UpdateServicePrimaryTaskSet", &primary);
    fault.expect_err("it goes");
    assert_eq!(stage.set(&stable)["status"], "PRIMARY");
}

#[test]
fn the_primary_task_set_cannot_be_deleted() {
    let (mut stage, stable) = Stage::stable(1);
    for force in [false, true] {
        let delete = json!({"taskSet": stable, "force": force});
        let (code, message) = stage.refuses("DeleteTaskSet", &delete);
        assert_eq!(code, "InvalidParameterException");
        assert_eq!(message, "Primary TaskSet cannot be deleted");
    }
    stage.world.ecs.force_deletes_primary = true;
    assert_eq!(stage.delete_set(&stable)["status"], "DRAINING");
}

#[test]
fn a_scaled_task_set_may_need_force_to_be_deleted() {
    let mut stage = external(1);
    let v1 = stage.version("v1", Behaviour::Runs);
    let [first, second] = [100.0, 100.0].map(|percent| stage.create_set(&v1, percent));
    let without = |id: &str| json!({"taskSet": id});
    stage.of_app("DeleteTaskSet", &without(&first)).unwrap();
    stage.world.ecs.scaled_sets_need_force = true;
    let (code, _) = stage.refuses("DeleteTaskSet", &without(&second));
    assert_eq!(code, "InvalidParameterException");
    stage.scale_set(&second, 0.0);
    stage.of_app("DeleteTaskSet", &without(&second)).unwrap();
}

#[test]
fn a_service_has_five_task_sets_at_most_and_those_that_drain_count() {
    let mut stage = external(1);
    let v1 = stage.version("v1", Behaviour::Runs);
    let sets: Vec<String> = (0..5).map(|_| stage.create_set(&v1, 0.0)).collect();
    let sixth = json!({"taskDefinition": v1});
    let expected = "5 deployments exist on the service. Unable to create new TaskSet since this exceeds the maximum limit.";
    let (code, message) = stage.refuses("CreateTaskSet", &sixth);
    assert_eq!(code, "InvalidParameterException");
    assert_eq!(message, expected);
    stage.delete_set(&sets[0]);
    stage.seconds(5);
    assert_eq!(stage.refuses("CreateTaskSet", &sixth).1, expected);
    stage.seconds(10);
    stage.of_app("CreateTaskSet", &sixth).expect("room for it");
}

#[test]
fn task_sets_are_named_by_id_or_arn() {
    let (mut stage, stable) = Stage::stable(1);
    let arn = stage.set(&stable)["taskSetArn"].clone();
    let number = stable.strip_prefix("ecs-svc/").unwrap();
    assert_eq!(
        arn,
        format!("arn:aws:ecs:eu-central-1:123456789012:task-set/orders/app/ecs-svc/{number}")
    );
    assert_eq!(stage.set(arn.as_str().unwrap())["id"], json!(stable));
    for wrong in [
        "app",
        number,
        "arn:aws:ecs:eu-central-1:123456789012:task/orders/1",
    ] {
        let (code, message) = stage.refuses("DescribeTaskSets", &json!({"taskSets": [wrong]}));
        assert_eq!(code, "InvalidParameterException");
        assert_eq!(message, "Task Set Identifier is invalid");
    }
    let (_, message) = stage.refuses("DescribeTaskSets", &json!({}));
    assert_eq!(message, "TaskSets cannot be empty.");
}
