//! The local AWS account, as plain values.
//!
//! Every service is one module: its state, and a [`Service`] that says how it is called, what AWS does by
//! itself as time passes, and what else the account has to know of it. Modules call each other as AWS's
//! services do: an alarm that changes state invokes its actions, a pipeline that ends emits an event.
//! Nothing here waits, sleeps, reads a clock or does I/O. What must happen outside goes into the outbox as
//! an [`Effect`]; whoever drives the world (the live rehearsal with processes, the tests on a virtual
//! clock) carries it out and reports back by calling the module that asked.

mod chance;
pub mod cloudformation;
pub mod cloudwatch;
pub mod codebuild;
pub mod codepipeline;
pub mod dynamodb;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod elb;
pub mod events;
pub mod functions;
pub mod iam;
pub mod journal;
pub mod kms;
pub mod limits;
pub mod logs;
pub mod s3;
pub mod scaling;
mod schedule;
pub mod service;
pub mod sns;
pub mod sqs;
pub mod sts;
pub mod tagging;

use std::time::Duration;

use serde_json::Value;

use crate::clock::Moment;
use journal::{Entry, What};
use service::{Called, Service};

// In the order in which time comes to them; those that time does nothing to are at the end.
service::services! {
    sqs::Sqs,
    elb::Elb,
    scaling::Scaling,
    ecs::Ecs,
    cloudwatch::CloudWatch,
    events::Events,
    codepipeline::CodePipeline,
    functions::Functions,
    cloudformation::CloudFormation,
    codebuild::CodeBuild,
    dynamodb::DynamoDb,
    ec2,
    ecr::Ecr,
    iam::Iam,
    kms,
    logs,
    s3::S3,
    sns::Sns,
    sts,
    tagging::Tagging,
}

/// The account and the Region that everything here is in.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    /// For example `eu-central-1`.
    pub region: String,
}

/// Who makes a call: the name behind the access key that signed it (`deploy-canary`, `task`, ...).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal(pub String);

/// An error answer of an AWS service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The error's shape name, for example `ServiceNotFoundException`.
    pub code: String,
    /// What the service says about it.
    pub message: String,
    /// HTTP status: 400 unless AWS documents another.
    pub status: u16,
    /// What its shape has beside the message.
    pub members: Vec<(&'static str, Value)>,
}

impl Fault {
    /// A client error with status 400.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self::with_status(code, message, 400)
    }

    /// An error with another status.
    pub fn with_status(code: &str, message: impl Into<String>, status: u16) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            status,
            members: Vec::new(),
        }
    }

    /// The error with another member of its shape.
    #[must_use]
    pub fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((member, value.into()));
        self
    }
}

/// What the world wants done outside of it.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Run a function once; report with [`functions::ended`].
    Invoke(functions::Invocation),
    /// Start a task's container; report with [`ecs::task_running`], [`ecs::task_health`] and
    /// [`ecs::task_exited`].
    StartTask(ecs::TaskLaunch),
    /// Send a signal to a task's container; report with [`ecs::task_exited`] when it ends.
    SignalTask {
        /// The task.
        task_arn: String,
        /// Which signal.
        signal: ecs::Signal,
    },
    /// Check a target of a load balancer; report with [`elb::checked`].
    CheckTarget(elb::Probe),
    /// Play an action that is neither Lambda nor approval (source, build); report with
    /// [`codepipeline::action_finished`].
    PlayAction(codepipeline::PlayedAction),
}

impl World {
    /// Lets AWS do what it does by itself, up to `now`. Called about once a second of account time.
    pub fn tick(&mut self, now: Moment) {
        self.now = now;
        for service in SERVICES {
            (service.tick)(self);
        }
    }

    /// Calls one API operation in the account's Region. `service` is its [`Service::name`]; the input has been checked
    /// against the service's model. Members keep the names of the model (`botocore` `service-2.json`); timestamps are
    /// numbers of epoch seconds.
    ///
    /// # Errors
    /// The fault that AWS would answer with.
    pub fn call(
        &mut self,
        service: &str,
        operation: &str,
        input: &Value,
        principal: &Principal,
    ) -> Result<Value, Fault> {
        let region = self.identity.region.clone();
        self.carry_out(&Called {
            request_id: None,
            region: &region,
            service,
            operation,
            input,
            principal,
        })
    }

    /// The same in any Region: some services have something in others ([`service::Reach`]).
    ///
    /// # Errors
    /// The fault that AWS would answer with.
    pub fn carry_out(&mut self, called: &Called<'_>) -> Result<Value, Fault> {
        (service::of(called.service).call)(self, called)
    }

    /// An AWS duration in this account's own clockwork.
    #[must_use]
    pub fn paced(&self, duration: Duration) -> Duration {
        duration / self.pace
    }

    /// Notes what happened.
    pub fn note(&mut self, what: What) {
        self.journal.push(Entry { at: self.now, what });
    }

    /// A new lower-case uuid, deterministic: the n-th id of every run is the same.
    pub fn uuid(&mut self) -> String {
        self.ids += 1;
        uuid_of(self.ids)
    }

    /// `arn:aws:SERVICE:REGION:ACCOUNT:REST`
    #[must_use]
    pub fn arn(&self, service: &str, rest: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{rest}",
            self.identity.region, self.identity.account
        )
    }
}

/// A lower-case uuid that follows from a number.
fn uuid_of(number: u64) -> String {
    // A multiplicative hash spreads the number, so that ids differ in their first letters too.
    let high = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let low = high.rotate_left(32).wrapping_mul(0xd1b5_4a32_d192_ed03);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | (low >> 48 & 0x3fff),
        low & 0xffff_ffff_ffff,
    )
}

/// The answer to an operation that this account does not know: an error, never an empty answer.
#[must_use]
pub fn unknown_operation(service: &str, operation: &str) -> Fault {
    Fault::with_status(
        "UnknownOperationException",
        format!("the local account has no operation {service}:{operation}"),
        404,
    )
}
