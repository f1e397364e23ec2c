//! Services behind load balancers.

use serde_json::{Value, json};

use super::{
    super::{
        super::elb::{self, Target, TargetState},
        Signal, create_service, metadata,
    },
    breaker,
    stage::{Behaviour, Stage},
};

/// Seconds for which a target drains here.
const DELAY: u64 = 20;

/// A stage with a load balancer and two target groups that it forwards to; answers their ARNs.
pub(super) fn balanced() -> (Stage, String, String) {
    let mut stage = Stage::new();
    let balancer = json!({"Name": "orders", "Subnets": ["subnet-1", "subnet-2"]});
    let balancer = elb::call(&mut stage.world, "CreateLoadBalancer", &balancer).unwrap();
    let [first, second] = ["orders", "orders-canary"].map(|name| group(&mut stage, name));
    let forward = json!([{
        "Type": "forward",
        "ForwardConfig": {"TargetGroups": [
            {"TargetGroupArn": first, "Weight": 100},
            {"TargetGroupArn": second, "Weight": 0},
        ]},
    }]);
    let listener = json!({
        "LoadBalancerArn": balancer["LoadBalancers"][0]["LoadBalancerArn"],
        "Port": 80,
        "Protocol": "HTTP",
        "DefaultActions": forward,
    });
    elb::call(&mut stage.world, "CreateListener", &listener).unwrap();
    (stage, first, second)
}

fn group(stage: &mut Stage, name: &str) -> String {
    let group = json!({
        "Name": name,
        "Port": 8080,
        "Protocol": "HTTP",
        "TargetType": "ip",
        "VpcId": "vpc-1",
        "HealthCheckPath": "/health",
        "HealthCheckIntervalSeconds": 5,
        "HealthCheckTimeoutSeconds": 2,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 2,
    });
    let group = elb::call(&mut stage.world, "CreateTargetGroup", &group).unwrap();
    let arn = group["TargetGroups"][0]["TargetGroupArn"].as_str().unwrap();
    let key = "deregistration_delay.timeout_seconds";
    let delay = json!({
        "TargetGroupArn": arn,
        "Attributes": [{"Key": key, "Value": DELAY.to_string()}],
    });
    elb::call(&mut stage.world, "ModifyTargetGroupAttributes", &delay).unwrap();
    arn.to_owned()
}

pub(super) fn load_balancers(group: &str) -> Value {
    json!([{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}])
}

fn input(definition: &str, desired: u32, load_balancers: &Value) -> Value {
    json!({
        "cluster": "orders",
        "serviceName": "app",
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "desiredCount": desired,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "loadBalancers": load_balancers,
    })
}

/// Creates the service `app` with the circuit breaker and lets it become steady.
fn serve(stage: &mut Stage, definition: &str, desired: u32, group: &str) {
    let mut input = input(definition, desired, &load_balancers(group));
    input["deploymentConfiguration"] = breaker(true);
    create_service(&mut stage.world, &input).unwrap();
    stage.seconds(60);
    let service = stage.described();
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
}

fn address(task: &Value) -> &str {
    task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
        .as_str()
        .unwrap()
}

pub(super) fn state(stage: &Stage, group: &str, task: &Value) -> Option<TargetState> {
    let target = Target {
        ip: address(task).to_owned(),
        port: 8080,
    };
    elb::state(&stage.world, group, &target)
}

fn heard(stage: &mut Stage, message: &str) -> usize {
    let message = format!("(service app) {message}");
    let events = stage.events();
    events.iter().filter(|event| **event == message).count()
}

fn refusal(stage: &mut Stage, definition: &str, load_balancers: &Value) -> String {
    let input = input(definition, 1, load_balancers);
    let fault = create_service(&mut stage.world, &input).unwrap_err();
    assert_eq!(fault.code, "InvalidParameterException");
    fault.message
}

#[test]
fn a_task_is_registered_by_its_own_address_before_it_runs() {
    let (mut stage, group, _) = balanced();
    let v1 = stage.web_version("v1", Behaviour::Runs);
    let input = input(&v1, 2, &load_balancers(&group));
    create_service(&mut stage.world, &input).unwrap();
    let described = stage.described();
    assert_eq!(described["loadBalancers"], load_balancers(&group));
    while stage
        .tasks("RUNNING")
        .first()
        .is_none_or(|task| task["lastStatus"] != "ACTIVATING")
    {
        assert!(stage.elapsed() < 30, "no task is ever ACTIVATING");
        stage.seconds(1);
    }
    let tasks = stage.tasks("RUNNING");
    assert_ne!(address(&tasks[0]), address(&tasks[1]));
    assert_eq!(stage.described()["pendingCount"], 2);
    for task in &tasks {
        assert_eq!(state(&stage, &group, task), Some(TargetState::Initial));
        let attachment = &task["attachments"][0];
        assert_eq!(attachment["type"], "ElasticNetworkInterface");
        assert_eq!(attachment["status"], "ATTACHED");
        assert_eq!(
            attachment["id"],
            task["containers"][0]["networkInterfaces"][0]["attachmentId"]
        );
        let details = attachment["details"].as_array().unwrap();
        let shown =
            |name: &str, value: &str| details.contains(&json!({"name": name, "value": value}));
        assert!(shown("privateIPv4Address", address(task)));
        assert!(shown("subnetId", "subnet-1"));
        let arn = task["taskArn"].as_str().unwrap();
        let id = arn.rsplit_once('/').unwrap().1;
        let networks = metadata(&stage.world, id, "").unwrap()["Networks"].clone();
        assert_eq!(networks[0]["IPv4Addresses"], json!([address(task)]));
        let launched = |launch: &&super::super::TaskLaunch| launch.task_arn == arn;
        let launch = stage.launches.iter().find(launched).unwrap();
        assert_eq!(launch.address.as_deref(), Some(address(task)));
        assert_eq!(launch.port, Some(8080));
        assert!(address(task).starts_with("127.") && address(task) != "127.0.0.1");
    }
    stage.seconds(60);
    assert_eq!(stage.described()["runningCount"], 2);
    let registered = format!("registered 2 targets in (target-group {group})");
    assert_eq!(heard(&mut stage, &registered), 1);
}

#[test]
fn a_deployment_is_completed_and_old_tasks_go_only_when_new_targets_are_healthy() {
    let (mut stage, group, _) = balanced();
    let v1 = stage.web_version("v1", Behaviour::Runs);
    let v2 = stage.web_version("v2", Behaviour::AnswersAfter(90));
    serve(&mut stage, &v1, 2, &group);
    stage.update(&json!({"taskDefinition": v2, "healthCheckGracePeriodSeconds": 120}));
    stage.seconds(90);
    let waiting = stage.described();
    assert_eq!(waiting["deployments"][0]["rolloutState"], "IN_PROGRESS");
    assert_eq!(waiting["deployments"][0]["runningCount"], 2);
    assert_eq!(waiting["deployments"][1]["runningCount"], 2);
    stage.seconds(90);
    let done = stage.described();
    assert_eq!(done["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(done["deployments"][0]["taskDefinition"], json!(v2));
    assert_eq!(done["deployments"][0]["rolloutState"], "COMPLETED");
    for task in stage.tasks("RUNNING") {
        assert_eq!(state(&stage, &group, &task), Some(TargetState::Healthy));
    }
}

#[test]
fn a_task_gets_sigterm_only_after_the_deregistration_delay() {
    let (mut stage, group, _) = balanced();
    let v1 = stage.web_version("v1", Behaviour::Runs);
    serve(&mut stage, &v1, 1, &group);
    let task = stage.tasks("RUNNING")[0].clone();
    stage.update(&json!({"desiredCount": 0}));
    let told = stage.elapsed();
    stage.seconds(DELAY - 1);
    assert_eq!(state(&stage, &group, &task), Some(TargetState::Draining));
    assert_eq!(stage.tasks("STOPPED")[0]["lastStatus"], "DEACTIVATING");
    assert_eq!(stage.signals, []);
    let deregistered = format!("deregistered 1 targets in (target-group {group})");
    assert_eq!(heard(&mut stage, &deregistered), 1);
    stage.seconds(10);
    let [(at, Signal::Term)] = stage.signals.as_slice() else {
        panic!("{:?}", stage.signals);
    };
    assert!(at - told >= DELAY, "SIGTERM after {} s", at - told);
    assert_eq!(state(&stage, &group, &task), None);
}

#[test]
fn a_task_that_is_stopped_before_it_is_registered_waits_for_nobody() {
    let (mut stage, group, _) = balanced();
    let v1 = stage.web_version("v1", Behaviour::Runs);
    let service = input(&v1, 1, &load_balancers(&group));
    create_service(&mut stage.world, &service).unwrap();
    stage.seconds(2);
    stage.update(&json!({"desiredCount": 0}));
    stage.seconds(15);
    let task = &stage.tasks("STOPPED")[0];
    assert_eq!(task["lastStatus"], "STOPPED");
    assert_eq!(state(&stage, &group, task), None);
}

#[test]
fn a_task_that_dies_by_itself_is_deregistered() {
    let (mut stage, group, _) = balanced();
    let v1 = stage.web_version("v1", Behaviour::CrashesAfter(30));
    let service = input(&v1, 1, &load_balancers(&group));
    create_service(&mut stage.world, &service).unwrap();
    while stage.tasks("STOPPED").is_empty() {
        assert!(stage.elapsed() < 60, "it never dies");
        stage.seconds(1);
    }
    let task = stage.tasks("STOPPED")[0].clone();
    assert_eq!(task["stoppedReason"], "Essential container in task exited");
    assert_eq!(state(&stage, &group, &task), Some(TargetState::Draining));
    stage.seconds(1);
    let deregistered = format!("deregistered 1 targets in (target-group {group})");
    assert_eq!(heard(&mut stage, &deregistered), 1);
}

#[test]
fn an_unhealthy_target_is_replaced_when_its_replacement_is_healthy() {
    let (mut stage, group, _) = balanced();
    let v1 = stage.web_version("v1", Behaviour::Runs);
    serve(&mut stage, &v1, 2, &group);
    let sick = stage.tasks("RUNNING")[0].clone();
    stage.silent.insert(address(&sick).to_owned());
    while stage.tasks("STOPPED").is_empty() {
        assert!(stage.elapsed() < 180, "it is never replaced");
        stage.seconds(1);
    }
    let gone = stage.tasks("STOPPED")[0].clone();
    assert_eq!(gone["taskArn"], sick["taskArn"]);
    assert_eq!(gone["stopCode"], "ServiceSchedulerInitiated");
    assert_eq!(
        gone["stoppedReason"],
        format!("Task failed ELB health checks in (target-group {group})")
    );
    let tasks = stage.tasks("RUNNING");
    assert_eq!(tasks.len(), 2);
    for task in &tasks {
        assert_eq!(state(&stage, &group, task), Some(TargetState::Healthy));
    }
    let arn = sick["taskArn"].as_str().unwrap();
    let id = arn.rsplit_once('/').unwrap().1;
    let told = format!(
        "(task {id}) (port 8080) is unhealthy in (target-group {group}) due to (reason Health checks failed)."
    );
    assert_eq!(heard(&mut stage, &told), 1);
}

#[test]
fn an_unhealthy_target_is_left_alone_for_the_grace_period() {
    let (mut stage, group, _) = balanced();
    let v1 = stage.web_version("v1", Behaviour::AnswersAfter(60));
    let mut service = input(&v1, 1, &load_balancers(&group));
    service["healthCheckGracePeriodSeconds"] = json!(90);
    create_service(&mut stage.world, &service).unwrap();
    stage.seconds(50);
    let task = stage.tasks("RUNNING")[0].clone();
    assert_eq!(state(&stage, &group, &task), Some(TargetState::Unhealthy));
    stage.seconds(60);
    assert_eq!(stage.tasks("RUNNING")[0]["taskArn"], task["taskArn"]);
    assert_eq!(stage.ever_created(), 1);
    let service = stage.described();
    assert_eq!(service["healthCheckGracePeriodSeconds"], 90);
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
}

#[test]
fn targets_that_never_become_healthy_trip_the_circuit_breaker() {
    let (mut stage, group, other) = balanced();
    let v1 = stage.web_version("v1", Behaviour::Runs);
    let v2 = stage.web_version("v2", Behaviour::AnswersAfter(u64::MAX));
    serve(&mut stage, &v1, 1, &group);
    let before = stage.ever_created();
    let change = json!({"taskDefinition": v2, "loadBalancers": load_balancers(&other)});
    let answer = stage.update(&change);
    assert_eq!(answer["loadBalancers"], load_balancers(&other));
    let failed = answer["deployments"][0]["id"].as_str().unwrap().to_owned();
    stage.seconds(240);
    assert_eq!(stage.ever_created() - before, 3);
    let service = stage.described();
    assert_eq!(service["taskDefinition"], json!(v1));
    assert_eq!(service["loadBalancers"], load_balancers(&group));
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    let told = format!("(deployment {failed}) deployment failed: tasks failed to start.");
    assert_eq!(heard(&mut stage, &told), 1);
}

#[test]
fn other_load_balancers_start_a_deployment_whose_tasks_are_registered_there() {
    let (mut stage, first, second) = balanced();
    let v1 = stage.web_version("v1", Behaviour::Runs);
    serve(&mut stage, &v1, 1, &first);
    let old = stage.tasks("RUNNING")[0].clone();
    let answer = stage.update(&json!({"loadBalancers": load_balancers(&second)}));
    assert_eq!(answer["deployments"].as_array().unwrap().len(), 2);
    stage.seconds(90);
    let new = stage.tasks("RUNNING")[0].clone();
    assert_ne!(new["taskArn"], old["taskArn"]);
    assert_eq!(state(&stage, &second, &new), Some(TargetState::Healthy));
    assert_eq!(state(&stage, &first, &new), None);
    assert_eq!(state(&stage, &first, &old), None);
    stage.update(&json!({"loadBalancers": []}));
    stage.seconds(120);
    let service = stage.described();
    assert_eq!(service["loadBalancers"], json!([]));
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    let last = stage.tasks("RUNNING")[0].clone();
    assert_eq!(state(&stage, &second, &last), None);
}

#[test]
fn load_balancers_that_cannot_be_used_are_refused_with_the_words_of_aws() {
    let (mut stage, group, _) = balanced();
    let unused = self::group(&mut stage, "unused");
    let web = stage.web_version("v1", Behaviour::Runs);
    let plain = stage.version("v2", Behaviour::Runs);
    let one = |arn: &str, container: &str, port: u32| json!({"targetGroupArn": arn, "containerName": container, "containerPort": port});
    let entry = one(&group, "app", 8080);
    let nowhere = group.replace("targetgroup/orders/", "targetgroup/nobody/");
    for (load_balancer, expected) in [
        (
            one(&group, "web", 8080),
            "The container web does not exist in the task definition.".to_owned(),
        ),
        (
            one(&group, "app", 80),
            "The container app did not have a container port 80 defined.".to_owned(),
        ),
        (
            one(&nowhere, "app", 8080),
            format!("The target group with targetGroupArn {nowhere} does not exist."),
        ),
        (
            one(&unused, "app", 8080),
            format!(
                "The target group with targetGroupArn {unused} does not have an associated load balancer."
            ),
        ),
    ] {
        assert_eq!(refusal(&mut stage, &web, &json!([load_balancer])), expected);
    }
    let six = json!(vec![entry.clone(); 6]);
    assert!(refusal(&mut stage, &web, &six).contains("at most 5"));
    let mut classic = entry.clone();
    classic["loadBalancerName"] = json!("orders");
    let told = refusal(&mut stage, &web, &json!([classic]));
    assert!(told.contains("loadBalancerName"), "{told}");
    let told = refusal(&mut stage, &plain, &json!([entry]));
    assert!(
        told.contains("did not have a container port 8080"),
        "{told}"
    );
    serve(&mut stage, &web, 1, &group);
    let before = stage.described();
    let update = json!({"cluster": "orders", "service": "app", "taskDefinition": plain});
    let fault = stage.call("UpdateService", &update).unwrap_err();
    assert_eq!(fault.code, "InvalidParameterException");
    assert_eq!(stage.described(), before);
}

#[test]
fn in_a_fast_account_the_deregistration_delay_is_as_much_shorter() {
    let (mut stage, group, _) = balanced();
    let v1 = stage.web_version("v1", Behaviour::Runs);
    serve(&mut stage, &v1, 1, &group);
    stage.world.pace = 10;
    stage.update(&json!({"desiredCount": 0}));
    let told = stage.elapsed();
    stage.seconds(10);
    let [(at, Signal::Term)] = stage.signals.as_slice() else {
        panic!("{:?}", stage.signals);
    };
    assert!((DELAY / 10..5).contains(&(at - told)));
}
