//! What the first set of a service is made of.

use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use crate::{
    aws::task_set::Launch,
    names::{ContainerName, TargetGroupArn, TaskDefinitionArn},
};

/// What the first set of a service is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bootstrap {
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// How its tasks are launched.
    pub launch: Launch,
    /// The container that answers requests, and its port, where a load balancer sends them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
}

/// Which container of a task answers requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answers {
    /// Its name.
    pub container: ContainerName,
    /// Its port.
    pub port: u16,
}

impl Bootstrap {
    /// How its tasks are launched in a group, if a load balancer sends them requests.
    #[must_use]
    pub fn launch_in(&self, group: Option<&TargetGroupArn>) -> Launch {
        let mut launch = self.launch.clone();
        if let (Some(answers), Some(group)) = (&self.answers, group) {
            let balancer = json!([{
                "targetGroupArn": group, "containerName": answers.container, "containerPort": answers.port,
            }]);
            launch.0.insert("loadBalancers".to_owned(), balancer);
        }
        launch
    }
}

/// What a first set is made of, as people write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BootstrapInput {
    task_definition: TaskDefinitionArn,
    #[serde(default)]
    launch_type: Option<LaunchType>,
    #[serde(default)]
    capacity_providers: Vec<Provider>,
    #[serde(default)]
    platform_version: Option<String>,
    #[serde(default)]
    network: Option<Network>,
    #[serde(default)]
    answers: Option<Answers>,
}

/// Where its tasks run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LaunchType {
    /// On Fargate.
    Fargate,
    /// On instances of the cluster.
    Ec2,
    /// On machines of one's own.
    External,
}

/// A part of them, by what provides their capacity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provider {
    #[serde(rename = "capacityProvider")]
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<u32>,
}

/// Their network.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
    subnets: Vec<String>,
    #[serde(default)]
    security_groups: Vec<String>,
    #[serde(default)]
    assign_public_ip: bool,
}

impl From<BootstrapInput> for Bootstrap {
    fn from(input: BootstrapInput) -> Self {
        let network = input.network.map(|it| {
            let public = if it.assign_public_ip { "ENABLED" } else { "DISABLED" };
            json!({"awsvpcConfiguration": {
                "subnets": it.subnets, "securityGroups": it.security_groups, "assignPublicIp": public,
            }})
        });
        let launch = json!({
            "launchType": input.launch_type,
            "capacityProviderStrategy": input.capacity_providers,
            "platformVersion": input.platform_version,
            "networkConfiguration": network,
        });
        Self {
            task_definition: input.task_definition,
            answers: input.answers,
            launch: Launch::of(launch.as_object().unwrap_or(&Map::default())),
        }
    }
}
