//! Amazon ECS: task definitions, as JSON.
//!
//! A typed copy would silently lose every field that is newer than the SDK. Therefore answers are
//! taken and requests are made as the JSON that goes over the wire; the SDK still signs, sends and retries.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::{
    config::{ConfigBag, Intercept, RuntimeComponents},
    error::BoxError,
    types::TaskDefinitionField,
};
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use super::{Account, AwsError, services::arn};
use crate::names::TaskDefinitionArn;

impl Account {
    /// Describes a task definition by ARN, or the latest active revision of a family: the answer of
    /// `DescribeTaskDefinition` with `taskDefinition` and `tags`.
    pub async fn task_definition(&self, name: &str) -> Result<Value, AwsError> {
        const ACTION: &str = "ecs:DescribeTaskDefinition";
        let body = Body::default();
        self.ecs
            .describe_task_definition()
            .task_definition(name)
            .include(TaskDefinitionField::Tags)
            .customize()
            .interceptor(body.clone())
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, format!("task definition {name}"), &error))?;
        serde_json::from_slice(&body.take()).map_err(|error| {
            AwsError::unusable(ACTION, format!("task definition {name}"), error.to_string())
        })
    }

    /// Registers a task definition from the JSON input of `RegisterTaskDefinition`.
    pub(super) async fn register_task_definition(
        &self,
        input: &str,
    ) -> Result<TaskDefinitionArn, AwsError> {
        const ACTION: &str = "ecs:RegisterTaskDefinition";
        let body = input.to_owned();
        let answer = self
            .ecs
            .register_task_definition()
            .customize()
            .mutate_request(move |request| {
                request
                    .headers_mut()
                    .insert("content-length", body.len().to_string());
                *request.body_mut() = SdkBody::from(body.clone());
            })
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

/// Keeps the answer's bytes. Only after the SDK has made its own types of them: until then the body is a stream that
/// may still be on its way.
#[derive(Debug, Clone, Default)]
struct Body(Arc<Mutex<Vec<u8>>>);

impl Body {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Body {
    fn name(&self) -> &'static str {
        "KeepBody"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let bytes = context
            .response()
            .body()
            .bytes()
            .unwrap_or_default()
            .to_vec();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
        Ok(())
    }
}
