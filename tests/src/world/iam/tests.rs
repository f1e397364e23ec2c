mod images;
mod services;
mod task_sets;

use super::{needs::Need, *};
use crate::{
    clock::Moment,
    workspace,
    world::{Effect, Identity, cloudwatch, ecs, functions::Function, journal::What, sqs},
};

const REGION: &str = "eu-central-1";
const CANARY: &str = "arn:aws:ecs:eu-central-1:111122223333:service/orders/orders-canary";

fn world() -> World {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: REGION.to_owned(),
    };
    World::new(identity, Moment(1_790_000_000_000), 1)
}

fn trust(service: &str) -> Value {
    document(&json!({
        "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole",
    }))
}

fn document(statements: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn allow(action: &str, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": resource })
}

fn canary() -> Principal {
    Principal("deploy-canary".to_owned())
}

/// A world in which deploy-canary acts as a role with these statements.
fn with(statements: &Value) -> World {
    let mut world = world();
    let policies = [("inline".to_owned(), document(statements))];
    let arn = put_role(&mut world, "canary", &trust(LAMBDA), &policies).expect("a role");
    assume(&mut world, &canary(), &arn, LAMBDA, None).expect("Lambda may");
    world
}

fn refusal(statements: &Value) -> String {
    let policies = [("inline".to_owned(), document(statements))];
    let refused = put_role(&mut world(), "canary", &trust(LAMBDA), &policies);
    refused.expect_err("the policy is refused").message
}

fn ask(world: &mut World, service: &str, operation: &str, input: &Value) -> Result<(), Fault> {
    let request = Request {
        region: REGION,
        service,
        operation,
        input,
        secure: true,
    };
    authorize(world, &canary(), &request)
}

fn update(world: &mut World, input: &Value) -> Result<(), Fault> {
    let mut input = input.clone();
    input["cluster"] = "orders".into();
    ask(world, "ecs", "UpdateService", &input)
}

fn denial(result: Result<(), Fault>) -> String {
    result.expect_err("it is denied").message
}

#[test]
fn a_role_may_do_what_it_was_granted_and_nothing_else() {
    let mut world = with(&json!([
        allow("ecs:UpdateService", CANARY),
        allow("ecs:DescribeServices", "arn:aws:ecs:*:*:service/orders/*"),
    ]));
    let canary = json!({ "service": "orders-canary", "desiredCount": 2 });
    update(&mut world, &canary).expect("it is granted");
    let both = json!({ "cluster": "orders", "services": ["orders", "orders-canary"] });
    ask(&mut world, "ecs", "DescribeServices", &both).expect("both are granted");

    let fault = update(&mut world, &json!({ "service": "orders" })).expect_err("not granted");
    assert_eq!(
        (fault.code.as_str(), fault.status),
        ("AccessDeniedException", 400)
    );
    assert_eq!(
        fault.message,
        "User: arn:aws:sts::111122223333:assumed-role/canary/deploy-canary is not authorized to \
         perform: ecs:UpdateService on resource: \
         arn:aws:ecs:eu-central-1:111122223333:service/orders/orders because no identity-based \
         policy allows the ecs:UpdateService action"
    );
    let elsewhere = json!({ "cluster": "billing", "services": ["orders"] });
    ask(&mut world, "ecs", "DescribeServices", &elsewhere).expect_err("another cluster");
    ask(&mut world, "ecs", "ListTaskDefinitions", &json!({})).expect_err("not granted");
}

#[test]
fn an_arn_grants_nothing_where_aws_cannot_narrow_an_action() {
    let all_jobs = "arn:aws:codepipeline:eu-central-1:111122223333:*";
    let definitions = "arn:aws:ecs:eu-central-1:111122223333:task-definition/*";
    let alarm = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:orders";
    let targets = "arn:aws:application-autoscaling:eu-central-1:111122223333:scalable-target/*";
    let mut world = with(&json!([
        allow("application-autoscaling:DescribeScheduledActions", targets),
        allow("codepipeline:PutJobSuccessResult", all_jobs),
        allow("ecs:DescribeTaskDefinition", definitions),
        allow("cloudwatch:DescribeAlarms", alarm),
        allow("cloudwatch:DescribeAlarmHistory", alarm),
        allow("cloudwatch:PutCompositeAlarm", alarm),
    ]));
    for (service, operation, input) in [
        (
            "application-autoscaling",
            "DescribeScheduledActions",
            json!({ "ServiceNamespace": "ecs" }),
        ),
        (
            "codepipeline",
            "PutJobSuccessResult",
            json!({ "jobId": "1" }),
        ),
        (
            "ecs",
            "DescribeTaskDefinition",
            json!({ "taskDefinition": "orders" }),
        ),
        (
            "monitoring",
            "DescribeAlarms",
            json!({ "AlarmNames": ["orders"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"] }),
        ),
        (
            "monitoring",
            "DescribeAlarms",
            json!({ "ParentsOfAlarmName": "orders" }),
        ),
        (
            "monitoring",
            "DescribeAlarmHistory",
            json!({ "AlarmName": "orders", "AlarmTypes": ["CompositeAlarm"] }),
        ),
        (
            "monitoring",
            "PutCompositeAlarm",
            json!({ "AlarmName": "orders", "AlarmRule": "FALSE" }),
        ),
    ] {
        let message = denial(ask(&mut world, service, operation, &input));
        assert!(message.contains("on resource: * because"), "{message}");
    }
}

#[test]
fn a_mute_rule_needs_a_grant_on_itself_and_on_every_alarm_that_it_mutes() {
    let arn = |rest: &str| format!("arn:aws:cloudwatch:eu-central-1:111122223333:{rest}");
    let mut world = with(&json!([
        allow(
            "cloudwatch:PutAlarmMuteRule",
            &arn("alarm-mute-rule:nightly")
        ),
        allow("cloudwatch:PutAlarmMuteRule", &arn("alarm:orders")),
        allow(
            "cloudwatch:GetAlarmMuteRule",
            &arn("alarm-mute-rule:nightly")
        ),
        allow("cloudwatch:ListAlarmMuteRules", "*"),
        allow("cloudwatch:DescribeAlarmHistory", &arn("alarm:orders")),
    ]));
    let rule = |alarms: &[&str]| {
        let schedule = json!({ "Expression": "cron(0 2 * * *)", "Duration": "PT4H" });
        json!({ "Name": "nightly", "Rule": { "Schedule": schedule },
            "MuteTargets": { "AlarmNames": alarms } })
    };
    let mut ask = |operation: &str, input: &Value| ask(&mut world, "monitoring", operation, input);
    ask("PutAlarmMuteRule", &rule(&["orders"])).expect("granted");
    let message = denial(ask("PutAlarmMuteRule", &rule(&["orders", "billing"])));
    assert!(message.contains(&arn("alarm:billing")), "{message}");
    ask(
        "GetAlarmMuteRule",
        &json!({ "AlarmMuteRuleName": "nightly" }),
    )
    .expect("granted");
    let message = denial(ask(
        "DeleteAlarmMuteRule",
        &json!({ "AlarmMuteRuleName": "nightly" }),
    ));
    assert!(
        message.contains(&arn("alarm-mute-rule:nightly")),
        "{message}"
    );
    ask("ListAlarmMuteRules", &json!({})).expect("granted");
    ask("DescribeAlarmHistory", &json!({ "AlarmName": "orders" })).expect("granted");
    ask("DescribeAlarmHistory", &json!({})).expect_err("all alarms");
}

/// A pair's cluster with a task of each service, tagged by ECS; deploy-canary may stop tasks whose tags say that they are of
/// the canary. Answers the primary's task and the canary's.
fn may_stop_the_canary() -> (World, [String; 2]) {
    let tasks = "arn:aws:ecs:eu-central-1:111122223333:task/orders/*";
    let cluster = "arn:aws:ecs:eu-central-1:111122223333:cluster/orders";
    let actions = ["DescribeTasks", "GetTaskProtection", "StopTask"].map(|it| format!("ecs:{it}"));
    let mut world = with(&json!([{
        "Effect": "Allow", "Action": actions, "Resource": tasks,
        "Condition": {
            "ArnEquals": { "ecs:cluster": cluster },
            "StringEquals": { "aws:ResourceTag/aws:ecs:serviceName": "orders-canary" },
        },
    }]));
    ecs::create_cluster(&mut world, "orders");
    let container = json!({ "name": "app", "image": "app:v1" });
    let definition = json!({ "family": "orders", "containerDefinitions": [container] });
    ecs::register_task_definition(&mut world, &definition).expect("it is registered");
    for name in ["orders", "orders-canary"] {
        let service = json!({ "cluster": "orders", "serviceName": name, "taskDefinition": "orders",
            "desiredCount": 1, "enableECSManagedTags": true });
        ecs::create_service(&mut world, &service).expect("it is created");
    }
    world.tick(world.now);
    let tasks = ["orders", "orders-canary"].map(|name| {
        let of_service = json!({ "cluster": "orders", "serviceName": name });
        let listed = ecs::call(&mut world, "ListTasks", &of_service, &canary()).expect("listed");
        listed["taskArns"][0].as_str().expect("one").to_owned()
    });
    (world, tasks)
}

#[test]
fn the_tags_of_a_task_say_whose_tasks_a_role_may_stop() {
    let (mut world, [primary, canary]) = may_stop_the_canary();
    let id = canary.rsplit('/').next().expect("it has an id");
    for task in [canary.as_str(), id] {
        let one = json!({ "cluster": "orders", "task": task, "reason": "rolled back" });
        ask(&mut world, "ecs", "StopTask", &one).expect("the canary's");
    }
    let one = json!({ "cluster": "orders", "task": primary });
    let message = denial(ask(&mut world, "ecs", "StopTask", &one));
    let wanted = format!("to perform: ecs:StopTask on resource: {primary} because");
    assert!(message.contains(&wanted), "{message}");
    let elsewhere = json!({ "cluster": "billing", "task": canary });
    ask(&mut world, "ecs", "StopTask", &elsewhere).expect_err("another cluster");
    let unknown = json!({ "cluster": "orders", "task": "0123" });
    ask(&mut world, "ecs", "StopTask", &unknown).expect_err("it has no tags");
    for operation in ["DescribeTasks", "GetTaskProtection"] {
        let one = json!({ "cluster": "orders", "tasks": [canary] });
        ask(&mut world, "ecs", operation, &one).expect("the canary's");
        let both = json!({ "cluster": "orders", "tasks": [canary, primary] });
        ask(&mut world, "ecs", operation, &both).expect_err("one is the primary's");
    }
    let update = json!({ "cluster": "orders", "tasks": [canary], "protectionEnabled": false });
    ask(&mut world, "ecs", "UpdateTaskProtection", &update).expect_err("not granted");
}

#[test]
fn tags_that_ecs_sets_itself_may_be_hidden_from_policies() {
    let (mut world, [_, canary]) = may_stop_the_canary();
    world.iam.hides_managed_tags = true;
    let one = json!({ "cluster": "orders", "task": canary });
    ask(&mut world, "ecs", "StopTask", &one).expect_err("no policy sees whose it is");
}

#[test]
fn an_explicit_deny_beats_every_allow() {
    let mut world = with(&json!([
        allow("ecs:*", "*"),
        { "Effect": "Deny", "Action": "ecs:UpdateService", "Resource": "*",
          "Condition": { "Null": { "ecs:task-definition": "false" } } },
    ]));
    let service = json!({ "service": "orders", "desiredCount": 3 });
    update(&mut world, &service).expect("a count may be changed");
    let definition = json!({ "service": "orders", "taskDefinition": "orders:2" });
    let message = denial(update(&mut world, &definition));
    let wanted = "with an explicit deny in an identity-based policy";
    assert!(message.ends_with(wanted), "{message}");
}

#[test]
fn registering_a_definition_needs_the_right_to_tag_and_to_pass_its_roles() {
    let family = "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:*";
    let tag = json!({ "Effect": "Allow", "Action": "ecs:TagResource", "Resource": family,
        "Condition": {
            "StringEquals": { "ecs:CreateAction": "RegisterTaskDefinition" },
            "ForAllValues:StringLike": { "aws:TagKeys": ["application", "canary:*"] },
        } });
    let pass = |service: &str| {
        json!({ "Effect": "Allow", "Action": "iam:PassRole",
            "Resource": "arn:aws:iam::111122223333:role/orders-task",
            "Condition": { "StringEquals": { "iam:PassedToService": service } } })
    };
    let register = allow("ecs:RegisterTaskDefinition", family);
    let input = json!({
        "family": "orders",
        "taskRoleArn": "arn:aws:iam::111122223333:role/orders-task",
        "tags": [{ "key": "application", "value": "orders" }],
    });
    let register_with = |statements: Value, input: &Value| {
        ask(
            &mut with(&statements),
            "ecs",
            "RegisterTaskDefinition",
            input,
        )
    };
    let all = json!([register, tag, pass(ECS_TASKS)]);
    register_with(all.clone(), &input).expect("all is granted");
    for (statements, missing) in [
        (json!([register, tag]), "iam:PassRole"),
        (
            json!([register, tag, pass("ec2.amazonaws.com")]),
            "iam:PassRole",
        ),
        (json!([register, pass(ECS_TASKS)]), "ecs:TagResource"),
        (json!([tag, pass(ECS_TASKS)]), "ecs:RegisterTaskDefinition"),
    ] {
        let message = denial(register_with(statements, &input));
        let wanted = format!("not authorized to perform: {missing} on");
        assert!(message.contains(&wanted), "{message}");
    }
    let mut other = input.clone();
    other["tags"][0]["key"] = "owner".into();
    denial(register_with(all.clone(), &other));
    let mut other = input;
    other["executionRoleArn"] = "orders-execution".into();
    let message = denial(register_with(all, &other));
    assert!(message.contains("role/orders-execution"), "{message}");
}

#[test]
fn a_transaction_needs_what_its_items_need() {
    let table = "arn:aws:dynamodb:eu-central-1:111122223333:table/releases";
    let mut world = with(&json!([allow("dynamodb:PutItem", table)]));
    let puts = json!({ "TransactItems": [{ "Put": { "TableName": "releases" } }] });
    ask(&mut world, "dynamodb", "TransactWriteItems", &puts).expect("puts are granted");
    let both = json!({ "TransactItems": [
        { "Put": { "TableName": "releases" } },
        { "ConditionCheck": { "TableName": "releases" } },
    ] });
    let message = denial(ask(&mut world, "dynamodb", "TransactWriteItems", &both));
    assert!(message.contains("dynamodb:ConditionCheckItem"), "{message}");
}

#[test]
fn a_service_assumes_only_a_role_that_trusts_it() {
    let mut world = world();
    let trust = json!({ "Effect": "Allow", "Principal": { "Service": ECS_TASKS },
        "Action": "sts:AssumeRole", "Condition": {
            "StringEquals": { "aws:SourceAccount": "111122223333" },
            "ArnLike": { "aws:SourceArn": "arn:aws:ecs:eu-central-1:111122223333:*" } } });
    let arn = put_role(&mut world, "orders-task", &document(&trust), &[]).expect("a role");
    let task = Principal("task".to_owned());
    let source = world.arn("ecs", "*");
    assume(&mut world, &task, &arn, ECS_TASKS, Some(&source)).expect("its own service");
    assume(&mut world, &task, &arn, ECS_TASKS, None).expect_err("no source");

    let function = Function {
        retries: 0,
        role: Some(arn),
        ..Function::new("rollback")
    };
    let fault = functions::create_function(&mut world, function).expect_err("not for Lambda");
    assert!(
        fault
            .message
            .starts_with("The role defined for the function rollback cannot be assumed by Lambda"),
        "{}",
        fault.message
    );
}

#[test]
fn a_role_that_does_not_exist_is_an_error_once_the_account_is_strict() {
    let mut world = world();
    let absent = "arn:aws:iam::111122223333:role/absent";
    assume(&mut world, &canary(), absent, LAMBDA, None).expect("not strict");
    ask(&mut world, "ecs", "ListTaskDefinitions", &json!({})).expect("a person");
    authorize_role(&mut world, absent, "sns:Publish", "*", &[]).expect("not strict");
    world.iam.strict = true;
    assume(&mut world, &canary(), absent, LAMBDA, None).expect_err("strict");
    authorize_role(&mut world, absent, "sns:Publish", "*", &[]).expect_err("strict");
}

#[test]
fn what_the_account_does_not_know_is_refused_by_name() {
    let condition = |operator: &str, key: &str| {
        let mut statement = allow("ecs:UpdateService", CANARY);
        statement["Condition"] = json!({ operator: { key: "x" } });
        json!([statement])
    };
    let not_action = json!([{ "Effect": "Allow", "NotAction": "ecs:*", "Resource": "*" }]);
    for (statements, named) in [
        (not_action, "NotAction"),
        (
            json!([allow("ecs:UpdateServise", "*")]),
            "ecs:UpdateServise",
        ),
        (
            json!([allow("ecs:UpdateService", "service/orders")]),
            "service/orders",
        ),
        (
            json!([allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}")]),
            "policy variables",
        ),
        (condition("NumericEquals", "ecs:cluster"), "NumericEquals"),
        (
            condition("StringEquals", "ecs:CreateAction"),
            "ecs:CreateAction of ecs:UpdateService",
        ),
        (
            condition("StringEquals", "ecs:namespace"),
            "does not fill in condition key ecs:namespace",
        ),
        (
            condition("StringEquals", "aws:ResourceTag/application"),
            "does not fill in condition key aws:ResourceTag/application",
        ),
        (json!([]), "Statement is empty"),
    ] {
        let message = refusal(&statements);
        assert!(
            message.starts_with("policy inline of role canary is not valid: "),
            "{message}"
        );
        assert!(message.contains(named), "{message}");
    }
    let tags = json!([{ "Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*",
        "Condition": { "StringEquals": { "aws:TagKeys": "x" } } }]);
    assert!(
        refusal(&tags).contains("ForAllValues"),
        "{}",
        refusal(&tags)
    );
}

#[test]
fn a_queue_that_refuses_plain_http_refuses_it_to_everybody() {
    let mut world = with(&json!([allow("sqs:SendMessage", "*")]));
    let queue = world.arn("sqs", "orders");
    let only_tls = document(
        &json!([{ "Sid": "Only TLS", "Effect": "Deny", "Principal": "*",
        "Action": "sqs:*", "Resource": queue,
        "Condition": { "Bool": { "aws:SecureTransport": "false" } } }]),
    );
    put_resource_policy(&mut world, &queue, &only_tls).expect("a policy");
    let input = json!({ "QueueUrl": "https://sqs.eu-central-1.amazonaws.com/111122223333/orders" });
    for principal in [canary(), Principal("somebody".to_owned())] {
        let mut send = |secure| {
            let request = Request {
                region: REGION,
                service: "sqs",
                operation: "SendMessage",
                input: &input,
                secure,
            };
            authorize(&mut world, &principal, &request)
        };
        send(true).expect("over TLS");
        let message = denial(send(false));
        let wanted = "with an explicit deny in a resource-based policy";
        assert!(message.ends_with(wanted), "{message}");
    }
}

#[test]
fn an_alarm_invokes_a_function_only_with_a_permission_for_that_alarm() {
    let mut world = world();
    let function = Function {
        retries: 0,
        ..Function::new("rollback")
    };
    functions::create_function(&mut world, function).expect("a function");
    let rollback = functions::arn(&world, "rollback");
    sqs::create_queue(&mut world, "orders", &serde_json::Map::new()).expect("a queue");
    let alarm = json!({
        "AlarmName": "orders", "Namespace": "AWS/SQS", "MetricName": "NumberOfMessagesSent",
        "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": [rollback],
    });
    cloudwatch::put_metric_alarm(&mut world, &alarm).expect("an alarm");
    let permission = |arn: String| Permission {
        principal: "lambda.alarms.cloudwatch.amazonaws.com".to_owned(),
        source_arn: Some(arn),
        source_account: Some("111122223333".to_owned()),
    };
    let ring = |world: &mut World| {
        for state in ["OK", "ALARM"] {
            let input =
                json!({ "AlarmName": "orders", "StateValue": state, "StateReason": "drill" });
            cloudwatch::call(world, "SetAlarmState", &input).expect("the alarm exists");
        }
        let effects = world.outbox.drain(..);
        effects
            .filter(|effect| matches!(effect, Effect::Invoke(_)))
            .count()
    };
    assert_eq!(ring(&mut world), 0);
    let told = world.journal.iter().any(|entry| {
        matches!(&entry.what, What::Told(text) if text.starts_with("alarm did not invoke")
            && text.contains("because no resource-based policy allows the lambda:InvokeFunction action"))
    });
    assert!(told, "the journal says so");
    let other = permission(world.arn("cloudwatch", "alarm:others"));
    add_permission(&mut world, "rollback", &other).expect("a permission");
    assert_eq!(ring(&mut world), 0, "it is for another alarm");
    let own = permission(world.arn("cloudwatch", "alarm:ord*"));
    add_permission(&mut world, &rollback, &own).expect("a permission");
    assert_eq!(ring(&mut world), 1);
}

#[test]
fn a_grant_that_nobody_used_can_be_listed() {
    let mut world = with(&json!([
        allow("ecs:Describe*", "*"),
        allow("ecs:UpdateService", CANARY)
    ]));
    let input = json!({ "taskDefinition": "orders" });
    ask(&mut world, "ecs", "DescribeTaskDefinition", &input).expect("granted");
    update(&mut world, &json!({ "service": "orders" })).expect_err("not granted");
    let is_used = |grant: &Use| world.iam.used.iter().any(|used| grant.covers(used));
    let unused: Vec<String> = grants(&world)
        .into_iter()
        .filter(|grant| !is_used(grant))
        .map(|grant| format!("{} {}", grant.role, grant.action))
        .collect();
    assert_eq!(unused, ["canary ecs:UpdateService"]);
}

/// Inputs whose every name is there, so that resources are whole.
fn sample() -> Value {
    json!({
        "cluster": "orders", "service": "orders", "serviceName": "orders", "services": ["orders"],
        "tasks": ["1"], "task": "1", "taskSets": ["ecs-svc/1"], "taskSet": "ecs-svc/1", "family": "orders",
        "resourceArn": CANARY, "tags": [{ "key": "application", "value": "orders" }],
        "taskDefinition": "orders:1", "taskRoleArn": "orders-task",
        "QueueUrl": "https://sqs.eu-central-1.amazonaws.com/111122223333/orders",
        "QueueName": "orders", "TableName": "releases",
        "TransactItems": [{ "Put": { "TableName": "releases" } }],
        "AlarmName": "orders", "AlarmNames": ["orders"], "Namespace": "Orders",
        "AlarmMuteRuleName": "orders", "MuteTargets": { "AlarmNames": ["orders"] },
        "TopicArn": "arn:aws:sns:eu-central-1:111122223333:orders", "ResourceId": "service/orders/orders", "pipelineName": "orders", "stageName": "Canary", "actionName": "Approval", "name": "orders",
        "pipeline": { "name": "orders", "roleArn": "orders-pipeline" },
        "Name": "orders", "repositoryName": "orders", "FunctionName": "orders", "Qualifier": "live",
        "LoadBalancerArn": load_balancing("loadbalancer/app/orders/1"),
        "ListenerArn": load_balancing("listener/app/orders/1/2"),
        "RuleArn": load_balancing("listener-rule/app/orders/1/2/3"),
        "TargetGroupArn": load_balancing("targetgroup/orders/4"),
    })
}

fn load_balancing(resource: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-central-1:111122223333:{resource}")
}

#[test]
fn every_operation_of_the_account_needs_actions_on_resources_that_aws_documents() {
    let models = workspace().join("tests/models");
    let mut seen = 0;
    for entry in std::fs::read_dir(models).expect("the models") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let Ok(model) = serde_json::from_str::<Value>(&text) else {
            continue;
        };
        let service = match path.file_stem().and_then(|stem| stem.to_str()) {
            Some("cloudwatch") => "monitoring",
            Some("elbv2") => "elasticloadbalancing",
            Some("resourcegroupstaggingapi") => "tagging",
            Some(stem) => stem,
            None => continue,
        };
        for operation in model["operations"].as_object().into_iter().flatten() {
            let request = Request {
                region: REGION,
                service,
                operation: operation.0,
                input: &sample(),
                secure: true,
            };
            let needs = needs::of(&world(), &request);
            check_needs(&needs.expect("an entry"), operation.0);
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} operations were looked at");
}

fn check_needs(needs: &[Need], operation: &str) {
    assert!(!needs.is_empty(), "{operation} needs nothing");
    let placeholder = regex::Regex::new(r"\$\{[^}]*\}").expect("a pattern");
    for Need {
        action, resource, ..
    } in needs
    {
        let found = reference::actions().get(action);
        let found = found.unwrap_or_else(|| panic!("AWS has no {action}"));
        let fits = |documented: &String| {
            pattern::covers_arn(&placeholder.replace_all(documented, "*"), resource)
        };
        if found.resources.is_empty() {
            assert_eq!(resource, "*", "{action} cannot be narrowed");
        } else if action == "ecs:ListTasks" {
            assert_eq!(resource, "*", "no container instance was asked for");
        } else if action == "cloudwatch:PutCompositeAlarm" {
            assert_eq!(resource, "*", "the API reference wants it so");
        } else {
            let documented = &found.resources;
            assert!(
                documented.iter().any(fits),
                "{action} on {resource}: {documented:?}"
            );
        }
    }
}
