//! What calls need.

use super::asked;
use crate::world::iam::needs::{Need, Question};

pub(super) fn needs(it: &Question<'_>) -> Option<Vec<Need>> {
    let resource = match it.operation {
        "DeleteRepository" | "DescribeImages" => asked(it.world, it.region, it.input).arn(),
        // ECR has no resource-level permission for this action.
        "GetAuthorizationToken" => "*".to_owned(),
        _ => return None,
    };
    Some(vec![Need::new(it.action(), resource)])
}
