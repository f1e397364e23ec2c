//! The function's real process, beside a Runtime API on loopback.

#![expect(clippy::unwrap_used, reason = "this is a test, its helpers too")]

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// Only ever waited for in full when the test fails.
const PATIENCE: Duration = Duration::from_mins(1);

const BODY: &str = "card 4111 1111 1111 1111";

/// What Lambda tells a process of its role, and a caller of itself.
const SECRET: &str = "planted-9f8e7d6c-session-token";

/// What a process sends to the Runtime API: whether it is a response or an error, and to which invocation.
#[derive(Debug)]
struct Sent {
    path: String,
    body: Value,
}

/// Lambda's Runtime API, which invokes with these events, numbered from 0.
#[derive(Debug)]
struct RuntimeApi {
    events: Mutex<VecDeque<(usize, Value)>>,
    sent: Sender<Sent>,
}

impl RuntimeApi {
    fn open(events: Vec<Value>) -> (SocketAddr, Receiver<Sent>) {
        let (sent, received) = channel();
        let events = Mutex::new(events.into_iter().enumerate().collect());
        let api = Arc::new(Self { events, sent });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let api = api.clone();
                thread::spawn(move || api.serve(stream.unwrap()));
            }
        });
        (address, received)
    }

    /// Answers the requests of one connection. When there are no more events it waits for one, as Lambda does.
    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some((path, body)) = request(&mut reader) {
            let (head, body) = if path.ends_with("/invocation/next") {
                let Some((number, event)) = self.events.lock().unwrap().pop_front() else {
                    thread::park();
                    return;
                };
                let arn = "arn:aws:lambda:eu-central-1:111122223333:function:orders:live";
                let head = format!(
                    "200 OK\r\nlambda-runtime-aws-request-id: {number}\r\nlambda-runtime-deadline-ms: 9999999999999\r\n\
                     lambda-runtime-invoked-function-arn: {arn}"
                );
                (head, event.to_string())
            } else {
                let body = serde_json::from_slice(&body).unwrap();
                // The test may have seen enough.
                let _ = self.sent.send(Sent { path, body });
                ("202 Accepted".to_owned(), String::new())
            };
            let length = body.len();
            let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\n\r\n{body}");
            // The process may have ended since.
            let _ = stream.write_all(answer.as_bytes());
        }
    }
}

/// The path and the body of the next request.
fn request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, body))
}

/// A process of version 7, with another setting.
fn function(api: SocketAddr, setting: (&str, &str)) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sample-app-lambda"))
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", api.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "orders")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "7")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_ACCESS_KEY_ID", SECRET)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_SESSION_TOKEN", SECRET)
        .env(setting.0, setting.1)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Everything that a process has printed, which Lambda writes to its log: no credential, and nothing of what a message says.
fn printed(process: Child) -> Vec<Value> {
    let output = process.wait_with_output().unwrap();
    let texts = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    for text in &texts {
        // A time of day may hold the digits alone.
        for part in [SECRET, "card", "4111 1111"] {
            assert!(!text.contains(part), "{text}");
        }
    }
    texts[0]
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn sum(printed: &[Value], metric: &str) -> u64 {
    printed
        .iter()
        .filter_map(|line| line[metric].as_u64())
        .sum()
}

fn messages() -> Value {
    let record = |id: &str| {
        json!({
            "messageId": id,
            "receiptHandle": "r",
            "body": BODY,
            "attributes": {"ApproximateReceiveCount": "1"},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:111122223333:orders",
        })
    };
    json!({ "Records": [record("a"), record("b")] })
}

#[test]
fn a_version_answers_every_invocation_and_has_told_of_it_before_it_answers() {
    let request = json!({
        "version": "2.0", "rawPath": "/orders/7", "requestContext": {"http": {"method": "GET"}},
        "headers": {"authorization": format!("Bearer {SECRET}")}, "cookies": [SECRET],
    });
    let (api, sent) = RuntimeApi::open(vec![messages(), request, json!({ "detail": BODY })]);
    let mut process = function(api, ("FAILURE_PERCENT", "100"));
    let next = || sent.recv_timeout(PATIENCE).unwrap();

    let batch = next();
    assert!(batch.path.ends_with("/invocation/0/response"), "{batch:?}");
    assert_eq!(
        batch.body,
        json!({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]})
    );
    let answer = next();
    assert!(
        answer.path.ends_with("/invocation/1/response"),
        "{answer:?}"
    );
    assert_eq!(answer.body["statusCode"], 500);
    assert_eq!(answer.body["headers"]["x-version"], "7");
    let error = next();
    assert!(error.path.ends_with("/invocation/2/error"), "{error:?}");
    assert_eq!(error.body["errorType"], "NotUnderstood");

    process.kill().unwrap();
    let printed = printed(process);
    assert_eq!(printed[0]["message"], "started");
    assert_eq!(printed[0]["function_version"], "7");
    // Two messages and a request.
    assert_eq!(sum(&printed, "Received"), 3);
    assert_eq!(sum(&printed, "Failed"), 3);
    let errors: Vec<_> = printed
        .iter()
        .filter(|line| line["level"] == "ERROR")
        .collect();
    let [error] = errors[..] else {
        panic!("one line for one error: {errors:?}");
    };
    assert!(error.to_string().contains("`detail`"), "{error}");
}

#[test]
fn a_version_that_dies_of_a_message_has_told_what_it_received_and_nothing_of_how_it_ended() {
    let (api, _sent) = RuntimeApi::open(vec![messages()]);
    let printed = printed(function(api, ("DEATH_PERCENT", "100")));
    assert_eq!(sum(&printed, "Received"), 2);
    assert_eq!(sum(&printed, "Processed") + sum(&printed, "Failed"), 0);
}

#[test]
fn a_bad_setting_ends_the_process_with_what_is_wrong() {
    let (api, _sent) = RuntimeApi::open(Vec::new());
    let printed = printed(function(api, ("WORK_MS", "long")));
    let text = printed[0]["message"].as_str().unwrap();
    assert!(
        text.starts_with("environment variable WORK_MS is not valid. Found: `long`."),
        "{text}"
    );
}
