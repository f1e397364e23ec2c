mod patterns;

use super::*;
use crate::world::{
    Effect, Identity,
    functions::{Function, Invocation},
    iam::{self, Permission},
};

fn world() -> World {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
    };
    let mut world = World::new(identity, Moment(1_790_000_000_000), 1);
    functions::create_function(
        &mut world,
        Function {
            retries: 0,
            ..Function::new("rollback")
        },
    )
    .expect("a function");
    for principal in [
        "events.amazonaws.com",
        "lambda.alarms.cloudwatch.amazonaws.com",
    ] {
        let permission = Permission::of(principal);
        iam::add_permission(&mut world, "rollback", &permission).expect("a permission");
    }
    world
}

fn target(world: &World) -> Value {
    json!([{ "Id": "1", "Arn": world.arn("lambda", "function:rollback") }])
}

fn rule(world: &mut World, input: &Value) -> Result<(), Fault> {
    let targets = target(world);
    put_rule(world, input, &targets)
}

fn emit_state(world: &mut World, pipeline: &str, state: &str) {
    let detail = json!({ "pipeline": pipeline, "state": state, "version": 1.0 });
    let resources = [world.arn("codepipeline", pipeline)];
    emit(world, "aws.codepipeline", "A Change", &resources, &detail);
}

fn invoked(world: &mut World) -> Vec<Invocation> {
    world
        .outbox
        .drain(..)
        .map(|effect| match effect {
            Effect::Invoke(invocation) => invocation,
            other => panic!("not an invocation: {other:?}"),
        })
        .collect()
}

fn after(world: &mut World, seconds: u64) -> Vec<Invocation> {
    world.now = world.now + Duration::from_secs(seconds);
    tick(world);
    invoked(world)
}

#[test]
fn members_that_are_not_known_are_named() {
    let mut world = world();
    let fault =
        rule(&mut world, &json!({ "Name": "r", "EventBusName": "b" })).expect_err("refused");
    assert!(fault.message.contains("EventBusName"), "{fault:?}");
    let input = json!({ "Name": "r", "ScheduleExpression": "rate(5 minutes)" });
    let mut targets = target(&world);
    targets[0]["InputPath"] = json!("$.detail");
    let fault = put_rule(&mut world, &input, &targets).expect_err("refused");
    assert!(fault.message.contains("InputPath"), "{fault:?}");
}

#[test]
fn a_target_is_a_function_or_a_pipeline_with_its_role_and_bounded_retries() {
    let function = "arn:aws:lambda:eu-central-1:111122223333:function:rollback";
    let pipeline = "arn:aws:codepipeline:eu-central-1:111122223333:orders";
    let queue = "arn:aws:sqs:eu-central-1:111122223333:lost-events";
    let role = "arn:aws:iam::111122223333:role/start";
    let put = |arn: &str, more: &Value| {
        let mut target = json!({ "Id": "1", "Arn": arn });
        for (member, value) in more.as_object().expect("members") {
            target[member] = value.clone();
        }
        let input = json!({ "Name": "r", "ScheduleExpression": "rate(5 minutes)" });
        put_rule(&mut world(), &input, &json!([target])).map_err(|fault| fault.message)
    };
    let longest = json!({ "MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400 });
    for (arn, more) in [
        (function, json!({ "RetryPolicy": longest })),
        (
            function,
            json!({ "RetryPolicy": { "MaximumRetryAttempts": 0 } }),
        ),
        (function, json!({ "DeadLetterConfig": { "Arn": queue } })),
        (pipeline, json!({ "RoleArn": role })),
    ] {
        assert_eq!(put(arn, &more), Ok(()), "{more}");
    }
    for (arn, more, problem) in [
        (queue, json!({}), "neither a function nor a pipeline"),
        (pipeline, json!({}), "RoleArn is not the ARN of the role"),
        (
            pipeline,
            json!({ "RoleArn": "start" }),
            "RoleArn is not the ARN of the role",
        ),
        (
            pipeline,
            json!({ "RoleArn": role, "Input": "{}" }),
            "takes no Input",
        ),
        (
            function,
            json!({ "RoleArn": role }),
            "a function takes no RoleArn",
        ),
        (function, json!({ "Input": "no JSON" }), "Input is not JSON"),
        (
            function,
            json!({ "RetryPolicy": { "MaximumRetryAttempts": 186 } }),
            "RetryPolicy.MaximumRetryAttempts 186 is not in 0 to 185",
        ),
        (
            function,
            json!({ "RetryPolicy": { "MaximumEventAgeInSeconds": 59 } }),
            "RetryPolicy.MaximumEventAgeInSeconds 59 is not in 60 to 86400",
        ),
        (
            function,
            json!({ "DeadLetterConfig": { "Arn": function } }),
            "is not a queue of this account",
        ),
    ] {
        let refused = put(arn, &more).expect_err(problem);
        assert!(refused.contains(problem), "{refused}");
    }
}

#[test]
fn an_event_comes_in_its_envelope() {
    let mut world = world();
    rule(
        &mut world,
        &json!({ "Name": "r", "EventPattern": { "source": ["aws.codepipeline"] } }),
    )
    .expect("a rule");
    emit_state(&mut world, "orders", "FAILED");
    let event = invoked(&mut world).remove(0);
    assert_eq!(event.source, "events");
    let payload = event.payload;
    assert_eq!(
        payload,
        json!({
            "version": "0",
            "id": payload["id"],
            "detail-type": "A Change",
            "source": "aws.codepipeline",
            "account": "111122223333",
            "time": "2026-09-21T14:13:20Z",
            "region": "eu-central-1",
            "resources": ["arn:aws:codepipeline:eu-central-1:111122223333:orders"],
            "detail": { "pipeline": "orders", "state": "FAILED", "version": 1.0 },
        })
    );
}

#[test]
fn twice_means_later_and_in_another_order() {
    let mut world = world();
    world.events.delivery = Delivery::Twice;
    let arn = world.arn("lambda", "function:rollback");
    let alarm = Invoker::alarm(String::new());
    for number in 1..=3 {
        deliver(&mut world, &arn, &json!(number), &alarm);
    }
    let numbers =
        |runs: Vec<Invocation>| -> Vec<Value> { runs.into_iter().map(|run| run.payload).collect() };
    assert_eq!(numbers(invoked(&mut world)), [1, 2, 3]);
    assert_eq!(numbers(after(&mut world, 4)), Vec::<Value>::new());
    assert_eq!(numbers(after(&mut world, 1)), [3, 2, 1]);
    assert_eq!(numbers(after(&mut world, 60)), Vec::<Value>::new());
}

#[test]
fn late_means_once_and_later_and_in_another_order() {
    let mut world = world();
    world.events.delivery = Delivery::Late(Duration::from_secs(90));
    let arn = world.arn("lambda", "function:rollback");
    let alarm = Invoker::alarm(String::new());
    for number in 1..=2 {
        deliver(&mut world, &arn, &json!(number), &alarm);
    }
    let numbers =
        |runs: Vec<Invocation>| -> Vec<Value> { runs.into_iter().map(|run| run.payload).collect() };
    assert_eq!(numbers(after(&mut world, 89)), Vec::<Value>::new());
    assert_eq!(numbers(after(&mut world, 1)), [2, 1]);
    assert_eq!(numbers(after(&mut world, 60)), Vec::<Value>::new());
}

#[test]
fn lost_means_never_but_schedules_come() {
    let mut world = world();
    world.events.delivery = Delivery::Lost;
    let input = json!({ "Name": "s", "ScheduleExpression": "rate(5 minutes)" });
    rule(&mut world, &input).expect("a rule");
    deliver(
        &mut world,
        "rollback",
        &json!({}),
        &Invoker::alarm(String::new()),
    );
    let runs = after(&mut world, 300);
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].source, "schedule");
    assert_eq!(runs[0].payload["detail-type"], "Scheduled Event");
    assert_eq!(runs[0].payload["source"], "aws.events");
    assert_eq!(
        runs[0].payload["resources"],
        json!(["arn:aws:events:eu-central-1:111122223333:rule/s"])
    );
}

#[test]
fn a_schedule_keeps_its_step_at_the_accounts_pace() {
    let mut world = world();
    world.pace = 10;
    let input = json!({ "Name": "s", "ScheduleExpression": "rate(5 minutes)" });
    rule(&mut world, &input).expect("a rule");
    assert_eq!(after(&mut world, 29).len(), 0);
    assert_eq!(after(&mut world, 12).len(), 1);
    assert_eq!(after(&mut world, 18).len(), 0);
    assert_eq!(after(&mut world, 1).len(), 1);
    assert_eq!(after(&mut world, 300).len(), 1);
}

#[test]
fn a_target_may_have_its_own_input_and_a_rule_may_be_disabled() {
    let mut world = world();
    let mut targets = target(&world);
    targets[0]["Input"] = json!("{\"schedule\":true}");
    let mut input = json!({ "Name": "s", "ScheduleExpression": "rate(1 hour)" });
    put_rule(&mut world, &input, &targets).expect("a rule");
    assert_eq!(
        after(&mut world, 3600)[0].payload,
        json!({ "schedule": true })
    );
    input["State"] = json!("DISABLED");
    put_rule(&mut world, &input, &targets).expect("a rule");
    assert_eq!(after(&mut world, 3600), []);
}

#[test]
fn only_well_formed_rates_are_schedules() {
    for expression in [
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "cron(0 12 * * ? *)",
    ] {
        let input = json!({ "Name": "s", "ScheduleExpression": expression });
        let fault = rule(&mut world(), &input).expect_err("refused");
        assert!(fault.message.contains(expression), "{fault:?}");
    }
}
