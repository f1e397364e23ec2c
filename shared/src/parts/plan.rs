//! The share of consumers of a queue: whole tasks of two versions.
//!
//! SQS gives messages to whoever asks, so with tasks that are alike the share of the messages is
//! the share of the running tasks. Tasks are whole, therefore most shares can only be approached.

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use crate::weight::{Share, Weight};

/// Where the canary's tasks come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// The primary keeps its tasks, the canary's come on top.
    #[default]
    Additive,
    /// Both together keep the number that the release found.
    ConstantTotal,
}

/// How many tasks there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Where the canary's come from.
    pub mode: Mode,
    /// The most of both together at any moment; `None` for no bound.
    pub max_tasks: Option<u32>,
    /// Whether there has to be one of the primary's, in `additive`.
    pub needs_primary: bool,
}

/// Why no number of tasks gives the share.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unreachable {
    /// There is nothing to have a share of.
    #[error(
        "a share of {asked} cannot be reached: the primary service has no tasks; scale it to at least one and \
         retry"
    )]
    NoPrimary {
        /// The share asked for.
        asked: Weight,
    },
    /// Both services together have too few tasks to be split.
    #[error(
        "a share of {asked} cannot be reached with {total} tasks in total (mode constantTotal); allowed with so few \
         is 0 % or 100 %"
    )]
    TooFew {
        /// The share asked for.
        asked: Weight,
        /// Tasks of both.
        total: u32,
    },
    /// `maxTasks` leaves no room.
    #[error(
        "a share of {asked} cannot be reached: maxTasks is {cap} and {taken} tasks are taken; raise maxTasks in the \
         target to {needed} or more"
    )]
    NoRoom {
        /// The share asked for.
        asked: Weight,
        /// `maxTasks`.
        cap: u32,
        /// Tasks that are not the canary's to take.
        taken: u32,
        /// What it would take.
        needed: u32,
    },
    /// Whole tasks do not come near enough.
    #[error(
        "a share of {asked} cannot be reached within {tolerance} percentage points; the nearest reachable shares \
         are {}",
        told(nearest)
    )]
    TooFar {
        /// The share asked for.
        asked: Weight,
        /// What is allowed.
        tolerance: f64,
        /// Below and above, as far as they exist.
        nearest: Vec<Share>,
    },
}

fn told(shares: &[Share]) -> String {
    let told: Vec<_> = shares
        .iter()
        .map(|share| format!("{share} ({} of {} tasks)", share.part, share.whole))
        .collect();
    told.join(" and ")
}

/// The counts whose share is nearest to the asked one.
///
/// `primary` is the primary's desired count now, `total` what both had when the release began.
/// Of two counts that are equally near, the one with fewer canary tasks.
///
/// # Errors
/// None gives it.
pub fn plan(
    bounds: Bounds,
    asked: Weight,
    primary: u32,
    total: u32,
) -> Result<Counts, Unreachable> {
    let split: fn(u32, u32) -> Counts = match bounds.mode {
        Mode::Additive => |primary, canary| Counts { primary, canary },
        Mode::ConstantTotal => |total, canary| Counts {
            primary: total - canary,
            canary,
        },
    };
    let base = match bounds.mode {
        Mode::Additive => primary,
        Mode::ConstantTotal => total,
    };
    let allowed = allowed_canary(bounds, asked, primary, total)?;
    Ok(split(
        base,
        nearest(asked, allowed, |canary| split(base, canary).share()),
    ))
}

/// Refuses a plan whose share is further from the asked one than the tolerance.
///
/// # Errors
/// It is.
pub fn within(
    bounds: Bounds,
    asked: Weight,
    plan: Counts,
    tolerance: Option<f64>,
) -> Result<(), Unreachable> {
    let attained = plan.share();
    let Some(tolerance) = tolerance.filter(|tolerance| attained.distance(asked) > *tolerance)
    else {
        return Ok(());
    };
    // The other side of the asked share is one task away from the nearest.
    let below = attained.percent() < asked.percent();
    let canary = if below {
        Some(plan.canary + 1)
    } else {
        plan.canary.checked_sub(1)
    };
    let other = canary.map(|canary| match bounds.mode {
        Mode::Additive => Counts { canary, ..plan },
        Mode::ConstantTotal => Counts {
            primary: plan.total().saturating_sub(canary),
            canary,
        },
    });
    let within_cap = |counts: &Counts| bounds.max_tasks.is_none_or(|cap| counts.total() <= cap);
    let mut nearest: Vec<Share> = [Some(plan), other.filter(within_cap)]
        .into_iter()
        .flatten()
        .filter(|counts| counts.canary > 0)
        .map(Counts::share)
        .collect();
    nearest.sort_by(|a, b| a.percent().total_cmp(&b.percent()));
    Err(Unreachable::TooFar {
        asked,
        tolerance,
        nearest,
    })
}

/// The next counts on the way from `now` to `goal`: up first, as far as `maxTasks` has room, then down,
/// as far as no work is left without a task.
///
/// Called again once the counts have settled, it arrives; at `goal` it answers `goal`.
#[must_use]
pub fn toward(now: Counts, goal: Counts, cap: Option<u32>) -> Counts {
    let room = cap.map_or(u32::MAX, |cap| cap.saturating_sub(now.total()));
    let canary_up = goal.canary.saturating_sub(now.canary).min(room);
    let primary_up = goal
        .primary
        .saturating_sub(now.primary)
        .min(room - canary_up);
    if canary_up + primary_up > 0 {
        return Counts {
            primary: now.primary + primary_up,
            canary: now.canary + canary_up,
        };
    }
    let surplus = now.total().saturating_sub(goal.total());
    let primary_down = now.primary.saturating_sub(goal.primary).min(surplus);
    let canary_down = now
        .canary
        .saturating_sub(goal.canary)
        .min(surplus - primary_down);
    Counts {
        primary: now.primary - primary_down,
        canary: now.canary - canary_down,
    }
}

/// How many canary tasks the weight, the mode and `maxTasks` allow, from and to.
fn allowed_canary(
    bounds: Bounds,
    asked: Weight,
    primary: u32,
    total: u32,
) -> Result<(u32, u32), Unreachable> {
    let least = u32::from(asked > Weight::ZERO);
    match bounds.mode {
        _ if asked == Weight::ZERO => Ok((0, 0)),
        Mode::Additive if primary == 0 && bounds.needs_primary => {
            Err(Unreachable::NoPrimary { asked })
        }
        Mode::Additive => match bounds.max_tasks {
            Some(cap) if cap <= primary => Err(Unreachable::NoRoom {
                asked,
                cap,
                taken: primary,
                needed: primary + 1,
            }),
            Some(cap) => Ok((least, cap - primary)),
            None => Ok((least, u32::MAX - primary)),
        },
        Mode::ConstantTotal => {
            // A canary task starts before a primary task stops: for a moment there is one more.
            if let Some(cap) = bounds.max_tasks.filter(|cap| *cap <= total) {
                return Err(Unreachable::NoRoom {
                    asked,
                    cap,
                    taken: total,
                    needed: total + 1,
                });
            }
            match (asked == Weight::ALL, total) {
                (_, 0) => Err(Unreachable::NoPrimary { asked }),
                (true, total) => Ok((total, total)),
                (false, 1) => Err(Unreachable::TooFew { asked, total }),
                (false, total) => Ok((least, total - 1)),
            }
        }
    }
}

/// The number of canary tasks whose share is nearest; shares grow with the number, so the nearest
/// is beside the place where they pass the asked one.
fn nearest(asked: Weight, (least, most): (u32, u32), share: impl Fn(u32) -> Share) -> u32 {
    let (mut low, mut high) = (least, most);
    while low < high {
        let middle = low + (high - low) / 2;
        if reaches(share(middle), asked) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if low > least && nearer(share(low - 1), share(low), asked) {
        low - 1
    } else {
        low
    }
}

fn reaches(share: Share, asked: Weight) -> bool {
    u64::from(share.part) * 10_000 >= u64::from(asked.hundredths()) * u64::from(share.whole)
}

/// Whether `a` is at least as near to the asked share as `b`; exact, in whole numbers.
fn nearer(a: Share, b: Share, asked: Weight) -> bool {
    let off = |share: Share| {
        (u128::from(share.part) * 10_000)
            .abs_diff(u128::from(asked.hundredths()) * u128::from(share.whole))
    };
    off(a) * u128::from(b.whole) <= off(b) * u128::from(a.whole)
}

#[cfg(test)]
mod tests;
