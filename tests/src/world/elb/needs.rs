//! What calls need.

use crate::world::iam::needs::{Need, Question, text};

/// What describes cannot be narrowed.
pub(super) fn needs(it: &Question<'_>) -> Option<Vec<Need>> {
    let named = |kind: &str| {
        let resource = format!("{kind}/{}/*", text(it.input, "Name"));
        it.world.arn("elasticloadbalancing", &resource)
    };
    let given = |member: &str| text(it.input, member).to_owned();
    let resource = match it.operation {
        "CreateLoadBalancer" => named("loadbalancer/app"),
        "CreateTargetGroup" => named("targetgroup"),
        "CreateListener" | "ModifyLoadBalancerAttributes" => given("LoadBalancerArn"),
        "CreateRule" | "ModifyListener" => given("ListenerArn"),
        "DescribeListeners"
        | "DescribeLoadBalancers"
        | "DescribeRules"
        | "DescribeTargetGroupAttributes"
        | "DescribeTargetGroups"
        | "DescribeTargetHealth" => "*".to_owned(),
        "ModifyRule" => given("RuleArn"),
        "ModifyTargetGroupAttributes" => given("TargetGroupArn"),
        _ => return None,
    };
    Some(vec![Need::new(it.action(), resource)])
}
