//! What a change set would change.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    ownership,
    stack::{Content, Owned, Stack},
};
use crate::template::Planned;

/// What would change.
pub(super) struct Changes {
    /// As the API lists them.
    pub(super) shown: Vec<Value>,
    /// AWS: `CloudFormation` user guide, "Outputs": these can change alone; metadata cannot.
    outputs: bool,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty() && !self.outputs
    }
}

/// What a stack would change to have other content. What refers to a resource that is not there yet, or that changes, counts
/// as changed only if its own properties do, as far as they can be known.
pub(super) fn of(stack: &Stack, content: &Content) -> Changes {
    let made = stack.made();
    let mut shown = Vec::new();
    for planned in &content.plan.resources {
        let owned = stack.resources.iter().find(|owned| owned.id == planned.id);
        let change = match owned.filter(|owned| !owned.is_deleted()) {
            None => Some(change("Add", planned, None)),
            Some(owned) => {
                let same = content
                    .plan
                    .properties(&planned.id, &made)
                    .is_ok_and(|properties| is_same(owned, planned, &properties, stack, content));
                (!same).then(|| change("Modify", planned, Some(owned)))
            }
        };
        shown.extend(change);
    }
    let kept: BTreeSet<&String> = content.plan.resources.iter().map(|it| &it.id).collect();
    let gone = stack.resources.iter().rev();
    shown.extend(
        gone.filter(|owned| !owned.is_deleted() && !kept.contains(&owned.id))
            .map(|owned| {
                let planned = Planned {
                    id: owned.id.clone(),
                    kind: owned.kind.clone(),
                    policies: owned.policies,
                    needs: Vec::new(),
                };
                change("Remove", &planned, Some(owned))
            }),
    );
    let outputs = content.plan.outputs(&made);
    Changes {
        shown,
        outputs: !outputs.is_ok_and(|outputs| outputs == stack.outputs),
    }
}

fn is_same(
    owned: &Owned,
    planned: &Planned,
    properties: &Value,
    stack: &Stack,
    content: &Content,
) -> bool {
    let wanted =
        ownership::Wanted::new(planned, properties, (&stack.name, &stack.id), &content.tags);
    owned.kind == planned.kind && owned.properties == wanted.properties && owned.tags == wanted.tags
}

fn change(action: &str, planned: &Planned, owned: Option<&Owned>) -> Value {
    let replacement = match (action, owned) {
        ("Modify", Some(owned)) if owned.kind != planned.kind => Some("True"),
        // Which properties replace a resource the account learns as it tries.
        ("Modify", _) => Some("Conditional"),
        _ => None,
    };
    json!({
        "Type": "Resource",
        "ResourceChange": {
            "Action": action,
            "LogicalResourceId": planned.id,
            "PhysicalResourceId": owned.map(Owned::physical).filter(|id| !id.is_empty()),
            "ResourceType": planned.kind,
            "Replacement": replacement,
            "Scope": if action == "Modify" { json!(["Properties"]) } else { json!([]) },
            "Details": [],
        },
    })
}
