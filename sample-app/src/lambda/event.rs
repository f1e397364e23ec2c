//! What a function is invoked with, as far as it matters here, and how HTTP requests are answered.

use hyper::Response;
use hyper::header::HeaderMap;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use crate::queue::Message;

/// How many fields of an event that is not understood are named.
const MOST_FIELDS: usize = 10;

/// What is asked of the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Work on messages of a queue.
    Messages(Vec<Message>),
    /// An answer to an HTTP request.
    Request(Request),
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub path: String,
    headers: Headers,
}

/// How headers of an answer are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Headers {
    /// One value each.
    Single,
    /// A list of values each: a target group with the attribute `lambda.multi_value_headers.enabled` takes no other.
    Multiple,
}

/// The event is none of those that the function is for. Nothing of a message or a request is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the event is not understood. Found: {found}. Allowed: messages of a standard SQS queue from an event source mapping, a request of a function URL or of an API Gateway HTTP API with payload format 2.0, or one of an Application Load Balancer."
)]
pub struct NotUnderstood {
    found: String,
}

/// The events, as AWS documents them ("Using Lambda with Amazon SQS", "Invoking Lambda function URLs", "Lambda functions
/// as targets for Application Load Balancers").
#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Messages {
        #[serde(rename = "Records")]
        records: Vec<Record>,
    },
    #[serde(rename_all = "camelCase")]
    Gateway { raw_path: String },
    #[serde(rename_all = "camelCase")]
    LoadBalancer {
        path: String,
        #[serde(rename = "requestContext")]
        _context: LoadBalancer,
        multi_value_headers: Option<IgnoredAny>,
    },
}

#[derive(Deserialize)]
struct LoadBalancer {
    #[serde(rename = "elb")]
    _elb: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    receipt_handle: String,
    body: String,
    #[serde(default)]
    attributes: Attributes,
    #[serde(rename = "eventSourceARN")]
    queue: String,
}

#[derive(Deserialize, Default)]
struct Attributes {
    #[serde(rename = "ApproximateReceiveCount")]
    receive_count: Option<String>,
}

impl Event {
    /// Reads an event.
    pub fn read(event: &Value) -> Result<Self, NotUnderstood> {
        // Not with the reason of the deserializer, which may quote a body.
        let wire = Wire::deserialize(event).map_err(|_| NotUnderstood {
            found: described(event),
        })?;
        let request = |path, headers| Self::Request(Request { path, headers });
        Ok(match wire {
            Wire::Messages { records } => {
                if let Some(fifo) = records.iter().find(|record| record.is_of_a_fifo_queue()) {
                    let found = format!("messages of the FIFO queue `{}`", fifo.queue);
                    return Err(NotUnderstood { found });
                }
                Self::Messages(records.into_iter().map(Record::message).collect())
            }
            Wire::Gateway { raw_path } => request(raw_path, Headers::Single),
            Wire::LoadBalancer {
                path,
                multi_value_headers: Some(_),
                ..
            } => request(path, Headers::Multiple),
            Wire::LoadBalancer { path, .. } => request(path, Headers::Single),
        })
    }
}

impl Record {
    /// Those are to be worked on in their order.
    fn is_of_a_fifo_queue(&self) -> bool {
        self.queue.strip_suffix(".fifo").is_some()
    }

    fn message(self) -> Message {
        let receive_count = self.attributes.receive_count;
        Message {
            id: self.message_id,
            receipt: self.receipt_handle,
            body: self.body,
            receive_count: receive_count
                .and_then(|count| count.parse().ok())
                .unwrap_or(0),
        }
    }
}

impl Request {
    /// The response, as whoever sent this request takes it.
    #[must_use]
    pub fn answer(&self, response: &Response<String>) -> Value {
        let mut answer = json!({
            "statusCode": response.status().as_u16(),
            "isBase64Encoded": false,
            "body": response.body(),
        });
        let headers = response.headers();
        match self.headers {
            Headers::Single => answer["headers"] = by_name(headers, |value| json!(value)),
            Headers::Multiple => {
                answer["multiValueHeaders"] = by_name(headers, |value| json!([value]));
            }
        }
        answer
    }
}

fn by_name(headers: &HeaderMap, written: impl Fn(&str) -> Value) -> Value {
    let texts = headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), written(value.to_str().ok()?))));
    texts.collect::<Map<_, _>>().into()
}

/// Says what an event is without a value that somebody may have sent.
fn described(event: &Value) -> String {
    let record = &event["Records"][0];
    // SNS writes it with a capital letter.
    if let Some(source) = ["eventSource", "EventSource"]
        .iter()
        .find_map(|name| record[name].as_str())
    {
        return format!("records of `{source}`");
    }
    match event {
        Value::Object(fields) if fields.is_empty() => "an object without fields".to_owned(),
        Value::Object(fields) => {
            let mut names: Vec<_> = fields.keys().cloned().collect();
            names.sort_unstable();
            names.truncate(MOST_FIELDS);
            format!("an object with the fields `{}`", names.join("`, `"))
        }
        Value::Array(_) => "an array".to_owned(),
        Value::String(_) => "a text".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::Bool(_) => "a boolean".to_owned(),
        Value::Null => "null".to_owned(),
    }
}
