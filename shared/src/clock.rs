//! Points in time and how durations are told.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// The timeout that the functions are deployed with.
///
/// It is also the window of the fence: what began before a rollback is over after it.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(30);

/// A point in time, to the millisecond.
///
/// Written as RFC 3339 in records, so that a person can read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_epoch_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// From an event's text: RFC 3339, or the `2026-10-02T17:04:40.989+0000` of alarms.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let alarm = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond][offset_hour sign:mandatory][offset_minute]"
        );
        let time = OffsetDateTime::parse(text, &Rfc3339)
            .or_else(|_| OffsetDateTime::parse(text, alarm))
            .ok()?;
        Self::of(time)
    }

    /// From a time of day in UTC.
    pub(crate) fn of(time: OffsetDateTime) -> Option<Self> {
        let millis = u64::try_from(time.unix_timestamp_nanos() / 1_000_000);
        millis.ok().map(Self)
    }

    /// As a time of day in UTC.
    pub(crate) fn utc(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000).ok()
    }

    /// As much earlier; at most back to 1970.
    #[must_use]
    pub fn before(self, earlier: Duration) -> Self {
        let millis = u64::try_from(earlier.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// The time from `earlier` to here; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        let millis = u64::try_from(later.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.utc().and_then(|time| time.format(&Rfc3339).ok()) {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} ms since 1970", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = OffsetDateTime::parse(&text, &Rfc3339).map_err(de::Error::custom)?;
        Self::of(time).ok_or_else(|| de::Error::custom("a time before 1970"))
    }
}

/// A time as an operator reads it who looks at it today: `14:05 UTC`, to the minute that is complete by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock(pub Timestamp);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MINUTE: u64 = 60_000;
        let minutes = self.0.0.div_ceil(MINUTE);
        let (hour, minute) = (minutes / 60 % 24, minutes % 60);
        write!(f, "{hour:02}:{minute:02} UTC")
    }
}

/// A duration as an operator reads it: `45s`, `2m10s`, `1h05m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken(pub Duration);

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
            (0, 0, seconds) => write!(f, "{seconds}s"),
            (0, minutes, 0) => write!(f, "{minutes}m"),
            (0, minutes, seconds) => write!(f, "{minutes}m{seconds:02}s"),
            (hours, 0, _) => write!(f, "{hours}h"),
            (hours, minutes, _) => write!(f, "{hours}h{minutes:02}m"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_survives_the_record() {
        let time = Timestamp::from_epoch_millis(1_790_960_680_989);
        let text = serde_json::to_string(&time).unwrap();
        assert_eq!(text, "\"2026-10-02T17:04:40.989Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&text).unwrap(), time);
    }

    #[test]
    fn the_times_of_pipeline_events_and_of_alarms_are_read() {
        let time = Timestamp::from_epoch_millis(1_790_960_680_989);
        for text in [
            "2026-10-02T17:04:40.989Z",
            "2026-10-02T17:04:40.989+0000",
            "2026-10-02T19:04:40.989+0200",
        ] {
            assert_eq!(Timestamp::read(text), Some(time), "{text}");
        }
        assert_eq!(Timestamp::read("yesterday"), None);
    }

    #[test]
    fn durations_are_told_in_two_units_at_most() {
        let told: Vec<_> = [0, 45, 60, 130, 3600, 3905]
            .map(|seconds| Spoken(Duration::from_secs(seconds)).to_string())
            .into();
        assert_eq!(told, ["0s", "45s", "1m", "2m10s", "1h", "1h05m"]);
    }
}
