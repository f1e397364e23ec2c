//! Amazon ECS: task definitions, as JSON.
//!
//! Kept as they go over the wire: see `raw`.

use aws_sdk_ecs::types::TaskDefinitionField;
use serde_json::Value;

use super::{
    Account, AwsError,
    raw::{Answer, sending},
    services::arn,
};
use crate::names::TaskDefinitionArn;

impl Account {
    /// Describes a task definition by ARN, or the latest active revision of a family: the answer of
    /// `DescribeTaskDefinition` with `taskDefinition` and `tags`.
    pub async fn task_definition(&self, name: &str) -> Result<Value, AwsError> {
        const ACTION: &str = "ecs:DescribeTaskDefinition";
        let answer = Answer::default();
        self.ecs
            .describe_task_definition()
            .task_definition(name)
            .include(TaskDefinitionField::Tags)
            .customize()
            .interceptor(answer.clone())
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, format!("task definition {name}"), &error))?;
        serde_json::from_slice(&answer.take()).map_err(|error| {
            AwsError::unusable(ACTION, format!("task definition {name}"), error.to_string())
        })
    }

    /// Whether a task definition may still be deployed: AWS deploys none that is `INACTIVE` (API reference,
    /// `DeregisterTaskDefinition`).
    pub async fn is_deployable(&self, name: &TaskDefinitionArn) -> Result<bool, AwsError> {
        let described = self.task_definition(name.as_str()).await?;
        Ok(described["taskDefinition"]["status"] == "ACTIVE")
    }

    /// Registers a task definition from the JSON input of `RegisterTaskDefinition`.
    pub(crate) async fn register_task_definition(
        &self,
        input: &str,
    ) -> Result<TaskDefinitionArn, AwsError> {
        const ACTION: &str = "ecs:RegisterTaskDefinition";
        let answer = self
            .ecs
            .register_task_definition()
            .customize()
            .mutate_request(sending(input.to_owned()))
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, "the candidate", &error))?;
        arn(
            ACTION,
            answer
                .task_definition()
                .and_then(|definition| definition.task_definition_arn()),
        )
    }
}
