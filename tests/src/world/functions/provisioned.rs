//! Provisioned concurrency of aliases and versions. AWS: "Configuring provisioned concurrency for a function".

use serde_json::{Value, json};

use super::{
    faults,
    names::{self, Named},
    routing,
    version::LATEST,
};
use crate::{
    clock::Moment,
    provision::Settled,
    world::{Fault, World},
};

/// Execution environments that are kept ready.
#[derive(Debug, Clone)]
pub(super) struct Provisioned {
    requested: u64,
    modified: Moment,
    ready: Moment,
    /// Why they never are.
    failure: Option<String>,
}

impl Provisioned {
    /// How far it is, for a stack.
    pub(super) fn settled(&self, now: Moment) -> Settled {
        match &self.failure {
            _ if self.ready > now => Settled::NotYet,
            Some(failure) => Settled::Failed(failure.clone()),
            None => Settled::Yes,
        }
    }

    fn shown(&self, now: Moment) -> Value {
        let is_over = self.ready <= now;
        let (status, ready) = match (&self.failure, is_over) {
            (_, false) => ("IN_PROGRESS", 0),
            (None, true) => ("READY", self.requested),
            (Some(_), true) => ("FAILED", 0),
        };
        let mut told = json!({
            "RequestedProvisionedConcurrentExecutions": self.requested,
            "AvailableProvisionedConcurrentExecutions": ready,
            "AllocatedProvisionedConcurrentExecutions": ready,
            "Status": status,
            "LastModified": self.modified.iso_offset(),
        });
        if let (Some(failure), true) = (&self.failure, is_over) {
            told["StatusReason"] = json!(failure);
        }
        told
    }
}

/// `PutProvisionedConcurrencyConfig`.
pub(super) fn put(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let (named, qualifier) = qualified(world, input)?;
    let asked = input["ProvisionedConcurrentExecutions"].as_u64();
    let provisioned = Provisioned {
        requested: asked.unwrap_or_default(),
        modified: world.now,
        ready: world.now + world.paced(world.functions.provisioning_takes),
        failure: world.functions.failing_provisioning.take(),
    };
    let shown = provisioned.shown(world.now);
    if let Some(versions) = world.functions.by_name.get_mut(&named.name) {
        versions.provisioned.insert(qualifier, provisioned);
    }
    Ok(shown)
}

/// `GetProvisionedConcurrencyConfig`.
pub(super) fn get(world: &World, input: &Value) -> Result<Value, Fault> {
    let (named, qualifier) = qualified(world, input)?;
    let versions = names::versions(world, &named.name)?;
    let found = versions.provisioned.get(&qualifier).ok_or_else(|| {
        Fault::with_status(
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
            404,
        )
    })?;
    Ok(found.shown(world.now))
}

/// `DeleteProvisionedConcurrencyConfig`.
pub(super) fn delete(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let (named, qualifier) = qualified(world, input)?;
    if let Some(versions) = world.functions.by_name.get_mut(&named.name) {
        versions.provisioned.remove(&qualifier);
    }
    Ok(json!({}))
}

/// The alias or version that a call is about.
fn qualified(world: &World, input: &Value) -> Result<(Named, String), Fault> {
    let named = Named::of_call(world, input)?;
    let versions = names::versions(world, &named.name)?;
    let qualifier = named.qualifier.clone().unwrap_or_default();
    if qualifier == LATEST {
        return Err(faults::invalid(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
        ));
    }
    match routing::version(versions, Some(&qualifier)) {
        Some(_) => Ok((named, qualifier)),
        None => Err(faults::no_function(world, &named)),
    }
}
