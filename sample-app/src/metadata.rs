//! Which service and task definition revision this task is: asked of ECS's task metadata endpoint,
//! version 4. Both services of a pair run the same task definition, so nothing in it could say; nor can
//! a definition know its own revision.
//!
//! * No endpoint in the environment: the process does not run on ECS. It works all the same and
//!   calls its service [`UNKNOWN`].
//! * An endpoint that does not answer: the process does not start. Metrics under a wrong service
//!   would hide a bad canary from the alarms that guard it; a task that ends is started again.
//! * A task that belongs to no service (started by `RunTask`): [`UNKNOWN`], with a warning.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use crate::telemetry::in_full;

/// ECS sets this in every container, on Fargate since platform version 1.4.0 ("Amazon ECS task
/// metadata endpoint version 4 for tasks on Fargate").
pub const ENDPOINT: &str = "ECS_CONTAINER_METADATA_URI_V4";

/// What stands for the service, family and revision of a process that has none.
pub const UNKNOWN: &str = "unknown";

const ATTEMPTS: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(500);

/// Who this task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The ECS service's name.
    pub service: String,
    /// The task definition's family.
    pub family: String,
    /// The task definition's revision.
    pub revision: String,
    /// The task's ARN.
    pub task: String,
    /// The cluster's ARN or short name.
    pub cluster: String,
}

impl Identity {
    /// A process outside of ECS.
    #[must_use]
    pub fn outside_of_ecs() -> Self {
        let unknown = || UNKNOWN.to_owned();
        Self {
            service: unknown(),
            family: unknown(),
            revision: unknown(),
            task: unknown(),
            cluster: unknown(),
        }
    }

    /// The name of its task definition, `FAMILY:REVISION`.
    #[must_use]
    pub fn definition(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }
}

/// The endpoint is there but does not say who this task is.
#[derive(Debug, thiserror::Error)]
#[error(
    "the task metadata endpoint at {url} does not say which service this task belongs to, after {ATTEMPTS} attempts: {reason}. Expected: a JSON object with Cluster, TaskARN, Family and Revision, as {ENDPOINT} promises."
)]
pub struct NoIdentity {
    url: String,
    reason: String,
}

/// The fields of the answer that matter here ("Amazon ECS task metadata v4 JSON response for tasks
/// on Fargate").
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Task {
    cluster: String,
    #[serde(rename = "TaskARN")]
    arn: String,
    family: String,
    revision: String,
    /// Only there for a task that a service started.
    service_name: Option<String>,
}

impl From<Task> for Identity {
    fn from(task: Task) -> Self {
        Self {
            service: task
                .service_name
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| UNKNOWN.to_owned()),
            family: task.family,
            revision: task.revision,
            task: task.arn,
            cluster: task.cluster,
        }
    }
}

/// Asks `endpoint`, the value of [`ENDPOINT`], a few times: it may come up after the container.
pub async fn ask(http: &SharedHttpConnector, endpoint: &str) -> Result<Identity, NoIdentity> {
    let url = format!("{}/task", endpoint.trim_end_matches('/'));
    let mut reason = String::new();
    for attempt in 1..=ATTEMPTS {
        match timeout(PATIENCE, get(http, &url)).await {
            Ok(Ok(task)) => return Ok(task.into()),
            Ok(Err(error)) => reason = in_full(&*error),
            Err(_) => reason = format!("no answer within {} s", PATIENCE.as_secs()),
        }
        tracing::warn!(
            attempt,
            url,
            "the task metadata endpoint did not help: {reason}"
        );
        if attempt < ATTEMPTS {
            sleep(PAUSE * attempt).await;
        }
    }
    Err(NoIdentity { url, reason })
}

async fn get(http: &SharedHttpConnector, url: &str) -> Result<Task, Box<dyn Error + Send + Sync>> {
    let response = http.call(HttpRequest::get(url)?).await?;
    if !response.status().is_success() {
        return Err(format!("HTTP status {}", response.status().as_u16()).into());
    }
    let body = ByteStream::new(response.into_body()).collect().await?;
    Ok(serde_json::from_slice(&body.into_bytes())?)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use aws_smithy_runtime_api::client::http::HttpConnectorFuture;
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    const ANSWER: &str = r#"{
        "Cluster": "arn:aws:ecs:eu-central-1:111122223333:cluster/orders",
        "TaskARN": "arn:aws:ecs:eu-central-1:111122223333:task/orders/0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "Family": "orders",
        "Revision": "43",
        "ServiceName": "orders-canary",
        "DesiredStatus": "RUNNING",
        "Containers": [{"Name": "app"}]
    }"#;

    /// Answers with each of these in turn, then with the last; remembers the URLs.
    #[derive(Debug)]
    struct Endpoint {
        answers: Mutex<Vec<(u16, &'static str)>>,
        asked: Mutex<Vec<String>>,
    }

    impl HttpConnector for &'static Endpoint {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            self.asked.lock().unwrap().push(request.uri().to_owned());
            let mut answers = self.answers.lock().unwrap();
            let (status, body) = if answers.len() > 1 {
                answers.remove(0)
            } else {
                answers[0]
            };
            let status = status.try_into().unwrap();
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
        }
    }

    async fn asked(
        answers: Vec<(u16, &'static str)>,
    ) -> (Result<Identity, NoIdentity>, Vec<String>) {
        let endpoint: &'static Endpoint = Box::leak(Box::new(Endpoint {
            answers: Mutex::new(answers),
            asked: Mutex::default(),
        }));
        let connector = SharedHttpConnector::new(endpoint);
        let result = ask(&connector, "http://169.254.170.2/v4/abc").await;
        let asked = endpoint.asked.lock().unwrap().clone();
        (result, asked)
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_learns_its_service_and_revision() {
        let (identity, asked) = asked(vec![(200, ANSWER)]).await;
        let identity = identity.unwrap();
        assert_eq!(identity.service, "orders-canary");
        assert_eq!(identity.definition(), "orders:43");
        assert_eq!(asked, ["http://169.254.170.2/v4/abc/task"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_is_not_up_yet_is_asked_again() {
        let (identity, asked) = asked(vec![(503, ""), (200, "not yet"), (200, ANSWER)]).await;
        assert_eq!(identity.unwrap().service, "orders-canary");
        assert_eq!(asked.len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_never_helps_is_an_error_with_its_address_and_its_last_answer() {
        let (identity, asked) = asked(vec![(500, "")]).await;
        let error = identity.unwrap_err().to_string();
        assert!(
            error.contains("http://169.254.170.2/v4/abc/task"),
            "{error}"
        );
        assert!(error.contains("HTTP status 500"), "{error}");
        assert_eq!(asked.len(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_no_service_started_has_no_service() {
        let alone =
            r#"{"Cluster": "orders", "TaskARN": "arn", "Family": "orders", "Revision": "7"}"#;
        let identity = asked(vec![(200, alone)]).await.0.unwrap();
        assert_eq!((&*identity.service, &*identity.revision), (UNKNOWN, "7"));
    }
}
