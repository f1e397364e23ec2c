//! The loop: poll for as many messages as there are free slots, work on each, delete what is done.
//!
//! A message holds its slot until it is deleted, failed or handed back, so no more than
//! `CONCURRENCY` are ever in hand. None is received that cannot be begun at once: a message that
//! waits here is one that another task could be working on.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::select;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use crate::batch::Batcher;
use crate::drain::Budget;
use crate::health::Heartbeat;
use crate::metrics::Metrics;
use crate::queue::{BATCH, CallError, Message, Operation, Queue};

/// The first poll, and each after a failed one: short, to know soon whether the queue can be polled.
/// A new task counts as healthy only after it.
const TRIAL_POLL: Duration = Duration::from_secs(1);

/// How often the heart beats while all slots are taken and nothing is polled.
const BEAT_WHEN_FULL: Duration = Duration::from_secs(10);

/// The wait after a failed poll: doubled with each further one, up to the longest.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

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

/// Bounds of the loop.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Messages in hand at the same time, at least 1.
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
    heartbeat: Heartbeat,
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
        let desk = Arc::new(Desk {
            deletes: Batcher::start(queue.clone(), Operation::Delete, limits.concurrency),
            hand_backs: Batcher::start(queue.clone(), Operation::HandBack, limits.concurrency),
            queue,
            handler,
            metrics,
            work_timeout: limits.work_timeout,
            renew_every: limits.visibility_timeout / 3,
        });
        Self {
            desk,
            limits,
            heartbeat,
        }
    }

    /// Consumes until `stop` completes, then drains within the budget.
    ///
    /// No error of SQS ends this, a lasting one neither: polls go on with a bounded back-off, the
    /// heartbeat stops, and the health check has ECS replace the task.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Drained {
        let mut stop = pin!(stop);
        let slots = Arc::new(Semaphore::new(self.limits.concurrency));
        let (end_work, work_ended) = watch::channel(false);
        let mut in_hand = JoinSet::new();
        let mut failures = 0;
        let mut wait = TRIAL_POLL;

        loop {
            let mut free = select! {
                biased;
                () = &mut stop => break,
                free = self.free_slots(&slots) => free,
            };
            let mut poll = pin!(self.desk.queue.receive(free.num_permits(), wait));
            let polled = select! {
                biased;
                () = &mut stop => {
                    return self.drain(Some(poll), in_hand, &end_work).await;
                }
                polled = &mut poll => polled,
            };
            match polled {
                Ok(messages) => {
                    failures = 0;
                    wait = self.limits.budget.poll;
                    self.heartbeat.beat();
                    for message in messages {
                        let slot = free.split(1);
                        let desk = self.desk.clone();
                        in_hand.spawn(desk.see_through(
                            Arc::new(message),
                            work_ended.clone(),
                            slot,
                        ));
                    }
                }
                Err(error) => {
                    failures += 1;
                    wait = TRIAL_POLL;
                    let pause = backoff(failures);
                    tracing::error!(
                        code = error.code,
                        failures,
                        retry_in_seconds = pause.as_secs(),
                        "{error}"
                    );
                    select! {
                        biased;
                        () = &mut stop => break,
                        () = sleep(pause) => {}
                    }
                }
            }
            while in_hand.try_join_next().is_some() {}
        }
        self.drain(
            None::<Pin<&mut std::future::Pending<_>>>,
            in_hand,
            &end_work,
        )
        .await
    }

    /// Waits for a free slot, then takes all that are free, up to a batch.
    async fn free_slots(&self, slots: &Arc<Semaphore>) -> OwnedSemaphorePermit {
        let mut acquired = pin!(slots.clone().acquire_owned());
        let mut free = loop {
            select! {
                free = &mut acquired => break free.expect("nothing closes the semaphore"),
                () = sleep(BEAT_WHEN_FULL) => self.heartbeat.beat(),
            }
        };
        while free.num_permits() < BATCH
            && let Ok(another) = slots.clone().try_acquire_owned()
        {
            free.merge(another);
        }
        free
    }

    /// Ends everything in hand: what is being worked on may finish until the budget for work is
    /// used up; the rest, and what an open poll still brings, is handed back.
    async fn drain<P>(
        &self,
        open_poll: Option<Pin<&mut P>>,
        mut in_hand: JoinSet<Ending>,
        end_work: &watch::Sender<bool>,
    ) -> Drained
    where
        P: Future<Output = Result<Vec<Message>, CallError>>,
    {
        let enough = Instant::now() + self.limits.budget.work;
        let end = enough + self.limits.budget.hand_back;
        tracing::info!(
            in_hand = in_hand.len(),
            "stopping, no further message is begun"
        );

        if let Some(poll) = open_poll {
            match timeout_at(enough, poll).await {
                Ok(Ok(late)) => {
                    for message in late {
                        in_hand.spawn(self.desk.clone().hand_back(Arc::new(message)));
                    }
                }
                Ok(Err(error)) => tracing::warn!(code = error.code, "{error}"),
                Err(_) => tracing::warn!(
                    "the open poll did not end in time, what it brings stays hidden until its \
                     visibility timeout ends"
                ),
            }
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
    /// A message's whole stay, from received to out of our hands. Keeps its slot meanwhile (it has
    /// one unless SQS sent more messages than it was asked for).
    async fn see_through(
        self: Arc<Self>,
        message: Arc<Message>,
        mut work_ended: watch::Receiver<bool>,
        _slot: Option<OwnedSemaphorePermit>,
    ) -> Ending {
        let started = Instant::now();
        let worked = select! {
            worked = self.work(&message) => Some(worked),
            _ = work_ended.wait_for(|ended| *ended) => None,
            never = self.keep_hidden(&message) => match never {},
        };
        match worked {
            None => self.hand_back(message).await,
            Some(Ok(())) => {
                self.metrics.processed(started.elapsed());
                if self.deletes.submit(message).await {
                    Ending::Finished
                } else {
                    Ending::Abandoned
                }
            }
            Some(Err(failure)) => {
                self.metrics.failed(started.elapsed());
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

    async fn hand_back(self: Arc<Self>, message: Arc<Message>) -> Ending {
        if self.hand_backs.submit(message).await {
            Ending::HandedBack
        } else {
            Ending::Abandoned
        }
    }
}

/// Runs a handler's future; a panic in it becomes a failure.
async fn caught(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
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

/// How long to wait after this many failed polls in a row.
fn backoff(failures: u32) -> Duration {
    FIRST_BACKOFF
        .saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)))
        .min(LONGEST_BACKOFF)
}

#[cfg(test)]
mod tests;
