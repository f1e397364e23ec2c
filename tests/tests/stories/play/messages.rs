//! Scripted consumers of the queue, and a producer.

use std::{collections::BTreeSet, convert::Infallible, sync::Mutex, time::Duration};

use rehearsal_core::{
    stage::{self, Behaviour, Version},
    wire::Account,
    world::{Fault, Principal, World, cloudwatch, ecs, journal::What, sqs},
};
use serde_json::{Value, json};

/// How often a consumer looks for messages, at least.
const CONSUMES_EVERY: Duration = Duration::from_secs(2);

/// Messages that arrive at once, each second.
const ARRIVE: usize = 2;

/// The queue's messages, and who works on them.
pub(crate) struct Messages {
    account: Account,
    url: String,
    every: Mutex<Duration>,
    sent: Mutex<BTreeSet<String>>,
    processed: Mutex<BTreeSet<String>>,
}

impl Messages {
    pub(super) fn new(account: Account, url: String) -> Self {
        Self {
            account,
            url,
            every: Mutex::new(Duration::from_secs(1)),
            sent: Mutex::default(),
            processed: Mutex::default(),
        }
    }

    /// A task, from when its container runs.
    pub(super) async fn consume(&self, task: &str, service: &str, version: &Version) -> Infallible {
        tokio::time::sleep(Duration::from_secs(5)).await;
        self.account
            .with(|world| ecs::task_health(world, task, ecs::Health::Healthy));
        if version.behaviour == Behaviour::Hangs {
            return self.hang(service).await;
        }
        loop {
            let poll = json!({
                "MaxNumberOfMessages": 4,
                "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
            });
            let received = self.as_task("ReceiveMessage", poll).unwrap_or_default();
            let (mut processed, mut failed) = (0, 0);
            for message in received["Messages"].as_array().into_iter().flatten() {
                let id = message["MessageId"].as_str().unwrap_or_default();
                let attempt = &message["Attributes"]["ApproximateReceiveCount"];
                if fails(version.behaviour, id, attempt.as_str().unwrap_or_default()) {
                    failed += 1;
                    continue;
                }
                let handle = json!({ "ReceiptHandle": message["ReceiptHandle"] });
                if self.as_task("DeleteMessage", handle).is_ok() {
                    self.processed.lock().unwrap().insert(id.to_owned());
                    processed += 1;
                }
            }
            if processed + failed > 0 {
                self.account.with(|world| {
                    let counts = [
                        ("Received", processed + failed),
                        ("Processed", processed),
                        ("Failed", failed),
                    ];
                    for (name, count) in counts {
                        measure(world, service, name, count);
                    }
                    world.note(What::Messages {
                        version: version.label.clone(),
                        processed,
                        failed,
                        over: Duration::ZERO,
                    });
                });
            }
            let every = *self.every.lock().unwrap();
            tokio::time::sleep(every.max(CONSUMES_EVERY)).await;
        }
    }

    /// A task that takes as many messages as it has room for, and keeps them.
    async fn hang(&self, service: &str) -> Infallible {
        const ROOM: usize = 10;
        let mut in_hand: Vec<Value> = Vec::new();
        loop {
            let poll = json!({ "MaxNumberOfMessages": 4 });
            if in_hand.len() < ROOM {
                let received = self.as_task("ReceiveMessage", poll).unwrap_or_default();
                let messages = received["Messages"]
                    .as_array()
                    .map_or(&[][..], Vec::as_slice);
                in_hand.extend(messages.iter().map(|it| it["ReceiptHandle"].clone()));
                let count = u32::try_from(messages.len()).expect("a few messages");
                self.account
                    .with(|world| measure(world, service, "Received", count));
            }
            for handle in &in_hand {
                let keep = json!({ "ReceiptHandle": handle, "VisibilityTimeout": 30 });
                // One that is gone is nobody's business here.
                let _ = self.as_task("ChangeMessageVisibility", keep);
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
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

/// What the application counts.
fn measure(world: &mut World, service: &str, name: &str, count: u32) {
    let (of, now) = ([("ServiceName", service)], world.now);
    let namespace = "CanaryRelease/SampleApp";
    cloudwatch::publish(world, namespace, name, &of, f64::from(count), now);
}

/// The same messages fail every time they are received by a version that fails some; one that fails attempts lets them
/// pass at another.
fn fails(behaviour: Behaviour, message: &str, attempt: &str) -> bool {
    let hash = |text: &str| {
        text.bytes().fold(7u32, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(u32::from(byte))
        })
    };
    match behaviour {
        Behaviour::Fails(percent) => hash(message) % 100 < percent.into(),
        Behaviour::FailsAttempts(percent) => {
            // The count alone would move all messages by the same.
            let mixed = hash(&format!("{attempt}{message}")).wrapping_mul(0x9e37_79b1) >> 16;
            mixed % 100 < percent.into()
        }
        _ => false,
    }
}
