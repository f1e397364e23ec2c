//! Scripted consumers of the queue, and a producer.

use std::{collections::BTreeSet, convert::Infallible, sync::Mutex, time::Duration};

use fastrand::Rng;
use rehearsal_core::{
    stage::{self, Behaviour, Version},
    wire::Account,
    world::{Fault, Principal, cloudwatch, ecs, journal::What, sqs},
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
    processed: Mutex<BTreeSet<String>>,
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
        task: &str,
        service: &str,
        version: &Version,
        stop: impl Future<Output = ()>,
    ) -> i32 {
        let mut in_hand = Vec::new();
        let works = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            self.account
                .with(|world| ecs::task_health(world, task, ecs::Health::Healthy));
            if version.behaviour == Behaviour::Hangs {
                match self.hang(service, &mut in_hand).await {}
            }
            self.work(task, service, version).await
        };
        let code = tokio::select! {
            () = stop => 0,
            code = works => code,
        };
        for handle in &in_hand {
            self.hide(handle, 0);
        }
        if !in_hand.is_empty() {
            self.tell(service, &[("Released", in_hand.len())]);
        }
        code
    }

    /// Works until the process dies.
    async fn work(&self, task: &str, service: &str, version: &Version) -> i32 {
        for poll_number in 0_u64.. {
            let poll = json!({
                "MaxNumberOfMessages": 4,
                "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
            });
            let received = self.receive(service, poll);
            let (mut processed, mut failed) = (0, 0);
            for message in &received {
                let id = message["MessageId"].as_str().unwrap_or_default();
                let attempt = message["Attributes"]["ApproximateReceiveCount"].as_str();
                let behaviour = self.behaviour(version);
                match self.outcome(behaviour, id, attempt.unwrap_or_default()) {
                    // With what it has counted so far.
                    Outcome::Dies => return ABORTED,
                    Outcome::Fails => failed += 1,
                    Outcome::Passes => {
                        let handle = json!({ "ReceiptHandle": message["ReceiptHandle"] });
                        if self.as_task("DeleteMessage", handle).is_ok() {
                            self.processed.lock().unwrap().insert(id.to_owned());
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
                self.tell(service, &counts);
                self.account.with(|world| {
                    world.note(What::Messages {
                        version: version.label.clone(),
                        processed: u32::try_from(processed).expect("a few messages"),
                        failed: u32::try_from(failed).expect("a few messages"),
                        over: Duration::ZERO,
                    });
                });
            }
            let every = *self.every.lock().unwrap();
            let lot = match &mut *self.chance.lock().unwrap() {
                Some(chance) => chance.u32(..100),
                None => lot(task, poll_number),
            };
            let after = every.max(CONSUMES_EVERY) * lot / 50;
            tokio::time::sleep(after).await;
        }
        unreachable!("nobody polls so often")
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
    async fn hang(&self, service: &str, in_hand: &mut Vec<Value>) -> Infallible {
        const ROOM: usize = 10;
        loop {
            if in_hand.len() < ROOM {
                let received = self.receive(service, json!({ "MaxNumberOfMessages": 4 }));
                in_hand.extend(received.iter().map(|it| it["ReceiptHandle"].clone()));
            }
            for handle in &*in_hand {
                self.hide(handle, 30);
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
    }

    /// Polls, and tells what came before any of it is worked on.
    fn receive(&self, service: &str, poll: Value) -> Vec<Value> {
        let received = self.as_task("ReceiveMessage", poll).unwrap_or_default();
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        if !messages.is_empty() {
            self.tell(service, &[("Received", messages.len())]);
        }
        messages
    }

    fn hide(&self, handle: &Value, seconds: u32) {
        let hide = json!({ "ReceiptHandle": handle, "VisibilityTimeout": seconds });
        // One that is gone is nobody's business here.
        let _ = self.as_task("ChangeMessageVisibility", hide);
    }

    /// A line of metrics, as the sample application writes it. All that is worked on here ends in the second in which it was
    /// received.
    fn tell(&self, service: &str, counts: &[(&str, usize)]) {
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
                        "Dimensions": [["ServiceName"]],
                        "Metrics": metrics,
                    }],
                },
                "ServiceName": service,
            });
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

    pub(super) fn is_processed(&self, message: &str) -> bool {
        self.processed.lock().unwrap().contains(message)
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
        let missing: Vec<_> = sent.difference(&processed).cloned().collect();
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
