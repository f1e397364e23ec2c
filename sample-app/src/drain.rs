//! How the time between SIGTERM and SIGKILL is spent.

use std::time::Duration;

/// SQS: `WaitTimeSeconds` is at most 20 ("Amazon SQS short and long polling").
const LONGEST_POLL: Duration = Duration::from_secs(20);

/// Handing ten messages back is one short call; five seconds leave room for its retries.
const MOST_FOR_HANDING_BACK: Duration = Duration::from_secs(5);

/// What an answer may take on its way back after SQS's own wait has ended.
const WAY_BACK: Duration = Duration::from_millis(500);

/// The stop time-out, divided up.
///
/// An open poll is not cut: SQS may already be handing messages to its connection, and they would
/// stay hidden until their visibility timeout ends. So a poll may not be longer than a stop
/// can wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How long one poll waits for messages, in whole seconds.
    pub poll: Duration,
    /// How long after the signal work that was begun may go on.
    pub work: Duration,
    /// How long handing back what is left may take after that. The rest is for the process to end.
    pub hand_back: Duration,
}

impl Budget {
    /// Divides up `stop_timeout`, which is at least two seconds.
    #[must_use]
    pub fn of(stop_timeout: Duration) -> Self {
        let reserve = MOST_FOR_HANDING_BACK.min(stop_timeout / 3);
        let work = stop_timeout.saturating_sub(reserve);
        let poll = work.saturating_sub(WAY_BACK).min(LONGEST_POLL).as_secs();
        Self {
            poll: Duration::from_secs(poll.max(1)),
            work,
            hand_back: reserve * 4 / 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_of_fargate_leaves_the_longest_poll_and_25_seconds_for_work() {
        assert_eq!(
            Budget::of(Duration::from_secs(30)),
            Budget {
                poll: Duration::from_secs(20),
                work: Duration::from_secs(25),
                hand_back: Duration::from_secs(4),
            }
        );
    }

    #[test]
    fn a_stop_never_has_to_cut_a_poll_and_ends_before_the_kill() {
        for seconds in 2..=120 {
            let stop_timeout = Duration::from_secs(seconds);
            let budget = Budget::of(stop_timeout);
            assert!(budget.poll >= Duration::from_secs(1), "{budget:?}");
            assert!(budget.poll <= Duration::from_secs(20), "{budget:?}");
            assert!(budget.poll < budget.work, "{budget:?}");
            assert!(budget.work + budget.hand_back < stop_timeout, "{budget:?}");
        }
    }
}
