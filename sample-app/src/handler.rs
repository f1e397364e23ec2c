//! What a team's code is to whoever receives messages.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;

use crate::queue::Message;

/// What a team's code does with a message.
pub trait Handler: Send + Sync + 'static {
    /// Works on one message.
    ///
    /// `Ok` deletes the message. `Err`, a panic and a time-out leave it to the queue's redrive
    /// policy. SQS delivers at least once, and a stop may end this at any `await`: the same message
    /// may come again, here or in another task, after some or all of its work was done.
    fn process(&self, message: &Message) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Why a message could not be processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// For the log. A constant, so that no part of a message can get there.
    pub reason: &'static str,
}

/// Runs a handler's future; a panic in it becomes a failure.
pub(crate) async fn caught(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        // Unwind safe: after a panic the future is not polled again.
        let polled = AssertUnwindSafe(|| work.as_mut().poll(context));
        std::panic::catch_unwind(polled).unwrap_or(Poll::Ready(Err(Failure {
            reason: "the work panicked",
        })))
    })
    .await
}
