//! How functions, their versions and aliases are named in calls.

use serde_json::Value;

use super::{faults, version::Versions};
use crate::world::{Fault, World, iam::needs::text};

/// A function, and the version or alias that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    /// None is `$LATEST`.
    pub(super) qualifier: Option<String>,
}

impl Named {
    /// A function's name, or all or part of its ARN, with or without a qualifier. One of another account or Region is named as
    /// it was given, and found nowhere.
    pub(super) fn parse(world: &World, given: &str) -> Self {
        let here = world.arn("lambda", "function:");
        let partial = format!("{}:function:", world.identity.account);
        let local = [here.as_str(), partial.as_str()]
            .iter()
            .find_map(|prefix| given.strip_prefix(*prefix));
        let local = match local {
            None if given.contains(":function:") => {
                return Self {
                    name: given.to_owned(),
                    qualifier: None,
                };
            }
            local => local.unwrap_or(given),
        };
        match local.split_once(':') {
            Some((name, qualifier)) => Self {
                name: name.to_owned(),
                qualifier: Some(qualifier.to_owned()),
            },
            None => Self {
                name: local.to_owned(),
                qualifier: None,
            },
        }
    }

    /// What a call is about by its `FunctionName` and, if it has one, its `Qualifier`.
    ///
    /// # Errors
    /// `InvalidParameterValueException`: the two name different ones.
    pub(super) fn of_call(world: &World, input: &Value) -> Result<Self, Fault> {
        let named = Self::parse(world, text(input, "FunctionName"));
        let given = input["Qualifier"].as_str();
        match (&named.qualifier, given) {
            (Some(derived), Some(given)) if derived != given => Err(faults::invalid(
                "The derived qualifier from the function name does not match the specified qualifier.",
            )),
            (None, Some(given)) => Ok(named.with(given)),
            _ => Ok(named),
        }
    }

    /// The function as a whole that a call is about.
    ///
    /// # Errors
    /// `InvalidParameterValueException`: it names one of its versions.
    pub(super) fn of_function(world: &World, input: &Value) -> Result<Self, Fault> {
        let named = Self::parse(world, text(input, "FunctionName"));
        match &named.qualifier {
            None => Ok(named),
            Some(qualifier) => Err(faults::invalid(format!(
                "This operation is about the function {}, not about {qualifier} of it",
                named.name
            ))),
        }
    }

    pub(super) fn with(&self, qualifier: &str) -> Self {
        Self {
            name: self.name.clone(),
            qualifier: Some(qualifier.to_owned()),
        }
    }

    /// The name with the qualifier, as the `Resource` of metrics has it.
    pub(super) fn resource(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.name),
            None => self.name.clone(),
        }
    }

    pub(super) fn arn(&self, world: &World) -> String {
        super::arn(world, &self.resource())
    }
}

/// A function with its versions.
pub(super) fn versions<'a>(world: &'a World, name: &str) -> Result<&'a Versions, Fault> {
    let found = world.functions.by_name.get(name);
    found.ok_or_else(|| missing(world, name))
}

/// The same, to change it.
pub(super) fn versions_mut<'a>(
    world: &'a mut World,
    name: &str,
) -> Result<&'a mut Versions, Fault> {
    let missing = missing(world, name);
    world.functions.by_name.get_mut(name).ok_or(missing)
}

fn missing(world: &World, name: &str) -> Fault {
    faults::not_found(format!("Function not found: {}", super::arn(world, name)))
}
