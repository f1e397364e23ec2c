//! What the schedules of several services have in common.

mod field;
mod rate;

use serde_json::Value;
use time::{PrimitiveDateTime, UtcOffset, macros::format_description};

use crate::clock::Moment;
pub(super) use field::{DAYS, Field, MONTHS};
pub(super) use rate::Rate;

/// What an expression such as `at(...)` has between its parentheses.
pub(super) fn inside<'a>(expression: &'a str, beginning: &str) -> Option<&'a str> {
    expression.strip_prefix(beginning)?.strip_suffix(')')
}

/// Whether a time zone is the one that is known here.
pub(super) fn is_utc(zone: &str) -> bool {
    ["UTC", "Etc/UTC", "GMT"].contains(&zone)
}

/// `2026-10-02T17:04`, as `at` and the dates of templates have it, with seconds and a `Z` or not.
pub(super) fn local_time(text: &str) -> Option<Moment> {
    let text = text.trim_end_matches('Z');
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let whole = if text.len() == "2026-10-02T17:04".len() {
        format!("{text}:00")
    } else {
        text.to_owned()
    };
    let parsed = PrimitiveDateTime::parse(&whole, format).ok()?;
    let seconds = parsed.assume_offset(UtcOffset::UTC).unix_timestamp();
    Some(Moment(u64::try_from(seconds).ok()? * 1000))
}

/// A timestamp of a request.
pub(super) fn date(timestamp: &Value) -> Option<Moment> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a timestamp of this century in milliseconds"
    )]
    let millis = |seconds: f64| (seconds * 1000.0).round() as u64;
    timestamp.as_f64().map(|seconds| Moment(millis(seconds)))
}
