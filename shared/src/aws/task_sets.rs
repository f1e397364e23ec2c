//! Amazon ECS: task sets, as JSON.
//!
//! Kept as they go over the wire: see `raw`. A candidate's set is launched as the one beside it, whatever that says.

use std::fmt::Write as _;

use aws_sdk_ecs::types::ServiceField;
use aws_sdk_ecs::types::{Scale as SdkScale, ScaleUnit, TaskSetField};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    Account, AwsError, LookError,
    raw::{Answer, sending},
    services::arn,
    task_set::{Deployed, External, Launch, NewSet, Scale, Status, TaskSet},
};
use crate::{
    input::{BadInput, TARGET},
    names::{ClusterName, ServiceName, TaskSetId},
};

/// The tag that names the release that has made a set.
const RELEASE_TAG: &str = "canary:release";

/// The tag that names the set in whose place that one was put.
const REPLACES_TAG: &str = "canary:replaces";

/// A service, by where it is.
pub type At<'a> = (&'a ClusterName, &'a ServiceName);

impl Account {
    /// A service with an external deployment controller, and its task sets. Only `DescribeServices` shows all of them, and all of one
    /// moment.
    pub async fn external_service(&self, at: At<'_>) -> Result<External, LookError> {
        const ACTION: &str = "ecs:DescribeServices";
        let (cluster, service) = at;
        let missing = |what: String| AwsError::missing(ACTION, what);
        let answer = Answer::default();
        self.ecs
            .describe_services()
            .cluster(cluster.as_str())
            .services(service.as_str())
            .include(ServiceField::Tags)
            .customize()
            .interceptor(answer.clone())
            .send()
            .await
            .map_err(
                |error| match AwsError::of(ACTION, format!("cluster {cluster}"), &error) {
                    error if error.is("ClusterNotFoundException") => {
                        missing(format!("cluster {cluster} ({TARGET}: field cluster)"))
                    }
                    error => error,
                },
            )?;
        let text = String::from_utf8_lossy(&answer.take()).into_owned();
        read(service, &text)
            .map_err(|error| AwsError::unusable(ACTION, named(at), error.to_string()))?
            .ok_or_else(|| {
                missing(format!(
                    "service {service} in cluster {cluster} ({TARGET}: field service)"
                ))
            })?
    }

    /// Those of these sets that a release has made, or has put another set in the place of.
    pub async fn sets_of_releases(
        &self,
        at: At<'_>,
        ids: &[TaskSetId],
    ) -> Result<Vec<TaskSetId>, AwsError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (cluster, service) = at;
        let sets = ids.iter().map(|id| id.as_str().to_owned()).collect();
        let answer = self
            .ecs
            .describe_task_sets()
            .cluster(cluster.as_str())
            .service(service.as_str())
            .set_task_sets(Some(sets))
            .include(TaskSetField::Tags)
            .send()
            .await
            .map_err(|error| AwsError::of("ecs:DescribeTaskSets", named(at), &error))?;
        let tagged = |key: &str| {
            let tags = answer.task_sets().iter();
            let tags = tags.flat_map(|set| set.tags().iter().map(move |tag| (set.id(), tag)));
            let tags = tags.filter(|(_, tag)| tag.key() == Some(key));
            let named =
                tags.map(|(id, tag)| (id.unwrap_or_default(), tag.value().unwrap_or_default()));
            named.collect::<Vec<_>>()
        };
        let (made, replaced) = (tagged(RELEASE_TAG), tagged(REPLACES_TAG));
        let is_of_release = |id: &&TaskSetId| {
            made.iter().any(|(set, _)| *set == id.as_str())
                || replaced.iter().any(|(_, set)| *set == id.as_str())
        };
        Ok(ids.iter().filter(is_of_release).cloned().collect())
    }

    /// Makes a set; the same request once more makes no other.
    pub(crate) async fn create_task_set(&self, at: At<'_>, set: &NewSet) -> Result<(), AwsError> {
        self.ecs
            .create_task_set()
            .customize()
            .mutate_request(sending(creation(at, set)))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| AwsError::of("ecs:CreateTaskSet", named(at), &error))
    }

    /// Gives a set another part of its service's tasks.
    pub(crate) async fn scale_task_set(
        &self,
        at: At<'_>,
        set: &TaskSetId,
        to: Scale,
    ) -> Result<(), AwsError> {
        let (cluster, service) = at;
        let scale = SdkScale::builder().value(to.0).unit(ScaleUnit::Percent);
        self.ecs
            .update_task_set()
            .cluster(cluster.as_str())
            .service(service.as_str())
            .task_set(set.as_str())
            .scale(scale.build())
            .send()
            .await
            .map(|_| ())
            .map_err(|error| AwsError::of("ecs:UpdateTaskSet", of_service(set, at), &error))
    }

    /// Makes a set the service's own.
    pub(crate) async fn make_primary(&self, at: At<'_>, set: &TaskSetId) -> Result<(), AwsError> {
        const ACTION: &str = "ecs:UpdateServicePrimaryTaskSet";
        let (cluster, service) = at;
        self.ecs
            .update_service_primary_task_set()
            .cluster(cluster.as_str())
            .service(service.as_str())
            .primary_task_set(set.as_str())
            .send()
            .await
            .map(|_| ())
            .map_err(|error| AwsError::of(ACTION, of_service(set, at), &error))
    }

    /// Deletes a set, whatever runs in it; one that is not there is deleted.
    pub(crate) async fn delete_task_set(
        &self,
        at: At<'_>,
        set: &TaskSetId,
    ) -> Result<(), AwsError> {
        let (cluster, service) = at;
        let deleted = self
            .ecs
            .delete_task_set()
            .cluster(cluster.as_str())
            .service(service.as_str())
            .task_set(set.as_str())
            .force(true)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| AwsError::of("ecs:DeleteTaskSet", of_service(set, at), &error));
        match deleted {
            Err(error) if error.is("TaskSetNotFoundException") => Ok(()),
            deleted => deleted,
        }
    }
}

fn named((cluster, service): At<'_>) -> String {
    format!("service {service} in cluster {cluster}")
}

fn of_service(set: &TaskSetId, at: At<'_>) -> String {
    format!("task set {set} of {}", named(at))
}

/// The input of `CreateTaskSet`.
fn creation((cluster, service): At<'_>, set: &NewSet) -> String {
    let replaces = set.replaces.as_ref().map(TaskSetId::as_str);
    let tags = [
        (RELEASE_TAG, Some(set.release.as_str())),
        (REPLACES_TAG, replaces),
    ];
    let tags = tags
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    let mut input = set.launch.0.clone();
    let own = json!({
        "cluster": cluster,
        "service": service,
        "externalId": set.external_id(),
        "taskDefinition": set.task_definition,
        "scale": {"value": 0.0, "unit": "PERCENT"},
        "clientToken": set.token,
        "tags": tags.map(|(key, value)| json!({"key": key, "value": value})).collect::<Vec<_>>(),
    });
    input.extend(own.as_object().cloned().unwrap_or_default());
    Value::Object(input).to_string()
}

/// A client token: the same for the same words, and as long as AWS takes it (API reference, `CreateTaskSet`: 36 characters).
#[must_use]
pub fn token(words: &[&str]) -> String {
    let digest = Sha256::digest(words.join("\0"));
    digest.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// `DescribeServices`, as it goes over the wire.
#[derive(Deserialize)]
struct Answered {
    #[serde(default)]
    services: Vec<Shown>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    service_name: String,
    status: String,
    desired_count: u32,
    #[serde(default)]
    deployment_controller: Controller,
    #[serde(default)]
    deployments: Vec<Value>,
    #[serde(default)]
    task_sets: Vec<Map<String, Value>>,
}

/// A service that names none has ECS's.
#[derive(Deserialize)]
struct Controller {
    r#type: String,
}

impl Default for Controller {
    fn default() -> Self {
        Self {
            r#type: "ECS".to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShownSet {
    id: TaskSetId,
    external_id: Option<String>,
    status: String,
    task_definition: String,
    #[serde(default)]
    computed_desired_count: u32,
    #[serde(default)]
    running_count: u32,
    #[serde(default)]
    pending_count: u32,
    stability_status: Option<String>,
    scale: ShownScale,
}

#[derive(Deserialize)]
struct ShownScale {
    value: f64,
}

type Read = Result<External, LookError>;

/// The service of an answer, if it is there.
fn read(name: &ServiceName, text: &str) -> Result<Option<Read>, serde_json::Error> {
    let answered: Answered = serde_json::from_str(text)?;
    let mut services = answered.services.into_iter();
    let shown = services.find(|it| it.service_name == name.as_str() && it.status == "ACTIVE");
    let Some(shown) = shown else {
        return Ok(None);
    };
    let controller = shown.deployment_controller.r#type;
    if controller != "EXTERNAL" {
        return Ok(Some(Err(other_controller(name, &controller).into())));
    }
    let connects = |it: &Value| it["serviceConnectConfiguration"]["enabled"] == true;
    let sets = shown.task_sets.into_iter().map(set);
    let sets = sets.collect::<Result<Result<Vec<_>, _>, _>>()?;
    Ok(Some(sets.map_err(Into::into).map(|sets| External {
        name: name.clone(),
        desired: shown.desired_count,
        sets,
        deployed: (!shown.deployments.is_empty()).then(|| Deployed {
            connects: shown.deployments.iter().any(connects),
        }),
    })))
}

fn other_controller(name: &ServiceName, found: &str) -> BadInput {
    let problem = format!(
        "service {name} uses the deployment controller {found}, and task sets need EXTERNAL. Change it (ecs:UpdateService, \
         deploymentController), or use a traffic model of two services"
    );
    BadInput::field(TARGET, "service", problem)
}

fn set(shown: Map<String, Value>) -> Result<Result<TaskSet, AwsError>, serde_json::Error> {
    let launch = Launch::of(&shown);
    let shown = ShownSet::deserialize(Value::Object(shown))?;
    let task_definition = arn("ecs:DescribeServices", Some(&shown.task_definition));
    Ok(task_definition.map(|task_definition| TaskSet {
        id: shown.id,
        external_id: shown.external_id,
        status: match shown.status.as_str() {
            "PRIMARY" => Status::Primary,
            "DRAINING" => Status::Draining,
            _ => Status::Active,
        },
        task_definition,
        scale: Scale(shown.scale.value),
        computed: shown.computed_desired_count,
        running: shown.running_count,
        pending: shown.pending_count,
        is_steady: shown.stability_status.as_deref() == Some("STEADY_STATE"),
        launch,
    }))
}

#[cfg(test)]
mod tests;
