//! Reading a resource's properties: strictly, and with numbers and booleans also as text, which is
//! what `Ref` to a parameter gives.

use std::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::Value;

use crate::{
    template::{Refused, Resource},
    wire,
};

/// The properties of a resource.
///
/// # Errors
/// With the path of the property that is unknown, missing or of the wrong type.
pub(crate) fn parse<T: DeserializeOwned>(resource: &Resource<'_>) -> Result<T, Refused> {
    serde_path_to_error::deserialize(resource.properties).map_err(|error| {
        let path = error.path().to_string();
        Refused {
            property: (path != ".").then_some(path),
            message: error.into_inner().to_string(),
        }
    })
}

/// Properties as the input of the API call that creates the resource.
///
/// # Errors
/// A property that the call does not have, or that AWS's model of it does not allow.
pub(crate) fn input_of(
    service: &str,
    operation: &str,
    properties: &Value,
) -> Result<Value, Refused> {
    let input = wire::template_input(service, operation, properties).map_err(|misfit| Refused {
        property: Some(misfit.property),
        message: misfit.message,
    })?;
    wire::check_input(service, operation, &input).map_err(|fault| super::refused(&fault))?;
    Ok(input)
}

/// A number, or the same as text.
pub(crate) fn number<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let value = Value::deserialize(deserializer)?;
    let text = match &value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.parse()
        .map_err(|error| D::Error::custom(format!("{value} is no number here: {error}")))
}

/// The same, where the property may be absent.
pub(crate) fn optional_number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    number(deserializer).map(Some)
}

/// `true`, `false`, or the same as text.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    number(deserializer)
}

/// Whether all properties are among the known ones, or tags.
///
/// # Errors
/// The first that is not.
pub(crate) fn check(resource: &Resource<'_>, known: &[&str]) -> Result<(), Refused> {
    let properties = resource.properties.as_object();
    let unknown = properties.and_then(|properties| {
        properties
            .keys()
            .find(|name| *name != "Tags" && !known.contains(&name.as_str()))
    });
    match unknown {
        Some(name) => Err(Refused {
            property: Some(name.clone()),
            message: format!(
                "it is not known here; known are {} and Tags",
                known.join(", ")
            ),
        }),
        None => Ok(()),
    }
}

/// The texts of a list.
pub(crate) fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}
