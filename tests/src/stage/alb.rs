//! The example of HTTP services behind a load balancer.

use super::{Entrance, SetUpError, Stage};

impl Stage {
    pub(super) fn alb_parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = self.services_parameters();
        parameters.extend(self.balanced_parameters());
        parameters
    }

    /// Those of tasks behind a load balancer, whatever runs them.
    pub(super) fn balanced_parameters(&self) -> [(&'static str, String); 4] {
        [
            (
                "DeregistrationDelaySeconds",
                self.deregistration_delay.as_secs().to_string(),
            ),
            ("DrainStep", self.drain_step.to_string()),
            (
                "DrainIntervalSeconds",
                self.drain_interval.as_secs().to_string(),
            ),
            ("MinTasks", self.min_tasks.to_string()),
        ]
    }
}

/// Where requests come in, by the outputs of the root stack.
pub(super) fn entrance(
    output: impl Fn(&'static str) -> Result<String, SetUpError>,
) -> Result<Entrance, SetUpError> {
    Ok(Entrance::LoadBalancer {
        listener: output("ListenerArn")?,
        rule: output("ListenerRuleArn")?,
        groups: [
            output("PrimaryTargetGroupArn")?,
            output("CanaryTargetGroupArn")?,
        ],
    })
}
