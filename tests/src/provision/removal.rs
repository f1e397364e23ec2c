//! Deletes the resources of templates, and what they are called by.

use serde_json::{Value, json};

use super::{Existing, lambda};
use crate::world::{
    Fault, World, cloudwatch, codepipeline, dynamodb, ecr, ecs, elb, events, functions, iam,
    scaling, sns, sqs, tagging,
};

/// Deletes a resource; one that is gone already is deleted.
///
/// # Errors
/// The service's own refusal.
pub(super) fn delete(world: &mut World, it: &Existing<'_>) -> Result<(), Fault> {
    match ask(world, it) {
        Some(answer) => answer?,
        None => drop(world, it),
    }
    if let Some(arn) = arn(world, it) {
        tagging::forget(world, &arn);
    }
    Ok(())
}

/// Deletes a resource whose service may refuse it; `None` for others.
fn ask(world: &mut World, it: &Existing<'_>) -> Option<Result<(), Fault>> {
    let name = it.reference;
    Some(match it.kind {
        "AWS::ApplicationAutoScaling::ScalableTarget" => deregister(world, it),
        "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => {
            let alarms = json!({ "AlarmNames": [name] });
            cloudwatch::call(world, "DeleteAlarms", &alarms).map(|_| ())
        }
        "AWS::CloudWatch::AlarmMuteRule" => {
            let name = name.rsplit(':').next().unwrap_or_default();
            let rule = json!({ "AlarmMuteRuleName": name });
            cloudwatch::call(world, "DeleteAlarmMuteRule", &rule).map(|_| ())
        }
        "AWS::DynamoDB::Table" => delete_table(world, it),
        "AWS::ECR::Repository" => delete_repository(world, it),
        "AWS::ECS::Cluster" => ecs::delete_cluster(world, name),
        "AWS::ECS::TaskDefinition" => ecs::deregister_task_definition(world, name),
        "AWS::ElasticLoadBalancingV2::Listener"
        | "AWS::ElasticLoadBalancingV2::ListenerRule"
        | "AWS::ElasticLoadBalancingV2::LoadBalancer"
        | "AWS::ElasticLoadBalancingV2::TargetGroup" => elb::delete(world, name),
        "AWS::Lambda::EventInvokeConfig" => lambda::forget_event_invoke_config(world, it),
        "AWS::Lambda::Permission" => lambda::take_permission(world, it),
        "AWS::S3::Bucket" => unless_gone(world.s3.delete_bucket(name), "NoSuchBucket"),
        _ => return None,
    })
}

/// Deletes a resource that nothing can keep. Those of other types have nothing in the account.
fn drop(world: &mut World, it: &Existing<'_>) {
    let name = it.reference;
    match it.kind {
        "AWS::CloudWatch::Dashboard" => cloudwatch::dashboard::delete_dashboard(world, name),
        "AWS::CodePipeline::Pipeline" => codepipeline::delete_pipeline(world, name),
        "AWS::ECS::Service" => {
            let (cluster, service) = service(it);
            ecs::delete_service(world, cluster, service);
        }
        "AWS::Events::Rule" => events::delete_rule(world, name),
        "AWS::IAM::Policy" => {
            let policy = it.properties["PolicyName"].as_str().unwrap_or_default();
            for role in texts(&it.properties["Roles"]) {
                iam::remove_policy(world, role, policy);
            }
        }
        "AWS::IAM::Role" => iam::remove_role(world, name),
        "AWS::Lambda::Function" => functions::delete_function(world, name),
        "AWS::KMS::Key"
        | "AWS::S3::BucketPolicy"
        | "AWS::SNS::TopicPolicy"
        | "AWS::SQS::QueuePolicy" => {
            for arn in policy_owners(world, it) {
                iam::remove_resource_policy(world, &arn);
            }
        }
        "AWS::SNS::Subscription" => sns::unsubscribe(world, name),
        "AWS::SNS::Topic" => sns::delete_topic(world, name),
        "AWS::SQS::Queue" => {
            sqs::delete_queue(world, name.rsplit('/').next().unwrap_or_default());
        }
        _ => {}
    }
}

fn unless_gone(result: Result<(), Fault>, gone: &str) -> Result<(), Fault> {
    match result {
        Err(fault) if fault.code != gone => Err(fault),
        _ => Ok(()),
    }
}

/// Cluster and name of a service: its ARN ends with them.
pub(super) fn service<'a>(it: &Existing<'a>) -> (&'a str, &'a str) {
    let (_, path) = it.reference.split_once(":service/").unwrap_or_default();
    path.split_once('/').unwrap_or_default()
}

fn deregister(world: &mut World, it: &Existing<'_>) -> Result<(), Fault> {
    let mut input = json!({});
    for member in ["ResourceId", "ScalableDimension", "ServiceNamespace"] {
        input[member] = it.properties[member].clone();
    }
    let done = scaling::call(world, "DeregisterScalableTarget", &input).map(|_| ());
    unless_gone(done, "ObjectNotFoundException")
}

/// AWS: DynamoDB developer guide, "Using deletion protection".
fn delete_table(world: &mut World, it: &Existing<'_>) -> Result<(), Fault> {
    let protected = &it.properties["DeletionProtectionEnabled"];
    if *protected == true || *protected == "true" {
        let message = "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.";
        return Err(Fault::new("ValidationException", message));
    }
    dynamodb::delete_table(world, it.reference);
    Ok(())
}

fn delete_repository(world: &mut World, it: &Existing<'_>) -> Result<(), Fault> {
    let repository = ecr::Repository::here(world, it.reference);
    let empties = &it.properties["EmptyOnDelete"];
    let force = *empties == true || *empties == "true";
    let done = ecr::delete(world, &repository, force);
    unless_gone(done, "RepositoryNotFoundException")
}

/// The ARNs of those whose policy a resource is.
pub(super) fn policy_owners(world: &World, it: &Existing<'_>) -> Vec<String> {
    let property = |name: &str| &it.properties[name];
    match it.kind {
        "AWS::KMS::Key" => vec![world.arn("kms", &format!("key/{}", it.reference))],
        "AWS::S3::BucketPolicy" => {
            let bucket = property("Bucket").as_str().unwrap_or_default();
            vec![format!("arn:aws:s3:::{bucket}")]
        }
        "AWS::SNS::TopicPolicy" => texts(property("Topics")).map(str::to_owned).collect(),
        _ => texts(property("Queues"))
            .map(|url| world.arn("sqs", url.rsplit('/').next().unwrap_or_default()))
            .collect(),
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Kinds that can have tags, with the attribute that is their ARN; none where the reference is.
const TAGGED: [(&str, Option<&str>); 20] = [
    ("AWS::CloudWatch::Alarm", Some("Arn")),
    ("AWS::CloudWatch::CompositeAlarm", Some("Arn")),
    ("AWS::CodeBuild::Project", Some("Arn")),
    ("AWS::DynamoDB::Table", Some("Arn")),
    ("AWS::ECR::Repository", Some("Arn")),
    ("AWS::ECS::Cluster", Some("Arn")),
    ("AWS::ECS::Service", None),
    ("AWS::ECS::TaskDefinition", None),
    ("AWS::ElasticLoadBalancingV2::Listener", None),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", None),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", None),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", None),
    ("AWS::Events::Rule", Some("Arn")),
    ("AWS::KMS::Key", Some("Arn")),
    ("AWS::Lambda::Function", Some("Arn")),
    ("AWS::Logs::LogGroup", Some("Arn")),
    ("AWS::S3::Bucket", Some("Arn")),
    ("AWS::SNS::Topic", None),
    ("AWS::SQS::Queue", Some("Arn")),
    ("AWS::CloudFormation::Stack", None),
];

/// What the Resource Groups Tagging API calls a resource; `None` for one that cannot have tags, and for roles, which it does
/// not find.
pub(super) fn arn(world: &World, it: &Existing<'_>) -> Option<String> {
    let name = it.reference;
    match it.kind {
        "AWS::CodePipeline::Pipeline" => return Some(world.arn("codepipeline", name)),
        "AWS::EC2::VPC" => return Some(world.arn("ec2", &format!("vpc/{name}"))),
        "AWS::EC2::Subnet" => return Some(world.arn("ec2", &format!("subnet/{name}"))),
        "AWS::EC2::SecurityGroup" => {
            return Some(world.arn("ec2", &format!("security-group/{name}")));
        }
        "AWS::EC2::InternetGateway" => {
            return Some(world.arn("ec2", &format!("internet-gateway/{name}")));
        }
        "AWS::EC2::RouteTable" => return Some(world.arn("ec2", &format!("route-table/{name}"))),
        _ => {}
    }
    let (_, attribute) = TAGGED.iter().find(|(kind, _)| *kind == it.kind)?;
    let arn = match attribute {
        Some(attribute) => it.attributes.get(*attribute)?.as_str()?,
        None => name,
    };
    Some(arn.trim_end_matches(":*").to_owned())
}

/// Whether there is something of that kind and name already.
pub(super) fn exists(world: &World, kind: &str, name: &str) -> bool {
    match kind {
        "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => {
            cloudwatch::has_alarm(world, name)
        }
        "AWS::CloudWatch::Dashboard" => cloudwatch::dashboard::has_dashboard(world, name),
        "AWS::ECS::Cluster" => ecs::has_cluster(world, name),
        "AWS::Events::Rule" => events::has_rule(world, name),
        "AWS::IAM::Role" => iam::has_role(world, name),
        "AWS::Lambda::Function" => functions::function(world, name).is_some(),
        "AWS::S3::Bucket" => world.s3.has_bucket(name),
        "AWS::SNS::Topic" => sns::has_topic(world, &world.arn("sns", name)),
        "AWS::SQS::Queue" => sqs::has_queue(world, name),
        _ => false,
    }
}

/// The property that names a resource of a kind.
pub(super) fn name_property(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => "AlarmName",
        "AWS::CloudWatch::Dashboard" => "DashboardName",
        "AWS::DynamoDB::Table" => "TableName",
        "AWS::ECR::Repository" => "RepositoryName",
        "AWS::ECS::Cluster" => "ClusterName",
        "AWS::ECS::Service" => "ServiceName",
        "AWS::IAM::Role" => "RoleName",
        "AWS::Lambda::Function" => "FunctionName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::S3::Bucket" => "BucketName",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::SQS::Queue" => "QueueName",
        "AWS::CloudWatch::AlarmMuteRule"
        | "AWS::CodeBuild::Project"
        | "AWS::CodePipeline::Pipeline"
        | "AWS::ElasticLoadBalancingV2::LoadBalancer"
        | "AWS::ElasticLoadBalancingV2::TargetGroup"
        | "AWS::Events::Rule" => "Name",
        _ => return None,
    })
}
