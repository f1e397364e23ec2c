//! The consumer against SQS at wire level, on paused time: hours pass at once, none is slept.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::*;

mod fake_sqs;
mod receipts;
mod stops;

use fake_sqs::FakeSqs;

/// What the handler does with a message.
#[derive(Debug, Clone, Copy)]
enum Plan {
    Succeed,
    SucceedAfter(u64),
    Fail,
    Panic,
}

/// Follows a plan; remembers which messages it began, and how many at a time.
#[derive(Debug)]
struct Scripted {
    plan: fn(&Message) -> Plan,
    seen: Arc<Seen>,
    printed: Printed,
}

/// The metric lines so far.
#[derive(Debug, Clone, Default)]
struct Printed(Arc<Mutex<Vec<Value>>>);

impl Printed {
    fn push(&self, line: &str) {
        let line = serde_json::from_str(line).unwrap();
        self.0.lock().unwrap().push(line);
    }

    /// The sum of a metric, for messages that were received in some minute if one is given.
    fn sum(&self, name: &str, minute: Option<u64>) -> u64 {
        let lines = self.0.lock().unwrap();
        lines
            .iter()
            .filter(|line| minute.is_none_or(|minute| minute_of(line) == minute))
            .filter_map(|line| line[name].as_u64())
            .sum()
    }

    fn minutes(&self) -> BTreeSet<u64> {
        self.0.lock().unwrap().iter().map(minute_of).collect()
    }

    /// Messages of a minute that were received and of which nothing is known since.
    fn unaccounted(&self, minute: u64) -> u64 {
        let sum = |name| self.sum(name, Some(minute));
        sum("Received") - sum("Processed") - sum("Failed") - sum("Released")
    }
}

/// The minute that a line counts for, from the beginning of its test.
fn minute_of(line: &Value) -> u64 {
    let at = Duration::from_millis(line["_aws"]["Timestamp"].as_u64().unwrap());
    at.saturating_sub(BEGIN).as_secs() / 60
}

/// Every test begins ten seconds into a minute, in October 2026.
const BEGIN: Duration = Duration::from_hours(497_750);
const INTO_A_MINUTE: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
struct Seen {
    begun: Mutex<Vec<(String, u32)>>,
    now: AtomicU32,
    most: AtomicU32,
}

impl Seen {
    /// Message ids and receive counts, in the order in which work on them began.
    fn begun(&self) -> Vec<(String, u32)> {
        self.begun.lock().unwrap().clone()
    }

    fn ids(&self) -> Vec<String> {
        self.begun().into_iter().map(|(id, _)| id).collect()
    }
}

impl Handler for Scripted {
    async fn process(&self, message: &Message) -> Result<(), Failure> {
        assert_eq!(message.body, format!("body of {}", message.id));
        let begun = (message.id.clone(), message.receive_count);
        self.seen.begun.lock().unwrap().push(begun);
        let received = self.printed.sum("Received", None);
        assert!(received >= self.seen.begun().len() as u64, "not yet told");
        let now = self.seen.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.seen.most.fetch_max(now, Ordering::SeqCst);
        let plan = (self.plan)(message);
        if let Plan::SucceedAfter(seconds) = plan {
            sleep(Duration::from_secs(seconds)).await;
        }
        self.seen.now.fetch_sub(1, Ordering::SeqCst);
        match plan {
            Plan::Succeed | Plan::SucceedAfter(_) => Ok(()),
            Plan::Fail => Err(Failure { reason: "planned" }),
            Plan::Panic => panic!("planned"),
        }
    }
}

/// A consumer that runs.
struct Running {
    seen: Arc<Seen>,
    metrics: Metrics,
    printed: Printed,
    health_file: PathBuf,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Drained>,
}

impl Running {
    async fn stop(self) -> (Drained, Duration) {
        let asked = Instant::now();
        self.stop.send(()).unwrap();
        (self.ended.await.unwrap(), asked.elapsed())
    }
}

/// Starts a consumer with the default settings but for the concurrency.
fn start(sqs: &FakeSqs, concurrency: usize, plan: fn(&Message) -> Plan) -> Running {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::SeqCst);
    let name = format!("sample-app-consumer-{}-{number}", std::process::id());
    let health_file = std::env::temp_dir().join(name);

    let visibility_timeout = Duration::from_secs(30);
    let budget = Budget::of(Duration::from_secs(30));
    let url = "https://sqs.eu-central-1.amazonaws.com/111122223333/orders".to_owned();
    let queue = Queue::new(sqs.client(), url, visibility_timeout);
    let seen = Arc::new(Seen::default());
    let (metrics, printed) = metrics();
    let handler = Scripted {
        plan,
        seen: seen.clone(),
        printed: printed.clone(),
    };
    let limits = Limits {
        concurrency,
        visibility_timeout,
        work_timeout: Duration::from_mins(5),
        budget,
    };
    let heartbeat = Heartbeat::claim(health_file.clone()).unwrap();
    let consumer = Consumer::new(queue, handler, limits, metrics.clone(), heartbeat);
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(consumer.run(async {
        stopped.await.unwrap();
    }));
    Running {
        seen,
        metrics,
        printed,
        health_file,
        stop,
        ended,
    }
}

/// Metrics on the test's clock.
fn metrics() -> (Metrics, Printed) {
    let origin = crate::metrics::Origin::Task {
        service: "orders".to_owned(),
        version: "orders:1".to_owned(),
        app_version: "1".to_owned(),
    };
    let (began, printed) = (Instant::now(), Printed::default());
    let paper = printed.clone();
    let now = move || std::time::UNIX_EPOCH + BEGIN + INTO_A_MINUTE + began.elapsed();
    let metrics = Metrics::new(origin, now, move |line| paper.push(line));
    (metrics, printed)
}

async fn pass(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

/// Processed and failed so far.
fn counts(running: &Running) -> (u64, u64) {
    running.metrics.flush();
    let sum = |name| running.printed.sum(name, None);
    (sum("Processed"), sum("Failed"))
}

#[tokio::test(start_paused = true)]
async fn what_is_processed_is_deleted_in_batches() {
    let sqs = FakeSqs::with_messages(0..12);
    let running = start(&sqs, 10, |_| Plan::Succeed);
    pass(1).await;
    assert_eq!(sqs.left(), [""; 0]);
    let deletes = sqs.calls("DeleteMessageBatch");
    let sizes = deletes
        .iter()
        .map(|call| call["Entries"].as_array().unwrap().len());
    assert_eq!(sizes.collect::<Vec<_>>(), [10, 2]);
    let poll = &sqs.calls("ReceiveMessage")[0];
    assert_eq!(poll["MaxNumberOfMessages"], 10);
    assert_eq!(counts(&running), (12, 0));
}

#[tokio::test(start_paused = true)]
async fn an_empty_queue_costs_three_calls_a_minute_after_a_short_first_one() {
    let sqs = FakeSqs::default();
    let running = start(&sqs, 10, |_| Plan::Succeed);
    pass(2).await;
    assert!(running.health_file.exists(), "healthy after the first poll");
    pass(58).await;
    let polls = sqs.calls("ReceiveMessage");
    let waits = polls.iter().map(|poll| poll["WaitTimeSeconds"].as_u64());
    assert_eq!(waits.flatten().collect::<Vec<_>>(), [1, 20, 20, 20]);
}

#[tokio::test(start_paused = true)]
async fn no_more_messages_are_in_hand_than_there_are_slots() {
    let sqs = FakeSqs::with_messages(0..9);
    let running = start(&sqs, 4, |_| Plan::SucceedAfter(3));
    pass(1).await;
    assert_eq!(running.seen.begun().len(), 4);
    assert_eq!(
        sqs.visible().len(),
        5,
        "the others can be had by other tasks"
    );
    pass(10).await;
    assert_eq!(sqs.left(), [""; 0]);
    assert_eq!(running.seen.most.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_delete_has_no_slot_until_there_is_no_room() {
    let sqs = FakeSqs::with_messages(0..30);
    sqs.fall_silent();
    let running = start(&sqs, 1, |_| Plan::Succeed);
    pass(2).await;
    assert_eq!(running.seen.begun().len(), 20 + 1);
}

#[tokio::test(start_paused = true)]
async fn polls_that_bring_all_they_ask_for_are_joined_by_others_for_a_while() {
    let sqs = FakeSqs::default();
    let _running = start(&sqs, 25, |_| Plan::Succeed);
    let polls = || sqs.calls("ReceiveMessage").len();
    pass(2).await;
    assert_eq!(polls(), 2, "the short one, and one that is open");
    sqs.send(0..10);
    pass(1).await;
    assert_eq!(polls(), 2 + 2, "two batches of slots are free");
    pass(57).await;
    assert_eq!(polls(), 4 + 2, "one every 20 seconds");
}

#[tokio::test(start_paused = true)]
async fn a_failed_message_is_left_and_comes_again_after_its_visibility_timeout() {
    let sqs = FakeSqs::with_messages([1]);
    let running = start(&sqs, 10, |_| Plan::Fail);
    pass(29).await;
    assert_eq!(running.seen.begun(), [("m01".to_owned(), 1)]);
    pass(2).await;
    assert_eq!(running.seen.begun()[1..], [("m01".to_owned(), 2)]);
    assert!(sqs.calls("DeleteMessageBatch").is_empty());
    assert_eq!(counts(&running), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_panic_costs_one_message_one_attempt_and_nothing_else() {
    let sqs = FakeSqs::with_messages(0..3);
    let running = start(&sqs, 1, |message| match message.id.as_str() {
        "m00" => Plan::Panic,
        _ => Plan::Succeed,
    });
    pass(1).await;
    assert_eq!(sqs.left(), ["m00"]);
    assert_eq!(counts(&running), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn long_work_keeps_its_message_from_other_consumers() {
    let sqs = FakeSqs::with_messages([1]);
    let running = start(&sqs, 10, |_| Plan::SucceedAfter(250));
    pass(249).await;
    assert_eq!(running.seen.begun().len(), 1);
    assert_eq!(sqs.visible(), [""; 0]);
    pass(2).await;
    assert_eq!(sqs.left(), [""; 0]);
    assert_eq!(counts(&running), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn work_that_does_not_end_is_ended_and_has_failed() {
    let sqs = FakeSqs::with_messages([1]);
    let running = start(&sqs, 10, |_| Plan::SucceedAfter(1_000_000));
    pass(299).await;
    assert_eq!(running.seen.begun().len(), 1);
    pass(40).await;
    assert_eq!(running.seen.begun().len(), 2, "it is tried again");
    assert_eq!(counts(&running), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_sqs_could_not_do_is_done_again_without_working_again() {
    let sqs = FakeSqs::with_messages([1]);
    sqs.fail_deletes(&[(false, "InternalError"), (false, "InternalError")]);
    let running = start(&sqs, 10, |_| Plan::Succeed);
    pass(5).await;
    assert_eq!(sqs.left(), [""; 0]);
    assert_eq!(sqs.calls("DeleteMessageBatch").len(), 3);
    assert_eq!(running.seen.begun().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_the_entries_that_failed_are_deleted_again() {
    let sqs = FakeSqs::with_messages(0..3);
    sqs.fail_deletes(&[(false, "InternalError")]);
    let _running = start(&sqs, 3, |_| Plan::Succeed);
    pass(5).await;
    assert_eq!(sqs.left(), [""; 0]);
    let deletes = sqs.calls("DeleteMessageBatch");
    let sizes = deletes
        .iter()
        .map(|call| call["Entries"].as_array().unwrap().len());
    assert_eq!(sizes.collect::<Vec<_>>(), [3, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_sqs_refuses_is_not_asked_for_again() {
    let sqs = FakeSqs::with_messages([1]);
    sqs.fail_deletes(&[(true, "ReceiptHandleIsInvalid")]);
    let _running = start(&sqs, 10, |_| Plan::Succeed);
    pass(5).await;
    assert_eq!(sqs.left(), ["m01"]);
    assert_eq!(sqs.calls("DeleteMessageBatch").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn failed_polls_are_tried_again_with_a_growing_pause() {
    let sqs = FakeSqs::with_messages([1]);
    sqs.fail_receives(&["RequestThrottled", "AccessDenied", "RequestThrottled"]);
    let running = start(&sqs, 10, |_| Plan::Succeed);
    // At 0, 1 and 3 seconds; the next is due at 7.
    pass(6).await;
    assert_eq!(sqs.calls("ReceiveMessage").len(), 3);
    assert!(
        !running.health_file.exists(),
        "no heartbeat while polls fail"
    );
    pass(2).await;
    assert_eq!(sqs.left(), [""; 0]);
    assert!(running.health_file.exists());
}

#[tokio::test(start_paused = true)]
async fn the_heart_beats_while_all_slots_are_taken() {
    let sqs = FakeSqs::with_messages(0..5);
    let running = start(&sqs, 2, |_| Plan::SucceedAfter(200));
    pass(5).await;
    std::fs::remove_file(&running.health_file).unwrap();
    pass(10).await;
    assert!(running.health_file.exists());
    assert_eq!(running.seen.begun().len(), 2);
}
