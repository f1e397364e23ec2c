//! Schedule expressions: `rate(5 minutes)`.

use std::time::Duration;

use crate::clock::Moment;

/// A fixed period.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Rate(Duration);

impl Rate {
    /// Parses `rate(VALUE UNIT)`; the unit is singular for 1 and plural otherwise, as AWS insists.
    /// AWS: `EventBridge` user guide, "Creating a scheduled rule".
    pub(in super::super) fn parse(expression: &str) -> Option<Self> {
        let (value, unit) = expression
            .strip_prefix("rate(")?
            .strip_suffix(')')?
            .split_once(' ')?;
        let value: u64 = value.parse().ok()?;
        let minutes = match (value, unit) {
            (1, "minute") | (2.., "minutes") => value,
            (1, "hour") | (2.., "hours") => value * 60,
            (1, "day") | (2.., "days") => value * 60 * 24,
            _ => return None,
        };
        Some(Self(Duration::from_mins(minutes)))
    }

    /// The period on AWS.
    pub(in super::super) fn period(self) -> Duration {
        self.0
    }

    /// The first run after `now`, in step with the run that was planned.
    pub(in super::super) fn after(self, planned: Moment, now: Moment, pace: u32) -> Moment {
        let period = (self.0 / pace).max(Duration::from_millis(1));
        let missed = now.since(planned).as_millis() / period.as_millis();
        let missed = u32::try_from(missed).unwrap_or(u32::MAX - 1);
        planned + period * (missed + 1)
    }
}
