//! The loop: poll for as many messages as there are free slots, work on each, delete what is done.
//!
//! A message holds its slot until it is processed, failed or handed back, so no more than
//! `CONCURRENCY` are ever worked on. None is received that cannot be begun at once: a message that
//! waits here is one that another task could be working on. What is processed waits for its delete
//! without a slot, unless SQS is so slow to answer that there is no room for it either.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::select;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::batch::Batcher;
use crate::drain::Budget;
use crate::handler::{Failure, Handler, caught};
use crate::health::Heartbeat;
use crate::metrics::{Metrics, Receipt};
use crate::queue::{BATCH, Message, Operation, Queue};
use polls::Polls;

mod polls;

/// The fewest processed messages that there is room for until SQS has deleted them: one batch that fills
/// and one that is on its way. Otherwise there may be as many as are worked on. After a crash all of them
/// are processed again.
const LEAST_DELETES: usize = 2 * BATCH;

/// Bounds of the loop.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Messages worked on at the same time, at least 1.
    pub concurrency: usize,
    /// What [`Queue`] receives messages with; visibility is renewed at every third of it.
    pub visibility_timeout: Duration,
    /// How long work on one message may take.
    pub work_timeout: Duration,
    /// How the time after SIGTERM is spent.
    pub budget: Budget,
}

/// What became of the messages that were in hand when the stop signal came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// Processed and deleted, or failed and left to the redrive policy.
    pub finished: usize,
    /// Visible to other consumers again.
    pub handed_back: usize,
    /// Neither could be done in time; visible again when their visibility timeout ends.
    pub abandoned: usize,
}

/// How a message left our hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Finished,
    HandedBack,
    Abandoned,
}

/// A consumer of one queue.
#[derive(Debug)]
pub struct Consumer<H> {
    desk: Arc<Desk<H>>,
    limits: Limits,
    polls: Polls,
}

/// What working on a message takes.
#[derive(Debug)]
struct Desk<H> {
    queue: Queue,
    handler: H,
    metrics: Metrics,
    deletes: Batcher,
    hand_backs: Batcher,
    work_timeout: Duration,
    renew_every: Duration,
}

impl<H: Handler> Consumer<H> {
    /// A consumer that has not begun. Must be called within a Tokio runtime.
    pub fn new(
        queue: Queue,
        handler: H,
        limits: Limits,
        metrics: Metrics,
        heartbeat: Heartbeat,
    ) -> Self {
        let slots = limits.concurrency;
        let deletes = slots.max(LEAST_DELETES);
        let polls = Polls::new(queue.clone(), slots, limits.budget.poll, heartbeat);
        let desk = Arc::new(Desk {
            deletes: Batcher::start(queue.clone(), Operation::Delete, deletes),
            hand_backs: Batcher::start(queue.clone(), Operation::HandBack, slots),
            queue,
            handler,
            metrics,
            work_timeout: limits.work_timeout,
            renew_every: limits.visibility_timeout / 3,
        });
        Self {
            desk,
            limits,
            polls,
        }
    }

    /// Consumes until `stop` completes, then drains within the budget.
    ///
    /// No error of SQS ends this, a lasting one neither: polls go on with a bounded back-off, the
    /// heartbeat stops, and the health check has ECS replace the task.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Drained {
        let mut stop = pin!(stop);
        let (end_work, work_ended) = watch::channel(false);
        let mut in_hand = JoinSet::new();
        loop {
            let received = select! {
                biased;
                () = &mut stop => break,
                received = self.polls.next() => received,
            };
            let receipt = self.desk.metrics.received(received.len());
            for (message, slot) in received {
                let desk = self.desk.clone();
                let message = Arc::new(message);
                in_hand.spawn(desk.see_through(message, receipt, work_ended.clone(), slot));
            }
            while in_hand.try_join_next().is_some() {}
        }
        self.drain(in_hand, &end_work).await
    }

    /// Ends everything in hand: what is being worked on may finish until the budget for work is
    /// used up; the rest, and what the open polls still bring, is handed back.
    async fn drain(
        &mut self,
        mut in_hand: JoinSet<Ending>,
        end_work: &watch::Sender<bool>,
    ) -> Drained {
        let enough = Instant::now() + self.limits.budget.work;
        let end = enough + self.limits.budget.hand_back;
        tracing::info!(
            in_hand = in_hand.len(),
            "stopping, no further message is begun"
        );

        while let Ok(Some(late)) = timeout_at(enough, self.polls.last()).await {
            let receipt = self.desk.metrics.received(late.len());
            for message in late {
                in_hand.spawn(self.desk.clone().hand_back(Arc::new(message), receipt));
            }
        }
        if self.polls.are_open() {
            tracing::warn!(
                "a poll did not end in time, what it brings stays hidden until its visibility \
                 timeout ends"
            );
        }

        let mut drained = Drained::default();
        let _ = timeout_at(enough, drained.count(&mut in_hand)).await;
        end_work.send_replace(true);
        let _ = timeout_at(end, drained.count(&mut in_hand)).await;
        drained.abandoned += in_hand.len();
        drained
    }
}

impl Drained {
    async fn count(&mut self, in_hand: &mut JoinSet<Ending>) {
        while let Some(ending) = in_hand.join_next().await {
            match ending {
                Ok(Ending::Finished) => self.finished += 1,
                Ok(Ending::HandedBack) => self.handed_back += 1,
                Ok(Ending::Abandoned) | Err(_) => self.abandoned += 1,
            }
        }
    }
}

impl<H: Handler> Desk<H> {
    /// A message's whole stay, from received to out of our hands. Keeps its slot until there is room
    /// for its delete (it has one unless SQS sent more messages than it was asked for).
    async fn see_through(
        self: Arc<Self>,
        message: Arc<Message>,
        receipt: Receipt,
        mut work_ended: watch::Receiver<bool>,
        slot: Option<OwnedSemaphorePermit>,
    ) -> Ending {
        let started = Instant::now();
        let worked = select! {
            worked = self.work(&message) => Some(worked),
            _ = work_ended.wait_for(|ended| *ended) => None,
            never = self.keep_hidden(&message) => match never {},
        };
        match worked {
            None => self.hand_back(message, receipt).await,
            Some(Ok(())) => {
                self.metrics.processed(receipt, started.elapsed());
                let delete = self.deletes.submit(message).await;
                drop(slot);
                if delete.accepted().await {
                    Ending::Finished
                } else {
                    Ending::Abandoned
                }
            }
            Some(Err(failure)) => {
                self.metrics.failed(receipt, started.elapsed());
                tracing::warn!(
                    message_id = message.id,
                    receive_count = message.receive_count,
                    reason = failure.reason,
                    "a message failed, it is left to the redrive policy"
                );
                Ending::Finished
            }
        }
    }

    /// The team's code, bounded in time, a panic being a failure like any other.
    async fn work(&self, message: &Message) -> Result<(), Failure> {
        let work = caught(self.handler.process(message));
        timeout(self.work_timeout, work)
            .await
            .unwrap_or(Err(Failure {
                reason: "the work took longer than WORK_TIMEOUT_SECONDS",
            }))
    }

    /// Renews the message's visibility timeout for as long as it is polled. Two renewals in a row
    /// have to fail before another consumer can get the message.
    async fn keep_hidden(&self, message: &Message) -> Infallible {
        let mut next = Instant::now();
        loop {
            next += self.renew_every;
            sleep_until(next).await;
            if let Err(error) = self.queue.keep_hidden(message).await {
                tracing::warn!(
                    message_id = message.id,
                    code = error.code,
                    "a message could not be kept from other consumers: {error}"
                );
            }
        }
    }

    async fn hand_back(self: Arc<Self>, message: Arc<Message>, receipt: Receipt) -> Ending {
        // Whether or not SQS takes it: the version has not failed it.
        self.metrics.released(receipt);
        if self.hand_backs.submit(message).await.accepted().await {
            Ending::HandedBack
        } else {
            Ending::Abandoned
        }
    }
}

#[cfg(test)]
mod tests;
