//! What a release would run into is refused by name, through the real job, before the first write.

use rehearsal_core::stage::{self, Behaviour, DEPLOY_CANARY, Entrance, Script, Stage, Version};
use serde_json::{Value, json};

use super::{balanced, consumers, v2};
use crate::play::{Artifact, Play, sets_of_service, task_sets};

async fn play(stage: &Stage) -> (Play, String) {
    let play = Play::begin(stage, v2(Behaviour::Works)).await;
    let release = play.held_execution();
    (play, release)
}

/// Gives deploy-canary a job; it is refused, and nothing has changed.
async fn refused(play: &Play, release: &str, expected: &str) {
    let before = (play.writes().len(), play.pair());
    let parameters = format!("{{\"release\": \"{release}\"}}");
    let image = Version::new("v2", Behaviour::Works).image();
    let definitions = json!([{ "name": stage::CONTAINER, "imageUri": image }]);
    let artifact = Artifact::zip("imagedefinitions.json", &definitions.to_string());
    let refused = play
        .job_with(DEPLOY_CANARY, Some(&parameters), artifact)
        .await;
    assert!(
        refused.message.contains(expected),
        "expected {expected}\nfound    {}",
        refused.message
    );
    assert_eq!(
        (play.writes().len(), play.pair()),
        before,
        "nothing was changed"
    );
    assert_eq!(play.phase(), "none", "nothing was recorded");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_ecs_deploys_itself() {
    let (play, release) = play(&consumers()).await;
    play.show_services(|service| {
        service["deploymentController"] = json!({ "type": "ECS" });
    });
    let told = "service orders uses the deployment controller ECS, and task sets need EXTERNAL. Change it (ecs:UpdateService, \
                deploymentController), or use a traffic model of two services";
    refused(&play, &release, told).await;
}

/// After a change of the controller a service still has them. AWS: developer guide, "Amazon ECS deployment controllers and strategies".
#[tokio::test(start_paused = true)]
async fn a_service_with_service_connect() {
    let (play, release) = play(&consumers()).await;
    play.show_services(|service| {
        service["deployments"] = json!([{ "id": "ecs-svc/1", "status": "PRIMARY", "desiredCount": 4,
            "serviceConnectConfiguration": { "enabled": true } }]);
    });
    let told = "service orders still has deployments of the time when ECS deployed it itself, with Service Connect, which task sets do \
                not have";
    refused(&play, &release, told).await;
}

#[tokio::test(start_paused = true)]
async fn two_sets_that_are_primary() {
    let (play, release) = play(&consumers()).await;
    play.show_services(|service| {
        let mut other = service["taskSets"][0].clone();
        other["id"] = json!("ecs-svc/7000000000000000007");
        let sets = service["taskSets"].as_array_mut().expect("sets");
        sets.push(other);
    });
    refused(
        &play,
        &release,
        "service orders shows two PRIMARY task sets: ",
    )
    .await;
}

/// Somebody makes a set, as the PRIMARY one is.
fn make_set(play: &Play) -> Value {
    let primary = play.account.with(sets_of_service)[0].clone();
    let mut set = json!({ "cluster": stage::CLUSTER, "service": stage::PRIMARY, "taskDefinition": "orders:1" });
    for member in ["launchType", "networkConfiguration", "loadBalancers"] {
        set[member] = primary[member].clone();
    }
    play.ecs("CreateTaskSet", &set)["taskSet"]["id"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_set_that_no_release_has_made() {
    for stage in [consumers(), balanced()] {
        let (play, release) = play(&stage).await;
        make_set(&play);
        let told = "service orders has a task set that no release has made: ";
        refused(&play, &release, told).await;
    }
}

/// What the promotion has kept, somebody uses: the next release does not delete it.
#[tokio::test(start_paused = true)]
async fn a_set_of_an_earlier_release_with_tasks() {
    let [stage, ..] = task_sets();
    let script = Script::new(["v2", "v3"].map(|version| Version::new(version, Behaviour::Works)));
    let play = Play::begin(&stage, script).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.succeeds(&release).await;
    let sets = play.account.with(sets_of_service);
    let kept = sets.iter().find(|set| set["status"] == "ACTIVE");
    let kept = kept.expect("one is kept")["id"].clone();
    play.scale_set(&kept, 25.0);
    play.pass(std::time::Duration::from_mins(65)).await;
    let before = play.pair();
    let next = play.push("v3");
    assert_eq!(play.until_ended(&next).await, "FAILED");
    let told = "has a task set of an earlier release that has tasks: ";
    assert!(play.transcript().contains(told), "{}", play.transcript());
    assert_eq!(play.pair(), before);
}

#[tokio::test(start_paused = true)]
async fn more_than_three_sets() {
    let (play, release) = play(&consumers()).await;
    play.account.with(|world| {
        world.ecs.drained_sets_stay = std::time::Duration::from_hours(2);
    });
    for _ in 0..3 {
        let id = make_set(&play);
        let set = json!({ "cluster": stage::CLUSTER, "service": stage::PRIMARY, "taskSet": id, "force": true });
        play.ecs("DeleteTaskSet", &set);
    }
    let told = "service orders has 4 task sets, also counting those that are being deleted; a release begins with 3 at most";
    refused(&play, &release, told).await;
}

#[tokio::test(start_paused = true)]
async fn a_primary_set_without_all_tasks() {
    let (play, release) = play(&consumers()).await;
    let sets = play.account.with(sets_of_service);
    play.scale_set(&sets[0]["id"], 50.0);
    play.pass(std::time::Duration::from_mins(2)).await;
    let told = "of orders has the scale 50 %; a release begins with 100 %";
    refused(&play, &release, told).await;
}

/// Another target group of the same network.
fn elsewhere(play: &Play) -> Value {
    let group = json!({ "Name": "elsewhere", "Protocol": "HTTP", "Port": 8080, "TargetType": "ip", "VpcId": "vpc-0a1b2c3d" });
    json!(play.create("TargetGroup", &group))
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_not_in_the_rule() {
    let (play, release) = play(&balanced()).await;
    let elsewhere = elsewhere(&play);
    play.retarget(|target| {
        target["traffic"]["taskSets"]["alb"]["targetGroups"][1] = elsewhere.clone();
    });
    refused(&play, &release, " does not forward to the target group ").await;
}

#[tokio::test(start_paused = true)]
async fn a_set_whose_group_is_not_in_the_rule() {
    let (play, release) = play(&balanced()).await;
    // Nobody answers there.
    play.forgive();
    let elsewhere = elsewhere(&play);
    let Entrance::LoadBalancer { rule, groups, .. } = &play.scene.entrance else {
        panic!("the service is behind a load balancer");
    };
    let forward = json!([
        { "TargetGroupArn": elsewhere, "Weight": 100 },
        { "TargetGroupArn": groups[1], "Weight": 0 },
    ]);
    let actions = json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": forward } }]);
    play.balancer(
        "ModifyRule",
        &json!({ "RuleArn": rule, "Actions": actions }),
    );
    play.retarget(|target| {
        target["traffic"]["taskSets"]["alb"]["targetGroups"][0] = elsewhere.clone();
    });
    let told = "and TARGET has the target groups ";
    refused(&play, &release, told).await;
}

/// A service without a set, and a target that does not say what its first one is made of.
#[tokio::test(start_paused = true)]
async fn no_set_and_nothing_to_make_one_of() {
    let stage = Stage {
        has_first_set: false,
        ..consumers()
    };
    let (play, release) = play(&stage).await;
    play.retarget(|target| {
        let fields = target.as_object_mut().expect("an object");
        fields.remove("bootstrap");
    });
    let told = "service orders has no PRIMARY task set. Create one, or say in TARGET what its first one is made of";
    refused(&play, &release, told).await;
}
