//! Changes the resources of templates.
//!
//! AWS: `CloudFormation` Template Reference, per property: "Update requires". What AWS replaces and the local account cannot is
//! refused by name.

use serde_json::{Map, Value, json};

use super::{
    Existing, autoscaling, bad, cloudwatch, codepipeline, dynamodb, ecr, ecs, elb, events, iam,
    inert, lambda, refused, removal, s3, sns, sqs,
};
use crate::{
    template::{Created, Refused, Resource},
    world::World,
};

/// A resource that has been changed.
#[derive(Debug)]
pub enum Updated {
    /// It is the same one.
    InPlace(Created),
    /// Another took its place; the old one is still there.
    Replaced(Created),
}

/// Changes a resource to other properties.
///
/// # Errors
/// As when it is created, and for what cannot be changed here.
pub(super) fn update(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<Updated, Refused> {
    let named = removal::name_property(resource.kind);
    if let Some(property) = named
        && resource.properties[property] != before.properties[property]
    {
        return super::create(world, resource).map(Updated::Replaced);
    }
    let same = || Created {
        reference: before.reference.to_owned(),
        attributes: before.attributes.clone(),
    };
    match resource.kind {
        "AWS::ApplicationAutoScaling::ScalableTarget" => {
            only_changed(resource, before, &["MinCapacity", "MaxCapacity"])?;
            autoscaling::target(world, resource)
        }
        "AWS::CloudWatch::Alarm" => cloudwatch::alarm(world, resource),
        "AWS::CloudWatch::AlarmMuteRule" => cloudwatch::alarm_mute_rule(world, resource),
        "AWS::CloudWatch::CompositeAlarm" => cloudwatch::composite_alarm(world, resource),
        "AWS::CloudWatch::Dashboard" => cloudwatch::dashboard(world, resource),
        "AWS::CodeBuild::Project" => codepipeline::project(world, resource),
        "AWS::CodePipeline::Pipeline" => codepipeline::change_pipeline(world, resource),
        "AWS::DynamoDB::Table" => {
            let fixed = ["AttributeDefinitions", "KeySchema", "BillingMode"];
            unchanged(resource, before, &fixed)?;
            dynamodb::check(resource).map(|()| same())
        }
        "AWS::ECR::Repository" => ecr::change(world, resource).map(|()| same()),
        "AWS::ECS::Cluster" => ecs::check_cluster(resource).map(|()| same()),
        "AWS::ECS::Service" => ecs::change_service(world, resource, before).map(|()| same()),
        "AWS::ElasticLoadBalancingV2::Listener" => {
            elb::change_listener(world, resource, before.reference).map(|()| same())
        }
        "AWS::ElasticLoadBalancingV2::ListenerRule" => {
            only_changed(resource, before, &["Actions", "Conditions"])?;
            elb::change_rule(world, resource, before.reference).map(|()| same())
        }
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            only_changed(resource, before, &["LoadBalancerAttributes", "Tags"])?;
            elb::change_load_balancer(world, resource, before.reference).map(|()| same())
        }
        "AWS::ElasticLoadBalancingV2::TargetGroup" => {
            unchanged(
                resource,
                before,
                &["Port", "Protocol", "TargetType", "VpcId"],
            )?;
            elb::change_target_group(world, resource, before.reference).map(|()| same())
        }
        "AWS::Events::Rule" => events::rule(world, resource),
        "AWS::IAM::Policy" => iam::change_policy(world, resource, before).map(|()| same()),
        "AWS::IAM::Role" => iam::change_role(world, resource, before).map(|()| same()),
        "AWS::KMS::Key" => iam::put_key_policy(world, resource, before.reference).map(|()| same()),
        "AWS::Lambda::EventInvokeConfig" => lambda::event_invoke_config(world, resource),
        "AWS::Lambda::Function" => lambda::change_function(world, resource),
        "AWS::S3::Bucket" => s3::change(world, resource, before.reference).map(|()| same()),
        "AWS::S3::BucketPolicy" => {
            unchanged(resource, before, &["Bucket"])?;
            s3::policy(world, resource).map(|_| same())
        }
        "AWS::SNS::Topic" => sns::change(world, resource, before.reference).map(|()| same()),
        "AWS::SNS::TopicPolicy" => {
            unchanged(resource, before, &["Topics"])?;
            sns::policy(world, resource).map(|_| same())
        }
        "AWS::SQS::Queue" => sqs::change(world, resource).map(|()| same()),
        "AWS::SQS::QueuePolicy" => {
            unchanged(resource, before, &["Queues"])?;
            sqs::policy(world, resource).map(|_| same())
        }
        // What has no calls that change it is made anew.
        "AWS::ECS::TaskDefinition" | "AWS::Lambda::Permission" | "AWS::SNS::Subscription" => {
            return super::create(world, resource).map(Updated::Replaced);
        }
        _ => inert::create(world, resource).map(|_| same()),
    }
    .map(Updated::InPlace)
}

/// Refuses a change of one of these properties.
fn unchanged(
    resource: &Resource<'_>,
    before: &Existing<'_>,
    fixed: &[&str],
) -> Result<(), Refused> {
    let changed = fixed
        .iter()
        .find(|property| resource.properties[**property] != before.properties[**property]);
    changed.map_or(Ok(()), |property| Err(fixed_here(resource, property)))
}

/// Refuses a change of any other property than these.
fn only_changed(
    resource: &Resource<'_>,
    before: &Existing<'_>,
    free: &[&str],
) -> Result<(), Refused> {
    let none = Map::new();
    let (now, then) = (
        resource.properties.as_object().unwrap_or(&none),
        before.properties.as_object().unwrap_or(&none),
    );
    let mut properties = now.keys().chain(then.keys());
    let changed = properties.find(|property| {
        !free.contains(&property.as_str()) && now.get(*property) != then.get(*property)
    });
    changed.map_or(Ok(()), |property| Err(fixed_here(resource, property)))
}

fn fixed_here(resource: &Resource<'_>, property: &str) -> Refused {
    let message = format!(
        "the local account cannot change it for a resource of type {}; delete the resource and create it anew",
        resource.kind
    );
    bad(property, message)
}

/// `UpdateService` takes these of a service's properties.
const OF_SERVICE: [&str; 9] = [
    "AvailabilityZoneRebalancing",
    "DeploymentConfiguration",
    "DesiredCount",
    "EnableECSManagedTags",
    "EnableExecuteCommand",
    "HealthCheckGracePeriodSeconds",
    "LoadBalancers",
    "NetworkConfiguration",
    "TaskDefinition",
];

/// The properties of a service that `UpdateService` takes, in its own form.
///
/// # Errors
/// A change of any other.
pub(super) fn of_service(resource: &Resource<'_>, before: &Existing<'_>) -> Result<Value, Refused> {
    let free: Vec<&str> = OF_SERVICE
        .into_iter()
        .chain(["PropagateTags", "Tags"])
        .collect();
    only_changed(resource, before, &free)?;
    let (cluster, service) = removal::service(before);
    let mut input = json!({ "Cluster": cluster, "Service": service });
    for property in OF_SERVICE.into_iter().chain(["PropagateTags"]) {
        let given = &resource.properties[property];
        if !given.is_null() {
            input[property] = given.clone();
        }
    }
    super::properties::input_of("ecs", "UpdateService", &input)
}

/// Tags as the API of ECS lists them, set in place of those before.
pub(super) fn tag_ecs(
    world: &mut World,
    arn: &str,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    let keys = |properties: &Value| -> Vec<Value> {
        let tags = properties["Tags"].as_array();
        tags.into_iter()
            .flatten()
            .map(|tag| tag["Key"].clone())
            .collect()
    };
    let principal = crate::world::Principal("cloudformation".to_owned());
    let now = keys(resource.properties);
    let gone: Vec<Value> = keys(before.properties)
        .into_iter()
        .filter(|key| !now.contains(key))
        .collect();
    let tags: Vec<Value> = resource.properties["Tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| json!({ "key": tag["Key"], "value": tag["Value"] }))
        .collect();
    let mut call = |operation: &str, input: Value| {
        crate::world::ecs::call(world, operation, &input, &principal)
            .map(|_| ())
            .map_err(|fault| refused(&fault))
    };
    if !gone.is_empty() {
        call(
            "UntagResource",
            json!({ "resourceArn": arn, "tagKeys": gone }),
        )?;
    }
    if tags.is_empty() {
        return Ok(());
    }
    call("TagResource", json!({ "resourceArn": arn, "tags": tags }))
}
