//! Updates of a function's code and configuration, which take their time.
//!
//! AWS: "Lambda function states": while one is in progress the old code is run, and the function can be neither changed nor
//! published.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    code,
    configuration::{self, Shown},
    faults,
    function::{Function, assume_role},
    names::{self, Named},
    version::{self, Failure, LATEST},
};
use crate::{
    clock::Moment,
    world::{Fault, World},
};

/// The last update of `$LATEST`.
#[derive(Debug)]
pub(super) enum Update {
    Successful,
    Failed(Failure),
    InProgress {
        until: Moment,
        next: Box<Function>,
        failure: Option<Failure>,
    },
}

impl Update {
    /// Refuses what cannot be done meanwhile.
    pub(super) fn check_idle(&self, world: &World, function: &str) -> Result<(), Fault> {
        match self {
            Self::Successful | Self::Failed(_) => Ok(()),
            Self::InProgress { .. } => Err(faults::conflict(format!(
                "The operation cannot be performed at this time. An update is in progress for resource: {}",
                super::arn(world, function)
            ))),
        }
    }
}

/// `UpdateFunctionCode`.
pub(super) fn update_code(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let (named, before) = prepare(world, input)?;
    let next = code::changed(world, &before, input)?;
    if input["DryRun"] == true {
        return latest(world, &named);
    }
    if !code::is_published(input) {
        begin(world, next);
        return latest(world, &named);
    }
    // A version of what cannot be had fails with it.
    let failure = world.functions.failing_update.clone();
    begin(world, next.clone());
    world.functions.failing_version = world.functions.failing_version.take().or(failure);
    let number = version::add(world, next, None);
    shown(world, &named, &number)
}

/// `UpdateFunctionConfiguration`.
pub(super) fn update_configuration(world: &mut World, input: &Value) -> Result<Value, Fault> {
    faults::refuse_others(
        input,
        &[
            "FunctionName",
            "RevisionId",
            "Role",
            "Timeout",
            "MemorySize",
            "Description",
            "DeadLetterConfig",
            "Environment",
        ],
    )?;
    let (named, mut next) = prepare(world, input)?;
    let text = |member: &str| input[member].as_str().map(str::to_owned);
    next.role = text("Role").or(next.role);
    next.description = text("Description").unwrap_or(next.description);
    if let Some(seconds) = input["Timeout"].as_u64() {
        next.timeout = Duration::from_secs(seconds);
    }
    if let Some(megabytes) = input["MemorySize"].as_u64() {
        next.memory = u32::try_from(megabytes).unwrap_or(u32::MAX);
    }
    if input["DeadLetterConfig"].is_object() {
        let target = input["DeadLetterConfig"]["TargetArn"].as_str();
        next.dead_letters = target
            .filter(|target| !target.is_empty())
            .map(str::to_owned);
    }
    if input["Environment"].is_object() {
        let variables = input["Environment"]["Variables"].as_object();
        let given = variables.into_iter().flatten();
        next.environment = given
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect::<BTreeMap<_, _>>();
    }
    assume_role(world, &next)?;
    begin(world, next);
    latest(world, &named)
}

/// The function that is to be updated, as it is.
fn prepare(world: &World, input: &Value) -> Result<(Named, Function), Fault> {
    let named = Named::of_function(world, input)?;
    let versions = names::versions(world, &named.name)?;
    versions.update.check_idle(world, &named.name)?;
    faults::check_revision(input, &versions.latest.revision)?;
    Ok((named, versions.latest.function.clone()))
}

fn begin(world: &mut World, next: Function) {
    let until = world.now + world.paced(world.functions.update_takes);
    let (revision, now) = (version::next_revision(world), world.now);
    let failure = world.functions.failing_update.take();
    if let Some(versions) = world.functions.by_name.get_mut(&next.name) {
        versions.latest.revision = revision;
        versions.latest.modified = now;
        versions.update = Update::InProgress {
            until,
            next: Box::new(next),
            failure,
        };
    }
    settle(world);
}

/// Ends updates and makes versions active whose time has come.
pub(super) fn settle(world: &mut World) {
    let now = world.now;
    let mut revisions = Vec::new();
    for (name, versions) in &mut world.functions.by_name {
        version::settle(versions, now);
        let Update::InProgress { until, .. } = &versions.update else {
            continue;
        };
        if *until > now {
            continue;
        }
        let ended = std::mem::replace(&mut versions.update, Update::Successful);
        let Update::InProgress { next, failure, .. } = ended else {
            continue;
        };
        match failure {
            Some(failure) => versions.update = Update::Failed(failure),
            None => versions.latest.function = *next,
        }
        revisions.push(name.clone());
    }
    if !world.functions.settling_changes_revision {
        return;
    }
    for name in revisions {
        let revision = version::next_revision(world);
        if let Some(versions) = world.functions.by_name.get_mut(&name) {
            versions.latest.revision = revision;
        }
    }
}

fn latest(world: &World, named: &Named) -> Result<Value, Fault> {
    shown(world, named, LATEST)
}

fn shown(world: &World, named: &Named, version: &str) -> Result<Value, Fault> {
    let versions = names::versions(world, &named.name)?;
    let shown = Shown::of(versions, version).ok_or_else(|| faults::no_function(world, named))?;
    Ok(configuration::whole(world, &shown))
}
