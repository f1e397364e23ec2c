//! The local AWS account, as plain values.
//!
//! Every service is one module: its state, `call` for the API operations that exist here, and `tick`
//! for what AWS does by itself as time passes. Modules call each other as AWS's services do: an
//! alarm that changes state invokes its actions, a pipeline that ends emits an event. Nothing here
//! waits, sleeps, reads a clock or does I/O. What must happen outside goes into the outbox as an
//! [`Effect`]; whoever drives the world (the live rehearsal with processes, the tests on a virtual
//! clock) carries it out and reports back by calling the module that asked.

mod chance;
pub mod cloudformation;
pub mod cloudwatch;
pub mod codepipeline;
pub mod dynamodb;
pub mod ecr;
pub mod ecs;
pub mod elb;
pub mod events;
pub mod functions;
pub mod iam;
pub mod journal;
pub mod limits;
pub mod s3;
pub mod scaling;
mod schedule;
pub mod sns;
pub mod sqs;
pub mod sts;
pub mod tagging;

use std::time::Duration;

use serde_json::Value;

use crate::clock::Moment;
use journal::{Entry, What};

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

/// The account.
#[derive(Debug)]
pub struct World {
    /// Where all this is.
    pub identity: Identity,
    /// The account's time. Set by whoever drives the world, before each call and tick.
    pub now: Moment,
    /// How many times faster than on AWS the account's own clockwork runs: metric periods, alarm
    /// evaluation, schedules, health-check intervals. 1 on the virtual clock.
    pub pace: u32,
    /// What happened, for transcripts, the terminal and the report.
    pub journal: Vec<Entry>,
    /// What is to be done outside.
    pub outbox: Vec<Effect>,
    /// Amazon SQS.
    pub sqs: sqs::Sqs,
    /// Amazon ECR.
    pub ecr: ecr::Ecr,
    /// Amazon ECS.
    pub ecs: ecs::Ecs,
    /// Elastic Load Balancing v2.
    pub elb: elb::Elb,
    /// Application Auto Scaling.
    pub scaling: scaling::Scaling,
    /// Amazon `CloudWatch`.
    pub cloudwatch: cloudwatch::CloudWatch,
    /// AWS `CodePipeline`.
    pub codepipeline: codepipeline::CodePipeline,
    /// Amazon `EventBridge`.
    pub events: events::Events,
    /// AWS Lambda.
    pub functions: functions::Functions,
    /// Amazon S3.
    pub s3: s3::S3,
    /// Amazon `DynamoDB`.
    pub dynamodb: dynamodb::DynamoDb,
    /// AWS IAM.
    pub iam: iam::Iam,
    /// Amazon SNS.
    pub sns: sns::Sns,
    /// AWS `CloudFormation`.
    pub cloudformation: cloudformation::CloudFormation,
    /// The tags of resources.
    pub tagging: tagging::Tagging,
    /// How many calls the services take.
    pub limits: limits::Limits,
    /// Source of ids: the same sequence in every run.
    ids: u64,
}

impl World {
    /// An empty account at a given time.
    #[must_use]
    pub fn new(identity: Identity, now: Moment, pace: u32) -> Self {
        Self {
            identity,
            now,
            pace,
            journal: Vec::new(),
            outbox: Vec::new(),
            sqs: sqs::Sqs::default(),
            ecr: ecr::Ecr::default(),
            ecs: ecs::Ecs::default(),
            elb: elb::Elb::default(),
            scaling: scaling::Scaling::default(),
            cloudwatch: cloudwatch::CloudWatch::default(),
            codepipeline: codepipeline::CodePipeline::default(),
            events: events::Events::default(),
            functions: functions::Functions::default(),
            s3: s3::S3::default(),
            dynamodb: dynamodb::DynamoDb::default(),
            iam: iam::Iam::default(),
            sns: sns::Sns::default(),
            cloudformation: cloudformation::CloudFormation::default(),
            tagging: tagging::Tagging::default(),
            limits: limits::Limits::default(),
            ids: 0,
        }
    }

    /// Lets AWS do what it does by itself, up to `now`. Called about once a second of account time.
    pub fn tick(&mut self, now: Moment) {
        self.now = now;
        sqs::tick(self);
        elb::tick(self);
        scaling::tick(self);
        ecs::tick(self);
        cloudwatch::tick(self);
        events::tick(self);
        codepipeline::tick(self);
        functions::tick(self);
        cloudformation::tick(self);
    }

    /// Calls one API operation in the account's Region. `service` is the `SigV4` credential scope's name (`ecs`, `ecr`,
    /// `sqs`, `sns`, `dynamodb`, `elasticloadbalancing`, `monitoring`, `codepipeline`, `application-autoscaling`); the
    /// input has been checked against the service's model. Members keep the names of the model (`botocore`
    /// `service-2.json`); timestamps are numbers of epoch seconds.
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
        self.call_in(&region, service, operation, input, principal)
    }

    /// The same in any Region: only ECR has something in others.
    ///
    /// # Errors
    /// The fault that AWS would answer with.
    pub fn call_in(
        &mut self,
        region: &str,
        service: &str,
        operation: &str,
        input: &Value,
        principal: &Principal,
    ) -> Result<Value, Fault> {
        match service {
            "ecr" => ecr::call(self, region, operation, input),
            "dynamodb" => dynamodb::call(self, operation, input),
            "sns" => sns::call(self, operation, input, principal),
            "sqs" => sqs::call(self, operation, input),
            "ecs" => ecs::call(self, operation, input, principal),
            "elasticloadbalancing" => elb::call(self, operation, input),
            "monitoring" => cloudwatch::call(self, operation, input),
            "codepipeline" => codepipeline::call(self, operation, input),
            "application-autoscaling" => scaling::call(self, operation, input),
            "cloudformation" => cloudformation::call(self, operation, input),
            "iam" => iam::call(self, operation, input),
            "sts" => sts::call(self, operation, principal),
            "tagging" => tagging::call(self, operation, input),
            _ => Err(unknown_operation(service, operation)),
        }
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
        // A multiplicative hash spreads the counter, so that ids differ in their first letters too.
        let high = self.ids.wrapping_mul(0x9e37_79b9_7f4a_7c15);
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

    /// `arn:aws:SERVICE:REGION:ACCOUNT:REST`
    #[must_use]
    pub fn arn(&self, service: &str, rest: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{rest}",
            self.identity.region, self.identity.account
        )
    }
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
