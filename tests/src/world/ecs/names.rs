//! Names and ARNs of clusters, services and tasks, as requests give them.

use serde_json::Value;

use super::super::{Fault, World};

/// Where a service lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ServiceKey {
    /// The cluster's name.
    pub(super) cluster: String,
    /// The service's name.
    pub(super) service: String,
}

impl ServiceKey {
    pub(super) fn new(cluster: &str, service: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        }
    }

    /// The service a request means by name or ARN; an ARN of another cluster, account or Region
    /// names no service of this cluster.
    pub(super) fn parse(world: &World, cluster: &str, name_or_arn: &str) -> Option<Self> {
        if !name_or_arn.starts_with("arn:") {
            return Some(Self::new(cluster, name_or_arn));
        }
        let name = name_or_arn.strip_prefix(&world.arn("ecs", &format!("service/{cluster}/")))?;
        Some(Self::new(cluster, name))
    }

    pub(super) fn arn(&self, world: &World) -> String {
        world.arn("ecs", &format!("service/{}/{}", self.cluster, self.service))
    }
}

/// The cluster a request names by short name or ARN; `default` if it names none.
pub(super) fn cluster(world: &World, input: &Value) -> Result<String, Fault> {
    let given = text(input, "cluster").unwrap_or("default");
    let name = given
        .strip_prefix(&world.arn("ecs", "cluster/"))
        .unwrap_or(given);
    if world.ecs.clusters.contains(name) {
        Ok(name.to_owned())
    } else {
        Err(Fault::new("ClusterNotFoundException", "Cluster not found."))
    }
}

/// A string member of a request.
pub(super) fn text<'a>(input: &'a Value, member: &str) -> Option<&'a str> {
    input.get(member).and_then(Value::as_str)
}

/// A whole number of a document that cannot be negative.
pub(super) fn count(value: Option<&Value>) -> Option<u32> {
    value
        .and_then(Value::as_u64)
        .and_then(|number| u32::try_from(number).ok())
}

/// The strings of a list member.
pub(super) fn texts<'a>(input: &'a Value, member: &str) -> Vec<&'a str> {
    input
        .get(member)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// Whether a request's `include` asks for tags.
pub(super) fn wants_tags(input: &Value) -> bool {
    texts(input, "include").contains(&"TAGS")
}

pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", message)
}

pub(super) fn client(message: impl Into<String>) -> Fault {
    Fault::new("ClientException", message)
}

/// One page of a list and the token of the next one. AWS: 100 results when `maxResults` is left out
/// (API reference, `ListTasks` and `ListTaskDefinitions`).
pub(super) fn page(
    input: &Value,
    all: Vec<String>,
) -> Result<(Vec<String>, Option<String>), Fault> {
    let most = match input.get("maxResults").and_then(Value::as_u64) {
        None => 100,
        Some(most @ 1..=100) => usize::try_from(most).unwrap_or(100),
        Some(most) => {
            return Err(invalid(format!(
                "maxResults is {most}; it may be between 1 and 100"
            )));
        }
    };
    let from = match text(input, "nextToken") {
        None => 0,
        Some(token) => token
            .strip_prefix("from-")
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| invalid("Invalid token."))?,
    };
    let total = all.len();
    let results: Vec<String> = all.into_iter().skip(from).take(most).collect();
    let reached = from + results.len();
    Ok((
        results,
        (reached < total).then(|| format!("from-{reached}")),
    ))
}
