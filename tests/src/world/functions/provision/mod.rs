//! AWS Lambda.

mod function;
mod published;
mod source;
mod url;

use std::time::Duration;

use serde::Deserialize;

use super::{
    Function, create_function, delete_function, function::function as known, names::Named,
};
use crate::{
    provision::{
        Existing, ResourceType, Tagged, Update, bad, created, name_of,
        properties::{self, optional_number},
        refused,
    },
    template::{Created, Refused, Resource},
    world::{Fault, World, iam},
};
use function::{change_function, make_function};

pub(in crate::world::functions) const RESOURCES: &[ResourceType] = &[
    published::ALIAS,
    published::VERSION,
    source::MAPPING,
    url::URL,
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
        exists: |world, name| known(world, name).is_some(),
        tagged: Tagged::Arn,
        ..ResourceType::new("AWS::Lambda::Function", make_function)
    },
    ResourceType {
        update: Update::Anew,
        delete: take_permission,
        ..ResourceType::new("AWS::Lambda::Permission", permission)
    },
];

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
                "the local account has it of $LATEST only, not of {}",
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
    known(world, &Named::parse(world, given).name)
        .cloned()
        .ok_or_else(|| bad("FunctionName", format!("there is no function {given}")))
}
