//! Which properties of a resource can be changed here.

use serde_json::Map;

use super::{Existing, bad};
use crate::template::{Refused, Resource};

/// Refuses a change of one of these properties.
pub(crate) fn unchanged(
    resource: &Resource<'_>,
    before: &Existing<'_>,
    fixed: &[&str],
) -> Result<(), Refused> {
    let changed = fixed
        .iter()
        .find(|property| resource.properties[**property] != before.properties[**property]);
    changed.map_or(Ok(()), |property| Err(fixed_here(resource, property)))
}

/// Refuses a change of any other property than these.
pub(crate) fn only_changed(
    resource: &Resource<'_>,
    before: &Existing<'_>,
    free: &[&str],
) -> Result<(), Refused> {
    let none = Map::new();
    let (now, then) = (
        resource.properties.as_object().unwrap_or(&none),
        before.properties.as_object().unwrap_or(&none),
    );
    let mut properties = now.keys().chain(then.keys());
    let changed = properties.find(|property| {
        !free.contains(&property.as_str()) && now.get(*property) != then.get(*property)
    });
    changed.map_or(Ok(()), |property| Err(fixed_here(resource, property)))
}

fn fixed_here(resource: &Resource<'_>, property: &str) -> Refused {
    let message = format!(
        "the local account cannot change it for a resource of type {}; delete the resource and create it anew",
        resource.kind
    );
    bad(property, message)
}
