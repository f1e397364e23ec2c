//! Targets of rules: functions and pipelines.
//!
//! No delivery fails for good here, so retry policies and dead-letter queues are checked and not used.

use std::ops::RangeInclusive;

use serde::Deserialize;
use serde_json::Value;

use super::invalid;
use crate::world::{Fault, World};

/// AWS: `EventBridge` API reference, `RetryPolicy`.
const RETRY_ATTEMPTS: RangeInclusive<u64> = 0..=185;
/// Seconds. AWS: same page.
const EVENT_AGE: RangeInclusive<u64> = 60..=86_400;

/// The members of a target that exist here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Target {
    #[serde(rename = "Id")]
    _id: String,
    /// A function's or a pipeline's ARN.
    arn: String,
    /// JSON text that the function gets instead of the event.
    input: Option<String>,
    /// With which role a pipeline is started. Functions let rules in by their own policies.
    role_arn: Option<String>,
    retry_policy: Option<RetryPolicy>,
    dead_letter_config: Option<DeadLetterConfig>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RetryPolicy {
    maximum_retry_attempts: Option<u64>,
    maximum_event_age_in_seconds: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct DeadLetterConfig {
    arn: String,
}

/// Who gets what a rule lets pass.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Receiver<'a> {
    /// A function, by ARN.
    Function(&'a str),
    /// A pipeline, by name.
    Pipeline(&'a str),
}

impl Target {
    /// The role of a pipeline's target, by ARN.
    pub(super) fn role(&self) -> &str {
        self.role_arn.as_deref().unwrap_or_default()
    }

    /// Whether the rule of that name may have this target.
    pub(super) fn check(&self, world: &World, rule: &str) -> Result<(), Fault> {
        self.problem(world).map_or(Ok(()), |problem| {
            let arn = &self.arn;
            Err(invalid(&format!("rule {rule}: target {arn}: {problem}")))
        })
    }

    fn problem(&self, world: &World) -> Option<String> {
        let functions = world.arn("lambda", "function:");
        let role = self.role_arn.as_deref();
        match self.receiver(world) {
            Receiver::Function(arn) if !arn.starts_with(&functions) => {
                return Some(
                    "it is neither a function nor a pipeline of this account and Region".to_owned(),
                );
            }
            Receiver::Function(_) if role.is_some() => {
                return Some(
                    "a function takes no RoleArn; its own policy lets rules in".to_owned(),
                );
            }
            Receiver::Pipeline(_) if self.input.is_some() => {
                return Some("a pipeline takes no Input here".to_owned());
            }
            Receiver::Pipeline(_) if !role.is_some_and(is_role) => {
                return Some(
                    "RoleArn is not the ARN of the role that starts the pipeline".to_owned(),
                );
            }
            Receiver::Function(_) | Receiver::Pipeline(_) => {}
        }
        if let Some(text) = &self.input
            && serde_json::from_str::<Value>(text).is_err()
        {
            return Some("Input is not JSON".to_owned());
        }
        self.retry_problem()
            .or_else(|| self.dead_letter_problem(world))
    }

    fn retry_problem(&self) -> Option<String> {
        let policy = self.retry_policy.as_ref()?;
        let outside = |name: &str, value: Option<u64>, allowed: RangeInclusive<u64>| {
            let value = value.filter(|value| !allowed.contains(value))?;
            let (least, most) = (allowed.start(), allowed.end());
            Some(format!(
                "RetryPolicy.{name} {value} is not in {least} to {most}"
            ))
        };
        outside(
            "MaximumRetryAttempts",
            policy.maximum_retry_attempts,
            RETRY_ATTEMPTS,
        )
        .or_else(|| {
            outside(
                "MaximumEventAgeInSeconds",
                policy.maximum_event_age_in_seconds,
                EVENT_AGE,
            )
        })
    }

    fn dead_letter_problem(&self, world: &World) -> Option<String> {
        let arn = &self.dead_letter_config.as_ref()?.arn;
        let queue = arn.strip_prefix(&world.arn("sqs", ""));
        let is_queue = queue.is_some_and(|name| !name.is_empty() && !name.contains(':'));
        (!is_queue).then(|| {
            format!("DeadLetterConfig.Arn {arn} is not a queue of this account and Region")
        })
    }

    /// Who gets what the rule lets pass.
    pub(super) fn receiver(&self, world: &World) -> Receiver<'_> {
        match self.arn.strip_prefix(&world.arn("codepipeline", "")) {
            Some(name) => Receiver::Pipeline(name),
            None => Receiver::Function(&self.arn),
        }
    }

    /// What a function gets.
    pub(super) fn payload(&self, event: &Value) -> Value {
        self.input
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_else(|| event.clone())
    }
}

fn is_role(arn: &str) -> bool {
    arn.starts_with("arn:aws") && arn.contains(":role/")
}
