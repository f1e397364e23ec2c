//! What calls need.

use crate::world::{
    ecs,
    iam::needs::{Need, Question, text},
};

/// An ARN of a target has an id that nobody knows before it is registered, and whether AWS asks
/// for it afterwards is not documented: here only a grant on all targets will do, which condition
/// keys can narrow. AWS: Application Auto Scaling user guide, "Identity-based policy examples".
pub(super) fn needs(it: &Question<'_>) -> Option<Vec<Need>> {
    let action = it.action();
    let namespace = text(it.input, "ServiceNamespace");
    let dimension = text(it.input, "ScalableDimension");
    Some(match it.operation {
        "DescribeScalableTargets" | "DescribeScheduledActions" => vec![Need::new(action, "*")],
        "RegisterScalableTarget"
        | "DeregisterScalableTarget"
        | "PutScheduledAction"
        | "DeleteScheduledAction" => {
            let target = Need::new(
                action,
                it.world.arn("application-autoscaling", "scalable-target/*"),
            )
            .with("application-autoscaling:service-namespace", namespace)
            .with("application-autoscaling:scalable-dimension", dimension);
            // AWS: Application Auto Scaling user guide, "Permissions validation for API calls on target resources".
            let service = it.world.arn("ecs", text(it.input, "ResourceId"));
            let on_service = ["ecs:DescribeServices", "ecs:UpdateService"].map(|action| {
                let need = Need::new(action, service.clone());
                ecs::running(
                    it.world,
                    if it.world.iam.hides_scaling {
                        need
                    } else {
                        need.via_a_service()
                    },
                )
            });
            if it.operation == "RegisterScalableTarget" {
                [target].into_iter().chain(on_service).collect()
            } else {
                vec![target]
            }
        }
        _ => return None,
    })
}
