//! What AWS documents of an action: which resources it can be narrowed to, which condition keys it has.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::world::SERVICES;

/// Condition keys that every request or AWS service may bring. AWS: IAM user guide, "AWS global
/// condition context keys". One that ends in a slash, here and below, is a family of keys, one for each tag.
const GLOBAL_KEYS: [&str; 5] = [
    "aws:ResourceAccount",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:ViaAWSService",
];

/// Those of tags in a request, which several services have.
const TAG_KEYS: [&str; 2] = ["aws:RequestTag/", "aws:TagKeys"];

/// The tags of what is asked for: the local account fills them in where these are tasks or task sets.
const TAGS_OF_TASKS: &str = "aws:ResourceTag/";

/// See `models/authorization.py`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    #[serde(rename = "source")]
    _source: String,
    actions: BTreeMap<String, Action>,
}

/// An action.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Action {
    /// Patterns of the ARNs that it can be narrowed to; none if its resource is always `*`.
    pub(super) resources: Vec<String>,
    keys: Vec<String>,
}

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../models/authorization.json"))
        .expect("the reference is compiled in, and a test has read it")
});

/// All actions, by their names as AWS writes them (`ecs:UpdateService`).
pub(super) fn actions() -> &'static BTreeMap<String, Action> {
    &REFERENCE.actions
}

/// Whether an action can be narrowed to resources; none for an action that is not known here.
///
/// AWS: Service Authorization Reference, the column "Resource types".
#[must_use]
pub fn can_be_narrowed(action: &str) -> Option<bool> {
    actions()
        .get(action)
        .map(|found| !found.resources.is_empty())
}

/// Whether requests with several values of this key exist, so that a policy needs `ForAllValues` or
/// `ForAnyValue`.
pub(super) fn has_several_values(key: &str) -> bool {
    let of_services = SERVICES.iter().flat_map(|service| service.several_values);
    let mut known = of_services.copied().chain(["aws:TagKeys"]);
    known.any(|known| key.eq_ignore_ascii_case(known))
}

/// Why a policy on this action cannot have this condition key, if it cannot.
pub(super) fn refuse_key(action: &str, key: &str) -> Option<String> {
    let documented = actions().get(action).is_some_and(|found| {
        let keys = found.keys.iter().map(String::as_str);
        keys.chain(GLOBAL_KEYS).any(|known| is_key(known, key))
    });
    if !documented {
        return Some(format!("AWS documents no condition key {key} of {action}"));
    }
    let of_services = SERVICES.iter().flat_map(|service| service.condition_keys);
    let of_requests = TAG_KEYS.into_iter().chain(GLOBAL_KEYS);
    let mut filled = of_services.copied().chain(of_requests);
    let filled = filled.any(|known| is_key(known, key))
        || is_key(TAGS_OF_TASKS, key) && is_about_tasks(action);
    (!filled).then(|| format!("the local account does not fill in condition key {key}"))
}

fn is_about_tasks(action: &str) -> bool {
    let resources = actions()
        .get(action)
        .map(|found| found.resources.as_slice());
    let kinds = [":task/", ":task-set/"];
    matches!(resources, Some([one]) if kinds.iter().any(|kind| one.contains(kind)))
}

/// Names of keys do not depend on case. AWS: IAM user guide, "IAM JSON policy elements: Condition".
fn is_key(known: &str, key: &str) -> bool {
    let known = known.strip_suffix("${TagKey}").unwrap_or(known);
    if !known.ends_with('/') {
        return known.eq_ignore_ascii_case(key);
    }
    key.get(..known.len())
        .is_some_and(|family| family.eq_ignore_ascii_case(known))
        && key.len() > known.len()
}
