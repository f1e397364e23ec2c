//! What a stack wants of a resource, and what of it the account is told.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stack::{self, Tags};
use crate::{
    provision,
    template::{Planned, Policies, Shown},
};

/// A resource as its stack wants it.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) properties: Value,
    pub(super) tags: Tags,
    pub(super) policies: Policies,
}

impl Wanted {
    /// AWS: `CloudFormation` user guide, "Resource tag": the tags of the stack are given to all of its resources that can have
    /// tags, beside three of `CloudFormation`'s own; a resource's own tag goes before the stack's.
    pub(super) fn new(
        planned: &Planned,
        properties: &Value,
        (stack, id): (&str, &str),
        of_stack: &Tags,
    ) -> Self {
        let mut properties = properties.clone();
        let mut tags = of_stack.clone();
        tags.extend(stack::read_tags(&properties["Tags"]));
        let is_told = provision::resource_type(&planned.kind).is_some_and(|kind| kind.is_told_tags);
        if is_told && !tags.is_empty() {
            properties["Tags"] = stack::listed(&tags);
        }
        tags.extend([
            ("aws:cloudformation:stack-name".to_owned(), stack.to_owned()),
            ("aws:cloudformation:stack-id".to_owned(), id.to_owned()),
            (
                "aws:cloudformation:logical-id".to_owned(),
                planned.id.clone(),
            ),
        ]);
        Self {
            id: planned.id.clone(),
            kind: planned.kind.clone(),
            properties,
            tags,
            policies: planned.policies,
        }
    }

    /// The tags that a nested stack gets: without those of `CloudFormation` itself.
    pub(super) fn handed_down(&self) -> Tags {
        let tags = self.tags.iter().filter(|(key, _)| !key.starts_with("aws:"));
        tags.map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}

/// What `Fn::GetAtt` answers of a nested stack.
pub(super) fn outputs(outputs: &[Shown]) -> BTreeMap<String, Value> {
    let outputs = outputs.iter();
    outputs
        .map(|output| (format!("Outputs.{}", output.key), json!(output.value)))
        .collect()
}
