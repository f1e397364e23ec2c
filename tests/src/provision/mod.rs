//! Creates the resources of templates in the local account, as `CloudFormation` does on AWS.
//!
//! One file per service. Properties are as strict as the account: a type or property that is not
//! known here is refused by name.

mod autoscaling;
mod changes;
mod cloudwatch;
mod codepipeline;
mod dynamodb;
mod ecr;
mod ecs;
mod elb;
mod events;
mod iam;
mod inert;
mod lambda;
mod properties;
mod removal;
mod s3;
mod sns;
mod sqs;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    template::{Created, Provider, Refused, Resource, physical_name},
    world::{Fault, World},
};

pub use changes::Updated;

/// Creates resources in an account.
pub struct Provisioner<'a> {
    /// The account.
    pub world: &'a mut World,
}

/// A resource that is there.
#[derive(Debug, Clone, Copy)]
pub struct Existing<'a> {
    /// The type.
    pub kind: &'a str,
    /// What `Ref` answers.
    pub reference: &'a str,
    /// What `Fn::GetAtt` answers.
    pub attributes: &'a BTreeMap<String, Value>,
    /// What it was made, or changed last, with.
    pub properties: &'a Value,
}

impl Provider for Provisioner<'_> {
    fn create(&mut self, resource: &Resource<'_>) -> Result<Created, Refused> {
        create(self.world, resource)
    }
}

impl Provisioner<'_> {
    /// Changes a resource to other properties.
    ///
    /// # Errors
    /// As when it is created, and for what cannot be changed here.
    pub fn update(
        &mut self,
        resource: &Resource<'_>,
        before: &Existing<'_>,
    ) -> Result<Updated, Refused> {
        changes::update(self.world, resource, before)
    }

    /// Deletes a resource. One that is gone already is passed over.
    ///
    /// # Errors
    /// The service's own refusal.
    pub fn delete(&mut self, it: &Existing<'_>) -> Result<(), Fault> {
        removal::delete(self.world, it)
    }
}

/// Whether something that the account has already is in the way of a resource: its name.
#[must_use]
pub fn in_the_way(world: &World, resource: &Resource<'_>) -> Option<String> {
    let property = removal::name_property(resource.kind)?;
    let name = name_of(resource, resource.properties[property].as_str());
    let name = match resource.kind {
        "AWS::S3::Bucket" => name.to_ascii_lowercase(),
        _ => name,
    };
    removal::exists(world, resource.kind, &name).then_some(name)
}

/// The ARN under which a resource has tags, if it can have any.
#[must_use]
pub fn tagged_arn(world: &World, it: &Existing<'_>) -> Option<String> {
    removal::arn(world, it)
}

/// How far a resource is that takes time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is ready, or gone.
    Yes,
    /// Not yet.
    NotYet,
    /// It never will be, and why.
    Failed(String),
}

/// Whether a resource that was created or changed is ready: a service is in its steady state.
#[must_use]
pub fn is_ready(world: &World, it: &Existing<'_>) -> Settled {
    if it.kind != "AWS::ECS::Service" {
        return Settled::Yes;
    }
    let (cluster, service) = removal::service(it);
    if crate::world::ecs::failed_rollout(world, cluster, service) {
        // AWS: the words of the event of a service whose circuit breaker has fired.
        return Settled::Failed(
            "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'."
                .to_owned(),
        );
    }
    if crate::world::ecs::is_deploying(world, cluster, service) {
        Settled::NotYet
    } else {
        Settled::Yes
    }
}

/// Whether a resource that was deleted is gone: a service goes with its last task.
#[must_use]
pub fn is_gone(world: &World, it: &Existing<'_>) -> bool {
    let (cluster, service) = removal::service(it);
    it.kind != "AWS::ECS::Service" || crate::world::ecs::is_gone(world, cluster, service)
}

fn create(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    match resource.kind {
        "AWS::ApplicationAutoScaling::ScalableTarget" => autoscaling::target(world, resource),
        "AWS::CloudWatch::Alarm" => cloudwatch::alarm(world, resource),
        "AWS::CloudWatch::AlarmMuteRule" => cloudwatch::alarm_mute_rule(world, resource),
        "AWS::CloudWatch::CompositeAlarm" => cloudwatch::composite_alarm(world, resource),
        "AWS::CloudWatch::Dashboard" => cloudwatch::dashboard(world, resource),
        "AWS::CodeBuild::Project" => codepipeline::project(world, resource),
        "AWS::CodePipeline::Pipeline" => codepipeline::pipeline(world, resource),
        "AWS::DynamoDB::Table" => dynamodb::table(world, resource),
        "AWS::ECR::Repository" => ecr::repository(world, resource),
        "AWS::ECS::Cluster" => ecs::cluster(world, resource),
        "AWS::ECS::Service" => ecs::service(world, resource),
        "AWS::ECS::TaskDefinition" => ecs::task_definition(world, resource),
        "AWS::ElasticLoadBalancingV2::Listener" => elb::listener(world, resource),
        "AWS::ElasticLoadBalancingV2::ListenerRule" => elb::rule(world, resource),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => elb::load_balancer(world, resource),
        "AWS::ElasticLoadBalancingV2::TargetGroup" => elb::target_group(world, resource),
        "AWS::Events::Rule" => events::rule(world, resource),
        "AWS::IAM::Policy" => iam::policy(world, resource),
        "AWS::IAM::Role" => iam::role(world, resource),
        "AWS::KMS::Key" => iam::key(world, resource),
        "AWS::Lambda::EventInvokeConfig" => lambda::event_invoke_config(world, resource),
        "AWS::Lambda::Function" => lambda::function(world, resource),
        "AWS::Lambda::Permission" => lambda::permission(world, resource),
        "AWS::S3::Bucket" => s3::bucket(world, resource),
        "AWS::S3::BucketPolicy" => s3::policy(world, resource),
        "AWS::SNS::Subscription" => sns::subscription(world, resource),
        "AWS::SNS::Topic" => sns::topic(world, resource),
        "AWS::SNS::TopicPolicy" => sns::policy(world, resource),
        "AWS::SQS::Queue" => sqs::queue(world, resource),
        "AWS::SQS::QueuePolicy" => sqs::policy(world, resource),
        _ => inert::create(world, resource),
    }
}

/// What `Ref` and `GetAtt` answer for a resource.
fn created<const N: usize>(
    reference: impl Into<String>,
    attributes: [(&str, Value); N],
) -> Created {
    Created {
        reference: reference.into(),
        attributes: attributes
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

/// The name that a resource was given, or else one that is made up as `CloudFormation` does.
fn name_of(resource: &Resource<'_>, given: Option<&str>) -> String {
    given.map_or_else(
        || physical_name(resource.stack, resource.logical_id),
        str::to_owned,
    )
}

/// The account's own refusal, which says which member is meant.
fn refused(fault: &Fault) -> Refused {
    Refused {
        property: None,
        message: format!("{}: {}", fault.code, fault.message),
    }
}

/// A property with a value that cannot be.
fn bad(property: &str, message: impl Into<String>) -> Refused {
    Refused {
        property: Some(property.to_owned()),
        message: message.into(),
    }
}

#[cfg(test)]
mod tests;
