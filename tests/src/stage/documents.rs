//! The inputs of the calls that create the example.

use serde_json::{Map, Value, json};

use super::{
    ALARM, ARTIFACTS, CANARY, CLUSTER, CONTAINER, DEAD_LETTERS, MAX_RECEIVES, PIPELINE, PRIMARY,
    Scene, Stage, Step, script,
};
use crate::world::Identity;

const PIPELINE_TEMPLATE: &str = include_str!("../pipeline.json");

/// Fourteen days, the most that SQS has: dead letters wait for a person.
const DEAD_LETTER_RETENTION: &str = "1209600";

impl Stage {
    pub(super) fn queue_attributes(&self, dead_letter_arn: &str) -> Map<String, Value> {
        let redrive = json!({
            "deadLetterTargetArn": dead_letter_arn,
            "maxReceiveCount": MAX_RECEIVES,
        });
        attributes([
            ("VisibilityTimeout", self.visibility.as_secs().to_string()),
            ("RedrivePolicy", redrive.to_string()),
        ])
    }

    /// Input of `RegisterTaskDefinition`.
    pub(super) fn task_definition(
        &self,
        identity: &Identity,
        queue_url: &str,
        image: &str,
    ) -> Value {
        json!({
            "family": PRIMARY,
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": "256",
            "memory": "512",
            "runtimePlatform": { "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" },
            "executionRoleArn": role(identity, "orders-execution"),
            "taskRoleArn": role(identity, "orders-task"),
            "containerDefinitions": [{
                "name": CONTAINER,
                "image": image,
                "essential": true,
                "stopTimeout": self.stop_timeout.as_secs(),
                "environment": [
                    { "name": "QUEUE_URL", "value": queue_url },
                    { "name": "VISIBILITY_TIMEOUT_SECONDS", "value": self.visibility.as_secs().to_string() },
                    { "name": "STOP_TIMEOUT_SECONDS", "value": self.stop_timeout.as_secs().to_string() },
                    { "name": "WORK_MS", "value": self.work.as_millis().to_string() },
                ],
                // Of a queue consumer, ECS sees nothing else than this check.
                "healthCheck": {
                    "command": ["CMD", "sample-app", "--health"],
                    "interval": 5,
                    "timeout": 5,
                    "retries": 3,
                    "startPeriod": 10,
                },
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/ecs/orders",
                        "awslogs-region": identity.region,
                        "awslogs-stream-prefix": CONTAINER,
                    },
                },
            }],
            "tags": [{ "key": "application", "value": "orders" }],
        })
    }

    /// The functions' `TARGET`.
    pub(super) fn target(&self, scene: &Scene) -> Value {
        json!({
            "cluster": CLUSTER,
            "primary": PRIMARY,
            "canary": CANARY,
            "pipeline": PIPELINE,
            "alarms": [ALARM],
            "restingTasks": self.canary_tasks,
            "traffic": { "queue": {
                "url": scene.queue_url,
                "deadLetterUrl": scene.dead_letter_url,
                "maxDeadLetters": self.max_dead_letters,
                "mode": "additive",
                "maxTasks": self.max_tasks,
            } },
        })
    }

    /// Input of `CreatePipeline`.
    pub(super) fn pipeline(&self, identity: &Identity) -> Value {
        let steps: Vec<Value> = self
            .steps
            .iter()
            .map(|Step { weight, bake }| json!({ "weight": weight, "bakeSeconds": bake.as_secs() }))
            .collect();
        let places = [
            ("pipeline", PIPELINE.to_owned()),
            ("pipelineRole", role(identity, "orders-pipeline")),
            ("artifactBucket", ARTIFACTS.to_owned()),
            ("sourceBucket", script::SOURCE_BUCKET.to_owned()),
            ("sourceKey", script::SOURCE_KEY.to_owned()),
            ("buildProject", "orders-build".to_owned()),
            ("container", CONTAINER.to_owned()),
            ("primary", PRIMARY.to_owned()),
            ("steps", Value::from(steps).to_string()),
            (
                "deployTimeoutMinutes",
                self.deploy_timeout_minutes.to_string(),
            ),
            (
                "promoteBakeSeconds",
                self.promote_bake.as_secs().to_string(),
            ),
            (
                "promoteTimeoutMinutes",
                self.promote_timeout_minutes.to_string(),
            ),
        ];
        let mut pipeline: Value = serde_json::from_str(PIPELINE_TEMPLATE)
            .expect("the pipeline's template, which a test parses, is JSON");
        fill(&mut pipeline, &places);
        pipeline
    }
}

pub(super) fn dead_letter_attributes() -> Map<String, Value> {
    attributes([("MessageRetentionPeriod", DEAD_LETTER_RETENTION.to_owned())])
}

/// Input of `CreateService`.
///
/// The circuit breaker only stops: were ECS to roll back too, it and the rollback function would
/// undo each other's work.
pub(super) fn service(name: &str, task_definition: &str, desired_count: u32) -> Value {
    json!({
        "cluster": CLUSTER,
        "serviceName": name,
        "taskDefinition": task_definition,
        "desiredCount": desired_count,
        "launchType": "FARGATE",
        "deploymentConfiguration": {
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "deploymentCircuitBreaker": { "enable": true, "rollback": false },
        },
        "networkConfiguration": { "awsvpcConfiguration": {
            "subnets": ["subnet-0a1b2c3d4e5f60718", "subnet-18f0e5d4c3b2a1907"],
            "securityGroups": ["sg-0f1e2d3c4b5a69788"],
            "assignPublicIp": "DISABLED",
        } },
        "propagateTags": "SERVICE",
        "tags": [{ "key": "application", "value": "orders" }],
    })
}

/// Input of `RegisterScalableTarget`.
pub(super) fn scalable_target(service: &str, (min, max): (u32, u32)) -> Value {
    json!({
        "ServiceNamespace": "ecs",
        "ResourceId": format!("service/{CLUSTER}/{service}"),
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": min,
        "MaxCapacity": max,
    })
}

/// Input of `PutMetricAlarm`.
///
/// The number of visible messages, because SQS's redrive does not count as sending.
pub(super) fn alarm(action: &str) -> Value {
    json!({
        "AlarmName": ALARM,
        "AlarmDescription": "Orders that could not be processed",
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{ "Name": "QueueName", "Value": DEAD_LETTERS }],
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": 0.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "ActionsEnabled": true,
        "AlarmActions": [action],
    })
}

/// Inputs of `PutRule` for everything that invokes the rollback function.
pub(super) fn rules() -> [Value; 3] {
    let ended = json!({
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Pipeline Execution State Change"],
        "detail": {
            "pipeline": [PIPELINE],
            "state": ["FAILED", "STOPPED", "CANCELED", "SUPERSEDED"],
        },
    });
    let rejected = json!({
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Action Execution State Change"],
        "detail": {
            "pipeline": [PIPELINE],
            "state": ["FAILED"],
            "type": { "category": ["Approval"] },
        },
    });
    [
        json!({ "Name": "orders-release-ended", "EventPattern": ended.to_string() }),
        json!({ "Name": "orders-release-rejected", "EventPattern": rejected.to_string() }),
        json!({ "Name": "orders-release-sweep", "ScheduleExpression": "rate(1 minute)" }),
    ]
}

fn attributes<const N: usize>(pairs: [(&str, String); N]) -> Map<String, Value> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect()
}

fn role(identity: &Identity, name: &str) -> String {
    format!("arn:aws:iam::{}:role/{name}", identity.account)
}

/// Replaces `${name}` in every string. `#{...}` is `CodePipeline`'s own.
fn fill(value: &mut Value, places: &[(&str, String)]) {
    match value {
        Value::String(text) => {
            for (name, with) in places {
                *text = text.replace(&format!("${{{name}}}"), with);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| fill(value, places)),
        Value::Object(members) => members.values_mut().for_each(|value| fill(value, places)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
