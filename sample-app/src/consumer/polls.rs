//! The polls: when there is one, for how many messages, and what comes of it.
//!
//! One at a time is open, so that an empty queue costs little. But while polls bring all that they ask
//! for, there is another one for every further batch of free slots: one alone brings no more than ten
//! messages in a round trip.

use std::sync::Arc;
use std::time::Duration;

use tokio::select;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::health::Heartbeat;
use crate::queue::{BATCH, CallError, Message, Queue};

/// The first poll, and each after a failed one: short, to know soon whether the queue can be polled.
/// A new task counts as healthy only after it.
const TRIAL_POLL: Duration = Duration::from_secs(1);

/// How often the heart beats while all slots are taken and nothing is polled.
const BEAT_WHEN_FULL: Duration = Duration::from_secs(10);

/// The wait after a failed poll: doubled with each further one, up to the longest.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// A message with its slot; without one if SQS sent more than it was asked for.
pub(super) type Received = (Message, Option<OwnedSemaphorePermit>);

/// The open polls of a queue.
#[derive(Debug)]
pub(super) struct Polls {
    queue: Queue,
    heartbeat: Heartbeat,
    slots: Arc<Semaphore>,
    open: JoinSet<Polled>,
    /// How long a poll waits for messages while all is well.
    longest: Duration,
    /// How long the next one waits for messages.
    wait: Duration,
    /// When the next one may begin.
    not_before: Instant,
    /// Failed ones in a row; those that were open together count once.
    failures: u32,
    /// Whether the last one brought all that it asked for.
    backlog: bool,
}

/// An answer, and a slot for each message that was asked for.
#[derive(Debug)]
struct Polled {
    free: OwnedSemaphorePermit,
    answer: Result<Vec<Message>, CallError>,
}

impl Polls {
    /// None is open yet.
    pub(super) fn new(queue: Queue, slots: usize, longest: Duration, heartbeat: Heartbeat) -> Self {
        Self {
            queue,
            heartbeat,
            slots: Arc::new(Semaphore::new(slots)),
            open: JoinSet::new(),
            longest,
            wait: TRIAL_POLL,
            not_before: Instant::now(),
            failures: 0,
            backlog: false,
        }
    }

    /// What the next poll to end brings, which may be nothing. Dropped early, it loses no message: the
    /// polls stay open.
    pub(super) async fn next(&mut self) -> Vec<Received> {
        loop {
            let is_first = self.open.is_empty();
            let least = if is_first { 1 } else { BATCH };
            select! {
                biased;
                Some(polled) = self.open.join_next() => {
                    let Polled { free, answer } = polled.expect("a poll does not panic");
                    return match answer {
                        Ok(messages) => self.brought(messages, free),
                        Err(error) => {
                            self.failed(&error);
                            Vec::new()
                        }
                    };
                }
                free = free_slots(&self.slots, least, self.not_before), if is_first || self.backlog => {
                    self.begin(free);
                }
                // After a failure a slot is free, so there it is only the pause that is waited for.
                () = sleep(BEAT_WHEN_FULL), if is_first && self.failures == 0 => {
                    self.heartbeat.beat();
                }
            }
        }
    }

    /// What the next open poll brings, without another one being begun; `None` once all have ended.
    pub(super) async fn last(&mut self) -> Option<Vec<Message>> {
        let polled = self.open.join_next().await?;
        let answer = polled.expect("a poll does not panic").answer;
        Some(answer.unwrap_or_else(|error| {
            tracing::warn!(code = error.code, "{error}");
            Vec::new()
        }))
    }

    /// Whether any poll is open.
    pub(super) fn are_open(&self) -> bool {
        !self.open.is_empty()
    }

    fn begin(&mut self, free: OwnedSemaphorePermit) {
        let (queue, wait) = (self.queue.clone(), self.wait);
        self.open.spawn(async move {
            let answer = queue.receive(free.num_permits(), wait).await;
            Polled { free, answer }
        });
    }

    fn brought(&mut self, messages: Vec<Message>, mut free: OwnedSemaphorePermit) -> Vec<Received> {
        self.heartbeat.beat();
        self.failures = 0;
        self.wait = self.longest;
        self.backlog = messages.len() >= free.num_permits();
        messages
            .into_iter()
            .map(|message| (message, free.split(1)))
            .collect()
    }

    fn failed(&mut self, error: &CallError) {
        self.wait = TRIAL_POLL;
        self.backlog = false;
        let mut pause = Duration::ZERO;
        if self.open.is_empty() {
            self.failures += 1;
            pause = backoff(self.failures);
        }
        self.not_before = Instant::now() + pause;
        tracing::error!(
            code = error.code,
            failures = self.failures,
            retry_in_seconds = pause.as_secs(),
            "{error}"
        );
    }
}

/// Waits until it is time and so many slots are free, then takes all that are, up to a batch.
async fn free_slots(
    slots: &Arc<Semaphore>,
    least: usize,
    not_before: Instant,
) -> OwnedSemaphorePermit {
    sleep_until(not_before).await;
    let least = u32::try_from(least).unwrap_or(u32::MAX);
    let mut free = slots
        .clone()
        .acquire_many_owned(least)
        .await
        .expect("nothing closes the semaphore");
    while free.num_permits() < BATCH
        && let Ok(another) = slots.clone().try_acquire_owned()
    {
        free.merge(another);
    }
    free
}

/// How long to wait after this many failed polls in a row.
fn backoff(failures: u32) -> Duration {
    FIRST_BACKOFF
        .saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)))
        .min(LONGEST_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_after_failed_polls_is_bounded() {
        let pauses = [1, 2, 3, 4, 5, 6, 1000, u32::MAX].map(|failures| backoff(failures).as_secs());
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
    }
}
