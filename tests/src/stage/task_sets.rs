//! The example of task sets: one service, which a queue or a load balancer gives its work.

use canary::traffic::task_sets::{Bootstrap, bootstrap::BootstrapInput};
use serde_json::{Value, json};

use super::{CLUSTER, DEPLOY_CANARY, Entrance, PRIMARY, SetUpError, Stage, Work, parameter};
use crate::world::{Fault, Principal, World, ecs, functions};

impl Stage {
    pub(super) fn task_sets_parameters(&self) -> Vec<(&'static str, String)> {
        let (min, max) = self.primary_scaling;
        let mut parameters = vec![
            ("ServiceMinTasks", min.to_string()),
            ("ServiceMaxTasks", max.to_string()),
            (
                "StopTimeoutSeconds",
                self.stop_timeout.as_secs().to_string(),
            ),
        ];
        let (from, own) = match self.traffic.work() {
            Work::Messages => ("queue", self.consumers_parameters()),
            Work::Requests => ("alb", self.balanced_parameters()),
        };
        parameters.push(("WorkFrom", from.to_owned()));
        parameters.extend(own);
        let further = self.further_steps.as_deref().map(parameter);
        parameters.extend(further.map(|steps| ("FurtherSteps", steps)));
        parameters
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
            output("BlueTargetGroupArn")?,
            output("GreenTargetGroupArn")?,
        ],
    })
}

/// Makes the service's first set, as its first release does and leaves it: what `TARGET` says in `bootstrap`, with all tasks, and PRIMARY.
pub(super) fn make_first(world: &mut World) -> Result<(), Fault> {
    let environment = functions::environment(world, DEPLOY_CANARY);
    let target = environment.and_then(|it| it.get("TARGET"));
    let target: Value = target
        .and_then(|it| serde_json::from_str(it).ok())
        .unwrap_or_default();
    let wrong = |error: serde_json::Error| Fault::new("InvalidTarget", error.to_string());
    let group = &target["traffic"]["taskSets"]["alb"]["targetGroups"][0];
    let group = serde_json::from_value(group.clone()).map_err(wrong)?;
    let input: BootstrapInput =
        serde_json::from_value(target["bootstrap"].clone()).map_err(wrong)?;
    let bootstrap = Bootstrap::from(input);
    let mut set = bootstrap.launch_in(Option::as_ref(&group)).0;
    let more = json!({
        "cluster": CLUSTER, "service": PRIMARY, "taskDefinition": bootstrap.task_definition,
        "scale": { "value": 100.0, "unit": "PERCENT" },
    });
    set.extend(more.as_object().cloned().unwrap_or_default());
    let release = Principal(DEPLOY_CANARY.to_owned());
    let made = ecs::call(world, "CreateTaskSet", &set.into(), &release)?;
    let primary =
        json!({ "cluster": CLUSTER, "service": PRIMARY, "primaryTaskSet": made["taskSet"]["id"] });
    ecs::call(world, "UpdateServicePrimaryTaskSet", &primary, &release).map(|_| ())
}
