use std::sync::{Arc, Mutex};

use super::*;
use crate::serve::settings::AnswerSettings;
use crate::work::Demo;

mod requests;

/// 14:23:07.123, seven seconds into a minute.
const NOW: u64 = 1_791_901_387_123;

const BODY: &str = "card 4111 1111 1111 1111";

/// Work that does with a message what its id says.
struct Scripted;

impl Handler for Scripted {
    async fn process(&self, message: &Message) -> Result<(), Failure> {
        match message.id.as_str() {
            "fails" => Err(Failure { reason: "planned" }),
            "panics" => panic!("of {}", message.body),
            "hangs" => std::future::pending().await,
            "is slow" => {
                tokio::time::sleep(Duration::from_secs(2)).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// A function, and the metrics that it writes.
struct Stage {
    function: Function<Scripted>,
    printed: Arc<Mutex<Vec<Value>>>,
}

/// A function whose demonstration does nothing bad.
fn settings() -> Settings {
    Settings {
        function: "orders".to_owned(),
        version: "7".to_owned(),
        answers: AnswerSettings {
            app_version: "2.1.0".to_owned(),
            demo: Demo {
                duration: Duration::ZERO,
                failure_percent: 0,
                attempt_failure_percent: 0,
            },
            health_fails_after: None,
            drop_percent: 0,
        },
        death_percent: 0,
        invocation_failure_percent: 0,
    }
}

impl Stage {
    fn set(settings: &Settings) -> Self {
        let printed: Arc<Mutex<Vec<Value>>> = Arc::default();
        let paper = Arc::clone(&printed);
        let origin = Origin::Function {
            name: settings.function.clone(),
            version: settings.version.clone(),
            app_version: settings.answers.app_version.clone(),
        };
        let metrics = Metrics::new(
            origin,
            || UNIX_EPOCH + Duration::from_millis(NOW),
            move |line| {
                let line = serde_json::from_str(line).unwrap();
                paper.lock().unwrap().push(line);
            },
        );
        let function = Function::new(settings, Scripted, metrics).unwrap();
        Self { function, printed }
    }

    async fn handle(&self, event: &Value) -> Result<Value, InvocationError> {
        self.invoke("an invocation", event).await
    }

    async fn invoke(&self, id: &str, event: &Value) -> Result<Value, InvocationError> {
        let invocation = Invocation {
            id: id.to_owned(),
            left: Duration::from_secs(10),
        };
        self.function.handle(event, &invocation).await
    }

    /// The sum of a metric over all that was printed.
    fn sum(&self, name: &str) -> u64 {
        let printed = self.printed.lock().unwrap();
        printed.iter().filter_map(|line| line[name].as_u64()).sum()
    }
}

/// A batch as the event source mapping of a queue sends it.
fn batch(queue: &str, ids: &[&str]) -> Value {
    let records: Vec<_> = ids
        .iter()
        .map(|id| {
            json!({
                "messageId": id,
                "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
                "body": BODY,
                "attributes": {
                    "ApproximateReceiveCount": "2",
                    "SentTimestamp": "1545082649183",
                    "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                    "ApproximateFirstReceiveTimestamp": "1545082649185",
                },
                "messageAttributes": {},
                "md5OfBody": "098f6bcd4621d373cade4e832627b4f6",
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:eu-central-1:111122223333:{queue}"),
                "awsRegion": "eu-central-1",
            })
        })
        .collect();
    json!({ "Records": records })
}

fn failed(ids: &[&str]) -> Value {
    let ids: Vec<_> = ids
        .iter()
        .map(|id| json!({ "itemIdentifier": id }))
        .collect();
    json!({ "batchItemFailures": ids })
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_processed_is_deleted_and_counted_for_the_version_that_received_it() {
    let stage = Stage::set(&settings());
    let answer = stage
        .handle(&batch("orders", &["a", "is slow", "b"]))
        .await
        .unwrap();
    assert_eq!(answer, failed(&[]));

    let document = |metrics: Value, values: Value| {
        let mut document = json!({
            "_aws": {
                "Timestamp": 1_791_901_385_000_u64,
                "CloudWatchMetrics": [{
                    "Namespace": "CanaryRelease/SampleApp",
                    "Dimensions": [["FunctionName", "Version"]],
                    "Metrics": metrics,
                }],
            },
            "FunctionName": "orders",
            "Version": "7",
            "AppVersion": "2.1.0",
        });
        let Value::Object(values) = values else {
            panic!("values by name");
        };
        document.as_object_mut().unwrap().extend(values);
        document
    };
    assert_eq!(
        *stage.printed.lock().unwrap(),
        [
            document(
                json!([{"Name": "Received", "Unit": "Count"}]),
                json!({ "Received": 3 })
            ),
            document(
                json!([
                    {"Name": "Processed", "Unit": "Count"},
                    {"Name": "Failed", "Unit": "Count"},
                    {"Name": "LatencyMs", "Unit": "Milliseconds"},
                ]),
                json!({ "Processed": 3, "Failed": 0, "LatencyMs": [0, 0, 2000] })
            ),
        ]
    );
}

#[tokio::test]
async fn what_failed_is_named_and_left_to_the_redrive_policy_and_the_rest_is_deleted() {
    let stage = Stage::set(&settings());
    let batch = batch("orders", &["fails", "a", "panics", "b", "c"]);
    let answer = stage.handle(&batch).await.unwrap();
    assert_eq!(answer, failed(&["fails", "panics"]));
    assert_eq!(stage.sum("Received"), 5);
    assert_eq!(stage.sum("Processed"), 3);
    assert_eq!(stage.sum("Failed"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_hangs_fails_alone_before_the_timeout_of_the_function() {
    let stage = Stage::set(&settings());
    let began = Instant::now();
    let batch = batch("orders", &["hangs", "is slow"]);
    let answer = stage.handle(&batch).await.unwrap();
    assert_eq!(answer, failed(&["hangs"]));
    assert_eq!(began.elapsed(), Duration::from_millis(9500));
    assert_eq!(stage.sum("Processed"), 1);
    assert_eq!(stage.sum("Failed"), 1);
}

#[tokio::test]
async fn a_message_says_how_often_it_was_received() {
    let Event::Messages(messages) = Event::read(&batch("orders", &["a"])).unwrap() else {
        panic!("a batch");
    };
    assert_eq!(
        messages,
        [Message {
            id: "a".to_owned(),
            receipt: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a".to_owned(),
            body: BODY.to_owned(),
            receive_count: 2,
        }]
    );
}

#[tokio::test]
async fn an_invocation_that_is_chosen_to_fail_deletes_nothing_and_all_its_messages_have_failed() {
    let mut settings = settings();
    settings.invocation_failure_percent = 100;
    let stage = Stage::set(&settings);
    let error = stage.handle(&batch("orders", &["a", "b"])).await;
    assert_eq!(error, Err(InvocationError::Chosen));
    assert_eq!(stage.sum("Received"), 2);
    assert_eq!(stage.sum("Processed"), 0);
    assert_eq!(stage.sum("Failed"), 2);
}

#[tokio::test]
async fn the_chosen_part_of_invocations_fails() {
    let mut settings = settings();
    settings.invocation_failure_percent = 5;
    let stage = Stage::set(&settings);
    let batch = batch("orders", &["a"]);
    let mut failed = 0;
    for number in 0..1000 {
        let id = format!("8476a536-e9f4-11e8-9739-{number:012x}");
        failed += u32::from(stage.invoke(&id, &batch).await.is_err());
    }
    assert!((30..70).contains(&failed), "{failed}");
}

#[tokio::test]
async fn an_event_of_another_kind_is_an_error_that_says_what_came_and_quotes_nothing() {
    let stage = Stage::set(&settings());
    let mut without_id = batch("orders", &["a"]);
    without_id["Records"][0]
        .as_object_mut()
        .unwrap()
        .remove("messageId");
    for (event, found) in [
        (
            json!({"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": BODY}}}]}),
            "records of `aws:s3`",
        ),
        (
            json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": BODY}}]}),
            "records of `aws:sns`",
        ),
        (without_id, "records of `aws:sqs`"),
        (
            batch("orders.fifo", &["a"]),
            "messages of the FIFO queue `arn:aws:sqs:eu-central-1:111122223333:orders.fifo`",
        ),
        // An API Gateway REST API.
        (
            json!({"path": "/orders", "requestContext": {"stage": "prod"}, "body": BODY}),
            "an object with the fields `body`, `path`, `requestContext`",
        ),
        (json!({}), "an object without fields"),
        (json!(BODY), "a text"),
        (Value::Null, "null"),
    ] {
        let error = stage.handle(&event).await.unwrap_err();
        assert_eq!(error.diagnostic().error_type, "NotUnderstood");
        let error = error.to_string();
        let start = format!("the event is not understood. Found: {found}. Allowed: ");
        assert!(error.starts_with(&start), "{error}");
        assert!(!error.contains("4111"), "{error}");
    }
    assert!(stage.printed.lock().unwrap().is_empty());
}
