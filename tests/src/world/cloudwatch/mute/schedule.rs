//! When a mute rule mutes.
//!
//! AWS: `CloudWatch` API reference, `PutAlarmMuteRule`, and user guide, "Alarm Mute Rules". A schedule is in account
//! time, like all timestamps that AWS is given. Only the time zone UTC is known here.

use std::time::Duration;

use serde_json::Value;

use super::cron::Cron;
use crate::{
    clock::Moment,
    world::{
        Fault,
        schedule::{inside, is_utc, local_time},
    },
};

use super::super::validation;

/// AWS: "a minimum of 1 minute (PT1M) and maximum of 15 days (P15D)".
const SHORTEST: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(15 * 24);

/// When windows begin, and how long they are.
#[derive(Debug)]
pub(super) struct Schedule {
    begins: Begins,
    lasts: Duration,
}

#[derive(Debug)]
enum Begins {
    At(Moment),
    Cron(Cron),
}

/// A time in which alarms are muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Window {
    pub(in super::super) start: Moment,
    pub(in super::super) end: Moment,
}

impl Schedule {
    /// From the member `Schedule` of a rule.
    pub(super) fn parse(input: &Value) -> Result<Self, Fault> {
        let zone = input["Timezone"].as_str().unwrap_or("UTC");
        if !is_utc(zone) {
            return Err(validation(format!(
                "The local account knows the time zone UTC only, not {zone}."
            )));
        }
        let text = input["Expression"].as_str().unwrap_or_default();
        let begins = if let Some(moment) = inside(text, "at(") {
            local_time(moment).map(Begins::At)
        } else if let Some(fields) = inside(text, "cron(") {
            Cron::parse(fields).map(Begins::Cron)
        } else {
            None
        };
        let begins = begins.ok_or_else(|| {
            validation(format!(
                "The schedule expression {text:?} is neither at(yyyy-MM-ddThh:mm) nor \
                 cron(Minutes Hours Day-of-month Month Day-of-week)."
            ))
        })?;
        let text = input["Duration"].as_str().unwrap_or_default();
        let lasts = duration(text)
            .filter(|lasts| (SHORTEST..=LONGEST).contains(lasts))
            .ok_or_else(|| {
                validation(format!(
                    "The duration {text:?} is not an ISO 8601 duration from PT1M to P15D."
                ))
            })?;
        Ok(Self { begins, lasts })
    }

    /// Whether it begins once only.
    pub(super) fn is_once(&self) -> bool {
        matches!(self.begins, Begins::At(_))
    }

    /// Whether no window comes any more.
    pub(super) fn is_over(&self, now: Moment) -> bool {
        match self.begins {
            Begins::At(start) => start + self.lasts <= now,
            Begins::Cron(_) => false,
        }
    }

    /// The window that a moment lies in; of several that overlap the last to begin.
    pub(super) fn window(&self, now: Moment) -> Option<Window> {
        let start = match &self.begins {
            Begins::At(start) => Some(*start).filter(|start| *start <= now),
            Begins::Cron(cron) => cron.last_before(now, self.lasts),
        }?;
        let end = start + self.lasts;
        (now < end).then_some(Window { start, end })
    }
}

/// Days, hours, minutes and seconds of an ISO 8601 duration, in this order.
fn duration(text: &str) -> Option<Duration> {
    let (days, times) = match text.strip_prefix('P')?.split_once('T') {
        Some((_, "")) => return None,
        Some((days, times)) => (days, times),
        None => (text.strip_prefix('P')?, ""),
    };
    let mut seconds = 0;
    for (mut rest, units) in [
        (days, &[('D', 86_400)][..]),
        (times, &[('H', 3600), ('M', 60), ('S', 1)][..]),
    ] {
        for (unit, length) in units {
            if let Some((number, after)) = rest.split_once(*unit) {
                seconds += u64::from(number.parse::<u32>().ok()?) * length;
                rest = after;
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schedule(expression: &str, lasts: &str) -> Schedule {
        let input = json!({ "Expression": expression, "Duration": lasts });
        Schedule::parse(&input).unwrap()
    }

    fn at(text: &str) -> Moment {
        local_time(text).unwrap()
    }

    /// Begin and end of the window that a moment lies in.
    fn window(expression: &str, lasts: &str, now: &str) -> Option<(String, String)> {
        let window = schedule(expression, lasts).window(at(now))?;
        Some((window.start.iso_seconds(), window.end.iso_seconds()))
    }

    #[test]
    fn windows_are_those_of_the_examples_in_the_user_guide() {
        for (expression, lasts, now, expected) in [
            // Friday evening to Monday morning.
            (
                "cron(0 18 * * FRI)",
                "P2DT12H",
                "2026-10-05T05:59",
                Some(("2026-10-02T18:00:00Z", "2026-10-05T06:00:00Z")),
            ),
            ("cron(0 18 * * FRI)", "P2DT12H", "2026-10-05T06:00", None),
            // Over midnight.
            (
                "cron(0 23 * * *)",
                "PT2H",
                "2026-10-03T00:30",
                Some(("2026-10-02T23:00:00Z", "2026-10-03T01:00:00Z")),
            ),
            (
                "cron(0 1 1 * *)",
                "PT6H",
                "2026-10-01T06:59",
                Some(("2026-10-01T01:00:00Z", "2026-10-01T07:00:00Z")),
            ),
            ("cron(0 1 1 * *)", "PT6H", "2026-10-02T06:59", None),
            (
                "cron(0 2 * * SUN)",
                "PT4H",
                "2026-10-04T02:00",
                Some(("2026-10-04T02:00:00Z", "2026-10-04T06:00:00Z")),
            ),
            ("cron(0 2 * JAN SUN)", "PT4H", "2026-10-04T02:00", None),
            (
                "at(2026-12-23T00:00)",
                "P7D",
                "2026-12-29T23:59",
                Some(("2026-12-23T00:00:00Z", "2026-12-30T00:00:00Z")),
            ),
            ("at(2026-12-23T00:00)", "P7D", "2026-12-22T23:59", None),
        ] {
            let expected = expected.map(|(start, end)| (start.to_owned(), end.to_owned()));
            let found = window(expression, lasts, now);
            assert_eq!(found, expected, "{expression} for {lasts} at {now}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused_by_name() {
        for (input, named) in [
            (
                json!({ "Expression": "rate(1 hour)", "Duration": "PT1H" }),
                "rate(1 hour)",
            ),
            (
                json!({ "Expression": "cron(0 2 * * ? *)", "Duration": "PT1H" }),
                "cron(0 2 * * ? *)",
            ),
            (
                json!({ "Expression": "cron(60 2 * * *)", "Duration": "PT1H" }),
                "cron(60 2",
            ),
            (
                json!({ "Expression": "cron(*/5 2 * * *)", "Duration": "PT1H" }),
                "cron(*/5",
            ),
            (
                json!({ "Expression": "at(2026-02-30T00:00)", "Duration": "PT1H" }),
                "2026-02-30",
            ),
            (
                json!({ "Expression": "cron(0 2 * * *)", "Duration": "PT59S" }),
                "PT59S",
            ),
            (
                json!({ "Expression": "cron(0 2 * * *)", "Duration": "P15DT1M" }),
                "P15DT1M",
            ),
            (
                json!({ "Expression": "cron(0 2 * * *)", "Duration": "PT" }),
                "\"PT\"",
            ),
            (
                json!({ "Expression": "cron(0 2 * * *)", "Duration": "PT1H", "Timezone": "Asia/Tokyo" }),
                "Asia/Tokyo",
            ),
        ] {
            let fault = Schedule::parse(&input).unwrap_err();
            assert_eq!(fault.code, "ValidationException");
            assert!(fault.message.contains(named), "{}", fault.message);
        }
    }
}
