//! Versions and aliases.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::find;
use crate::{
    provision::{
        Existing, ResourceType, Settled, Update, bad, created,
        properties::{self, number},
        refused, unchanged,
    },
    template::{Created, Refused, Resource},
    wire::check_input,
    world::{
        Fault, World,
        functions::{
            SERVICE, State, alias,
            names::{self, Named},
            provisioned, version,
        },
    },
};

pub(super) const VERSION: ResourceType = ResourceType {
    update: Update::Anew,
    delete: |world, it| {
        let named = Named::parse(world, it.reference);
        version::delete(world, &named.name, &named.qualifier.unwrap_or_default())
    },
    is_ready,
    ..ResourceType::new("AWS::Lambda::Version", make_version)
};

pub(super) const ALIAS: ResourceType = ResourceType {
    update: Update::InPlace(change_alias),
    delete: |world, it| {
        let named = Named::parse(world, it.reference);
        let input = json!({ "FunctionName": named.name, "Name": named.qualifier });
        alias::delete(world, &input).map(|_| ())
    },
    named_by: Some("Name"),
    is_ready,
    ..ResourceType::new("AWS::Lambda::Alias", make_alias)
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Version {
    function_name: String,
    code_sha256: Option<String>,
    description: Option<String>,
    provisioned_concurrency_config: Option<ProvisionedConcurrency>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct ProvisionedConcurrency {
    #[serde(deserialize_with = "number")]
    provisioned_concurrent_executions: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Alias {
    name: String,
    function_name: String,
    function_version: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    routing_config: Routing,
    provisioned_concurrency_config: Option<ProvisionedConcurrency>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Routing {
    #[serde(default)]
    additional_version_weights: Vec<Weight>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Weight {
    function_version: String,
    #[serde(deserialize_with = "number")]
    function_weight: f64,
}

/// `AWS::Lambda::Version`: `Ref` is the version's ARN. A function that has not changed since has no other version.
fn make_version(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let version: Version = properties::parse(resource)?;
    let function = find(world, &version.function_name)?;
    let latest = |world: &World| {
        let versions = names::versions(world, &function.name).ok()?;
        versions.published.last_key_value().map(|(last, _)| *last)
    };
    let before = latest(world);
    let mut input = json!({ "FunctionName": function.name });
    for (member, value) in [
        ("CodeSha256", version.code_sha256),
        ("Description", version.description),
    ] {
        if let Some(value) = value {
            input[member] = json!(value);
        }
    }
    let published = version::publish(world, &input).map_err(|fault| refused(&fault))?;
    if let Some(last) = before.filter(|_| latest(world) == before) {
        return Err(bad(
            "FunctionName",
            format!(
                "A version for this Lambda function exists ( {last} ). Modify the function to create a new version."
            ),
        ));
    }
    let named = Named::parse(world, published["FunctionArn"].as_str().unwrap_or_default());
    provision(
        world,
        &named,
        version.provisioned_concurrency_config.as_ref(),
    )?;
    let number = published["Version"].clone();
    Ok(created(
        named.arn(world),
        [
            ("Version", number),
            ("FunctionArn", json!(named.arn(world))),
        ],
    ))
}

/// `AWS::Lambda::Alias`: `Ref` is the alias's ARN.
fn make_alias(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    write_alias(world, resource, "CreateAlias", alias::create)
}

/// Sets everything that the template says of an alias, whatever a release has made of it. AWS: "Update requires: No
/// interruption" of `FunctionVersion` and `RoutingConfig`.
fn change_alias(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    unchanged(resource, before, &["FunctionName"])?;
    write_alias(world, resource, "UpdateAlias", alias::update).map(|_| ())
}

fn write_alias(
    world: &mut World,
    resource: &Resource<'_>,
    operation: &str,
    write: fn(&mut World, &Value) -> Result<Value, Fault>,
) -> Result<Created, Refused> {
    let alias: Alias = properties::parse(resource)?;
    let function = find(world, &alias.function_name)?.name;
    let weights = alias.routing_config.additional_version_weights;
    let weights: Map<String, Value> = weights
        .into_iter()
        .map(|it| (it.function_version, json!(it.function_weight)))
        .collect();
    let input = json!({
        "FunctionName": function,
        "Name": alias.name,
        "FunctionVersion": alias.function_version,
        "Description": alias.description,
        "RoutingConfig": { "AdditionalVersionWeights": weights },
    });
    check_input(SERVICE.name, operation, &input).map_err(|fault| refused(&fault))?;
    let written = write(world, &input).map_err(|fault| refused(&fault))?;
    let arn = written["AliasArn"].as_str().unwrap_or_default();
    let named = Named::parse(world, arn);
    provision(world, &named, alias.provisioned_concurrency_config.as_ref())?;
    Ok(created(arn, [("AliasArn", json!(arn))]))
}

/// Sets or takes away provisioned concurrency.
fn provision(
    world: &mut World,
    named: &Named,
    wanted: Option<&ProvisionedConcurrency>,
) -> Result<(), Refused> {
    let mut input = json!({ "FunctionName": named.name, "Qualifier": named.qualifier });
    let done = match wanted {
        None => provisioned::delete(world, &input),
        Some(wanted) => {
            let wanted = wanted.provisioned_concurrent_executions;
            input["ProvisionedConcurrentExecutions"] = json!(wanted);
            provisioned::put(world, &input)
        }
    };
    done.map(|_| ()).map_err(|fault| refused(&fault))
}

/// A version once it is active, and both with their provisioned concurrency.
fn is_ready(world: &World, it: &Existing<'_>) -> Settled {
    let named = Named::parse(world, it.reference);
    let Ok(versions) = names::versions(world, &named.name) else {
        return Settled::Failed(format!("there is no function {}", named.name));
    };
    let qualifier = named.qualifier.as_deref().unwrap_or_default();
    match versions.version(qualifier).map(|version| &version.state) {
        Some(State::Pending) => return Settled::NotYet,
        Some(State::Failed(failure)) => return Settled::Failed(failure.reason.clone()),
        Some(State::Active | State::Inactive) | None => {}
    }
    let provisioned = versions.provisioned.get(qualifier);
    provisioned.map_or(Settled::Yes, |it| it.settled(world.now))
}
