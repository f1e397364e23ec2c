//! What calls need.

use crate::world::iam::needs::{Need, Question, text};

/// Stacks by name or ARN; without one all of them.
pub(super) fn needs(it: &Question<'_>) -> Vec<Need> {
    let resource = match (it.operation, text(it.input, "StackName")) {
        ("ListStacks" | "ValidateTemplate", _) => "*".to_owned(),
        (_, "") => it.world.arn("cloudformation", "stack/*/*"),
        (_, arn) if arn.starts_with("arn:") => arn.to_owned(),
        (_, name) => it.world.arn("cloudformation", &format!("stack/{name}/*")),
    };
    vec![Need::new(it.action(), resource)]
}
