//! Tags of resources, as the Resource Groups Tagging API finds them.
//!
//! Known are the tags that stacks give; what ECS is told of its own tags it keeps itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Fault, World,
    service::{Endpoint, Service},
    unknown_operation,
};

/// AWS: API reference, `GetResources`, `ResourcesPerPage`.
const PAGE: usize = 100;

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../models/resourcegroupstaggingapi.json")),
    call: |world, it| call(world, it.operation, it.input),
    prefix: "tag",
    needs: |it| Some(it.anything()),
    ..Service::new("tagging")
};

/// Tags by the resource's ARN.
#[derive(Debug, Default)]
pub struct Tagging {
    tags: BTreeMap<String, BTreeMap<String, String>>,
}

/// Puts the tags of a resource in place of those it has.
pub fn set(world: &mut World, arn: &str, tags: BTreeMap<String, String>) {
    world.tagging.tags.insert(arn.to_owned(), tags);
}

/// The tags of a resource.
#[must_use]
pub fn of<'a>(world: &'a World, arn: &str) -> Option<&'a BTreeMap<String, String>> {
    world.tagging.tags.get(arn)
}

/// A resource is gone.
pub fn forget(world: &mut World, arn: &str) {
    world.tagging.tags.remove(arn);
}

/// Calls one API operation.
///
/// # Errors
/// `InvalidParameterException`.
pub fn call(world: &World, operation: &str, input: &Value) -> Result<Value, Fault> {
    if operation != "GetResources" {
        return Err(unknown_operation(SERVICE.name, operation));
    }
    let unknown = input.as_object().into_iter().flatten().find(|(member, _)| {
        !["TagFilters", "PaginationToken", "ResourcesPerPage"].contains(&member.as_str())
    });
    if let Some((member, _)) = unknown {
        return Err(invalid(format!(
            "the local account finds resources by TagFilters only, not by {member}"
        )));
    }
    let after = input["PaginationToken"].as_str().unwrap_or_default();
    let most = input["ResourcesPerPage"].as_u64();
    let most = most.map_or(PAGE, |most| usize::try_from(most).unwrap_or(PAGE));
    let filters = input["TagFilters"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let mut found = world
        .tagging
        .tags
        .iter()
        .filter(|(arn, tags)| arn.as_str() > after && filters.iter().all(|it| fits(it, tags)));
    let page: Vec<_> = found.by_ref().take(most).collect();
    let more = found.next().is_some();
    let token = page.last().filter(|_| more).map(|(arn, _)| arn.as_str());
    let shown = page.iter().map(|(arn, tags)| {
        let tags: Vec<Value> = tags
            .iter()
            .map(|(key, value)| json!({ "Key": key, "Value": value }))
            .collect();
        json!({ "ResourceARN": arn, "Tags": tags })
    });
    Ok(json!({
        "ResourceTagMappingList": shown.collect::<Vec<_>>(),
        "PaginationToken": token.unwrap_or_default(),
    }))
}

/// Without values any will do.
fn fits(filter: &Value, tags: &BTreeMap<String, String>) -> bool {
    let Some(value) = tags.get(filter["Key"].as_str().unwrap_or_default()) else {
        return false;
    };
    let values = filter["Values"]
        .as_array()
        .filter(|values| !values.is_empty());
    values.is_none_or(|values| values.iter().any(|other| other == value))
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Moment, stage::identity};

    #[test]
    fn resources_are_found_by_their_tags_a_page_at_a_time() {
        let mut world = World::new(identity(), Moment(0), 1);
        for (arn, application) in [("arn:a", "orders"), ("arn:b", "shop"), ("arn:c", "orders")] {
            let tags = BTreeMap::from([("application".to_owned(), application.to_owned())]);
            set(&mut world, arn, tags);
        }
        let mut input = json!({
            "TagFilters": [{ "Key": "application", "Values": ["orders"] }], "ResourcesPerPage": 1,
        });
        let first = call(&world, "GetResources", &input).unwrap();
        assert_eq!(first["ResourceTagMappingList"][0]["ResourceARN"], "arn:a");
        input["PaginationToken"] = first["PaginationToken"].clone();
        let second = call(&world, "GetResources", &input).unwrap();
        assert_eq!(second["ResourceTagMappingList"][0]["ResourceARN"], "arn:c");
        assert_eq!(second["PaginationToken"], "");
        forget(&mut world, "arn:c");
        let none = call(&world, "GetResources", &input).unwrap();
        assert_eq!(none["ResourceTagMappingList"], json!([]));
    }
}
