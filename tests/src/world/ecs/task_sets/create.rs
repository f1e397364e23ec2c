//! `CreateTaskSet`.

use serde_json::{Map, Value, json};

use super::{
    super::{
        super::{Fault, World},
        definition::TaskDefinition,
        launches::Launches,
        names::{ServiceKey, invalid, text},
        rollout, service, settings, tags, targets,
    },
    Stability, Status, TaskSet, arn, external, scale,
};

/// The most of a service, also counting those that drain. AWS: not documented; the words are those that it answers
/// (pipe-cd/pipecd#4692, aws-samples/ecs-bg-external-controller#6).
const MOST: usize = 5;

/// AWS: ECS developer guide, "Registering multiple target groups with a service", considerations: only services with rolling
/// deployments have several.
const MOST_GROUPS: usize = 1;

/// Creates a task set, or answers the one that the same request has created. AWS: API reference, `clientToken`: for how long
/// it is known is not documented.
pub(in super::super) fn create(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let key = external::service(world, input)?;
    if let Some(id) = created_before(world, &key, input)? {
        return external::shown(world, &key, &id);
    }
    let sets = external::sets(world, &key).len();
    if sets >= MOST {
        return Err(invalid(format!(
            "{sets} deployments exist on the service. Unable to create new TaskSet since this exceeds the maximum limit."
        )));
    }
    let set = planned(world, &key, input)?;
    let id = set.id.clone();
    service::changed(world, &key);
    if let Some(service) = world.ecs.services.get_mut(&key) {
        service.task_sets.push(set);
        service.steady = false;
    }
    service::changed(world, &key);
    external::shown(world, &key, &id)
}

/// The set that a request with this token has created. AWS does not say how it refuses a token that comes with another
/// request; the words are those of `CreateService`.
fn created_before(world: &World, key: &ServiceKey, input: &Value) -> Result<Option<String>, Fault> {
    let Some(token) = text(input, "clientToken") else {
        return Ok(None);
    };
    let lifetime = world.paced(world.ecs.token_lifetime);
    let known = external::sets(world, key).iter().find(|set| {
        let is_known = world.now.since(set.created) < lifetime;
        is_known && set.request.as_ref().and_then(|it| text(it, "clientToken")) == Some(token)
    });
    match known {
        Some(set) if set.request.as_ref() == Some(input) => Ok(Some(set.id.clone())),
        Some(_) => Err(invalid("Creation of task set was not idempotent.")),
        None => Ok(None),
    }
}

fn planned(world: &mut World, key: &ServiceKey, input: &Value) -> Result<TaskSet, Fault> {
    let scale = scale::percent(world, &input["scale"])?;
    let task_definition =
        settings::deployable(world, text(input, "taskDefinition").unwrap_or_default())?;
    let settings = settings_of(input)?;
    if let Some(definition) = world.ecs.definitions.find(world, &task_definition) {
        check_network(definition, &settings)?;
        targets::check(&settings["loadBalancers"], definition, MOST_GROUPS)?;
    }
    targets::check_groups(world, &settings["loadBalancers"])?;
    let tags = tags::parse(input);
    tags::check(input, &tags)?;
    let id = rollout::deployment_id(world);
    let (now, computing) = (world.now, world.paced(world.ecs.computing));
    let service = world.ecs.services.get(key);
    let desired = service.map_or(0, |service| service.desired);
    Ok(TaskSet {
        arn: arn(world, key, &id),
        id,
        status: Status::Active,
        task_definition,
        external_id: text(input, "externalId").map(str::to_owned),
        scale,
        computed: 0,
        due: Some(now + computing),
        stability: Stability::Stabilizing,
        stability_at: now,
        created: now,
        updated: now,
        settings,
        tags,
        launches: Launches::begin(scale::tasks(desired, scale)),
        request: input.get("clientToken").map(|_| input.clone()),
        drained: None,
    })
}

fn settings_of(input: &Value) -> Result<Map<String, Value>, Fault> {
    if input["serviceRegistries"]
        .as_array()
        .is_some_and(|it| !it.is_empty())
    {
        return Err(invalid(
            "the local account does not implement serviceRegistries of a task set",
        ));
    }
    let mut settings = Map::new();
    settings.insert("loadBalancers".to_owned(), json!([]));
    settings.insert("serviceRegistries".to_owned(), json!([]));
    for member in ["loadBalancers", "networkConfiguration"] {
        if let Some(given) = input.get(member).filter(|given| !given.is_null()) {
            settings.insert(member.to_owned(), given.clone());
        }
    }
    let is_fargate = if let Some(strategy) = capacity_providers(input)? {
        settings.insert("capacityProviderStrategy".to_owned(), strategy.clone());
        true
    } else {
        let launch_type = text(input, "launchType").unwrap_or("EC2");
        settings.insert("launchType".to_owned(), json!(launch_type));
        launch_type == "FARGATE"
    };
    if is_fargate {
        let version = input.get("platformVersion").unwrap_or(&Value::Null);
        let version = rollout::resolved_platform(version);
        settings.insert("platformVersion".to_owned(), version);
        settings.insert("platformFamily".to_owned(), json!("Linux"));
    }
    Ok(settings)
}

/// `capacityProviderStrategy`: without one, clusters here have no default, so that the launch type counts.
fn capacity_providers(input: &Value) -> Result<Option<&Value>, Fault> {
    let strategy = &input["capacityProviderStrategy"];
    let providers = strategy.as_array().map_or(&[][..], Vec::as_slice);
    if providers.is_empty() {
        return Ok(None);
    }
    if input.get("launchType").is_some() {
        return Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        ));
    }
    let on_fargate = ["FARGATE", "FARGATE_SPOT"];
    let other = providers
        .iter()
        .filter_map(|it| text(it, "capacityProvider"))
        .find(|name| !on_fargate.contains(name));
    match other {
        None => Ok(Some(strategy)),
        Some(name) => Err(invalid(format!(
            "the local account has only the capacity providers FARGATE and FARGATE_SPOT, not {name}"
        ))),
    }
}

fn check_network(definition: &TaskDefinition, settings: &Map<String, Value>) -> Result<(), Fault> {
    if definition.is_awsvpc() && !settings.contains_key("networkConfiguration") {
        return Err(invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ));
    }
    Ok(())
}
