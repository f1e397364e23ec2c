//! Scheduled actions of automatic scaling: which of them were due while a release had it suspended. Pure.
//!
//! AWS: Application Auto Scaling user guide, "Scheduled scaling", and "Suspend and resume scaling": scheduled actions that fall into a
//! suspension are not made up for. There is no time zone database here: of an action in another zone than UTC nobody can tell more
//! than whether it was due somewhere on Earth.

mod cron;
#[cfg(test)]
mod tests;

use std::{fmt, time::Duration};

use time::{PrimitiveDateTime, macros::format_description};

use crate::clock::Timestamp;
use cron::Cron;

/// As many are named; of the others only how many there are.
const NAMED: usize = 5;

/// How far the clocks of the world are behind UTC and ahead of it at most: `Etc/GMT+12` and `Pacific/Kiritimati`.
const BEHIND: Duration = Duration::from_hours(12);
const AHEAD: Duration = Duration::from_hours(14);

/// A scheduled action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledAction {
    /// Its name.
    pub name: String,
    /// `at(...)`, `rate(...)` or `cron(...)`.
    pub schedule: String,
    /// `Timezone`; UTC if there is none.
    pub zone: Option<String>,
    /// When a schedule that recurs begins.
    pub start: Option<Timestamp>,
    /// After when it does not recur any more.
    pub end: Option<Timestamp>,
}

/// After one moment, and until another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// It begins behind this.
    pub after: Timestamp,
    /// It ends with this.
    pub until: Timestamp,
}

/// Whether an action was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It was not.
    No,
    /// It was, at this time for the last time.
    At(Timestamp),
    /// Its schedule is not known here, or not where it begins.
    Perhaps,
}

/// A schedule that is known here.
enum Schedule {
    At(Timestamp),
    Rate(Duration),
    Cron(Cron),
}

impl Window {
    fn has(self, moment: Timestamp) -> bool {
        self.after < moment && moment <= self.until
    }

    fn is_empty(self) -> bool {
        self.after >= self.until
    }

    /// What clocks show meanwhile, wherever they are.
    fn anywhere(self) -> Self {
        Self {
            after: self.after.before(BEHIND),
            until: self.until + AHEAD,
        }
    }
}

impl ScheduledAction {
    /// Whether it was due in a window.
    #[must_use]
    pub fn due(&self, window: Window) -> Due {
        let recurring = Window {
            after: window.after,
            until: self.end.map_or(window.until, |it| it.min(window.until)),
        };
        let is_utc = self.zone.as_deref().is_none_or(is_utc);
        match Schedule::read(&self.schedule) {
            Some(Schedule::At(moment)) if is_utc => Due::of(Some(moment), window),
            Some(Schedule::At(moment)) => Due::perhaps(window.anywhere().has(moment)),
            Some(Schedule::Rate(period)) => self.due_at_rate(period, recurring),
            Some(Schedule::Cron(cron)) => self.due_by_cron(&cron, recurring, is_utc),
            None => Due::perhaps(!self.is_over(recurring)),
        }
    }

    fn due_at_rate(&self, period: Duration, window: Window) -> Due {
        // When a rate without a start was first due is not documented.
        let Some(start) = self.start else {
            return Due::perhaps(!window.is_empty());
        };
        let times = window.until.since(start).as_millis() / period.as_millis();
        let times = u32::try_from(times).unwrap_or(u32::MAX);
        Due::of(Some(start + period * times), window)
    }

    /// AWS: an action with a start runs at this time, and then as its cron expression says (user guide, "Schedule recurring scaling
    /// actions").
    fn due_by_cron(&self, cron: &Cron, window: Window, is_utc: bool) -> Due {
        let after = self.start.map_or(window.after, |it| it.max(window.after));
        let recurring = Window { after, ..window };
        if recurring.is_empty() {
            return Due::of(self.start, window);
        }
        if is_utc {
            return Due::of(cron.last(recurring).or(self.start), window);
        }
        match Due::perhaps(cron.last(recurring.anywhere()).is_some()) {
            Due::No => Due::of(self.start, window),
            due => due,
        }
    }

    /// Whether it does not recur in a window, however it recurs.
    fn is_over(&self, window: Window) -> bool {
        window.is_empty() || self.start.is_some_and(|start| start > window.until)
    }
}

impl Due {
    fn of(moment: Option<Timestamp>, window: Window) -> Self {
        moment
            .filter(|it| window.has(*it))
            .map_or(Self::No, Self::At)
    }

    fn perhaps(perhaps: bool) -> Self {
        if perhaps { Self::Perhaps } else { Self::No }
    }
}

impl Schedule {
    fn read(expression: &str) -> Option<Self> {
        let inside = |kind: &str| expression.strip_prefix(kind)?.strip_suffix(')');
        if let Some(moment) = inside("at(") {
            let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
            let moment = PrimitiveDateTime::parse(moment, format).ok()?;
            return Timestamp::of(moment.assume_utc()).map(Self::At);
        }
        if let Some(fields) = inside("cron(") {
            return Cron::read(fields).map(Self::Cron);
        }
        let (value, unit) = inside("rate(")?.split_once(' ')?;
        let minutes = match unit {
            "minute" | "minutes" => 1,
            "hour" | "hours" => 60,
            "day" | "days" => 24 * 60,
            _ => return None,
        };
        let value = value.parse::<u32>().ok().filter(|it| *it > 0)?;
        Some(Self::Rate(Duration::from_mins(minutes * u64::from(value))))
    }
}

fn is_utc(zone: &str) -> bool {
    ["UTC", "Etc/UTC", "GMT", "Etc/GMT"].contains(&zone)
}

/// What there is to say of scheduled actions, each with what it scales, that were due in a window: at most five, and how many more.
#[must_use]
pub fn missed(actions: &[(impl fmt::Display, ScheduledAction)], window: Window) -> Vec<String> {
    let mut said: Vec<String> = actions
        .iter()
        .filter_map(|(scaled, action)| {
            let when = match action.due(window) {
                Due::No => return None,
                Due::At(moment) => format!("was due at {moment}"),
                Due::Perhaps => "may have been due".to_owned(),
            };
            Some(format!(
                "scheduled action {} of {scaled} {when} while its scaling was suspended; AWS does not make up for it",
                action.name
            ))
        })
        .collect();
    let more = said.len().saturating_sub(NAMED);
    said.truncate(NAMED);
    match more {
        0 => {}
        1 => said.push("the same goes for 1 more scheduled action".to_owned()),
        more => said.push(format!("the same goes for {more} more scheduled actions")),
    }
    said
}
