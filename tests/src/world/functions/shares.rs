//! How an alias shares its invocations between versions, for whoever watches.

use std::fmt;

use super::{alias::Alias, names, version::Versions};
use crate::world::{World, journal::What};

/// A version behind an alias.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Its number.
    pub version: String,
    /// What people call its package; else its number.
    pub label: String,
    /// Of the alias's invocations.
    pub percent: f64,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            version,
            label,
            percent,
        } = self;
        write!(f, "{percent} % version {version} ({label})")
    }
}

/// The versions behind an alias, the one with the weight last; none where there is no such alias.
#[must_use]
pub fn shares(world: &World, function: &str, alias: &str) -> Vec<Share> {
    let Ok(versions) = names::versions(world, function) else {
        return Vec::new();
    };
    let alias = versions.aliases.get(alias);
    alias.map_or_else(Vec::new, |alias| of(world, versions, alias))
}

fn of(world: &World, versions: &Versions, alias: &Alias) -> Vec<Share> {
    let share = |version: &str, weight: f64| Share {
        version: version.to_owned(),
        label: label(world, versions, version)
            .unwrap_or(version)
            .to_owned(),
        // To hundredths, as people see it.
        percent: (weight * 10_000.0).round() / 100.0,
    };
    match &alias.additional {
        None => vec![share(&alias.version, 1.0)],
        Some((second, weight)) => vec![share(&alias.version, 1.0 - weight), share(second, *weight)],
    }
}

fn label<'a>(world: &'a World, versions: &Versions, version: &str) -> Option<&'a str> {
    let package = versions.version(version)?.function.package();
    world
        .functions
        .labels
        .get(&package.sha256)
        .map(String::as_str)
}

/// What people call the version that an invocation runs.
#[must_use]
pub fn label_of(world: &World, function: &str, version: &str) -> Option<String> {
    let versions = names::versions(world, function).ok()?;
    label(world, versions, version).map(str::to_owned)
}

/// Has the journal say how an alias shares its invocations now.
pub(super) fn note(world: &mut World, function: &str, alias: &str) {
    let shares = shares(world, function, alias);
    let alias = format!("{function}:{alias}");
    world.note(What::Shares { alias, shares });
}
