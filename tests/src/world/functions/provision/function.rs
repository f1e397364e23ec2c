//! Functions.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::find;
use crate::{
    provision::{
        bad, created, name_of,
        properties::{self, number},
    },
    template::{Created, Refused, Resource},
    world::{
        World,
        functions::{Archive, Function, code, create_function},
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
    code: Code,
    role: String,
    #[serde(deserialize_with = "number")]
    timeout: u64,
    #[serde(deserialize_with = "number")]
    memory_size: u32,
    #[serde(default)]
    environment: Environment,
    #[serde(default)]
    dead_letter_config: DeadLetterConfig,
    #[serde(rename = "Handler")]
    _handler: Option<Value>,
    #[serde(rename = "Description")]
    _description: Option<Value>,
    #[serde(rename = "LoggingConfig")]
    _logging: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

/// Where the package is.
#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    /// On this machine, as `cargo lambda build` leaves it: `…/PROGRAM/bootstrap.zip`.
    File(String),
    /// As `aws cloudformation package` has uploaded it.
    #[serde(rename_all = "PascalCase")]
    Object {
        s3_bucket: String,
        s3_key: String,
        s3_object_version: Option<String>,
    },
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct DeadLetterConfig {
    target_arn: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Environment {
    variables: BTreeMap<String, String>,
}

/// `AWS::Lambda::Function`: `Ref` is the name.
///
/// Of a package on this machine the program is known; of an object it is not, and is named by it.
pub(super) fn make_function(
    world: &mut World,
    resource: &Resource<'_>,
) -> Result<Created, Refused> {
    let name = resource.properties["FunctionName"].as_str();
    let function = Function::new(&name_of(resource, name));
    put(world, resource, function)
}

/// Changes a function. How it is invoked asynchronously is not its own.
pub(super) fn change_function(world: &mut World, resource: &Resource<'_>) -> Result<(), Refused> {
    let name = name_of(resource, resource.properties["FunctionName"].as_str());
    let function = find(world, &name)?;
    put(world, resource, function).map(|_| ())
}

fn put(world: &mut World, resource: &Resource<'_>, before: Function) -> Result<Created, Refused> {
    let properties: Properties = properties::parse(resource)?;
    properties.check()?;
    let name = name_of(resource, properties.function_name.as_deref());
    let (program, archive) = properties.program(world)?;
    create_function(
        world,
        Function {
            program,
            archive,
            dead_letters: properties.dead_letter_config.target_arn,
            timeout: Duration::from_secs(properties.timeout),
            memory: properties.memory_size,
            environment: properties.environment.variables,
            role: Some(properties.role),
            ..before
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
    fn program(&self, world: &World) -> Result<(String, Option<Archive>), Refused> {
        let code = match &self.code {
            Code::File(code) => code,
            Code::Object {
                s3_bucket,
                s3_key,
                s3_object_version,
            } => {
                let found = code::package(world, s3_bucket, s3_key, s3_object_version.as_deref());
                let (program, archive) = found.map_err(|fault| bad("Code", fault.message))?;
                return Ok((program, Some(archive)));
            }
        };
        let path = Path::new(code);
        let program = path.parent().and_then(Path::file_name);
        match (path.file_name(), program) {
            (Some(file), Some(program)) if file == "bootstrap.zip" => {
                Ok((program.to_string_lossy().into_owned(), None))
            }
            _ => Err(bad(
                "Code",
                format!("{code} is not a path …/PROGRAM/bootstrap.zip"),
            )),
        }
    }
}
