//! What the account says of a service.

use rehearsal_core::{
    stage,
    world::{Principal, World, ecs, functions, journal::What, scaling as autoscaling},
};
use serde_json::{Value, json};

pub(super) fn is_steady(world: &mut World, service: &str) -> bool {
    let shown = describe(world, service);
    let deployments = shown["deployments"].as_array().cloned().unwrap_or_default();
    shown["runningCount"] == shown["desiredCount"]
        && deployments.len() == 1
        && deployments[0]["rolloutState"] == "COMPLETED"
}

/// Whether the version behind the alias can be invoked.
pub(super) fn is_active(world: &mut World) -> bool {
    let input = json!({ "FunctionName": stage::FUNCTION, "Qualifier": stage::ALIAS });
    let test = Principal("test".to_owned());
    let found = world.call("lambda", "GetFunctionConfiguration", &input, &test);
    found.is_ok_and(|it| it["State"] == "Active")
}

/// Whether every task set has the tasks that it should have.
pub(super) fn are_settled(world: &mut World) -> bool {
    task_sets(world).iter().all(|set| {
        set["stabilityStatus"] == "STEADY_STATE"
            && set["runningCount"] == set["computedDesiredCount"]
    })
}

/// Both services: task definition, running and desired tasks, deployments and scaling.
pub(super) fn pair(world: &mut World) -> String {
    let services = [stage::PRIMARY, stage::CANARY].map(|service| {
        let shown = describe(world, service);
        let deployments = shown["deployments"].as_array().map_or(0, Vec::len);
        format!(
            "{service}: {} {}/{} in {deployments}{}",
            short(&shown["taskDefinition"]),
            shown["runningCount"],
            shown["desiredCount"],
            scaling(world, service),
        )
    });
    services.join("\n")
}

/// The service's count and scaling, and each task set: status, task definition, scale, running and computed tasks, and target group.
pub(super) fn sets(world: &mut World) -> String {
    let shown = describe(world, stage::PRIMARY);
    let sets = shown["taskSets"].as_array().into_iter().flatten();
    let sets = sets.map(|set| {
        let group = set["loadBalancers"][0]["targetGroupArn"].as_str();
        let group = group.and_then(|arn| arn.split('/').nth(1));
        let group = group.map_or_else(String::new, |group| format!(" in {group}"));
        let percent = set["scale"]["value"].as_f64().unwrap_or_default();
        format!(
            "\n{} {} {percent:.0} % {}/{}{group}",
            set["status"].as_str().unwrap_or_default(),
            short(&set["taskDefinition"]),
            set["runningCount"],
            set["computedDesiredCount"],
        )
    });
    let sets: String = sets.collect();
    let (count, scaling) = (&shown["desiredCount"], scaling(world, stage::PRIMARY));
    format!("{}: {count}{scaling}{sets}", stage::PRIMARY)
}

/// The task sets of the service, as ECS describes them.
pub(crate) fn task_sets(world: &mut World) -> Vec<Value> {
    let shown = describe(world, stage::PRIMARY);
    shown["taskSets"].as_array().cloned().unwrap_or_default()
}

/// Whether the service shows a revision of its task definition as its own.
pub(crate) fn is_primary(world: &mut World, version: &str) -> bool {
    short(&describe(world, stage::PRIMARY)["taskDefinition"]) == version
}

/// What is behind the alias.
pub(super) fn alias(world: &World) -> String {
    let shares = functions::shares(world, stage::FUNCTION, stage::ALIAS);
    let shares: Vec<_> = shares.iter().map(ToString::to_string).collect();
    format!("live: {}", shares.join(", "))
}

pub(super) fn describe(world: &mut World, service: &str) -> Value {
    let input = json!({"cluster": stage::CLUSTER, "services": [service]});
    let answer = ecs::call(
        world,
        "DescribeServices",
        &input,
        &Principal("test".to_owned()),
    );
    answer.expect("the service exists")["services"][0].clone()
}

pub(super) fn scaling(world: &mut World, service: &str) -> String {
    let id = format!("service/{}/{service}", stage::CLUSTER);
    let input = json!({"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceIds": [id]});
    let answer = autoscaling::call(world, "DescribeScalableTargets", &input)
        .expect("targets can be described");
    let Some(target) = answer["ScalableTargets"].get(0) else {
        return String::new();
    };
    let suspended = &target["SuspendedState"];
    let flags: String = [
        "DynamicScalingInSuspended",
        "DynamicScalingOutSuspended",
        "ScheduledScalingSuspended",
    ]
    .iter()
    .map(|name| if suspended[name] == true { 'x' } else { '-' })
    .collect();
    format!(
        ", scaled {}..{} {flags}",
        target["MinCapacity"], target["MaxCapacity"]
    )
}

pub(super) fn short(arn: &Value) -> &str {
    arn.as_str()
        .and_then(|arn| arn.rsplit('/').next())
        .unwrap_or("nothing")
}

/// What [`Play::pair`] says before the first release of the default stage.
pub(crate) fn stable() -> &'static str {
    "orders: orders:1 4/4 in 1, scaled 2..20 ---\norders-canary: orders:1 1/1 in 1"
}

/// Whether the primary service is being updated.
pub(crate) fn is_deploying(world: &mut World) -> bool {
    ecs::is_deploying(world, stage::CLUSTER, stage::PRIMARY)
}

/// Whether a task of a version runs for a service.
pub(crate) fn runs(world: &mut World, wanted: &str, version: &str) -> bool {
    world
        .journal
        .iter()
        .rev()
        .find_map(|entry| match &entry.what {
            What::Service {
                service, running, ..
            } if service == wanted => Some(
                running
                    .iter()
                    .any(|(label, tasks)| label == version && *tasks > 0),
            ),
            _ => None,
        })
        == Some(true)
}

/// Whether the alarm on dead letters is in `ALARM`.
pub(crate) fn is_in_alarm(world: &mut World) -> bool {
    world
        .journal
        .iter()
        .rev()
        .find_map(|entry| match &entry.what {
            What::Alarm { alarm, state, .. } if alarm == stage::ALARM => Some(state == "ALARM"),
            _ => None,
        })
        == Some(true)
}

/// Somebody else updates a service.
pub(crate) fn update(world: &mut World, service: &str, task_definition: &str) {
    let input =
        json!({"cluster": stage::CLUSTER, "service": service, "taskDefinition": task_definition});
    let somebody = Principal("somebody".to_owned());
    ecs::call(world, "UpdateService", &input, &somebody).expect("the service can be updated");
}

/// The weights of a rule; nothing where it has none.
pub(super) fn weights(world: &World, wanted: &str, traffic: stage::Traffic) -> String {
    let newest = world.journal.iter().rev();
    let newest = newest.filter_map(|entry| match &entry.what {
        What::Weights { rule, groups } if rule == wanted => Some(groups),
        _ => None,
    });
    let of = |wanted: &str, groups: &[(String, u32)]| {
        let weight = groups.iter().find(|(group, _)| group == wanted);
        weight.map_or_else(|| "no".to_owned(), |(_, weight)| weight.to_string())
    };
    newest.take(1).fold(String::new(), |_, groups| {
        let told = traffic.groups().map(|group| {
            let name = group.strip_prefix("orders-").unwrap_or(group);
            format!("{} {name}", of(group, groups))
        });
        format!("\nrule: {}", told.join(", "))
    })
}
