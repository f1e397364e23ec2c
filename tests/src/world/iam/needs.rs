//! What a call needs: the actions, on which resources, under which condition keys. Each service says it of its own.
//!
//! AWS: Service Authorization Reference, page by page the actions, resources and condition keys of
//! each service. Where an action cannot be narrowed its resource is `*`, which an ARN in a policy
//! does not cover.

use serde_json::Value;

use super::{Request, condition::Context};
use crate::world::{
    Fault, World,
    service::{self, Service},
    unknown_operation,
};

/// One thing that must be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub(super) action: String,
    pub(in crate::world) resource: String,
    pub(super) context: Context,
}

impl Need {
    /// What a principal asks for itself. AWS: IAM user guide, "AWS global condition context keys": `aws:ViaAWSService` is in every
    /// request.
    pub(in crate::world) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        let need = Self {
            action: action.into(),
            resource: resource.into(),
            context: Context::default(),
        };
        need.with("aws:ViaAWSService", "false")
    }

    /// The same, asked by a service in the principal's name.
    pub(in crate::world) fn via_a_service(self) -> Self {
        self.with("aws:ViaAWSService", "true")
    }

    pub(in crate::world) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context.put(key, [value.into()]);
        self
    }

    /// The same with a key of several values.
    pub(in crate::world) fn with_all(mut self, key: &str, values: Vec<&str>) -> Self {
        self.context.put(key, values.into_iter().map(str::to_owned));
        self
    }

    /// The account of the resource, if its ARN says one.
    pub(super) fn account(&self) -> Option<&str> {
        let account = self.resource.split(':').nth(4);
        account.filter(|account| !account.is_empty())
    }

    pub(in crate::world) fn with_tags(mut self, tags: &Value) -> Self {
        let mut keys = Vec::new();
        for tag in tags.as_array().into_iter().flatten() {
            let (key, value) = (text(tag, "key"), text(tag, "value"));
            self = self.with(&format!("aws:RequestTag/{key}"), value);
            keys.push(key.to_owned());
        }
        if !keys.is_empty() {
            self.context.put("aws:TagKeys", keys);
        }
        self
    }
}

/// A call to be judged.
pub struct Question<'a> {
    pub(in crate::world) world: &'a World,
    pub(in crate::world) region: &'a str,
    pub(in crate::world) operation: &'a str,
    pub(in crate::world) input: &'a Value,
    service: &'static Service,
}

/// What a call of an operation needs; at least one thing.
///
/// # Errors
/// `UnknownOperationException`: nobody could say whether it is allowed.
pub(super) fn of(world: &World, request: &Request<'_>) -> Result<Vec<Need>, Fault> {
    let service = service::of(request.service);
    let question = Question {
        world,
        region: request.region,
        operation: request.operation,
        input: request.input,
        service,
    };
    let needs = (service.needs)(&question);
    let mut needs = needs.ok_or_else(|| unknown_operation(request.service, request.operation))?;
    if needs.is_empty() {
        // A list of nothing: the service refuses it, but not before it knows that one may ask.
        needs.push(Need::new(question.action(), "*"));
    }
    Ok(needs)
}

impl Question<'_> {
    /// The action of the operation's own name.
    pub(in crate::world) fn action(&self) -> String {
        format!("{}:{}", self.service.prefix, self.operation)
    }

    /// What a call needs that cannot be narrowed.
    pub(in crate::world) fn anything(&self) -> Vec<Need> {
        vec![Need::new(self.action(), "*")]
    }

    /// A role by its name or ARN.
    pub(in crate::world) fn pass(&self, role: &str, service: &str) -> Need {
        let arn = if role.starts_with("arn:") {
            role.to_owned()
        } else {
            super::role_arn(self.world, role)
        };
        Need::new("iam:PassRole", arn).with("iam:PassedToService", service)
    }
}

/// A string member; empty if it was left out.
pub(in crate::world) fn text<'a>(input: &'a Value, member: &str) -> &'a str {
    input[member].as_str().unwrap_or_default()
}

pub(in crate::world) fn texts<'a>(input: &'a Value, member: &str) -> Vec<&'a str> {
    let items = input[member].as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}
