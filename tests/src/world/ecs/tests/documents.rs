//! What the API keeps, answers and refuses.

use serde_json::{Value, json};

use super::stage::{Behaviour, Stage};

fn code(stage: &mut Stage, operation: &str, input: &Value) -> String {
    stage.call(operation, input).unwrap_err().code
}

#[test]
fn no_field_of_a_task_definition_is_lost() {
    let given = json!({
        "family": "app",
        "taskRoleArn": "arn:aws:iam::123456789012:role/app",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "networkMode": "awsvpc",
        "containerDefinitions": [{
            "name": "app",
            "image": "app:v1",
            "environment": [{"name": "QUEUE", "value": "orders"}],
            "dockerLabels": {"team": "orders"},
            "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/orders"}},
            "healthCheck": {"command": ["CMD", "/app", "--check"], "retries": 2},
            "memberOfTomorrow": {"kept": true},
        }],
        "volumes": [{"name": "scratch", "host": {}}],
        "placementConstraints": [{"type": "memberOf", "expression": "attribute:x == y"}],
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "pidMode": "task",
        "proxyConfiguration": {"type": "APPMESH", "containerName": "app"},
        "ephemeralStorage": {"sizeInGiB": 30},
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "enableFaultInjection": true,
    });
    let mut stage = Stage::new();
    let mut input = given.clone();
    input["tags"] = json!([{"key": "team", "value": "orders"}]);
    let answer = stage.call("RegisterTaskDefinition", &input).unwrap();
    let described = answer["taskDefinition"].clone();
    assert_kept(&given, &described, "");
    assert_eq!(described["compatibilities"], json!(["EC2", "FARGATE"]));
    assert_eq!(described.get("tags"), None, "tags are not in the document");
    let plain = stage
        .call("DescribeTaskDefinition", &json!({"taskDefinition": "app"}))
        .unwrap();
    assert_eq!(plain, json!({"taskDefinition": described}));
    let with_tags = json!({"taskDefinition": "app:1", "include": ["TAGS"]});
    let tagged = stage.call("DescribeTaskDefinition", &with_tags).unwrap();
    assert_eq!(tagged["tags"], input["tags"]);
}

fn assert_kept(given: &Value, found: &Value, path: &str) {
    match (given, found) {
        (Value::Object(given), Value::Object(found)) => {
            for (member, value) in given {
                let inner = format!("{path}/{member}");
                assert_kept(value, found.get(member).unwrap_or(&Value::Null), &inner);
            }
        }
        (Value::Array(given), Value::Array(found)) if given.len() == found.len() => {
            for (index, (value, kept)) in given.iter().zip(found).enumerate() {
                assert_kept(value, kept, &format!("{path}/{index}"));
            }
        }
        _ => assert_eq!(given, found, "{path}"),
    }
}

#[test]
fn revisions_count_up_and_a_deregistered_one_can_be_read_but_not_deployed() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    let v2 = stage.version("v2", Behaviour::Runs);
    assert!(v1.ends_with("task-definition/app:1") && v2.ends_with(":2"));
    stage.service(&v1, 1, &json!({}));
    let input = json!({"taskDefinition": v2});
    stage.call("DeregisterTaskDefinition", &input).unwrap();
    let read = stage.call("DescribeTaskDefinition", &input).unwrap();
    assert_eq!(read["taskDefinition"]["status"], "INACTIVE");
    let by_family = json!({"taskDefinition": "app"});
    let read = stage.call("DescribeTaskDefinition", &by_family).unwrap();
    assert_eq!(read["taskDefinition"]["revision"], 1);
    let update = json!({"cluster": "orders", "service": "app", "taskDefinition": v2});
    let fault = stage.call("UpdateService", &update).unwrap_err();
    assert_eq!(fault.code, "ClientException");
    assert_eq!(fault.message, "TaskDefinition is inactive");
    assert!(stage.version("v3", Behaviour::Runs).ends_with(":3"));
    let list = json!({"familyPrefix": "app", "sort": "DESC", "maxResults": 1});
    let page = stage.call("ListTaskDefinitions", &list).unwrap();
    assert!(
        page["taskDefinitionArns"][0]
            .as_str()
            .unwrap()
            .ends_with(":3")
    );
    let mut list = list;
    list["nextToken"] = page["nextToken"].clone();
    let page = stage.call("ListTaskDefinitions", &list).unwrap();
    assert_eq!(page["taskDefinitionArns"], json!([v1]));
    assert_eq!(page.get("nextToken"), None);
}

#[test]
fn an_unknown_task_definition_is_a_client_exception_of_its_own_text() {
    let mut stage = Stage::new();
    let input = json!({"taskDefinition": "nobody:7"});
    let fault = stage.call("DescribeTaskDefinition", &input).unwrap_err();
    assert_eq!(fault.code, "ClientException");
    assert_eq!(fault.message, "Unable to describe task definition.");
}

#[test]
fn a_malformed_task_definition_is_refused() {
    let mut stage = Stage::new();
    let container = json!({"name": "app", "image": "app:v1"});
    for refused in [
        json!({"family": "a b", "containerDefinitions": [container]}),
        json!({"family": "app", "containerDefinitions": []}),
        json!({"family": "app", "containerDefinitions": [{"name": "app"}]}),
        json!({"family": "app", "containerDefinitions": [container, container]}),
        json!({
            "family": "app",
            "containerDefinitions": [container],
            "requiresCompatibilities": ["FARGATE"],
        }),
    ] {
        let refusal = code(&mut stage, "RegisterTaskDefinition", &refused);
        assert_eq!(refusal, "ClientException", "{refused}");
    }
    let reserved = json!({
        "family": "app",
        "containerDefinitions": [container],
        "tags": [{"key": "aws:cloudformation:stack-name", "value": "orders"}],
    });
    let refusal = code(&mut stage, "RegisterTaskDefinition", &reserved);
    assert_eq!(refusal, "InvalidParameterException");
}

#[test]
fn an_unknown_service_is_a_failure_of_a_read_and_an_error_of_a_write() {
    let mut stage = Stage::new();
    let input = json!({"cluster": "orders", "services": ["nobody"]});
    let answer = stage.call("DescribeServices", &input).unwrap();
    assert_eq!(
        answer,
        json!({
            "services": [],
            "failures": [{
                "arn": "arn:aws:ecs:eu-central-1:123456789012:service/orders/nobody",
                "reason": "MISSING",
            }],
        })
    );
    let update = json!({"cluster": "orders", "service": "nobody"});
    let refusal = code(&mut stage, "UpdateService", &update);
    assert_eq!(refusal, "ServiceNotFoundException");
    let elsewhere = json!({"services": ["nobody"]});
    let refusal = code(&mut stage, "DescribeServices", &elsewhere);
    assert_eq!(refusal, "ClusterNotFoundException");
}

#[test]
fn what_is_not_implemented_is_refused_by_name_and_changes_nothing() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    let v2 = stage.version("v2", Behaviour::Runs);
    stage.service(&v1, 1, &json!({}));
    let before = stage.described();
    for (member, value) in [
        ("serviceRegistries", json!([{"registryArn": "arn"}])),
        (
            "capacityProviderStrategy",
            json!([{"capacityProvider": "FARGATE_SPOT"}]),
        ),
        ("deploymentConfiguration", json!({"strategy": "CANARY"})),
        (
            "deploymentConfiguration",
            json!({"minimumHealthyPercent": 100, "maximumPercent": 100}),
        ),
    ] {
        let mut input = json!({"cluster": "orders", "service": "app", "taskDefinition": v2});
        input[member] = value;
        let fault = stage.call("UpdateService", &input).unwrap_err();
        assert_eq!(fault.code, "InvalidParameterException");
        let named = fault.message.contains(member) || fault.message.contains("maximumPercent");
        assert!(named, "{}", fault.message);
        assert_eq!(stage.described(), before);
    }
    assert_eq!(
        code(&mut stage, "RunTask", &json!({})),
        "UnknownOperationException"
    );
    let with_secret = json!({
        "family": "app",
        "containerDefinitions": [{
            "name": "app",
            "image": "app:v1",
            "secrets": [{"name": "TOKEN", "valueFrom": "parameter"}],
        }],
    });
    stage.call("RegisterTaskDefinition", &with_secret).unwrap();
    let update = json!({"cluster": "orders", "service": "app", "taskDefinition": "app"});
    let fault = stage.call("UpdateService", &update).unwrap_err();
    assert!(fault.message.contains("secrets"), "{}", fault.message);
}

#[test]
fn an_update_changes_only_what_it_names() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    stage.service(&v1, 1, &super::breaker(true));
    let answer = stage.update(&json!({
        "deploymentConfiguration": {"maximumPercent": 150},
        "healthCheckGracePeriodSeconds": 30,
    }));
    assert_eq!(
        answer["deploymentConfiguration"],
        json!({
            "maximumPercent": 150,
            "minimumHealthyPercent": 100,
            "deploymentCircuitBreaker": {"enable": true, "rollback": true},
        })
    );
    assert_eq!(answer["healthCheckGracePeriodSeconds"], 30);
    assert_eq!(answer["desiredCount"], 1);
    assert_eq!(answer["deployments"].as_array().unwrap().len(), 1);
}

#[test]
fn tags_are_merged_removed_and_shown_only_when_asked_for() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    stage.service(&v1, 1, &json!({}));
    let service = stage.described()["serviceArn"].clone();
    for resource in [service.clone(), json!(v1)] {
        let tags = json!([{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]);
        let input = json!({"resourceArn": resource, "tags": tags});
        stage.call("TagResource", &input).unwrap();
        let more = json!({"resourceArn": resource, "tags": [{"key": "b", "value": "3"}]});
        stage.call("TagResource", &more).unwrap();
        let less = json!({"resourceArn": resource, "tagKeys": ["a"]});
        stage.call("UntagResource", &less).unwrap();
        let list = stage
            .call("ListTagsForResource", &json!({"resourceArn": resource}))
            .unwrap();
        assert_eq!(list["tags"], json!([{"key": "b", "value": "3"}]));
    }
    assert_eq!(stage.described().get("tags"), None);
    let input = json!({"cluster": "orders", "services": [service], "include": ["TAGS"]});
    let answer = stage.call("DescribeServices", &input).unwrap();
    assert_eq!(answer["services"][0]["tags"][0]["key"], "b");
}

#[test]
fn tasks_are_listed_by_service_family_and_deployment_page_by_page() {
    let mut stage = Stage::new();
    let v1 = stage.version("v1", Behaviour::Runs);
    stage.service(&v1, 3, &json!({}));
    let deployment = stage.described()["deployments"][0]["id"].clone();
    for filter in [
        json!({"serviceName": "app"}),
        json!({"family": "app"}),
        json!({"startedBy": deployment}),
    ] {
        let mut input = filter;
        input["cluster"] = json!("orders");
        input["maxResults"] = json!(2);
        let first = stage.call("ListTasks", &input).unwrap();
        assert_eq!(first["taskArns"].as_array().unwrap().len(), 2);
        input["nextToken"] = first["nextToken"].clone();
        let second = stage.call("ListTasks", &input).unwrap();
        assert_eq!(second["taskArns"].as_array().unwrap().len(), 1);
    }
    let mixed = json!({"cluster": "orders", "startedBy": deployment, "family": "app"});
    assert_eq!(
        code(&mut stage, "ListTasks", &mixed),
        "InvalidParameterException"
    );
    let other = json!({"cluster": "orders", "serviceName": "nobody"});
    assert_eq!(
        code(&mut stage, "ListTasks", &other),
        "ServiceNotFoundException"
    );
    let missing = json!({"cluster": "orders", "tasks": ["0123"]});
    let answer = stage.call("DescribeTasks", &missing).unwrap();
    assert_eq!(answer["failures"][0]["reason"], "MISSING");
}

#[test]
fn a_launch_carries_what_the_container_definition_says() {
    let mut stage = Stage::new();
    let input = json!({
        "family": "app",
        "containerDefinitions": [{
            "name": "worker",
            "image": "app@sha256:0123456789abcdef",
            "command": ["--queue", "orders"],
            "environment": [{"name": "LOG", "value": "info"}],
            "healthCheck": {"command": ["CMD", "/check"], "interval": 10},
        }],
    });
    super::super::register_task_definition(&mut stage.world, &input).unwrap();
    let service = json!({
        "cluster": "orders",
        "serviceName": "app",
        "taskDefinition": "app",
        "desiredCount": 1,
    });
    super::super::create_service(&mut stage.world, &service).unwrap();
    let mut launched = Vec::new();
    for _ in 0..10 {
        let now = stage.world.now + std::time::Duration::from_secs(1);
        stage.world.tick(now);
        launched.append(&mut stage.world.outbox);
    }
    let [super::super::super::Effect::StartTask(launch)] = launched.as_slice() else {
        panic!("{launched:?}");
    };
    assert_eq!(launch.service, "app");
    assert_eq!(launch.container, "worker");
    assert_eq!(launch.command, ["--queue", "orders"]);
    assert_eq!(launch.environment["LOG"], "info");
    let check = launch.health_check.as_ref().unwrap();
    assert_eq!((check.interval, check.timeout, check.retries), (10, 5, 3));
}
