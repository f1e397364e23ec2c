//! What a call needs: the actions, on which resources, under which condition keys.
//!
//! AWS: Service Authorization Reference, page by page the actions, resources and condition keys of
//! each service. Where an action cannot be narrowed its resource is `*`, which an ARN in a policy
//! does not cover.

mod ecs;
mod people;

use serde_json::Value;

use super::{Request, condition::Context};
use crate::world::{Fault, World, ecr, unknown_operation};

/// One thing that must be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) action: String,
    pub(super) resource: String,
    pub(super) context: Context,
}

impl Need {
    /// What a principal asks for itself. AWS: IAM user guide, "AWS global condition context keys": `aws:ViaAWSService` is in every
    /// request.
    pub(super) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        let need = Self {
            action: action.into(),
            resource: resource.into(),
            context: Context::default(),
        };
        need.with("aws:ViaAWSService", "false")
    }

    /// The same, asked by a service in the principal's name.
    pub(super) fn via_a_service(self) -> Self {
        self.with("aws:ViaAWSService", "true")
    }

    pub(super) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context.put(key, [value.into()]);
        self
    }

    /// The account of the resource, if its ARN says one.
    pub(super) fn account(&self) -> Option<&str> {
        let account = self.resource.split(':').nth(4);
        account.filter(|account| !account.is_empty())
    }

    fn with_tags(mut self, tags: &Value) -> Self {
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

/// What a call of an operation needs; at least one thing.
///
/// # Errors
/// `UnknownOperationException`: nobody could say whether it is allowed.
pub(super) fn of(world: &World, request: &Request<'_>) -> Result<Vec<Need>, Fault> {
    let Request {
        region,
        service,
        operation,
        input,
        ..
    } = *request;
    let call = Call {
        world,
        region,
        operation,
        input,
    };
    let needs = match service {
        "application-autoscaling" => call.scaling(),
        "codepipeline" => call.codepipeline(),
        "dynamodb" => call.dynamodb(),
        "ecr" => call.ecr(),
        "ecs" => call.ecs(),
        "elasticloadbalancing" => call.load_balancing(),
        "monitoring" => call.cloudwatch(),
        "s3" => call.s3(),
        "sns" => call.sns(),
        "sqs" => call.sqs(),
        "cloudformation" => Some(call.cloudformation()),
        "iam" => Some(call.iam()),
        "sts" => Some(call.anything("sts")),
        "tagging" => Some(call.anything("tag")),
        _ => None,
    };
    let mut needs = needs.ok_or_else(|| unknown_operation(service, operation))?;
    if needs.is_empty() {
        // A list of nothing: the service refuses it, but not before it knows that one may ask.
        let prefix = if service == "monitoring" {
            "cloudwatch"
        } else {
            service
        };
        needs.push(Need::new(format!("{prefix}:{operation}"), "*"));
    }
    Ok(needs)
}

struct Call<'a> {
    world: &'a World,
    region: &'a str,
    operation: &'a str,
    input: &'a Value,
}

impl Call<'_> {
    /// An ARN of a target has an id that nobody knows before it is registered, and whether AWS asks
    /// for it afterwards is not documented: here only a grant on all targets will do, which condition
    /// keys can narrow. AWS: Application Auto Scaling user guide, "Identity-based policy examples".
    fn scaling(&self) -> Option<Vec<Need>> {
        let action = format!("application-autoscaling:{}", self.operation);
        let namespace = text(self.input, "ServiceNamespace");
        let dimension = text(self.input, "ScalableDimension");
        Some(match self.operation {
            "DescribeScalableTargets" | "DescribeScheduledActions" => vec![Need::new(action, "*")],
            "RegisterScalableTarget"
            | "DeregisterScalableTarget"
            | "PutScheduledAction"
            | "DeleteScheduledAction" => {
                let target = Need::new(
                    action,
                    self.world
                        .arn("application-autoscaling", "scalable-target/*"),
                )
                .with("application-autoscaling:service-namespace", namespace)
                .with("application-autoscaling:scalable-dimension", dimension);
                // AWS: Application Auto Scaling user guide, "Permissions validation for API calls on target resources".
                let service = self.world.arn("ecs", text(self.input, "ResourceId"));
                let on_service = ["ecs:DescribeServices", "ecs:UpdateService"].map(|action| {
                    let need = Need::new(action, service.clone());
                    self.running(if self.world.iam.hides_scaling {
                        need
                    } else {
                        need.via_a_service()
                    })
                });
                if self.operation == "RegisterScalableTarget" {
                    [target].into_iter().chain(on_service).collect()
                } else {
                    vec![target]
                }
            }
            _ => return None,
        })
    }

    /// AWS: CloudWatch API reference, `PutCompositeAlarm`, `DescribeAlarms` and `DescribeAlarmHistory`: composite
    /// alarms need the resource `*`. The denials of `DescribeAlarms` name `alarm:*` whichever alarms are asked for.
    fn cloudwatch(&self) -> Option<Vec<Need>> {
        let action = format!("cloudwatch:{}", self.operation);
        let alarm = |name: &str| self.world.arn("cloudwatch", &format!("alarm:{name}"));
        let mute_rule = |name: &str| {
            let arn = format!("alarm-mute-rule:{name}");
            Need::new(action.clone(), self.world.arn("cloudwatch", &arn))
        };
        let each = |names: Vec<&str>| {
            let names = names.into_iter();
            names
                .map(|name| Need::new(action.clone(), alarm(name)))
                .collect()
        };
        Some(match self.operation {
            "DescribeAlarms" | "DescribeAlarmHistory" if self.finds_composite_alarms() => {
                vec![Need::new(action, "*")]
            }
            "DescribeAlarms" => each(vec!["*"]),
            "DescribeAlarmHistory" => each(vec![self.input["AlarmName"].as_str().unwrap_or("*")]),
            "PutCompositeAlarm" => vec![Need::new(action, "*")],
            "GetAlarmMuteRule" | "DeleteAlarmMuteRule" => {
                vec![mute_rule(text(self.input, "AlarmMuteRuleName"))]
            }
            "ListAlarmMuteRules" => vec![mute_rule("*")],
            // AWS: API reference, `PutAlarmMuteRule`: the same action on the rule and on each of its alarms.
            "PutAlarmMuteRule" => {
                let rule = mute_rule(text(self.input, "Name"));
                let mut needs: Vec<Need> = each(texts(&self.input["MuteTargets"], "AlarmNames"));
                needs.insert(0, rule);
                needs
            }
            "DeleteAlarms" | "DisableAlarmActions" | "EnableAlarmActions" => {
                each(texts(self.input, "AlarmNames"))
            }
            "PutMetricAlarm" | "SetAlarmState" => each(vec![text(self.input, "AlarmName")]),
            "PutMetricData" => {
                let namespace = text(self.input, "Namespace");
                vec![Need::new(action, "*").with("cloudwatch:namespace", namespace)]
            }
            _ => return None,
        })
    }

    /// Whether a question about alarms is one about composite alarms, too.
    fn finds_composite_alarms(&self) -> bool {
        let related = ["ChildrenOfAlarmName", "ParentsOfAlarmName"];
        texts(self.input, "AlarmTypes").contains(&"CompositeAlarm")
            || related.iter().any(|member| self.input[*member].is_string())
    }

    fn codepipeline(&self) -> Option<Vec<Need>> {
        let action = format!("codepipeline:{}", self.operation);
        let resource = |members: &[&str]| {
            let names: Vec<_> = members.iter().map(|one| text(self.input, one)).collect();
            self.world.arn("codepipeline", &names.join("/"))
        };
        let resource = match self.operation {
            "PutJobSuccessResult" | "PutJobFailureResult" | "GetJobDetails" => "*".to_owned(),
            "PutApprovalResult" => resource(&["pipelineName", "stageName", "actionName"]),
            "DisableStageTransition" | "EnableStageTransition" | "RetryStageExecution" => {
                resource(&["pipelineName", "stageName"])
            }
            "GetPipelineExecution"
            | "ListActionExecutions"
            | "ListPipelineExecutions"
            | "StopPipelineExecution" => resource(&["pipelineName"]),
            "GetPipeline" | "GetPipelineState" | "StartPipelineExecution" => resource(&["name"]),
            "CreatePipeline" => {
                let pipeline = &self.input["pipeline"];
                let arn = self.world.arn("codepipeline", text(pipeline, "name"));
                let passed = self.pass(text(pipeline, "roleArn"), "codepipeline.amazonaws.com");
                return Some(vec![Need::new(action, arn), passed]);
            }
            _ => return None,
        };
        Some(vec![Need::new(action, resource)])
    }

    /// What describes cannot be narrowed.
    fn load_balancing(&self) -> Option<Vec<Need>> {
        let named = |kind: &str| {
            let resource = format!("{kind}/{}/*", text(self.input, "Name"));
            self.world.arn("elasticloadbalancing", &resource)
        };
        let given = |member: &str| text(self.input, member).to_owned();
        let resource = match self.operation {
            "CreateLoadBalancer" => named("loadbalancer/app"),
            "CreateTargetGroup" => named("targetgroup"),
            "CreateListener" | "ModifyLoadBalancerAttributes" => given("LoadBalancerArn"),
            "CreateRule" | "ModifyListener" => given("ListenerArn"),
            "DescribeListeners"
            | "DescribeLoadBalancers"
            | "DescribeRules"
            | "DescribeTargetGroupAttributes"
            | "DescribeTargetGroups"
            | "DescribeTargetHealth" => "*".to_owned(),
            "ModifyRule" => given("RuleArn"),
            "ModifyTargetGroupAttributes" => given("TargetGroupArn"),
            _ => return None,
        };
        let action = format!("elasticloadbalancing:{}", self.operation);
        Some(vec![Need::new(action, resource)])
    }

    /// A transaction needs what its items would need alone. AWS: DynamoDB developer guide, "Using IAM
    /// with DynamoDB transactions".
    fn dynamodb(&self) -> Option<Vec<Need>> {
        let operation = self.operation;
        if operation == "TransactWriteItems" {
            let items = self.input["TransactItems"].as_array();
            let parts = items.into_iter().flatten().filter_map(Value::as_object);
            return Some(
                parts
                    .flatten()
                    .map(|(kind, item)| {
                        let action = match kind.as_str() {
                            "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
                            kind => format!("dynamodb:{kind}Item"),
                        };
                        Need::new(action, self.table_arn(item))
                            .with("dynamodb:EnclosingOperation", operation)
                    })
                    .collect(),
            );
        }
        let known = [
            "DeleteItem",
            "GetItem",
            "PutItem",
            "Query",
            "Scan",
            "UpdateItem",
        ];
        known.contains(&operation).then(|| {
            let table = self.table_arn(self.input);
            let resource = match text(self.input, "IndexName") {
                "" => table,
                index => format!("{table}/index/{index}"),
            };
            vec![Need::new(format!("dynamodb:{operation}"), resource)]
        })
    }

    fn table_arn(&self, input: &Value) -> String {
        match text(input, "TableName") {
            arn if arn.starts_with("arn:") => arn.to_owned(),
            name => self.world.arn("dynamodb", &format!("table/{name}")),
        }
    }

    fn ecr(&self) -> Option<Vec<Need>> {
        let action = format!("ecr:{}", self.operation);
        let resource = match self.operation {
            "DeleteRepository" | "DescribeImages" => {
                ecr::asked(self.world, self.region, self.input).arn()
            }
            // ECR has no resource-level permission for this action.
            "GetAuthorizationToken" => "*".to_owned(),
            _ => return None,
        };
        Some(vec![Need::new(action, resource)])
    }

    /// A role by its name or ARN.
    fn pass(&self, role: &str, service: &str) -> Need {
        let arn = if role.starts_with("arn:") {
            role.to_owned()
        } else {
            super::role_arn(self.world, role)
        };
        Need::new("iam:PassRole", arn).with("iam:PassedToService", service)
    }

    fn s3(&self) -> Option<Vec<Need>> {
        let of_version = self.input["VersionId"].is_string();
        let bucket = format!("arn:aws:s3:::{}", text(self.input, "Bucket"));
        let object = format!("{bucket}/{}", text(self.input, "Key"));
        let (action, resource) = match self.operation {
            "GetObject" | "HeadObject" if of_version => ("s3:GetObjectVersion", object),
            "GetObject" | "HeadObject" => ("s3:GetObject", object),
            "PutObject" => ("s3:PutObject", object),
            "DeleteObject" if of_version => ("s3:DeleteObjectVersion", object),
            "DeleteObject" => ("s3:DeleteObject", object),
            "DeleteObjects" => {
                let objects = self.input["Delete"]["Objects"].as_array();
                let needs = objects.into_iter().flatten().map(|object| {
                    let of_version = object["VersionId"].is_string();
                    let action = if of_version {
                        "s3:DeleteObjectVersion"
                    } else {
                        "s3:DeleteObject"
                    };
                    Need::new(action, format!("{bucket}/{}", text(object, "Key")))
                });
                return Some(needs.collect());
            }
            "ListObjectVersions" => ("s3:ListBucketVersions", bucket),
            "HeadBucket" => ("s3:ListBucket", bucket),
            "GetBucketLocation" => ("s3:GetBucketLocation", bucket),
            _ => return None,
        };
        Some(vec![Need::new(action, resource)])
    }

    fn sns(&self) -> Option<Vec<Need>> {
        let publishes = self.operation == "Publish";
        publishes.then(|| vec![Need::new("sns:Publish", text(self.input, "TopicArn"))])
    }

    /// A batch needs what its entries would need alone. AWS: SQS developer guide, "Amazon SQS API
    /// permissions".
    fn sqs(&self) -> Option<Vec<Need>> {
        let action = match self.operation {
            "ChangeMessageVisibility" | "ChangeMessageVisibilityBatch" => "ChangeMessageVisibility",
            "DeleteMessage" | "DeleteMessageBatch" => "DeleteMessage",
            "SendMessage" | "SendMessageBatch" => "SendMessage",
            "CreateQueue" | "GetQueueAttributes" | "GetQueueUrl" | "ReceiveMessage" => {
                self.operation
            }
            _ => return None,
        };
        let url = text(self.input, "QueueUrl").trim_end_matches('/');
        let name = match url.rsplit('/').next().unwrap_or_default() {
            "" => text(self.input, "QueueName"),
            name => name,
        };
        let queue = self.world.arn("sqs", name);
        Some(vec![Need::new(format!("sqs:{action}"), queue)])
    }
}

/// A string member; empty if it was left out.
fn text<'a>(input: &'a Value, member: &str) -> &'a str {
    input[member].as_str().unwrap_or_default()
}

fn texts<'a>(input: &'a Value, member: &str) -> Vec<&'a str> {
    let items = input[member].as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}
