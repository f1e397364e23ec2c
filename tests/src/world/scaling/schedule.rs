//! When scheduled actions run.
//!
//! AWS: API reference, `PutScheduledAction`. Times are in account time, of the time zone UTC only; periods pass at the
//! account's pace.

use super::{
    super::{
        Fault,
        schedule::{Rate, inside, is_utc, local_time},
    },
    cron::Cron,
    validation,
};
use crate::clock::Moment;

#[derive(Debug, Clone)]
pub(super) enum Schedule {
    /// Once; never, if that is in the past.
    At(Moment),
    Rate(Rate),
    Cron(Cron),
}

/// Between when a schedule that recurs runs, both included.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds {
    pub(super) start: Option<Moment>,
    pub(super) end: Option<Moment>,
}

impl Schedule {
    pub(super) fn parse(expression: &str, zone: &str) -> Result<Self, Fault> {
        if !is_utc(zone) {
            return Err(validation(format!(
                "the local account knows the time zone UTC only, not {zone}"
            )));
        }
        let found = if let Some(moment) = inside(expression, "at(") {
            local_time(moment).map(Self::At)
        } else if let Some(fields) = inside(expression, "cron(") {
            Cron::parse(fields).map(Self::Cron)
        } else {
            Rate::parse(expression).map(Self::Rate)
        };
        found.ok_or_else(|| {
            validation(format!(
                "Schedule {expression:?} is neither at(yyyy-mm-ddThh:mm:ss) nor rate(value unit) nor a \
                 cron(fields) that the local account knows"
            ))
        })
    }

    /// The next run after `now`. A rate without a start begins one period after the action was put; AWS does not say.
    pub(super) fn next(
        &self,
        bounds: Bounds,
        put: Moment,
        now: Moment,
        pace: u32,
    ) -> Option<Moment> {
        let next = match self {
            Self::At(moment) => return (*moment > now).then_some(*moment),
            Self::Rate(rate) => {
                let first = bounds.start.unwrap_or(put + rate.period() / pace);
                if first > now {
                    Some(first)
                } else {
                    Some(rate.after(first, now, pace))
                }
            }
            // At its start, and then as it recurs. AWS: user guide, "Schedule recurring scaling actions".
            Self::Cron(cron) => match bounds.start.filter(|start| *start > now) {
                Some(start) => Some(start),
                None => cron.next_after(now),
            },
        };
        next.filter(|next| bounds.end.is_none_or(|end| *next <= end))
    }
}
