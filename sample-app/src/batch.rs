//! Collects messages into batch calls, and sees each call through.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::queue::{Answer, BATCH, CallError, Message, Operation, Queue};

/// How long the first message of a batch waits for others.
const LINGER: Duration = Duration::from_millis(100);

/// How often a message is tried. Each attempt is the SDK's own three of a failed call.
const ATTEMPTS: u32 = 3;

/// The wait before the second attempt; before the third it is twice as long.
const PAUSE: Duration = Duration::from_millis(200);

/// What becomes of one message of a batch after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Done,
    TryAgain { code: String },
    GiveUp { code: String },
}

/// Reads a call's outcome: what failed is tried again unless SQS calls it our fault, as it does
/// with a receipt that has expired.
fn verdicts(count: usize, outcome: Result<Vec<Answer>, CallError>) -> Vec<Verdict> {
    match outcome {
        Ok(answers) => answers.into_iter().map(verdict).collect(),
        Err(error) => vec![Verdict::TryAgain { code: error.code }; count],
    }
}

fn verdict(answer: Answer) -> Verdict {
    match answer {
        Answer::Accepted => Verdict::Done,
        Answer::Refused {
            sender_fault: true,
            code,
        } => Verdict::GiveUp { code },
        Answer::Refused {
            sender_fault: false,
            code,
        } => Verdict::TryAgain { code },
        Answer::Unanswered => Verdict::TryAgain {
            code: "Unanswered".to_owned(),
        },
    }
}

#[derive(Debug)]
struct Request {
    message: Arc<Message>,
    done: oneshot::Sender<bool>,
    _room: OwnedSemaphorePermit,
}

/// One kind of batch call, shared by all messages in hand.
#[derive(Debug)]
pub(crate) struct Batcher {
    requests: mpsc::UnboundedSender<Request>,
    room: Arc<Semaphore>,
}

/// A message that a batcher has taken.
#[derive(Debug)]
pub(crate) struct Submitted(oneshot::Receiver<bool>);

impl Batcher {
    /// Starts collecting. A batch goes out when it holds [`BATCH`] messages or has waited for
    /// [`LINGER`]. No more than `room` messages wait for a batch or its answer at the same time.
    /// Ends when the batcher is dropped.
    pub(crate) fn start(queue: Queue, operation: Operation, room: usize) -> Self {
        let (requests, incoming) = mpsc::unbounded_channel();
        tokio::spawn(collect(queue, operation, incoming));
        Self {
            requests,
            room: Arc::new(Semaphore::new(room)),
        }
    }

    /// Has the operation carried out on one message. Returns once there is room for it: only when
    /// SQS is slow to answer is there something to wait for.
    pub(crate) async fn submit(&self, message: Arc<Message>) -> Submitted {
        let room = self.room.clone().acquire_owned().await;
        let (done, accepted) = oneshot::channel();
        // The receiver lives as long as the batcher, and nothing closes the semaphore; if either
        // were not so, the message would not be accepted.
        if let Ok(room) = room {
            let _ = self.requests.send(Request {
                message,
                done,
                _room: room,
            });
        }
        Submitted(accepted)
    }
}

impl Submitted {
    /// Whether SQS accepted it. What it did not is logged.
    pub(crate) async fn accepted(self) -> bool {
        self.0.await.unwrap_or(false)
    }
}

async fn collect(
    queue: Queue,
    operation: Operation,
    mut incoming: mpsc::UnboundedReceiver<Request>,
) {
    let mut calls = JoinSet::new();
    while let Some(first) = incoming.recv().await {
        let mut batch = vec![first];
        let departure = Instant::now() + LINGER;
        while batch.len() < BATCH
            && let Ok(Some(next)) = timeout_at(departure, incoming.recv()).await
        {
            batch.push(next);
        }
        calls.spawn(see_through(queue.clone(), operation, batch));
        while calls.try_join_next().is_some() {}
    }
    calls.join_all().await;
}

async fn see_through(queue: Queue, operation: Operation, mut batch: Vec<Request>) {
    for attempt in 1..=ATTEMPTS {
        let messages: Vec<Arc<Message>> = batch
            .iter()
            .map(|request| request.message.clone())
            .collect();
        let outcome = queue.apply(operation, &messages).await;
        if let Err(error) = &outcome {
            tracing::warn!(
                code = error.code,
                messages = messages.len(),
                attempt,
                "{error}"
            );
        }
        let mut again = Vec::new();
        for (request, verdict) in batch.into_iter().zip(verdicts(messages.len(), outcome)) {
            match verdict {
                Verdict::Done => answer(request, true),
                Verdict::TryAgain { code } if attempt < ATTEMPTS => {
                    tracing::debug!(message_id = request.message.id, code, "tried again");
                    again.push(request);
                }
                Verdict::TryAgain { code } | Verdict::GiveUp { code } => {
                    tracing::error!(
                        message_id = request.message.id,
                        code,
                        attempt,
                        "{operation} did not take this message, it will be delivered again when \
                         its visibility timeout ends"
                    );
                    answer(request, false);
                }
            }
        }
        if again.is_empty() {
            return;
        }
        batch = again;
        sleep(PAUSE * attempt).await;
    }
}

fn answer(request: Request, accepted: bool) {
    // Nobody listens any more when the process has run out of time; that is logged there.
    let _ = request.done.send(accepted);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(sender_fault: bool, code: &str) -> Answer {
        Answer::Refused {
            sender_fault,
            code: code.to_owned(),
        }
    }

    #[test]
    fn a_failure_of_sqs_is_tried_again_and_one_of_ours_is_not() {
        let outcome = Ok(vec![
            Answer::Accepted,
            refused(false, "InternalError"),
            refused(true, "ReceiptHandleIsInvalid"),
            Answer::Unanswered,
        ]);
        assert_eq!(
            verdicts(4, outcome),
            [
                Verdict::Done,
                Verdict::TryAgain {
                    code: "InternalError".to_owned()
                },
                Verdict::GiveUp {
                    code: "ReceiptHandleIsInvalid".to_owned()
                },
                Verdict::TryAgain {
                    code: "Unanswered".to_owned()
                },
            ]
        );
    }

    #[test]
    fn a_call_that_failed_as_a_whole_is_tried_again_for_every_message() {
        let outcome = Err(CallError {
            operation: "DeleteMessageBatch",
            code: "RequestThrottled".to_owned(),
            detail: String::new(),
        });
        let throttled = Verdict::TryAgain {
            code: "RequestThrottled".to_owned(),
        };
        assert_eq!(verdicts(2, outcome), [throttled.clone(), throttled]);
    }
}
