//! The real process on loopback: credentials of the task role, task metadata, SQS, HTTP, signals, exit
//! codes.

#![expect(clippy::unwrap_used, reason = "this is a test, its helpers too")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// Only ever waited for in full when the test fails.
const PATIENCE: Duration = Duration::from_mins(1);

const BODY: &str = "card 4111 1111 1111 1111";

/// What ECS and SQS answer to one task.
#[derive(Debug)]
struct Account {
    polls: AtomicU32,
    /// Whether an empty poll ends at once instead of being held.
    released: Mutex<bool>,
    changed: Condvar,
}

/// A call that the process made.
#[derive(Debug)]
struct Call {
    operation: String,
    authorization: String,
}

impl Account {
    fn open() -> (Arc<Self>, SocketAddr, Receiver<Call>) {
        let account = Arc::new(Self {
            polls: AtomicU32::new(0),
            released: Mutex::new(false),
            changed: Condvar::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (calls, made) = channel();
        let serving = account.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (account, calls) = (serving.clone(), calls.clone());
                thread::spawn(move || account.serve(stream.unwrap(), &calls));
            }
        });
        (account, address, made)
    }

    fn release(&self) {
        *self.released.lock().unwrap() = true;
        self.changed.notify_all();
    }

    /// Answers the requests of one connection until it is closed.
    fn serve(&self, mut stream: TcpStream, calls: &Sender<Call>) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some((path, call)) = request(&mut reader) {
            let answer = match path.as_str() {
                "/v4/task" => json!({
                    "Cluster": "orders",
                    "TaskARN": "arn:aws:ecs:eu-central-1:111122223333:task/orders/0f1e2d3c",
                    "Family": "orders",
                    "Revision": "43",
                    "ServiceName": "orders-canary",
                }),
                "/credentials" => json!({
                    "AccessKeyId": "ASIATASKROLE",
                    "SecretAccessKey": "secret",
                    "Token": "token",
                    "Expiration": "2999-01-01T00:00:00Z",
                }),
                _ => self.sqs(&call.operation),
            };
            let answer = answer.to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            // The process may have ended since.
            let _ = stream.write_all(format!("{head}{answer}").as_bytes());
            let _ = calls.send(call);
        }
    }

    fn sqs(&self, operation: &str) -> Value {
        match operation {
            "AmazonSQS.ReceiveMessage" if self.polls.fetch_add(1, Ordering::SeqCst) == 0 => json!({
                "Messages": [{"MessageId": "m1", "ReceiptHandle": "r1", "Body": BODY}]
            }),
            "AmazonSQS.ReceiveMessage" => {
                let released = self.released.lock().unwrap();
                let held = self.changed.wait_while(released, |released| !*released);
                drop(held.unwrap());
                json!({})
            }
            "AmazonSQS.DeleteMessageBatch" => json!({"Successful": [{"Id": "0"}], "Failed": []}),
            other => panic!("unexpected call of {other}"),
        }
    }
}

fn request(reader: &mut impl BufRead) -> Option<(String, Call)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut call = Call {
        operation: String::new(),
        authorization: String::new(),
    };
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "x-amz-target" => value.clone_into(&mut call.operation),
            "authorization" => value.clone_into(&mut call.authorization),
            _ => {}
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    Some((path, call))
}

fn sample_app(arguments: &[&str], environment: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sample-app"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn ended(child: Child) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let text = [stdout, stderr].concat();
    (status.code(), String::from_utf8(text).unwrap())
}

fn health_file(test: &str) -> PathBuf {
    std::env::temp_dir().join(format!("sample-app-process-{}-{test}", std::process::id()))
}

#[test]
fn a_task_says_who_it_is_consumes_with_its_role_and_stops_when_told_to() {
    let (account, address, made) = Account::open();
    let health_file = health_file("stops");
    let health_file = ("HEALTH_FILE", health_file.to_str().unwrap());
    let url = |path: &str| format!("http://{address}{path}");
    let task = sample_app(
        &[],
        &[
            ("QUEUE_URL", &url("/111122223333/orders")),
            ("APP_VERSION", "2.1.0"),
            health_file,
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", &url("")),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url("/credentials")),
            ("ECS_CONTAINER_METADATA_URI_V4", &url("/v4")),
        ],
    );
    let deleted = loop {
        let call = made.recv_timeout(PATIENCE).unwrap();
        if call.operation == "AmazonSQS.DeleteMessageBatch" {
            break call;
        }
    };
    assert!(
        deleted.authorization.contains("ASIATASKROLE/"),
        "{deleted:?}"
    );
    let (code, text) = ended(sample_app(&["--health"], &[health_file]));
    assert_eq!(code, Some(0), "{text}");

    let kill = ["-TERM", &task.id().to_string()];
    assert!(Command::new("kill").args(kill).status().unwrap().success());
    account.release();
    let (code, text) = ended(task);
    assert_eq!(code, Some(0), "{text}");
    // A time of day may hold the digits alone.
    for part in ["card", "4111 1111"] {
        assert!(!text.contains(part), "{text}");
    }

    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let started = lines
        .iter()
        .find(|line| line["message"] == "started")
        .unwrap();
    assert_eq!(started["service"], "orders-canary");
    assert_eq!(started["revision"], "43");
    assert_eq!(started["version"], "2.1.0");
    let metrics: Vec<_> = lines
        .iter()
        .filter(|line| line["_aws"].is_object())
        .collect();
    let [received, ending] = metrics[..] else {
        panic!("{text}");
    };
    assert_eq!(received["ServiceName"], "orders-canary");
    assert_eq!(received["Version"], "orders:43");
    assert_eq!(received["AppVersion"], "2.1.0");
    assert_eq!(received["Received"], 1);
    assert_eq!(ending["Processed"], 1);
    assert_eq!(ending["_aws"]["Timestamp"], received["_aws"]["Timestamp"]);
    let (code, text) = ended(sample_app(&["--health"], &[health_file]));
    assert_eq!(code, Some(1), "{text}");
}

#[test]
fn a_task_that_is_killed_has_told_what_it_received_and_nothing_of_how_it_ended() {
    let (mut task, health_file) = consumer("killed", ("WORK_MS", "60000"));
    // It works on its one message once it has told of it: the line must be out before that.
    let mut lines = BufReader::new(task.stdout.take().unwrap()).lines();
    let mut told = Vec::new();
    let metric = |line: &Value| line["_aws"].is_object();
    while !told.iter().any(metric) {
        let line = lines.next().unwrap().unwrap();
        told.push(serde_json::from_str(&line).unwrap());
    }
    task.kill().unwrap();
    task.wait().unwrap();
    told.extend(lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap()));
    std::fs::remove_file(health_file).unwrap();
    assert_only_received(&told);
}

#[test]
fn a_task_that_dies_of_a_message_has_told_what_it_received_and_nothing_of_how_it_ended() {
    let (task, health_file) = consumer("dies", ("DEATH_PERCENT", "100"));
    let (code, text) = ended(task);
    std::fs::remove_file(health_file).unwrap();
    assert_eq!(code, None, "a signal ended it: {text}");
    let told = text.lines().map(|line| serde_json::from_str(line).unwrap());
    assert_only_received(&told.collect::<Vec<_>>());
}

/// A consumer that gets one message, with another setting, and its health file.
fn consumer(test: &str, setting: (&str, &str)) -> (Child, PathBuf) {
    let (_account, address, _calls) = Account::open();
    let health_file = health_file(test);
    let url = |path: &str| format!("http://{address}{path}");
    let task = sample_app(
        &[],
        &[
            ("QUEUE_URL", &url("/111122223333/orders")),
            setting,
            ("HEALTH_FILE", health_file.to_str().unwrap()),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", &url("")),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url("/credentials")),
            ("ECS_CONTAINER_METADATA_URI_V4", &url("/v4")),
        ],
    );
    (task, health_file)
}

fn assert_only_received(told: &[Value]) {
    let sum = |name: &str| -> u64 { told.iter().filter_map(|line| line[name].as_u64()).sum() };
    assert_eq!(sum("Received"), 1);
    assert_eq!(sum("Processed") + sum("Failed") + sum("Released"), 0);
}

#[test]
fn an_http_task_says_who_it_is_is_healthy_and_finishes_its_request_when_told_to_stop() {
    let (_account, address, _calls) = Account::open();
    let mut task = sample_app(
        &["serve"],
        &[
            ("LISTEN", "127.0.0.1:0"),
            ("APP_VERSION", "2.1.0"),
            (
                "ECS_CONTAINER_METADATA_URI_V4",
                &format!("http://{address}/v4"),
            ),
        ],
    );
    let mut lines = BufReader::new(task.stdout.take().unwrap()).lines();
    let mut line =
        move || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let started = line();
    assert_eq!(started["message"], "started");
    assert_eq!(started["revision"], "43");
    let listen = started["listen"].as_str().unwrap();
    let health = || ended(sample_app(&["serve", "--health"], &[("LISTEN", listen)]));
    let (code, text) = health();
    assert_eq!(code, Some(0), "{text}");

    let mut client = TcpStream::connect(listen).unwrap();
    let head = "POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n";
    client.write_all(head.as_bytes()).unwrap();
    let mut answer = BufReader::new(client.try_clone().unwrap());
    let mut begun = String::new();
    answer.read_line(&mut begun).unwrap();
    assert_eq!(begun.trim_end(), "HTTP/1.1 100 Continue");
    let kill = ["-TERM", &task.id().to_string()];
    assert!(Command::new("kill").args(kill).status().unwrap().success());
    assert_eq!(line()["in_hand"], 1);
    client.write_all(b"body").unwrap();

    let mut text = String::new();
    answer.read_to_string(&mut text).unwrap();
    assert!(text.contains("HTTP/1.1 200 OK"), "{text}");
    assert!(text.contains("x-version: 2.1.0"), "{text}");
    let body: Value = serde_json::from_str(text.rsplit("\r\n\r\n").next().unwrap()).unwrap();
    assert_eq!(
        body,
        json!({ "version": "2.1.0", "service": "orders-canary" })
    );
    let stopped = line();
    assert_eq!(stopped["message"], "stopped");
    assert_eq!(stopped["finished"], 1);
    assert_eq!(task.wait().unwrap().code(), Some(0));
    let (code, text) = health();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(listen), "{text}");
}

#[test]
fn an_address_that_cannot_be_listened_at_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, text) = ended(sample_app(&["serve"], &[("LISTEN", &address)]));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(&address), "{text}");
    assert!(text.contains("LISTEN"), "{text}");
}

#[test]
fn a_bad_setting_ends_the_process_with_what_is_wrong() {
    let queue = ("QUEUE_URL", "http://127.0.0.1/111122223333/orders");
    let (code, text) = ended(sample_app(&[], &[queue, ("CONCURRENCY", "many")]));
    assert_eq!(code, Some(78), "{text}");
    let line: Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(
        line["message"],
        "environment variable CONCURRENCY is not valid. Found: `many`. \
         Allowed: a whole number from 1 to 100."
    );
    let (code, text) = ended(sample_app(&["serve"], &[("LISTEN", "8080")]));
    assert_eq!(code, Some(78), "{text}");
    assert!(
        text.contains("environment variable LISTEN is not valid."),
        "{text}"
    );
}

#[test]
fn an_unknown_argument_is_refused() {
    let (code, text) = ended(sample_app(&["--help-me"], &[]));
    assert_eq!(code, Some(78), "{text}");
    assert!(text.contains("--help-me"), "{text}");
}
