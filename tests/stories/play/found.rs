//! What a story looks at.

use std::{sync::Arc, time::Duration};

use canary::{aws::Settings, names::PairId, record::Record};
use rehearsal_core::{
    stage::{self, Entrance, Runs},
    world::{
        codepipeline, dynamodb,
        journal::{Call, Entry, What},
        sqs,
    },
};
use serde_json::{Map, Value, json};

use super::{
    BEGIN, Play, Work,
    hands::clients,
    requests::Requests,
    service::{alias, describe, pair, sets, weights},
};
use crate::connector::client;

impl Play {
    /// The library's adapters, calling as a principal.
    pub(crate) fn adapters(&self, principal: &str) -> Arc<canary::aws::Account> {
        self.warm.clients(&self.account, principal, settings())
    }

    /// The same, telling people through a topic.
    pub(crate) fn adapters_telling(&self, principal: &str, topic: &str) -> canary::aws::Account {
        let settings = Settings {
            notifications_topic: Some(topic.to_owned()),
            ..settings()
        };
        clients(&self.account, principal, settings)
    }

    /// What an execution's build has left: names of variables, and of the files of its artifact.
    pub(crate) fn built(&self, execution: &str) -> (Vec<String>, Vec<String>) {
        let input = json!({ "pipelineName": stage::PIPELINE, "filter": { "pipelineExecutionId": execution } });
        self.account.with(|world| {
            let listed = codepipeline::call(world, "ListActionExecutions", &input).unwrap();
            let actions = listed["actionExecutionDetails"].as_array().unwrap();
            let build = actions.iter().find(|it| it["actionName"] == "Build");
            let output = &build.expect("it was built")["output"];
            let variables = output["outputVariables"].as_object().unwrap();
            let place = &output["outputArtifacts"][0]["s3location"];
            let text = |member: &str| place[member].as_str().unwrap();
            let archive = world.s3.get(text("bucket"), text("key")).unwrap();
            let archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
            (
                variables.keys().cloned().collect(),
                archive
                    .file_names()
                    .map(|name| name.unwrap().into_owned())
                    .collect(),
            )
        })
    }

    /// What the readers of the suite's topic were told, as subject and message.
    pub(crate) fn notices(&self) -> Vec<(String, String)> {
        let published = self.account.with(|world| world.sns.published.clone());
        let notices = published.into_iter();
        notices
            .filter(|notice| notice.topic == self.scene.notifications_topic)
            .map(|notice| (notice.subject.unwrap_or_default(), notice.message))
            .collect()
    }

    /// The same without what alarms tell when they are over, or judge for the first time.
    pub(crate) fn warnings(&self) -> Vec<(String, String)> {
        let mut notices = self.notices();
        notices.retain(|(subject, _)| !subject.starts_with("OK: "));
        notices
    }

    /// What people call the pair.
    pub(crate) fn name(&self) -> String {
        if self.traffic.has_tasks() {
            stage::PRIMARY.to_owned()
        } else {
            format!("{}:{}", stage::FUNCTION, stage::ALIAS)
        }
    }

    /// The record's key.
    fn pair_id(&self) -> PairId {
        let place = if self.traffic.has_tasks() {
            stage::CLUSTER
        } else {
            "lambda"
        };
        PairId::new(place, &self.name())
    }

    /// The release record, as it is stored.
    pub(crate) fn record(&self) -> Option<Record> {
        let key =
            json!({ "pair": { "S": self.pair_id().to_string() }, "item": { "S": "current" } });
        let input =
            json!({ "TableName": stage::RELEASES_TABLE, "Key": key, "ConsistentRead": true });
        let answer = self
            .account
            .with(|world| dynamodb::call(world, "GetItem", &input));
        let answer = answer.expect("the table of releases");
        answer.get("Item").map(record_of)
    }

    /// The phase of the release record.
    pub(crate) fn phase(&self) -> String {
        self.record()
            .map_or_else(|| "none".to_owned(), |record| record.phase.to_string())
    }

    /// Lets time pass until the record is in a phase.
    pub(crate) async fn until_phase(&self, phase: &str) {
        for _ in 0..24 * 60 * 6 {
            if self.phase() == phase {
                return;
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        panic!(
            "waited a day for phase {phase}, not {}\n{}",
            self.phase(),
            self.transcript()
        );
    }

    /// What the pair is like: task definition (revision), desired and running tasks, scaling, of both; and the weights
    /// of its rule, if it has one. Of task sets: the service's count, and its sets. Of a function: what is behind its alias.
    pub(crate) fn pair(&self) -> String {
        self.account.with(|world| {
            let services = match self.traffic.runs() {
                Runs::Services => pair(world),
                Runs::TaskSets => sets(world),
                Runs::Function => return alias(world),
            };
            match &self.scene.entrance {
                Entrance::Queue { .. } => services,
                Entrance::LoadBalancer { rule, .. } => {
                    services + &weights(world, rule, self.traffic)
                }
            }
        })
    }

    /// What one service of the pair is like.
    pub(crate) fn service(&self, name: &str) -> String {
        let named = format!("{name}:");
        let pair = self.pair();
        let line = pair.lines().find(|line| line.starts_with(&named));
        line.unwrap_or_default().to_owned()
    }

    /// The input of `RegisterTaskDefinition` that gives a version once more.
    pub(crate) fn definition_like(&self, version: &str) -> Value {
        let described = self.ecs(
            "DescribeTaskDefinition",
            &json!({ "taskDefinition": version }),
        );
        let mut definition = described["taskDefinition"].clone();
        let fields = definition.as_object_mut().expect("an object");
        let is_answer = |name: &str| {
            [
                "taskDefinitionArn",
                "revision",
                "status",
                "requiresAttributes",
                "compatibilities",
                "registeredAt",
                "registeredBy",
            ]
            .contains(&name)
        };
        fields.retain(|name, _| !is_answer(name));
        definition
    }

    /// What happened, for golden files: no calls, no ids, times from the story's beginning.
    pub(crate) fn transcript(&self) -> String {
        self.account
            .with(|world| crate::transcript::of(&world.journal, BEGIN))
    }

    /// The calls that a principal made so far.
    pub(crate) fn calls(&self, principal: &str) -> Vec<Call> {
        self.entries(|what| match what {
            What::Called(call) if call.principal.0 == principal => Some(call.clone()),
            _ => None,
        })
    }

    /// The writes to ECS, Lambda, load balancer, scaling and pipeline that anybody made so far, the reports of jobs aside.
    pub(crate) fn writes(&self) -> Vec<Call> {
        self.entries(|what| match what {
            What::Called(call)
                if call.is_write()
                    && [
                        "ecs",
                        "lambda",
                        "elasticloadbalancing",
                        "application-autoscaling",
                        "codepipeline",
                    ]
                    .contains(&call.service.as_str())
                    && !call.operation.starts_with("PutJob") =>
            {
                Some(call.clone())
            }
            _ => None,
        })
    }

    pub(crate) fn entries<T>(&self, pick: impl Fn(&What) -> Option<T>) -> Vec<T> {
        self.account.with(|world| {
            world
                .journal
                .iter()
                .filter_map(|Entry { what, .. }| pick(what))
                .collect()
        })
    }

    /// Whether both versions have failed about one in twenty of their messages or requests.
    pub(crate) fn both_fail_one_in_twenty(&self) -> bool {
        ["v1", "v2"]
            .iter()
            .all(|version| (3.0..7.0).contains(&self.failure_percent(version)))
    }

    fn failure_percent(&self, version: &str) -> f64 {
        let counts = self.entries(|what| match what {
            What::Messages {
                version: by,
                processed,
                failed,
                ..
            } if by == version => Some((*processed, *failed)),
            _ => None,
        });
        let failed: u32 = counts.iter().map(|(_, failed)| failed).sum();
        let all: u32 = counts
            .iter()
            .map(|(processed, failed)| processed + failed)
            .sum();
        100.0 * f64::from(failed) / f64::from(all.max(1))
    }

    /// The alarms that went to `ALARM`, in order.
    pub(crate) fn fired(&self) -> Vec<String> {
        self.entries(|what| match what {
            What::Alarm { alarm, state, .. } if state == "ALARM" => Some(alarm.clone()),
            _ => None,
        })
    }

    /// The last summary or message that an action showed.
    pub(crate) fn said(&self, execution: &str, name: &str) -> String {
        self.entries(|what| match what {
            What::Action {
                execution: of,
                action,
                summary: Some(summary),
                ..
            } if of == execution && action == name => Some(summary.clone()),
            _ => None,
        })
        .pop()
        .unwrap_or_default()
    }

    /// The image of a version.
    pub(crate) fn image(&self, label: &str) -> String {
        self.script
            .versions()
            .find(|version| version.label == label)
            .expect("it is in the script")
            .image()
    }

    /// How many deployments were ever made.
    pub(crate) fn deployments(&self) -> usize {
        self.account.with(|world| {
            [stage::PRIMARY, stage::CANARY]
                .iter()
                .map(|service| {
                    let shown = describe(world, service);
                    let events = shown["events"].as_array().cloned().unwrap_or_default();
                    let completed = |event: &&Value| {
                        event["message"]
                            .as_str()
                            .is_some_and(|text| text.contains("deployment completed"))
                    };
                    events.iter().filter(completed).count()
                })
                .sum()
        })
    }

    /// The decisions of the ledger, oldest first.
    pub(crate) async fn ledger(&self) -> Vec<String> {
        let dynamodb = client!(aws_sdk_dynamodb, self.account, "test");
        let string = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
        let answer = dynamodb
            .query()
            .table_name(stage::RELEASES_TABLE)
            .key_condition_expression("#pair = :pair AND begins_with(#item, :ledger)")
            .expression_attribute_names("#pair", "pair")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":pair", string(self.pair_id().as_str()))
            .expression_attribute_values(":ledger", string("ledger#"))
            .send()
            .await
            .expect("the ledger can be read");
        let text =
            |item: &std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>,
             name: &str| {
                item.get(name)
                    .and_then(|value| value.as_s().ok())
                    .cloned()
                    .unwrap_or_default()
            };
        answer
            .items()
            .iter()
            .map(|item| format!("{}: {}", text(item, "function"), text(item, "decided")))
            .collect()
    }

    /// Messages that were sent and are neither processed nor in any queue.
    pub(crate) fn lost(&self) -> Vec<String> {
        match &self.work {
            Work::Messages(messages) => messages.lost(),
            Work::Requests(_) => Vec::new(),
        }
    }

    /// Messages in the dead-letter queue.
    pub(crate) fn dead_letters(&self) -> u32 {
        let depth = self
            .account
            .with(|world| sqs::depth(world, stage::DEAD_LETTERS));
        depth.map_or(0, |depth| depth.visible + depth.in_flight + depth.delayed)
    }

    /// Messages that were processed more than once.
    pub(crate) fn repeated(&self) -> Vec<String> {
        match &self.work {
            Work::Messages(messages) => messages.repeated(),
            Work::Requests(_) => Vec::new(),
        }
    }

    /// Every message is processed, none twice, and none is a dead letter or lost; every request is answered well.
    pub(crate) fn assert_nothing_lost(&self) {
        match &self.work {
            Work::Messages(_) => {
                assert_eq!(self.lost(), [""; 0]);
                assert_eq!(self.repeated(), [""; 0]);
                assert_eq!(self.dead_letters(), 0);
            }
            Work::Requests(requests) => assert_eq!(requests.failed(), [""; 0]),
        }
    }

    /// Whether a task has processed a message, by id.
    pub(crate) fn is_processed(&self, message: &str) -> bool {
        match &self.work {
            Work::Messages(messages) => messages.is_processed(message),
            Work::Requests(_) => false,
        }
    }

    /// The clients, of a pair behind a load balancer.
    pub(crate) fn requests(&self) -> &Requests {
        match &self.work {
            Work::Requests(requests) => requests,
            Work::Messages(_) => panic!("this pair consumes a queue"),
        }
    }
}

fn settings() -> Settings {
    Settings {
        releases_table: Some(stage::RELEASES_TABLE.to_owned()),
        ..Settings::default()
    }
}

/// The record that an item of the table holds.
///
/// # Panics
/// If the library cannot read it.
pub(crate) fn record_of(item: &Value) -> Record {
    let mut stored = plain(item);
    stored.as_object_mut().map(|fields| fields.remove("item"));
    Record::read(stored).expect("a record that was stored can be read")
}

/// Attribute values as JSON.
fn plain(item: &Value) -> Value {
    let fields = item.as_object().into_iter().flatten();
    let fields = fields.map(|(name, value)| (name.clone(), value_of(value)));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn value_of(value: &Value) -> Value {
    let Some((kind, value)) = value.as_object().and_then(|it| it.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "N" => {
            let number = value.as_str().unwrap_or_default();
            serde_json::from_str(number).unwrap_or_default()
        }
        "M" => plain(value),
        "L" => value
            .as_array()
            .into_iter()
            .flatten()
            .map(value_of)
            .collect(),
        "NULL" => Value::Null,
        _ => value.clone(),
    }
}
