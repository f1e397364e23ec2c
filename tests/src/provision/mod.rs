//! Creates the resources of templates in the local account, as `CloudFormation` does on AWS.
//!
//! One file per service. Properties are as strict as the account: a type or property that is not
//! known here is refused by name.

mod autoscaling;
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
mod s3;
mod sns;
mod sqs;

use serde_json::Value;

use crate::{
    template::{Created, Provider, Refused, Resource, physical_name},
    world::{Fault, World},
};

/// Creates resources in an account.
pub struct Provisioner<'a> {
    /// The account.
    pub world: &'a mut World,
}

impl Provider for Provisioner<'_> {
    fn create(&mut self, resource: &Resource<'_>) -> Result<Created, Refused> {
        let world = &mut *self.world;
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
