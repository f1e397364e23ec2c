//! Scripted consumers of the queue, tasks or a function, and a producer.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    sync::Mutex,
    time::Duration,
};

use fastrand::Rng;
use rehearsal_core::{
    stage::{self, Behaviour, Version},
    wire::Account,
    world::{
        Fault, Principal, cloudwatch, ecs,
        functions::{Ended, Invocation},
        journal::What,
        sqs,
    },
};
use serde_json::{Value, json};

/// How often a consumer looks for messages on average, at least.
const CONSUMES_EVERY: Duration = Duration::from_secs(2);

/// Messages that arrive at once, each second.
const ARRIVE: usize = 2;

/// Exit code of a process that has aborted.
const ABORTED: i32 = 134;

/// The queue's messages, and who works on them.
pub(crate) struct Messages {
    account: Account,
    url: String,
    every: Mutex<Duration>,
    /// Which attempts fail, if not those that the names of their messages say.
    chance: Mutex<Option<Rng>>,
    /// A version that has changed while it ran, and what its tasks do since.
    changed: Mutex<Option<(String, Behaviour)>>,
    sent: Mutex<BTreeSet<String>>,
    /// How often each was.
    processed: Mutex<BTreeMap<String, u32>>,
}

/// A task that consumes.
pub(super) struct Consumer<'a> {
    task: &'a str,
    service: String,
    /// `FAMILY:REVISION`.
    definition: String,
    version: &'a Version,
}

impl<'a> Consumer<'a> {
    /// A task that runs, which asks the metadata endpoint who it is, as the sample application does.
    pub(super) fn of(account: &Account, task: &'a str, version: &'a Version) -> Self {
        let id = task.rsplit('/').next().unwrap_or_default();
        let known = account.with(|world| ecs::metadata(world, id, "/task"));
        let known = known.unwrap_or_default();
        let text = |member: &str| known[member].as_str().unwrap_or_default();
        Self {
            task,
            service: text("ServiceName").to_owned(),
            definition: format!("{}:{}", text("Family"), text("Revision")),
            version,
        }
    }
}

impl Messages {
    pub(super) fn new(account: Account, url: String) -> Self {
        Self {
            account,
            url,
            every: Mutex::new(Duration::from_secs(1)),
            chance: Mutex::default(),
            changed: Mutex::default(),
            sent: Mutex::default(),
            processed: Mutex::default(),
        }
    }

    /// A task, from when its container runs until it has ended, with this exit code. Told to stop, it gives back what it has
    /// in hand, as the sample application does.
    pub(super) async fn consume(
        &self,
        consumer: &Consumer<'_>,
        stop: impl Future<Output = ()>,
    ) -> i32 {
        let mut in_hand = Vec::new();
        let works = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            self.account
                .with(|world| ecs::task_health(world, consumer.task, ecs::Health::Healthy));
            if consumer.version.behaviour == Behaviour::Hangs {
                match self.hang(consumer, &mut in_hand).await {}
            }
            self.work(consumer).await
        };
        let code = tokio::select! {
            () = stop => 0,
            code = works => code,
        };
        for handle in &in_hand {
            self.hide(handle, 0);
        }
        if !in_hand.is_empty() {
            self.tell(consumer, &[("Released", in_hand.len())]);
        }
        code
    }

    /// Works until the process dies.
    async fn work(&self, consumer: &Consumer<'_>) -> i32 {
        for poll_number in 0_u64.. {
            let poll = json!({
                "MaxNumberOfMessages": 4,
                "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
            });
            let received = self.receive(consumer, poll);
            let (mut processed, mut failed) = (0, 0);
            for message in &received {
                let id = message["MessageId"].as_str().unwrap_or_default();
                let attempt = message["Attributes"]["ApproximateReceiveCount"].as_str();
                let behaviour = self.behaviour(consumer.version);
                match self.outcome(behaviour, id, attempt.unwrap_or_default()) {
                    // With what it has counted so far.
                    Outcome::Dies => return ABORTED,
                    Outcome::Fails => failed += 1,
                    Outcome::Passes => {
                        let handle = json!({ "ReceiptHandle": message["ReceiptHandle"] });
                        if self.as_task("DeleteMessage", handle).is_ok() {
                            self.note_processed(id);
                            processed += 1;
                        }
                    }
                }
            }
            if processed + failed > 0 {
                let counts = [
                    ("Processed", processed),
                    ("Failed", failed),
                    ("Released", 0),
                ];
                self.tell(consumer, &counts);
                self.note(consumer.version, processed, failed);
            }
            let every = *self.every.lock().unwrap();
            let lot = match &mut *self.chance.lock().unwrap() {
                Some(chance) => chance.u32(..100),
                None => lot(consumer.task, poll_number),
            };
            let after = every.max(CONSUMES_EVERY) * lot / 50;
            tokio::time::sleep(after).await;
        }
        unreachable!("nobody polls so often")
    }

    /// An invocation of the function with a batch of messages; answers how it ends.
    pub(super) fn invoked(&self, version: &Version, invocation: &Invocation) -> Ended {
        let behaviour = self.behaviour(version);
        if behaviour == Behaviour::CrashesAtStart {
            return Ended::Error("Runtime exited with error: exit status 1".to_owned());
        }
        let records = invocation.payload["Records"].as_array();
        let records = records.map_or(&[][..], Vec::as_slice);
        let of = [
            ("FunctionName", invocation.function.as_str()),
            ("Version", invocation.version.as_str()),
        ];
        let sets = json!([["FunctionName", "Version"]]);
        // Before any of it is worked on.
        self.measure(&of, &sets, &[("Received", records.len())]);
        if behaviour == Behaviour::Hangs {
            return Ended::Error("Task timed out".to_owned());
        }
        let (mut processed, mut failed) = (0, Vec::new());
        for record in records {
            let id = record["messageId"].as_str().unwrap_or_default();
            let attempt = record["attributes"]["ApproximateReceiveCount"].as_str();
            match self.outcome(behaviour, id, attempt.unwrap_or_default()) {
                Outcome::Dies => {
                    return Ended::Error("Runtime exited with error: signal: aborted".to_owned());
                }
                Outcome::Fails => failed.push(json!({ "itemIdentifier": id })),
                Outcome::Passes => {
                    self.note_processed(id);
                    processed += 1;
                }
            }
        }
        let counts = [("Processed", processed), ("Failed", failed.len())];
        self.measure(&of, &sets, &counts);
        self.note(version, processed, failed.len());
        Ended::Answer(json!({ "batchItemFailures": failed }))
    }

    /// From now on tasks of a version do this.
    pub(super) fn change(&self, version: &str, behaviour: Behaviour) {
        *self.changed.lock().unwrap() = Some((version.to_owned(), behaviour));
    }

    fn behaviour(&self, version: &Version) -> Behaviour {
        match &*self.changed.lock().unwrap() {
            Some((label, behaviour)) if *label == version.label => *behaviour,
            _ => version.behaviour,
        }
    }

    fn outcome(&self, behaviour: Behaviour, message: &str, attempt: &str) -> Outcome {
        match (behaviour, &mut *self.chance.lock().unwrap()) {
            (Behaviour::FailsAttempts(percent), Some(chance)) => {
                if chance.u8(..100) < percent {
                    Outcome::Fails
                } else {
                    Outcome::Passes
                }
            }
            _ => outcome(behaviour, message, attempt),
        }
    }

    /// Takes as many messages as there is room for, and keeps them.
    async fn hang(&self, consumer: &Consumer<'_>, in_hand: &mut Vec<Value>) -> Infallible {
        const ROOM: usize = 10;
        loop {
            if in_hand.len() < ROOM {
                let received = self.receive(consumer, json!({ "MaxNumberOfMessages": 4 }));
                in_hand.extend(received.iter().map(|it| it["ReceiptHandle"].clone()));
            }
            for handle in &*in_hand {
                self.hide(handle, 30);
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
    }

    /// Polls, and tells what came before any of it is worked on.
    fn receive(&self, consumer: &Consumer<'_>, poll: Value) -> Vec<Value> {
        let received = self.as_task("ReceiveMessage", poll).unwrap_or_default();
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        if !messages.is_empty() {
            self.tell(consumer, &[("Received", messages.len())]);
        }
        messages
    }

    fn hide(&self, handle: &Value, seconds: u32) {
        let hide = json!({ "ReceiptHandle": handle, "VisibilityTimeout": seconds });
        // One that is gone is nobody's business here.
        let _ = self.as_task("ChangeMessageVisibility", hide);
    }

    fn note(&self, version: &Version, processed: usize, failed: usize) {
        self.account.with(|world| {
            world.note(What::Messages {
                version: version.label.clone(),
                processed: u32::try_from(processed).expect("a few messages"),
                failed: u32::try_from(failed).expect("a few messages"),
                over: Duration::ZERO,
            });
        });
    }

    fn tell(&self, consumer: &Consumer<'_>, counts: &[(&str, usize)]) {
        let of = [
            ("ServiceName", consumer.service.as_str()),
            ("Version", consumer.definition.as_str()),
        ];
        let sets = json!([["ServiceName"], ["ServiceName", "Version"]]);
        self.measure(&of, &sets, counts);
    }

    /// A line of metrics, as the sample application writes it. All that is worked on here ends in the second in which it was
    /// received.
    fn measure(&self, members: &[(&str, &str)], dimensions: &Value, counts: &[(&str, usize)]) {
        self.account.with(|world| {
            let metrics: Vec<_> = counts
                .iter()
                .map(|(name, _)| json!({ "Name": name }))
                .collect();
            let mut line = json!({
                "_aws": {
                    "Timestamp": world.now.0,
                    "CloudWatchMetrics": [{
                        "Namespace": "CanaryRelease/SampleApp",
                        "Dimensions": dimensions,
                        "Metrics": metrics,
                    }],
                },
            });
            for (name, value) in members {
                line[*name] = json!(value);
            }
            for (name, count) in counts {
                line[*name] = json!(count);
            }
            cloudwatch::ingest_log_line(world, &line.to_string());
        });
    }

    /// Calls SQS on the queue by the rights of the task role.
    fn as_task(&self, operation: &str, mut input: Value) -> Result<Value, Fault> {
        input["QueueUrl"] = self.url.as_str().into();
        let task = Principal(ecs::TASK_PRINCIPAL.to_owned());
        self.account.call_as(&task, "sqs", operation, &input)
    }

    /// The producer.
    pub(super) async fn produce(&self) -> Infallible {
        loop {
            self.account.with(|world| {
                for _ in 0..ARRIVE {
                    let id = sqs::send(world, &self.url, "an order").expect("the queue exists");
                    self.sent.lock().unwrap().insert(id);
                }
            });
            let every = *self.every.lock().unwrap();
            tokio::time::sleep(every).await;
        }
    }

    /// From now on few arrive, and consumers look for them less often: for stories that are about something else.
    pub(super) fn slow_down(&self) {
        self.arrive_every(Duration::from_secs(10));
    }

    /// From now on two arrive at once, so often.
    pub(super) fn arrive_every(&self, every: Duration) {
        *self.every.lock().unwrap() = every;
    }

    /// From now on chance says which attempts fail, and which task looks for messages when.
    pub(super) fn leave_to_chance(&self, seed: u64) {
        *self.chance.lock().unwrap() = Some(Rng::with_seed(seed));
    }

    fn note_processed(&self, message: &str) {
        let mut processed = self.processed.lock().unwrap();
        *processed.entry(message.to_owned()).or_default() += 1;
    }

    pub(super) fn is_processed(&self, message: &str) -> bool {
        self.processed.lock().unwrap().contains_key(message)
    }

    /// Messages that were processed more than once.
    pub(super) fn repeated(&self) -> Vec<String> {
        let processed = self.processed.lock().unwrap();
        let repeated = processed.iter().filter(|(_, times)| **times > 1);
        repeated.map(|(id, _)| id.clone()).collect()
    }

    /// Messages that were sent and are neither processed nor in any queue.
    pub(super) fn lost(&self) -> Vec<String> {
        let waiting = self.account.with(|world| {
            let of = |queue| {
                let depth = sqs::depth(world, queue).unwrap_or_default();
                (depth.visible + depth.in_flight + depth.delayed) as usize
            };
            of(stage::QUEUE) + of(stage::DEAD_LETTERS)
        });
        let (sent, processed) = (self.sent.lock().unwrap(), self.processed.lock().unwrap());
        let missing = sent.iter().filter(|id| !processed.contains_key(*id));
        let missing: Vec<_> = missing.cloned().collect();
        if missing.len() <= waiting {
            Vec::new()
        } else {
            missing
        }
    }
}

/// 0 to 99, evenly, for each poll of a task. Tasks that polled by the clock would have a fixed order, and the first would
/// take everything.
fn lot(task: &str, poll: u64) -> u32 {
    let seed = task.bytes().fold(poll, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    u32::try_from(mixed % 100).expect("less than a hundred")
}

/// What becomes of an attempt.
enum Outcome {
    Passes,
    Fails,
    Dies,
}

/// The same messages fail every time they are received by a version that fails some; one that fails attempts, or dies of
/// them, lets them pass at another.
fn outcome(behaviour: Behaviour, message: &str, attempt: &str) -> Outcome {
    let hash = |text: &str| {
        text.bytes().fold(7u32, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(u32::from(byte))
        })
    };
    // The count alone would move all messages by the same.
    let mixed = || (hash(&format!("{attempt}{message}")).wrapping_mul(0x9e37_79b1) >> 16) % 100;
    match behaviour {
        Behaviour::Fails(percent) if hash(message) % 100 < percent.into() => Outcome::Fails,
        Behaviour::FailsAttempts(percent) if mixed() < percent.into() => Outcome::Fails,
        Behaviour::DiesOnMessages(percent) if mixed() < percent.into() => Outcome::Dies,
        _ => Outcome::Passes,
    }
}
