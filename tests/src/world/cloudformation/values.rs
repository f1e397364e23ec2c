//! The values of parameters, and what a template needs beside them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    faults::{list, validation},
    stack::STACK,
    text,
};
use crate::{
    template::{Sheet, scalar},
    world::{Fault, iam},
};

/// The values that a request gives: for a stack that is there what it has can stay.
///
/// # Errors
/// `ValidationError`: a value too many or too few.
pub(super) fn given(
    sheet: &Sheet,
    requested: &Value,
    before: Option<&BTreeMap<String, String>>,
) -> Result<BTreeMap<String, String>, Fault> {
    let mut values = BTreeMap::new();
    for parameter in requested.as_array().into_iter().flatten() {
        let key = text(parameter, "ParameterKey");
        if parameter["UsePreviousValue"] == true {
            let Some(before) = before else {
                return Err(validation(
                    "Cannot specify UsePreviousValue on Parameters when ChangeSetType is CREATE",
                ));
            };
            let value = before.get(key).ok_or_else(|| {
                validation(format!(
                    "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter key not in the previous template"
                ))
            })?;
            values.insert(key.to_owned(), value.clone());
        } else {
            values.insert(key.to_owned(), text(parameter, "ParameterValue").to_owned());
        }
    }
    complete(sheet, values)
}

/// The values with the defaults of those that are left out.
///
/// # Errors
/// As [`given`].
pub(super) fn complete(
    sheet: &Sheet,
    mut values: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Fault> {
    let unknown: Vec<String> = values
        .keys()
        .filter(|key| sheet.has_default(key).is_none())
        .cloned()
        .collect();
    if !unknown.is_empty() {
        let unknown = list(&unknown);
        return Err(validation(format!(
            "Parameters: {unknown} do not exist in the template"
        )));
    }
    let mut missing = Vec::new();
    for name in declared(sheet).map(|(name, _)| name) {
        if values.contains_key(name) {
            continue;
        }
        match sheet.default(name) {
            Some(default) => {
                values.insert(name.to_owned(), default);
            }
            None => missing.push(name.to_owned()),
        }
    }
    if missing.is_empty() {
        Ok(values)
    } else {
        let missing = list(&missing);
        Err(validation(format!(
            "Parameters: {missing} must have values"
        )))
    }
}

/// The parameters of a template.
pub(super) fn declared(sheet: &Sheet) -> impl Iterator<Item = (&str, &Value)> {
    let parameters = sheet.document()["Parameters"].as_object();
    parameters
        .into_iter()
        .flatten()
        .map(|(name, parameter)| (name.as_str(), parameter))
}

/// Whether a parameter's value is not to be told.
pub(super) fn is_secret(sheet: &Sheet, parameter: &str) -> bool {
    sheet.document()["Parameters"][parameter]["NoEcho"] == true
}

/// What has to be acknowledged, and for which types.
pub(super) fn capabilities(sheet: &Sheet) -> Option<(&'static str, Vec<String>)> {
    let resources = sheet.document()["Resources"].as_object();
    let mut found = Vec::new();
    let mut named = false;
    for resource in resources.into_iter().flatten().map(|(_, it)| it) {
        let kind = text(resource, "Type");
        if let Some((_, property)) = iam::ACKNOWLEDGED.iter().find(|(known, _)| *known == kind) {
            named |= resource["Properties"].get(*property).is_some();
            if !found.iter().any(|other| other == kind) {
                found.push(kind.to_owned());
            }
        }
    }
    let needed = if named {
        "CAPABILITY_NAMED_IAM"
    } else {
        "CAPABILITY_IAM"
    };
    (!found.is_empty()).then_some((needed, found))
}

/// Whether what a template needs is acknowledged.
///
/// # Errors
/// `InsufficientCapabilitiesException`.
pub(super) fn check_capabilities(sheet: &Sheet, acknowledged: &[String]) -> Result<(), Fault> {
    let Some((needed, _)) = capabilities(sheet) else {
        return Ok(());
    };
    // The one for names covers the other.
    let covers = |given: &String| given == needed || given == "CAPABILITY_NAMED_IAM";
    if acknowledged.iter().any(covers) {
        return Ok(());
    }
    let message = format!("Requires capabilities : [{needed}]");
    Err(Fault::new("InsufficientCapabilitiesException", message))
}

/// The values that a nested stack's properties give it.
pub(super) fn of_nested(properties: &Value) -> BTreeMap<String, String> {
    let parameters = properties["Parameters"].as_object().into_iter().flatten();
    parameters
        .map(|(name, value)| {
            let text = match value {
                Value::Array(items) => {
                    let items: Vec<String> = items.iter().filter_map(scalar).collect();
                    items.join(",")
                }
                value => scalar(value).unwrap_or_default(),
            };
            (name.clone(), text)
        })
        .collect()
}

/// The types of a template's resources, each once.
pub(super) fn types(sheet: &Sheet) -> Vec<&str> {
    let resources = sheet.document()["Resources"].as_object();
    let mut types: Vec<&str> = resources
        .into_iter()
        .flatten()
        .map(|(_, resource)| resource["Type"].as_str().unwrap_or(STACK))
        .collect();
    types.sort_unstable();
    types.dedup();
    types
}
