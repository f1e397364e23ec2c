//! Plain CloudFormation templates, created as stacks of whatever a [`Provider`] makes of their
//! resources.
//!
//! What is here is CloudFormation's own part: YAML with its short forms, parameters with their
//! constraints, rules, conditions, intrinsic functions, dependencies, and nested stacks. What a
//! resource is, the provider knows. Nothing is passed over: a section, an attribute or a function
//! that is not known is an error that names it.
//!
//! AWS: CloudFormation User Guide, "CloudFormation template sections"; CloudFormation Template
//! Reference, "Intrinsic function reference".

mod compute;
mod declarations;
mod error;
mod function;
mod logic;
mod names;
mod order;
mod parameters;
mod place;
mod resolve;
mod sheet;
mod source;
mod stack;
mod trace;
mod yaml;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

pub use declarations::{Policies, Policy};
pub use error::{Cause, TemplateError, Unmet};
pub use names::physical_name;
pub(crate) use resolve::scalar;
pub use sheet::{Plan, Planned, Sheet, Shown, new_stack_id};
pub use source::Templates;
pub use stack::create_stack;

/// Where a stack is created: what the pseudo parameters answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// `AWS::AccountId`: twelve digits.
    pub account: String,
    /// `AWS::Region`, like `eu-central-1`.
    pub region: String,
    /// `AWS::Partition`, like `aws`.
    pub partition: String,
    /// `AWS::URLSuffix`, like `amazonaws.com`.
    pub url_suffix: String,
}

/// Creates resources: all but nested stacks.
pub trait Provider {
    /// Creates one resource. It is called once for each, what it refers to first.
    fn create(&mut self, resource: &Resource<'_>) -> Result<Created, Refused>;
}

/// A resource to create.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// The resource's key in the template.
    pub logical_id: &'a str,
    /// The type, like `AWS::SQS::Queue`.
    pub kind: &'a str,
    /// An object without intrinsic functions. Numbers and booleans are as the template has them; a
    /// reference to a parameter is a text whatever the parameter's type, so it is for the provider
    /// to read `"30"` where it wants a number, as it is on AWS.
    pub properties: &'a Value,
}

/// What others can ask of a resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Created {
    /// What `Ref` answers.
    pub reference: String,
    /// What `Fn::GetAtt` answers, by attribute.
    pub attributes: BTreeMap<String, Value>,
}

/// A resource that the provider does not create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which property is at fault, like `RedrivePolicy.maxReceiveCount` or
    /// `Stages[1].Actions[0].Name`. None: the type is not known, or the whole is at fault.
    pub property: Option<String>,
    /// What was found, what is allowed, and what to do.
    pub message: String,
}
