//! Where templates come from, and what is told about one.

use serde_json::{Map, Value, json};

use super::{
    faults::{no_stack, of_template, validation},
    find, values,
};
use crate::{
    template::{Sheet, scalar},
    world::{Fault, World},
};

/// AWS: `CloudFormation` user guide, "Understand `CloudFormation` quotas", bytes.
const LONGEST_BODY: usize = 51_200;
const LONGEST_OBJECT: usize = 1_048_576;

/// A template that was read, with its text.
pub(super) type Read = (Sheet, String);

/// The template that a request gives; `None` if it gives none.
///
/// # Errors
/// `ValidationError`: there is no such object, or it is no template.
pub(super) fn given(world: &World, input: &Value) -> Result<Option<Read>, Fault> {
    match (
        input["TemplateBody"].as_str(),
        input["TemplateURL"].as_str(),
    ) {
        (Some(_), Some(_)) => Err(validation(
            "Only one of TemplateBody or TemplateUrl may be specified.",
        )),
        (Some(body), None) if body.len() > LONGEST_BODY => Err(validation(format!(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to {LONGEST_BODY}"
        ))),
        (Some(body), None) => parse(body).map(Some),
        (None, Some(url)) => at(world, url).map(Some),
        (None, None) => Ok(None),
    }
}

/// The template at an address in a bucket of the account.
///
/// # Errors
/// As [`given`].
pub(super) fn at(world: &World, url: &str) -> Result<Read, Fault> {
    let unknown = || validation("TemplateURL must be a supported URL.");
    let (bucket, key, version) = address(url).ok_or_else(unknown)?;
    let object = match version {
        Some(version) => world.s3.version(bucket, key, version),
        None => world.s3.object(bucket, key),
    };
    let object = object.map_err(|fault| {
        validation(format!(
            "S3 error: {}\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
            fault.message
        ))
    })?;
    if object.body.len() > LONGEST_OBJECT {
        return Err(validation(format!(
            "Template may not exceed {LONGEST_OBJECT} bytes in size."
        )));
    }
    parse(&String::from_utf8_lossy(&object.body))
}

/// Bucket, key and version of `https://s3.REGION.amazonaws.com/BUCKET/KEY?versionId=ID`, or with the bucket in the host. The
/// AWS CLI writes the endpoint that it was given: here the account's own on loopback is meant too.
fn address(url: &str) -> Option<(&str, &str, Option<&str>)> {
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let version = query.strip_prefix("versionId=");
    if let Some(local) = url.strip_prefix("http://127.0.0.1:") {
        let (_, path) = local.split_once('/')?;
        let (bucket, key) = path.split_once('/')?;
        return Some((bucket, key, version));
    }
    let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
    let host = host.strip_suffix(".amazonaws.com")?;
    match host.split_once(".s3") {
        Some((bucket, _)) => Some((bucket, path, version)),
        None if host == "s3" || host.starts_with("s3.") || host.starts_with("s3-") => {
            let (bucket, key) = path.split_once('/')?;
            Some((bucket, key, version))
        }
        None => None,
    }
}

fn parse(body: &str) -> Result<Read, Fault> {
    let sheet = Sheet::parse("template", body).map_err(|error| of_template(&error))?;
    Ok((sheet, body.to_owned()))
}

/// `ValidateTemplate`
pub(super) fn validate(world: &World, input: &Value) -> Result<Value, Fault> {
    let (sheet, _) = given(world, input)?.ok_or_else(no_template)?;
    let parameters: Vec<Value> = values::declared(&sheet)
        .map(|(name, parameter)| {
            json!({
                "ParameterKey": name,
                "DefaultValue": scalar(&parameter["Default"]),
                "NoEcho": parameter["NoEcho"] == true,
                "Description": parameter["Description"],
            })
        })
        .collect();
    let mut told = told(&sheet);
    told.insert("Parameters".to_owned(), Value::Array(parameters));
    Ok(Value::Object(told))
}

/// `GetTemplateSummary`
pub(super) fn summary(world: &World, input: &Value) -> Result<Value, Fault> {
    let sheet = match input["StackName"].as_str() {
        Some(name) => of_stack(world, name)?,
        None => given(world, input)?.ok_or_else(no_template)?.0,
    };
    let parameters: Vec<Value> = values::declared(&sheet)
        .map(|(name, parameter)| {
            let constraints = parameter["AllowedValues"].as_array().map(|allowed| {
                let allowed: Vec<String> = allowed.iter().filter_map(scalar).collect();
                json!({ "AllowedValues": allowed })
            });
            json!({
                "ParameterKey": name,
                "DefaultValue": scalar(&parameter["Default"]),
                "ParameterType": parameter["Type"],
                "NoEcho": parameter["NoEcho"] == true,
                "Description": parameter["Description"],
                "ParameterConstraints": constraints.unwrap_or_else(|| json!({})),
            })
        })
        .collect();
    let mut told = told(&sheet);
    told.insert("Parameters".to_owned(), Value::Array(parameters));
    told.insert("ResourceTypes".to_owned(), json!(values::types(&sheet)));
    let document = sheet.document();
    if let Some(metadata) = document.get("Metadata") {
        told.insert("Metadata".to_owned(), metadata.to_string().into());
    }
    if let Some(version) = document.get("AWSTemplateFormatVersion") {
        told.insert("Version".to_owned(), version.clone());
    }
    Ok(Value::Object(told))
}

fn told(sheet: &Sheet) -> Map<String, Value> {
    let mut told = Map::new();
    if let Some(description) = sheet.document().get("Description") {
        told.insert("Description".to_owned(), description.clone());
    }
    if let Some((capability, types)) = values::capabilities(sheet) {
        told.insert("Capabilities".to_owned(), json!([capability]));
        let types = types.join(", ");
        let reason = format!("The following resource(s) require capabilities: [{types}]");
        told.insert("CapabilitiesReason".to_owned(), reason.into());
    }
    told
}

/// The template of a stack; of one that only a change set was made for, the change set's.
fn of_stack(world: &World, name: &str) -> Result<Sheet, Fault> {
    let index = find(world, name).ok_or_else(|| no_stack(name))?;
    let stack = &world.cloudformation.stacks[index];
    match (&stack.content, stack.change_sets.last()) {
        (Some(content), _) => Ok(content.plan.sheet().clone()),
        (None, Some(change_set)) => Ok(change_set.content.plan.sheet().clone()),
        (None, None) => Err(no_stack(name)),
    }
}

fn no_template() -> Fault {
    validation("Either Template URL or Template Body must be specified.")
}

/// Members of a request that must be left out.
pub(super) fn refuse(input: &Value, members: &[&str]) -> Result<(), Fault> {
    let asked = members.iter().find(|member| {
        let value = &input[**member];
        let empty = value.as_array().is_some_and(Vec::is_empty);
        !value.is_null() && *value != false && !empty
    });
    match asked {
        Some(member) => Err(super::faults::unsupported(member)),
        None => Ok(()),
    }
}

/// The template of a stack as text, for `UsePreviousTemplate`.
pub(super) fn previous(world: &World, name: &str) -> Result<Read, Fault> {
    let index = find(world, name).ok_or_else(|| no_stack(name))?;
    let content = world.cloudformation.stacks[index].content.as_ref();
    let content = content.ok_or_else(|| no_stack(name))?;
    Ok((content.plan.sheet().clone(), content.body.clone()))
}
