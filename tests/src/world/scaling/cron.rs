//! The cron expressions of scheduled actions.
//!
//! AWS: Application Auto Scaling user guide, "Schedule recurring scaling actions using cron expressions", which refers to
//! the cron expressions of `EventBridge`: minutes, hours, day of the month, month, day of the week, year, with `,` `-` `*`
//! `/`, and `?` in one of the two fields for days. `L`, `W` and `#` are not known here.

use std::ops::RangeInclusive;

use time::{Date, OffsetDateTime};

use super::super::schedule::{DAYS, Field, MONTHS};
use crate::clock::Moment;

const YEARS: RangeInclusive<i32> = 1970..=2199;
const MINUTES_OF_DAY: u16 = 24 * 60;

#[derive(Debug, Clone)]
pub(super) struct Cron {
    minutes: Field,
    hours: Field,
    days: Days,
    months: Field,
    years: Vec<RangeInclusive<i32>>,
}

#[derive(Debug, Clone, Copy)]
enum Days {
    OfMonth(Field),
    /// From 1, which is Sunday.
    OfWeek(Field),
}

impl Cron {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, of_month, months, of_week, years] = fields[..] else {
            return None;
        };
        let field = Field::parse_with_steps;
        Some(Self {
            minutes: field(minutes, 0, 59, (0, &[]))?,
            hours: field(hours, 0, 23, (0, &[]))?,
            days: match (of_month, of_week) {
                (days, "?") => Days::OfMonth(field(days, 1, 31, (0, &[]))?),
                ("?", days) => Days::OfWeek(field(days, 1, 7, (1, &DAYS))?),
                _ => return None,
            },
            months: field(months, 1, 12, (1, &MONTHS))?,
            years: years.split(',').map(parse_years).collect::<Option<_>>()?,
        })
    }

    /// The first time that it means after a moment.
    pub(super) fn next_after(&self, moment: Moment) -> Option<Moment> {
        let seconds = i64::try_from(moment.0 / 1000).ok()?;
        let now = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        let mut day = now.date();
        let mut earliest = 60 * u16::from(now.hour()) + u16::from(now.minute()) + 1;
        while day.year() <= *YEARS.end() {
            let mut minutes = earliest..MINUTES_OF_DAY;
            if self.has_day(day)
                && let Some(minute) = minutes.find(|minute| self.has_minute(*minute))
            {
                let midnight = day.midnight().assume_utc().unix_timestamp();
                let seconds = u64::try_from(midnight).ok()? + 60 * u64::from(minute);
                return Some(Moment(seconds * 1000));
            }
            day = day.next_day()?;
            earliest = 0;
        }
        None
    }

    fn has_day(&self, day: Date) -> bool {
        self.years.iter().any(|years| years.contains(&day.year()))
            && self.months.has(u8::from(day.month()))
            && match self.days {
                Days::OfMonth(days) => days.has(day.day()),
                Days::OfWeek(days) => days.has(day.weekday().number_from_sunday()),
            }
    }

    fn has_minute(&self, minute: u16) -> bool {
        let has = |field: Field, value: u16| u8::try_from(value).is_ok_and(|it| field.has(it));
        has(self.hours, minute / 60) && has(self.minutes, minute % 60)
    }
}

/// `*`, a year or a range of years.
fn parse_years(text: &str) -> Option<RangeInclusive<i32>> {
    if text == "*" {
        return Some(YEARS);
    }
    let year = |text: &str| text.parse().ok().filter(|year| YEARS.contains(year));
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let years = year(from)?..=year(to)?;
    (!years.is_empty()).then_some(years)
}

#[cfg(test)]
mod tests {
    use super::{super::super::schedule::local_time, *};

    #[test]
    fn times_are_those_of_the_examples_in_the_user_guides() {
        for (expression, now, expected) in [
            (
                "30 6 ? * MON *",
                "2026-10-02T17:04",
                Some("2026-10-05T06:30:00Z"),
            ),
            (
                "30 6 ? * MON *",
                "2026-10-05T06:30",
                Some("2026-10-12T06:30:00Z"),
            ),
            (
                "0 10 * * ? *",
                "2026-10-02T09:59",
                Some("2026-10-02T10:00:00Z"),
            ),
            (
                "0 18 ? * MON-FRI *",
                "2026-10-02T18:00",
                Some("2026-10-05T18:00:00Z"),
            ),
            (
                "0 8 1 * ? *",
                "2026-10-02T00:00",
                Some("2026-11-01T08:00:00Z"),
            ),
            (
                "0/15 * * * ? *",
                "2026-10-02T17:04",
                Some("2026-10-02T17:15:00Z"),
            ),
            (
                "0 8-16/4 ? * 2-6 *",
                "2026-10-02T12:00",
                Some("2026-10-02T16:00:00Z"),
            ),
            (
                "0 0 29 FEB ? *",
                "2026-10-02T17:04",
                Some("2028-02-29T00:00:00Z"),
            ),
            ("15 10 ? * 6 2026-2027", "2027-12-31T10:15", None),
            ("0 0 31 2 ? *", "2026-10-02T17:04", None),
        ] {
            let next = Cron::parse(expression)
                .unwrap()
                .next_after(local_time(now).unwrap());
            let next = next.map(Moment::iso_seconds);
            assert_eq!(next.as_deref(), expected, "{expression} after {now}");
        }
    }

    #[test]
    fn what_is_no_cron_expression_of_aws_or_not_known_here_is_none() {
        for expression in [
            "30 6 * * MON",
            "30 6 * * MON *",
            "30 6 ? * ? *",
            "60 6 ? * MON *",
            "0 6 ? * 0 *",
            "0 6 L * ? *",
            "0 6 ? * 6#3 *",
            "0/0 6 ? * MON *",
            "0 6 ? * MON 1969",
            "0 6 ? * MON 2027-2026",
        ] {
            assert!(Cron::parse(expression).is_none(), "{expression}");
        }
    }
}
