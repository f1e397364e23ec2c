//! AWS Lambda.

use std::{collections::BTreeMap, io::Cursor, path::Path, time::Duration};

use serde::Deserialize;
use serde_json::Value;
use zip::ZipArchive;

use super::{Function, create_function, delete_function, function};
use crate::{
    provision::{
        Existing, ResourceType, Tagged, Update, bad, created, name_of,
        properties::{self, number, optional_number},
        refused,
    },
    template::{Created, Refused, Resource},
    world::{Fault, World, iam},
};

pub(super) const RESOURCES: &[ResourceType] = &[
    ResourceType {
        delete: forget_event_invoke_config,
        ..ResourceType::new("AWS::Lambda::EventInvokeConfig", event_invoke_config)
    },
    ResourceType {
        update: Update::InPlace(|world, resource, _| change_function(world, resource)),
        delete: |world, it| {
            delete_function(world, it.reference);
            Ok(())
        },
        named_by: Some("FunctionName"),
        exists: |world, name| function(world, name).is_some(),
        tagged: Tagged::Arn,
        ..ResourceType::new("AWS::Lambda::Function", make_function)
    },
    ResourceType {
        update: Update::Anew,
        delete: take_permission,
        ..ResourceType::new("AWS::Lambda::Permission", permission)
    },
];

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
struct Environment {
    variables: BTreeMap<String, String>,
}

/// `AWS::Lambda::Function`: `Ref` is the name.
///
/// Of a package on this machine the program is known; of an object it is not, and is named by it.
fn make_function(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let name = resource.properties["FunctionName"].as_str();
    let function = Function::new(&name_of(resource, name));
    put(world, resource, function)
}

/// Changes a function. How it is invoked asynchronously is not its own.
fn change_function(world: &mut World, resource: &Resource<'_>) -> Result<(), Refused> {
    let name = name_of(resource, resource.properties["FunctionName"].as_str());
    let function = find(world, &name)?;
    put(world, resource, function).map(|_| ())
}

fn put(world: &mut World, resource: &Resource<'_>, before: Function) -> Result<Created, Refused> {
    let properties: Properties = properties::parse(resource)?;
    properties.check()?;
    let name = name_of(resource, properties.function_name.as_deref());
    let program = properties.program(world)?;
    create_function(
        world,
        Function {
            program,
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
    fn program(&self, world: &World) -> Result<String, Refused> {
        let code = match &self.code {
            Code::File(code) => code,
            Code::Object {
                s3_bucket,
                s3_key,
                s3_object_version,
            } => return package(world, s3_bucket, s3_key, s3_object_version.as_deref()),
        };
        let path = Path::new(code);
        let program = path.parent().and_then(Path::file_name);
        match (path.file_name(), program) {
            (Some(file), Some(program)) if file == "bootstrap.zip" => {
                Ok(program.to_string_lossy().into_owned())
            }
            _ => Err(bad(
                "Code",
                format!("{code} is not a path …/PROGRAM/bootstrap.zip"),
            )),
        }
    }
}

/// The name of a package in a bucket, once it is a ZIP file with a `bootstrap`. AWS checks the first only, and a function
/// without the second fails as it starts.
fn package(
    world: &World,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> Result<String, Refused> {
    let object = match version {
        Some(version) => world.s3.version(bucket, key, version),
        None => world.s3.object(bucket, key),
    };
    let object = object.map_err(|fault| {
        let message = format!(
            "Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
            fault.code, fault.message
        );
        bad("Code", message)
    })?;
    let unreadable =
        "Could not unzip uploaded file. Please check your file, then try to upload again.";
    let mut archive = ZipArchive::new(Cursor::new(object.body.as_slice()))
        .map_err(|_| bad("Code", unreadable))?;
    if archive.by_name("bootstrap").is_err() {
        return Err(bad("Code", format!("s3://{bucket}/{key} has no bootstrap")));
    }
    Ok(format!("s3://{bucket}/{key}"))
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
fn event_invoke_config(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
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
    create_function(world, function).map_err(|fault| refused(&fault))?;
    Ok(created(name_of(resource, None), []))
}

/// The function is invoked as every function is by default. One that is gone is passed over.
fn forget_event_invoke_config(world: &mut World, it: &Existing<'_>) -> Result<(), Fault> {
    let name = it.properties["FunctionName"].as_str().unwrap_or_default();
    let Ok(mut function) = find(world, name) else {
        return Ok(());
    };
    let default = Function::new(&function.name);
    (function.retries, function.event_age) = (default.retries, default.event_age);
    create_function(world, function)
}

/// Takes a permission back.
fn take_permission(world: &mut World, it: &Existing<'_>) -> Result<(), Fault> {
    let given = |property: &str| it.properties[property].as_str().map(str::to_owned);
    let grant = iam::Permission {
        principal: given("Principal").unwrap_or_default(),
        source_arn: given("SourceArn"),
        source_account: given("SourceAccount"),
    };
    iam::remove_permission(world, &given("FunctionName").unwrap_or_default(), &grant)
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
fn permission(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
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
fn find(world: &World, given: &str) -> Result<Function, Refused> {
    let prefix = world.arn("lambda", "function:");
    let name = given.strip_prefix(&prefix).unwrap_or(given);
    function(world, name)
        .cloned()
        .ok_or_else(|| bad("FunctionName", format!("there is no function {given}")))
}
