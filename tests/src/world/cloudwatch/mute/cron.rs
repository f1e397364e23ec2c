//! The cron expressions of mute rules.
//!
//! AWS: `CloudWatch` user guide, "Alarm Mute Rules": five fields; `*`, `,` and `-` in all of them, English names of
//! months and days of the week, 0 and 7 for Sunday. AWS calls it standard cron: where both the day of the month and the
//! day of the week are given, either will do.

use std::time::Duration;

use time::{Date, OffsetDateTime, Weekday};

use crate::{
    clock::Moment,
    world::schedule::{DAYS, Field, MONTHS},
};

#[derive(Debug)]
pub(super) struct Cron {
    minutes: Field,
    hours: Field,
    days_of_month: Field,
    months: Field,
    days_of_week: Field,
}

impl Cron {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split(' ').collect();
        let [minutes, hours, days_of_month, months, days_of_week] = fields[..] else {
            return None;
        };
        Some(Self {
            minutes: Field::parse(minutes, 0, 59, (0, &[]))?,
            hours: Field::parse(hours, 0, 23, (0, &[]))?,
            days_of_month: Field::parse(days_of_month, 1, 31, (0, &[]))?,
            months: Field::parse(months, 1, 12, (1, &MONTHS))?,
            days_of_week: Field::parse(days_of_week, 0, 7, (0, &DAYS))?,
        })
    }

    /// The last time that it meant at or before a moment, and no longer ago than that.
    pub(super) fn last_before(&self, now: Moment, ago: Duration) -> Option<Moment> {
        let seconds = i64::try_from(now.0 / 1000).ok()?;
        let now = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        let first = now.checked_sub(ago.try_into().ok()?)?.date();
        let mut day = now.date();
        while day >= first {
            let before = if day == now.date() {
                60 * u32::from(now.hour()) + u32::from(now.minute())
            } else {
                24 * 60 - 1
            };
            if self.has_day(day)
                && let Some(minute) = (0..=before).rev().find(|minute| self.has_minute(*minute))
            {
                let midnight = day.midnight().assume_utc().unix_timestamp();
                let seconds = u64::try_from(midnight).ok()? + 60 * u64::from(minute);
                return Some(Moment(seconds * 1000));
            }
            day = day.previous_day()?;
        }
        None
    }

    fn has_day(&self, day: Date) -> bool {
        let month = self.days_of_month.has(day.day());
        // Sunday is both 0 and 7.
        let weekday = day.weekday();
        let week = self.days_of_week.has(weekday.number_days_from_sunday())
            || weekday == Weekday::Sunday && self.days_of_week.has(7);
        let is_one = if self.days_of_month.is_any() || self.days_of_week.is_any() {
            month && week
        } else {
            month || week
        };
        is_one && self.months.has(u8::from(day.month()))
    }

    fn has_minute(&self, minute: u32) -> bool {
        let has = |field: Field, value: u32| u8::try_from(value).is_ok_and(|it| field.has(it));
        has(self.hours, minute / 60) && has(self.minutes, minute % 60)
    }
}
