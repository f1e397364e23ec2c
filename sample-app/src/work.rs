//! The work itself. This is the file a team replaces.
//!
//! Keep the type's name and the `impl Handler`, put your own code into `process`, and give the
//! type whatever clients it needs. The rules are in [`Handler`].
//!
//! What is here is a demonstration: it waits, and fails a chosen part of the messages. Which ones
//! depends on the message id alone, so a message that fails does so at every attempt and ends up in
//! the dead-letter queue, as a message that the code cannot handle would. Apart from that it fails a
//! chosen part of the attempts, as a dependency that is briefly away would; those messages pass later.
//! And at a chosen part of the attempts its process dies.

use std::time::Duration;

use crate::handler::{Failure, Handler};
use crate::queue::Message;

/// How the demonstration behaves, with messages and with HTTP requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demo {
    /// How long each takes.
    pub duration: Duration,
    /// How many of a hundred fail, 0 to 100; a message at every attempt.
    pub failure_percent: u64,
    /// How many of a hundred attempts fail, 0 to 100, and may pass the next time.
    pub attempt_failure_percent: u64,
}

/// The work on one message.
#[derive(Debug)]
pub struct Work {
    demo: Demo,
    death_percent: u64,
}

impl Work {
    /// Work that behaves as told, and aborts the process at so many of a hundred attempts.
    #[must_use]
    pub fn new(demo: Demo, death_percent: u64) -> Self {
        Self {
            demo,
            death_percent,
        }
    }

    /// Whether the process dies at an attempt that has this hash. Other attempts than those that fail.
    fn dies(&self, attempt: u64) -> bool {
        attempt / 100 % 100 < self.death_percent
    }
}

impl Handler for Work {
    async fn process(&self, message: &Message) -> Result<(), Failure> {
        tokio::time::sleep(self.demo.duration).await;
        if fnv1a(message.id.bytes()) % 100 < self.demo.failure_percent {
            return Err(Failure {
                reason: "chosen to fail by FAILURE_PERCENT",
            });
        }
        let attempt = message.receive_count.to_le_bytes();
        let attempt = fnv1a(attempt.into_iter().chain(message.id.bytes()));
        if self.dies(attempt) {
            // As a process that is out of memory: nothing is told, not even this.
            std::process::abort();
        }
        if attempt % 100 < self.demo.attempt_failure_percent {
            return Err(Failure {
                reason: "this attempt was chosen to fail by ATTEMPT_FAILURE_PERCENT",
            });
        }
        Ok(())
    }
}

/// FNV-1a, 64 bits. The standard library's hasher may change between Rust releases; two versions
/// of the application must fail the same messages.
pub(crate) fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A demonstration that fails so many of a hundred messages, and so many of a hundred attempts.
    fn work(failure_percent: u64, attempt_failure_percent: u64) -> Work {
        let demo = Demo {
            duration: Duration::ZERO,
            failure_percent,
            attempt_failure_percent,
        };
        Work::new(demo, 0)
    }

    async fn fails(work: &Work, number: u32, receive_count: u32) -> bool {
        let message = Message {
            id: format!("5fea7756-0ea4-451a-a703-{number:012x}"),
            receipt: format!("receipt-{number}"),
            body: String::new(),
            receive_count,
        };
        work.process(&message).await.is_err()
    }

    async fn failures(work: &Work, receive_count: u32) -> Vec<u32> {
        let mut failed = Vec::new();
        for number in 0..1000 {
            if fails(work, number, receive_count).await {
                failed.push(number);
            }
        }
        failed
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_messages_fail_at_every_attempt() {
        let work = work(40, 0);
        let first = failures(&work, 1).await;
        assert_eq!(first, failures(&work, 2).await);
        assert!((350..450).contains(&first.len()), "{}", first.len());
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_fails_is_followed_by_one_that_passes() {
        let work = work(0, 5);
        let mut failed = failures(&work, 1).await;
        assert!((30..70).contains(&failed.len()), "{}", failed.len());
        for attempt in 2..=5 {
            let again = failures(&work, attempt).await;
            assert!((30..70).contains(&again.len()), "{}", again.len());
            failed.retain(|number| again.contains(number));
        }
        assert_eq!(failed, [0; 0], "no message fails five times in a row");
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_fails_at_zero_and_everything_at_a_hundred() {
        assert!(failures(&work(0, 0), 1).await.is_empty());
        assert_eq!(failures(&work(100, 0), 1).await.len(), 1000);
        assert_eq!(failures(&work(0, 100), 1).await.len(), 1000);
    }

    #[test]
    fn the_chosen_part_of_attempts_ends_the_process() {
        let mut work = work(0, 0);
        let deaths = |work: &Work| {
            let attempts = 0..1000_u64;
            let hashes = attempts.map(|number| fnv1a(number.to_le_bytes().into_iter()));
            hashes.filter(|hash| work.dies(*hash)).count()
        };
        assert_eq!(deaths(&work), 0);
        work.death_percent = 5;
        let some = deaths(&work);
        assert!((30..70).contains(&some), "{some}");
        work.death_percent = 100;
        assert_eq!(deaths(&work), 1000);
    }

    #[test]
    fn the_hash_is_fnv1a() {
        assert_eq!(fnv1a(b"".iter().copied()), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a".iter().copied()), 0xaf63_dc4c_8601_ec8c);
    }
}
