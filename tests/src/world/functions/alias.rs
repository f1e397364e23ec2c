//! Aliases: names for a version, or for two with weights.
//!
//! AWS: "Lambda function aliases" and "Implement Lambda canary deployments using a weighted alias". The words of refusals are
//! those that `LocalStack` has recorded, where it has them.

use serde_json::{Value, json};

use super::{
    faults,
    names::{self, Named},
    page, shares,
    version::{LATEST, next_revision},
};
use crate::world::{Fault, World, iam::needs::text};

/// Aliases in one answer at most.
const PAGE: usize = 50;

/// What a name stands for.
#[derive(Debug, Clone)]
pub(super) struct Alias {
    pub(super) version: String,
    /// The version that has a share of the invocations, and the share.
    pub(super) additional: Option<(String, f64)>,
    description: String,
    revision: String,
}

impl Alias {
    /// Whether a version is one of its own.
    pub(super) fn names(&self, version: &str) -> bool {
        let additional = self.additional.as_ref();
        self.version == version || additional.is_some_and(|(it, _)| it == version)
    }

    fn shown(&self, world: &World, named: &Named) -> Value {
        let mut told = json!({
            "AliasArn": named.arn(world),
            "Name": named.qualifier,
            "FunctionVersion": self.version,
            "Description": self.description,
            "RevisionId": self.revision,
        });
        if let Some((version, weight)) = &self.additional {
            told["RoutingConfig"] = json!({ "AdditionalVersionWeights": { version: weight } });
        }
        told
    }

    /// Refuses what cannot be shared.
    fn check(&self, world: &World, named: &Named) -> Result<(), Fault> {
        let versions = names::versions(world, &named.name)?;
        let find = |version: &str| {
            let found = versions.version(version);
            found.ok_or_else(|| faults::no_function(world, &named.with(version)))
        };
        let first = &find(&self.version)?.function;
        let Some((version, weight)) = &self.additional else {
            return Ok(());
        };
        if *version == self.version {
            return Err(faults::invalid(format!(
                "Invalid function version {version}. Function version {version} is already included in routing configuration."
            )));
        }
        if self.version == LATEST {
            return Err(faults::invalid(
                "$LATEST is not supported for an alias pointing to more than 1 version",
            ));
        }
        if *weight >= 1.0 && world.functions.refuses_whole_weight {
            return Err(faults::invalid(format!(
                "The weight {weight} of version {version} leaves nothing for version {}",
                self.version
            )));
        }
        let second = &find(version)?.function;
        if (&first.role, &first.dead_letters) != (&second.role, &second.dead_letters) {
            return Err(faults::invalid(format!(
                "Versions {} and {version} do not have the same execution role and dead-letter configuration, which an \
                 alias that routes to both needs",
                self.version
            )));
        }
        Ok(())
    }
}

/// `CreateAlias`.
pub(super) fn create(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let named = Named::of_function(world, input)?.with(text(input, "Name"));
    let exists = find(world, &named)?.is_some();
    if exists {
        let arn = named.arn(world);
        return Err(faults::conflict(format!("Alias already exists: {arn}")));
    }
    let alias = Alias {
        version: text(input, "FunctionVersion").to_owned(),
        additional: additional(input, None)?,
        description: text(input, "Description").to_owned(),
        revision: String::new(),
    };
    write(world, &named, alias)
}

/// `UpdateAlias`.
pub(super) fn update(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let named = Named::of_function(world, input)?.with(text(input, "Name"));
    let mut alias = found(world, &named)?.clone();
    faults::check_revision(input, &alias.revision)?;
    let version = input["FunctionVersion"].as_str();
    if let Some(version) = version {
        version.clone_into(&mut alias.version);
    }
    if let Some(description) = input["Description"].as_str() {
        description.clone_into(&mut alias.description);
    }
    if version.is_some() && world.functions.version_resets_weights {
        alias.additional = None;
    }
    alias.additional = additional(input, alias.additional)?;
    write(world, &named, alias)
}

/// `GetAlias`.
pub(super) fn get(world: &World, input: &Value) -> Result<Value, Fault> {
    let named = Named::of_function(world, input)?.with(text(input, "Name"));
    Ok(found(world, &named)?.shown(world, &named))
}

/// `DeleteAlias`: one that is not there is deleted.
pub(super) fn delete(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let named = Named::of_function(world, input)?;
    let name = text(input, "Name");
    if let Some(versions) = world.functions.by_name.get_mut(&named.name) {
        let was_there = versions.aliases.remove(name).is_some();
        versions.provisioned.remove(name);
        if was_there {
            shares::note(world, &named.name, name);
        }
    }
    Ok(json!({}))
}

/// `ListAliases`.
pub(super) fn list(world: &World, input: &Value) -> Result<Value, Fault> {
    let named = Named::of_function(world, input)?;
    let versions = names::versions(world, &named.name)?;
    let version = input["FunctionVersion"].as_str();
    let wanted = versions
        .aliases
        .iter()
        .filter(|(_, alias)| version.is_none_or(|version| alias.names(version)));
    let shown = wanted.map(|(name, alias)| alias.shown(world, &named.with(name)));
    let (listed, next) = page::of(shown.collect(), input, PAGE)?;
    Ok(page::answer(json!({ "Aliases": listed }), next))
}

/// The second version and its weight as a call says it, or else as it was.
fn additional(
    input: &Value,
    before: Option<(String, f64)>,
) -> Result<Option<(String, f64)>, Fault> {
    let config = &input["RoutingConfig"];
    if config.is_null() {
        return Ok(before);
    }
    let Some(weights) = config["AdditionalVersionWeights"].as_object() else {
        return Err(faults::invalid(
            "The local account does not have a RoutingConfig without AdditionalVersionWeights.",
        ));
    };
    if weights.len() > 1 {
        return Err(faults::invalid(
            "Number of items in AdditionalVersionWeights cannot be greater than 1",
        ));
    }
    let first = weights.iter().next();
    Ok(first.map(|(version, weight)| (version.clone(), weight.as_f64().unwrap_or_default())))
}

/// Puts an alias in place, with a revision of its own.
fn write(world: &mut World, named: &Named, alias: Alias) -> Result<Value, Fault> {
    alias.check(world, named)?;
    let alias = Alias {
        revision: next_revision(world),
        ..alias
    };
    let shown = alias.shown(world, named);
    let versions = world.functions.by_name.get_mut(&named.name);
    if let (Some(versions), Some(name)) = (versions, &named.qualifier) {
        versions.aliases.insert(name.clone(), alias);
        shares::note(world, &named.name, name);
    }
    Ok(shown)
}

fn find<'a>(world: &'a World, named: &Named) -> Result<Option<&'a Alias>, Fault> {
    let versions = names::versions(world, &named.name)?;
    let name = named.qualifier.as_deref().unwrap_or_default();
    Ok(versions.aliases.get(name))
}

fn found<'a>(world: &'a World, named: &Named) -> Result<&'a Alias, Fault> {
    find(world, named)?.ok_or_else(|| faults::no_alias(world, named))
}
