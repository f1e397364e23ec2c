//! SQS as an HTTP connector in memory: what the SDK puts on the wire comes here, on paused time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// A queue with one message or many, and a record of the calls.
#[derive(Debug, Clone, Default)]
pub(super) struct FakeSqs {
    state: Arc<Mutex<State>>,
    arrived: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    messages: BTreeMap<String, Stored>,
    calls: Vec<(String, Value)>,
    /// Error codes that the next receives are answered with.
    receive_errors: VecDeque<&'static str>,
    /// `Failed` entries for the next deletes: is it the sender's fault, code.
    delete_failures: VecDeque<(bool, &'static str)>,
    /// Whether everything but receiving hangs.
    silent: bool,
}

#[derive(Debug)]
struct Stored {
    hidden_until: Instant,
    receives: u32,
}

impl Stored {
    fn receipt(&self, id: &str) -> String {
        format!("{id}/{}", self.receives)
    }
}

impl FakeSqs {
    pub(super) fn with_messages(ids: impl IntoIterator<Item = u32>) -> Self {
        let sqs = Self::default();
        sqs.send(ids);
        sqs
    }

    pub(super) fn send(&self, ids: impl IntoIterator<Item = u32>) {
        for id in ids {
            let message = Stored {
                hidden_until: Instant::now(),
                receives: 0,
            };
            let mut state = self.state.lock().unwrap();
            state.messages.insert(format!("m{id:02}"), message);
        }
        self.arrived.notify_one();
    }

    pub(super) fn fail_receives(&self, codes: &[&'static str]) {
        self.state.lock().unwrap().receive_errors.extend(codes);
    }

    pub(super) fn fail_deletes(&self, failures: &[(bool, &'static str)]) {
        self.state.lock().unwrap().delete_failures.extend(failures);
    }

    pub(super) fn fall_silent(&self) {
        self.state.lock().unwrap().silent = true;
    }

    /// Ids of the messages that were not deleted.
    pub(super) fn left(&self) -> Vec<String> {
        self.state
            .lock()
            .unwrap()
            .messages
            .keys()
            .cloned()
            .collect()
    }

    /// Ids of the messages that another consumer could receive now.
    pub(super) fn visible(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let visible = |(_, message): &(&String, &Stored)| message.hidden_until <= Instant::now();
        let visible = state.messages.iter().filter(visible);
        visible.map(|(id, _)| id.clone()).collect()
    }

    /// Inputs of the calls of one operation so far.
    pub(super) fn calls(&self, operation: &str) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        let calls = state.calls.iter().filter(|(name, _)| name == operation);
        calls.map(|(_, input)| input.clone()).collect()
    }

    pub(super) fn client(&self) -> aws_sdk_sqs::Client {
        let connector = SharedHttpConnector::new(self.clone());
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKIDTEST", "secret", None, None, "test"))
            .timeout_config(crate::queue::timeouts())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        aws_sdk_sqs::Client::from_conf(config)
    }

    async fn answer(self, operation: String, input: Value) -> (u16, Value) {
        let silent = {
            let mut state = self.state.lock().unwrap();
            state.calls.push((operation.clone(), input.clone()));
            state.silent
        };
        if operation == "ReceiveMessage" {
            return self.receive(&input).await;
        }
        if silent {
            std::future::pending::<()>().await;
        }
        let mut state = self.state.lock().unwrap();
        let answer = match operation.as_str() {
            "DeleteMessageBatch" => batch(&input, |entry| state.delete(entry)),
            "ChangeMessageVisibilityBatch" => batch(&input, |entry| state.change(entry)),
            "ChangeMessageVisibility" => match state.change(&input) {
                Ok(()) => json!({}),
                Err((_, code)) => return (400, json!({"__type": code})),
            },
            other => panic!("the consumer has no business calling {other}"),
        };
        (200, answer)
    }

    async fn receive(&self, input: &Value) -> (u16, Value) {
        if let Some(code) = self.state.lock().unwrap().receive_errors.pop_front() {
            return (400, json!({"__type": format!("com.amazonaws.sqs#{code}")}));
        }
        let end = Instant::now() + seconds(&input["WaitTimeSeconds"]);
        loop {
            let (received, wake) = self.state.lock().unwrap().receive(input);
            if !received.is_empty() {
                return (200, json!({"Messages": received}));
            }
            if Instant::now() >= end {
                return (200, json!({}));
            }
            tokio::select! {
                () = sleep_until(wake.map_or(end, |wake| wake.min(end))) => {}
                () = self.arrived.notified() => {}
            }
        }
    }
}

type Refused = (bool, &'static str);

impl State {
    /// Visible messages, and when the next one becomes visible.
    fn receive(&mut self, input: &Value) -> (Vec<Value>, Option<Instant>) {
        let most = usize::try_from(input["MaxNumberOfMessages"].as_u64().unwrap()).unwrap();
        let now = Instant::now();
        let mut received = Vec::new();
        for (id, message) in &mut self.messages {
            if message.hidden_until <= now && received.len() < most {
                message.hidden_until = now + seconds(&input["VisibilityTimeout"]);
                message.receives += 1;
                received.push(json!({
                    "MessageId": id,
                    "ReceiptHandle": message.receipt(id),
                    "Body": format!("body of {id}"),
                    "Attributes": {"ApproximateReceiveCount": message.receives.to_string()},
                }));
            }
        }
        let wake = self.messages.values().map(|message| message.hidden_until);
        (received, wake.min())
    }

    fn delete(&mut self, entry: &Value) -> Result<(), Refused> {
        if let Some(failure) = self.delete_failures.pop_front() {
            return Err(failure);
        }
        let id = self.holder(entry)?;
        self.messages.remove(&id);
        Ok(())
    }

    fn change(&mut self, entry: &Value) -> Result<(), Refused> {
        let id = self.holder(entry)?;
        let hidden_until = Instant::now() + seconds(&entry["VisibilityTimeout"]);
        if let Some(message) = self.messages.get_mut(&id) {
            message.hidden_until = hidden_until;
        }
        Ok(())
    }

    /// The message that the entry's receipt is the newest of.
    fn holder(&self, entry: &Value) -> Result<String, Refused> {
        let receipt = entry["ReceiptHandle"].as_str().unwrap();
        let mut messages = self.messages.iter();
        messages
            .find(|(id, message)| message.receipt(id) == receipt)
            .map(|(id, _)| id.clone())
            .ok_or((true, "ReceiptHandleIsInvalid"))
    }
}

fn batch(input: &Value, mut apply: impl FnMut(&Value) -> Result<(), Refused>) -> Value {
    let entries = input["Entries"].as_array().unwrap();
    assert!(
        (1..=10).contains(&entries.len()),
        "{} entries",
        entries.len()
    );
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        match apply(entry) {
            Ok(()) => successful.push(json!({"Id": entry["Id"]})),
            Err((sender_fault, code)) => {
                failed.push(json!({"Id": entry["Id"], "SenderFault": sender_fault, "Code": code}));
            }
        }
    }
    json!({"Successful": successful, "Failed": failed})
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().unwrap())
}

impl HttpConnector for FakeSqs {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let operation = target.strip_prefix("AmazonSQS.").unwrap().to_owned();
        let input = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let answer = self.clone().answer(operation, input);
        HttpConnectorFuture::new(async move {
            let (status, body) = answer.await;
            let body = SdkBody::from(body.to_string());
            Ok(HttpResponse::new(status.try_into().unwrap(), body))
        })
    }
}
