//! How an alias shares its invocations between versions, for whoever watches.

use super::{alias::Alias, names, version::Versions};
use crate::world::{
    World,
    journal::{Share, What},
};

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

/// Has the journal say how an alias shares its invocations now.
pub(super) fn note(world: &mut World, function: &str, alias: &str) {
    let shares = shares(world, function, alias);
    let alias = format!("{function}:{alias}");
    world.note(What::Shares { alias, shares });
}
