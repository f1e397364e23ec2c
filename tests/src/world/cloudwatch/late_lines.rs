//! Log lines that come late, and with them their metrics.
//!
//! AWS does not say how long it takes until a metric in a log line can be read. Prometheus's `cloudwatch_exporter` waits ten
//! minutes (its `delay_seconds`) before it takes values for final.

use std::{ops::RangeInclusive, time::Duration};

use super::{data::Datum, store};
use crate::world::{World, chance::Chance};

/// Which log lines with metrics come late, and by how much. Their metrics count for the minute that they say, all of a line
/// at once.
#[derive(Debug)]
pub struct LateLines {
    chance: Chance,
    percent: u32,
    minutes: RangeInclusive<u32>,
}

impl LateLines {
    /// So many of a hundred lines come so many minutes of metric time late, the same ones for the same seed.
    #[must_use]
    pub fn seeded(seed: u64, percent: u32, minutes: RangeInclusive<u32>) -> Self {
        Self {
            chance: Chance::seeded(seed),
            percent,
            minutes,
        }
    }

    fn draw(&mut self) -> Duration {
        if self.chance.below(100) >= self.percent {
            return Duration::ZERO;
        }
        let (least, most) = (*self.minutes.start(), *self.minutes.end());
        let minutes = least + self.chance.below((most + 1).saturating_sub(least));
        Duration::from_mins(minutes.into())
    }
}

/// How late a line with these data comes.
pub(super) fn delay(world: &mut World, data: &[Datum]) -> Duration {
    match &mut world.cloudwatch.late_lines {
        Some(late) if !data.is_empty() => late.draw() / world.pace,
        _ => Duration::ZERO,
    }
}

/// Stores what has come.
pub(super) fn deliver(world: &mut World) {
    let now = world.now;
    let underway = std::mem::take(&mut world.cloudwatch.underway);
    for (comes, datum) in underway {
        if comes <= now {
            store(world, datum);
        } else {
            world.cloudwatch.underway.push((comes, datum));
        }
    }
}
