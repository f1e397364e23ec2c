//! Which version an invocation gets.

use super::{
    faults,
    names::{self, Named},
    version::{LATEST, State, Versions},
};
use crate::world::{Fault, World, chance::Chance};

/// Lots that decide between the versions of an alias with weights. AWS: "Implement Lambda canary deployments using a weighted
/// alias": "a simple probabilistic model".
#[derive(Debug)]
pub struct Lots(Chance);

impl Lots {
    /// The same ones for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Chance::seeded(seed))
    }

    /// Whether an invocation goes to the version that has this weight.
    fn draw(&mut self, weight: f64) -> bool {
        f64::from(self.0.below(1_000_000)) < weight * 1_000_000.0
    }
}

/// Where an invocation goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) version: String,
    /// Whether it was one of two.
    pub(super) is_drawn: bool,
}

/// The version that a qualifier means: that of an alias, the first if it has two.
pub(super) fn version(versions: &Versions, qualifier: Option<&str>) -> Option<String> {
    let qualifier = qualifier.unwrap_or(LATEST);
    match versions.aliases.get(qualifier) {
        Some(alias) => Some(alias.version.clone()),
        None => versions.version(qualifier).map(|_| qualifier.to_owned()),
    }
}

/// Draws the version for one invocation.
///
/// # Errors
/// `ResourceNotFoundException`; `ResourceConflictException` for a version that is not active. AWS: "Lambda function states".
pub(super) fn route(world: &mut World, named: &Named) -> Result<Route, Fault> {
    let versions = names::versions(world, &named.name)?;
    let first = version(versions, named.qualifier.as_deref());
    let first = first.ok_or_else(|| faults::no_function(world, named))?;
    let alias = versions
        .aliases
        .get(named.qualifier.as_deref().unwrap_or(LATEST));
    let second = alias.and_then(|alias| alias.additional.clone());
    let is_drawn = second.is_some();
    let version = match second {
        Some((second, weight)) if world.functions.lots.draw(weight) => second,
        _ => first,
    };
    check_active(world, named, &version)?;
    Ok(Route { version, is_drawn })
}

/// An idle version is made ready by the invocation that it fails.
fn check_active(world: &mut World, named: &Named, version: &str) -> Result<(), Fault> {
    let ready = world.now + world.paced(world.functions.update_takes);
    let versions = world.functions.by_name.get_mut(&named.name);
    let Some(found) = versions.and_then(|versions| versions.version_mut(version)) else {
        return Err(faults::no_function(world, &named.with(version)));
    };
    if found.state == State::Active {
        return Ok(());
    }
    let fault = faults::conflict(format!(
        "The operation cannot be performed at this time. The function is currently in the following state: {}",
        found.state.name()
    ));
    if found.state == State::Inactive {
        found.state = State::Pending;
        found.settles = Some((ready, State::Active));
    }
    Err(fault)
}
