//! Services that invoke functions for their resources, if the functions' permissions let them.

use serde_json::Value;

use super::{
    arn, invoke_async,
    names::{self, Named},
};
use crate::world::{World, iam, journal::What};

/// Who invokes a function, for one of its resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoker {
    source: &'static str,
    service: &'static str,
    arn: String,
}

impl Invoker {
    /// `CloudWatch`, for an alarm whose action is the function itself.
    #[must_use]
    pub fn alarm(arn: String) -> Self {
        Self {
            source: "alarm",
            service: "lambda.alarms.cloudwatch.amazonaws.com",
            arn,
        }
    }

    /// SNS, for a topic that the function is subscribed to.
    #[must_use]
    pub fn topic(arn: String) -> Self {
        Self {
            source: "sns",
            service: "sns.amazonaws.com",
            arn,
        }
    }

    /// `EventBridge`, for a rule with a pattern.
    #[must_use]
    pub fn rule(arn: String) -> Self {
        Self {
            source: "events",
            service: "events.amazonaws.com",
            arn,
        }
    }

    /// `EventBridge`, for a rule with a schedule.
    #[must_use]
    pub fn schedule(arn: String) -> Self {
        Self {
            source: "schedule",
            ..Self::rule(arn)
        }
    }
}

/// Invokes a function as [`invoke_async`] does, if its permissions let the service do so for that
/// resource; otherwise the journal says so. Answers why the service may not: an alarm keeps that in its
/// history, whoever else asks learns nothing on AWS either.
///
/// AWS: Lambda developer guide, "Viewing resource-based IAM policies in Lambda".
pub fn invoke_for(
    world: &mut World,
    function: &str,
    payload: Value,
    invoker: &Invoker,
) -> Option<String> {
    let arn = arn(world, function);
    let Invoker {
        source,
        service,
        arn: for_resource,
    } = invoker;
    let action = "lambda:InvokeFunction";
    let exists = names::versions(world, &Named::parse(world, function).name).is_ok();
    match iam::authorize_service(world, service, for_resource, action, &arn) {
        Err(denied) if exists => {
            world.note(What::Told(format!(
                "{source} did not invoke {function}: {denied}; {service} needs a permission"
            )));
            Some(denied.to_string())
        }
        _ => {
            invoke_async(world, function, payload, source);
            None
        }
    }
}
