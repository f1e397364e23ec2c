//! Points in time of the account, as AWS writes them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, macros::format_description};

/// Milliseconds since the Unix epoch.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Moment(pub u64);

impl Moment {
    /// `2026-10-02T17:04:40Z`, the form of `EventBridge` envelopes.
    #[must_use]
    pub fn iso_seconds(self) -> String {
        self.format(format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second]Z"
        ))
    }

    /// `2026-10-02T17:04:40.989Z`, the form of details in `CodePipeline` events.
    #[must_use]
    pub fn iso_millis(self) -> String {
        self.format(format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        ))
    }

    /// `2026-10-02T17:04:40.989+0000`, the form of `CloudWatch` alarm payloads.
    #[must_use]
    pub fn iso_offset(self) -> String {
        self.format(format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]+0000"
        ))
    }

    /// Seconds since the epoch, the form of timestamps in JSON and CBOR protocols.
    #[must_use]
    pub fn epoch_seconds(self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of this century fit in 52 bits"
        )]
        let millis = self.0 as f64;
        millis / 1000.0
    }

    /// How long ago `earlier` was; zero if it is in the future.
    #[must_use]
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    fn format(self, format: &[time::format_description::BorrowedFormatItem<'_>]) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|moment| moment.format(format).ok())
            .unwrap_or_else(|| format!("{} ms since the epoch", self.0))
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, later: Duration) -> Moment {
        Moment(self.0 + u64::try_from(later.as_millis()).unwrap_or(u64::MAX))
    }
}
