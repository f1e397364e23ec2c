//! The cron expressions of AWS: minutes, hours, day of the month, month, day of the week, year, with `,` `-` `*` `/` and `?`.
//!
//! AWS: Application Auto Scaling user guide, "Schedule recurring scaling actions"; EventBridge user guide, "Cron expressions
//! reference". `L`, `W` and `#` are not known here.

use std::ops::RangeInclusive;

use time::{Date, OffsetDateTime};

use super::Window;
use crate::clock::Timestamp;

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// What may be in a field, and the names of its values from 1 on.
type Values = (RangeInclusive<u16>, &'static [&'static str]);

const FIELDS: [Values; 6] = [
    (0..=59, &[]),
    (0..=23, &[]),
    (1..=31, &[]),
    (1..=12, &MONTHS),
    (1..=7, &DAYS),
    (1970..=2199, &[]),
];

/// A cron expression.
pub(super) struct Cron([Vec<Part>; 6]);

/// A range of a field's values, and every how many of them count.
struct Part {
    values: RangeInclusive<u16>,
    step: u16,
}

impl Cron {
    pub(super) fn read(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let fields: [&str; 6] = fields.try_into().ok()?;
        let parts = fields.into_iter().zip(FIELDS).map(|(field, known)| {
            let parts = field.split(',').map(|part| Part::read(part, &known));
            parts.collect::<Option<Vec<_>>>()
        });
        let parts: Vec<_> = parts.collect::<Option<_>>()?;
        parts.try_into().ok().map(Self)
    }

    /// The last time in a window that it means, in UTC.
    pub(super) fn last(&self, window: Window) -> Option<Timestamp> {
        let (first, last) = (window.after.utc()?.date(), window.until.utc()?);
        let mut day = last.date();
        while day >= first {
            let minutes = (0..24 * 60).rev();
            let mut moments = minutes
                .filter(|_| self.has_day(day))
                .filter(|minute| self.has(0, minute % 60) && self.has(1, minute / 60))
                .filter_map(|minute| at(day, minute))
                .skip_while(|moment| *moment > window.until);
            if let Some(moment) = moments.next() {
                return window.has(moment).then_some(moment);
            }
            day = day.previous_day()?;
        }
        None
    }

    fn has_day(&self, day: Date) -> bool {
        let weekday = day.weekday().number_from_sunday();
        self.has(2, day.day().into())
            && self.has(3, u8::from(day.month()).into())
            && self.has(4, weekday.into())
            && u16::try_from(day.year()).is_ok_and(|year| self.has(5, year))
    }

    fn has(&self, field: usize, value: u16) -> bool {
        self.0[field].iter().any(|part| {
            let from = part.values.start();
            part.values.contains(&value) && (value - from).is_multiple_of(part.step)
        })
    }
}

impl Part {
    fn read(text: &str, (known, names): &Values) -> Option<Self> {
        let value = |text: &str| {
            let name = names
                .iter()
                .position(|name| name.eq_ignore_ascii_case(text));
            let value = match name {
                Some(index) => u16::try_from(index + 1).ok(),
                None => text.parse().ok(),
            };
            value.filter(|it| known.contains(it))
        };
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(step.parse().ok().filter(|it| *it > 0)?)),
            None => (text, None),
        };
        let values = match range.split_once('-') {
            _ if range == "*" || range == "?" => known.clone(),
            Some((from, to)) => value(from)?..=value(to)?,
            None if step.is_some() => value(range)?..=*known.end(),
            None => value(range)?..=value(range)?,
        };
        let step = step.unwrap_or(1);
        (!values.is_empty()).then_some(Self { values, step })
    }
}

fn at(day: Date, minute: u16) -> Option<Timestamp> {
    let midnight: OffsetDateTime = day.midnight().assume_utc();
    Timestamp::of(midnight + time::Duration::minutes(minute.into()))
}
