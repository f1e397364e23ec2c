//! The work itself. This is the file a team replaces.
//!
//! Keep the type's name and the `impl Handler`, put your own code into `process`, and give the
//! type whatever clients it needs. The rules are in [`Handler`].
//!
//! What is here is a demonstration: it waits, and fails a chosen part of the messages. Which ones
//! depends on the message id alone, so a message that fails does so at every attempt and ends up in
//! the dead-letter queue, as a message that the code cannot handle would.

use std::time::Duration;

use crate::consumer::{Failure, Handler};
use crate::queue::Message;

/// How the demonstration behaves, with messages and with HTTP requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demo {
    /// How long each takes.
    pub duration: Duration,
    /// How many of a hundred fail, 0 to 100.
    pub failure_percent: u64,
}

/// The work on one message.
#[derive(Debug)]
pub struct Work {
    demo: Demo,
}

impl Work {
    /// Work that behaves as told.
    #[must_use]
    pub fn new(demo: Demo) -> Self {
        Self { demo }
    }
}

impl Handler for Work {
    async fn process(&self, message: &Message) -> Result<(), Failure> {
        tokio::time::sleep(self.demo.duration).await;
        if fnv1a(message.id.as_bytes()) % 100 < self.demo.failure_percent {
            return Err(Failure {
                reason: "chosen to fail by FAILURE_PERCENT",
            });
        }
        Ok(())
    }
}

/// FNV-1a, 64 bits. The standard library's hasher may change between Rust releases; two versions
/// of the application must fail the same messages.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn failures(failure_percent: u64) -> Vec<u32> {
        let work = Work::new(Demo {
            duration: Duration::ZERO,
            failure_percent,
        });
        let mut failed = Vec::new();
        for number in 0..1000_u32 {
            let message = Message {
                id: format!("5fea7756-0ea4-451a-a703-{number:012x}"),
                receipt: format!("receipt-{number}"),
                body: String::new(),
                receive_count: 1,
            };
            if work.process(&message).await.is_err() {
                failed.push(number);
            }
        }
        failed
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_messages_fail_at_every_attempt() {
        let first = failures(40).await;
        assert_eq!(first, failures(40).await);
        assert!((350..450).contains(&first.len()), "{}", first.len());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_fails_at_zero_and_everything_at_a_hundred() {
        assert!(failures(0).await.is_empty());
        assert_eq!(failures(100).await.len(), 1000);
    }

    #[test]
    fn the_hash_is_fnv1a() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
