//! Long polling of SQS: `ReceiveMessage` waits until there is a message.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Account, Outcome, ask, refused};
use crate::world::{Fault, World, journal::Call};

/// How often a waiting call looks again. Messages come back by visibility timeouts and delays too,
/// so that there is no single event to wait for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

const WAIT_ATTRIBUTE: &str = "ReceiveMessageWaitTimeSeconds";

/// A `ReceiveMessage` that found nothing and may wait.
pub(super) struct Polling {
    call: Call,
    wait: Duration,
}

impl Polling {
    /// The wait that a call has coming: its own `WaitTimeSeconds`, else the queue's attribute.
    ///
    /// AWS: Amazon SQS short and long polling.
    pub(super) fn of(
        world: &mut World,
        call: &Call,
        output: &Value,
    ) -> Result<Option<Self>, Fault> {
        if (call.service.as_str(), call.operation.as_str()) != ("sqs", "ReceiveMessage")
            || found_messages(output)
        {
            return Ok(None);
        }
        let seconds = match call.input["WaitTimeSeconds"].as_u64() {
            Some(seconds) => seconds,
            None => wait_of_queue(world, call)?,
        };
        Ok((seconds > 0).then(|| Self {
            call: call.clone(),
            wait: Duration::from_secs(seconds),
        }))
    }

    /// Looks again until there is a message or the wait is over.
    pub(super) async fn wait(self, account: &Account) -> Outcome {
        let until = Instant::now() + self.wait;
        loop {
            tokio::time::sleep_until(until.min(Instant::now() + LOOK_EVERY)).await;
            match account.with(|world| ask(world, &self.call)) {
                Ok(output) if found_messages(&output) || Instant::now() >= until => {
                    return Outcome::Output {
                        service: self.call.service,
                        operation: self.call.operation,
                        output,
                    };
                }
                Ok(_) => {}
                Err(fault) => return refused(&self.call, fault),
            }
        }
    }
}

fn wait_of_queue(world: &mut World, call: &Call) -> Result<u64, Fault> {
    let question = json!({
        "QueueUrl": call.input["QueueUrl"],
        "AttributeNames": [WAIT_ATTRIBUTE],
    });
    let answer = world.call("sqs", "GetQueueAttributes", &question, &call.principal)?;
    let seconds = answer["Attributes"][WAIT_ATTRIBUTE].as_str();
    Ok(seconds
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(0))
}

fn found_messages(output: &Value) -> bool {
    output["Messages"]
        .as_array()
        .is_some_and(|messages| !messages.is_empty())
}
