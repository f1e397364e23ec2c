//! AWS Lambda.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::{
    bad, created, name_of,
    properties::{self, number, optional_number},
    refused,
};
use crate::{
    template::{Created, Refused, Resource},
    world::{
        World,
        functions::{self, Function},
        iam,
    },
};

/// AWS: Lambda developer guide, "Lambda quotas", all environment variables together.
const LARGEST_ENVIRONMENT: usize = 4096;
/// AWS: "Configure Lambda function timeout", seconds.
const TIMEOUTS: std::ops::RangeInclusive<u64> = 1..=900;
/// AWS: "Configure Lambda function memory", megabytes.
const MEMORY: std::ops::RangeInclusive<u32> = 128..=10_240;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Properties {
    function_name: Option<String>,
    runtime: String,
    architectures: Vec<String>,
    code: String,
    role: String,
    #[serde(deserialize_with = "number")]
    timeout: u64,
    #[serde(deserialize_with = "number")]
    memory_size: u32,
    #[serde(default)]
    environment: Environment,
    #[serde(rename = "Handler")]
    _handler: Option<Value>,
    #[serde(rename = "Description")]
    _description: Option<Value>,
    #[serde(rename = "LoggingConfig")]
    _logging: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Environment {
    variables: BTreeMap<String, String>,
}

/// `AWS::Lambda::Function`: `Ref` is the name.
///
/// `Code` is the path of a zip as `cargo lambda build` leaves it and `aws cloudformation package`
/// takes it: `…/PROGRAM/bootstrap.zip`.
pub(super) fn function(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let properties: Properties = properties::parse(resource)?;
    properties.check()?;
    let name = name_of(resource, properties.function_name.as_deref());
    let program = properties.program()?;
    functions::create_function(
        world,
        Function {
            program,
            timeout: Duration::from_secs(properties.timeout),
            memory: properties.memory_size,
            environment: properties.environment.variables,
            role: Some(properties.role),
            ..Function::new(&name)
        },
    )
    .map_err(|fault| bad("Role", fault.message))?;
    let arn = world.arn("lambda", &format!("function:{name}"));
    Ok(created(name, [("Arn", arn.into())]))
}

impl Properties {
    fn check(&self) -> Result<(), Refused> {
        if self.runtime != "provided.al2023" || self.architectures != ["arm64"] {
            return Err(bad(
                "Runtime",
                "the programs are built for provided.al2023 on arm64",
            ));
        }
        if !TIMEOUTS.contains(&self.timeout) {
            return Err(bad("Timeout", "it is not 1 to 900 seconds"));
        }
        if !MEMORY.contains(&self.memory_size) {
            return Err(bad("MemorySize", "it is not 128 to 10240 megabytes"));
        }
        let size: usize = self
            .environment
            .variables
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if size > LARGEST_ENVIRONMENT {
            return Err(bad(
                "Environment.Variables",
                format!("{size} bytes; Lambda allows {LARGEST_ENVIRONMENT} for all together"),
            ));
        }
        Ok(())
    }

    /// The program whose package the function runs.
    fn program(&self) -> Result<String, Refused> {
        let path = Path::new(&self.code);
        let program = path.parent().and_then(Path::file_name);
        match (path.file_name(), program) {
            (Some(file), Some(program)) if file == "bootstrap.zip" => {
                Ok(program.to_string_lossy().into_owned())
            }
            _ => Err(bad(
                "Code",
                format!("{} is not a path …/PROGRAM/bootstrap.zip", self.code),
            )),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct EventInvokeConfig {
    function_name: String,
    qualifier: String,
    #[serde(default, deserialize_with = "optional_number")]
    maximum_retry_attempts: Option<u8>,
    #[serde(default, deserialize_with = "optional_number")]
    maximum_event_age_in_seconds: Option<u64>,
}

/// `AWS::Lambda::EventInvokeConfig`.
pub(super) fn event_invoke_config(
    world: &mut World,
    resource: &Resource<'_>,
) -> Result<Created, Refused> {
    let config: EventInvokeConfig = properties::parse(resource)?;
    if config.qualifier != "$LATEST" {
        return Err(bad(
            "Qualifier",
            format!(
                "the local account has no versions, so only $LATEST, not {}",
                config.qualifier
            ),
        ));
    }
    let mut function = find(world, &config.function_name)?;
    if let Some(retries) = config.maximum_retry_attempts {
        if retries > 2 {
            return Err(bad("MaximumRetryAttempts", "it is not 0 to 2"));
        }
        function.retries = retries;
    }
    if let Some(age) = config.maximum_event_age_in_seconds {
        if !(60..=21_600).contains(&age) {
            return Err(bad("MaximumEventAgeInSeconds", "it is not 60 to 21600"));
        }
        function.event_age = Duration::from_secs(age);
    }
    functions::create_function(world, function).map_err(|fault| refused(&fault))?;
    Ok(created(name_of(resource, None), []))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Permission {
    function_name: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
}

/// `AWS::Lambda::Permission`.
pub(super) fn permission(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let permission: Permission = properties::parse(resource)?;
    if permission.action != "lambda:InvokeFunction" {
        return Err(bad(
            "Action",
            format!(
                "nothing here does {}, only lambda:InvokeFunction",
                permission.action
            ),
        ));
    }
    let name = find(world, &permission.function_name)?.name;
    let grant = iam::Permission {
        principal: permission.principal,
        source_arn: permission.source_arn,
        source_account: permission.source_account,
    };
    iam::add_permission(world, &name, &grant).map_err(|fault| refused(&fault))?;
    Ok(created(name_of(resource, None), []))
}

/// A function by name or ARN.
fn find(world: &World, function: &str) -> Result<Function, Refused> {
    let prefix = world.arn("lambda", "function:");
    let name = function.strip_prefix(&prefix).unwrap_or(function);
    functions::function(world, name)
        .cloned()
        .ok_or_else(|| bad("FunctionName", format!("there is no function {function}")))
}
