//! What the metrics of both versions say, minute by minute. Pure.

use std::{collections::BTreeMap, time::Duration};

use super::{
    Block, Counts,
    meter::{Meter, Meters, Metric, Taken},
};
use crate::clock::Timestamp;

/// The minutes of metrics, by when each begins. One without data is not there.
pub type Series = BTreeMap<Metric, BTreeMap<Timestamp, f64>>;

/// One minute.
pub const MINUTE: Duration = Duration::from_mins(1);

/// What ended as long ago is there, if what belongs together comes together (VERDICT: 2 % false at 5 % with a third of all documents
/// one to three minutes late).
const SOON: Duration = Duration::from_mins(1);

/// Answers that take longer may be counted a minute after their requests.
const SLOW_SECONDS: f64 = 10.0;

/// Which minutes are judged at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When the first one begins.
    pub from: Timestamp,
    /// When the last one ends that *worse* is asked of.
    pub through: Timestamp,
    /// When the last one ends that is settled.
    pub settled: Timestamp,
}

/// What was counted in them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Minutes {
    /// Those that *worse* is asked of.
    pub early: Vec<Block>,
    /// Those that are settled.
    pub settled: Vec<Block>,
    /// How many minutes are one block.
    pub in_block: u8,
    /// Who attempted what since the canary has its present share.
    pub measured: Measured,
    /// Why nothing can be compared, if so.
    pub doubt: Option<Doubt>,
}

/// Attempts, by who made them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Measured {
    /// The canary's.
    pub canary: u64,
    /// The primary's.
    pub primary: u64,
}

impl Measured {
    /// All of them.
    #[must_use]
    pub fn all(self) -> u64 {
        self.canary.saturating_add(self.primary)
    }

    /// The canary's share in percent, if there were any.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
    pub fn percent(self) -> Option<f64> {
        let all = self.all();
        (all > 0).then(|| self.canary as f64 * 100.0 / all as f64)
    }
}

/// What is known of how work was split, beside the metrics.
#[derive(Debug, Clone, Copy)]
pub struct Split<'a> {
    /// The canary's share of what takes work.
    pub capacity: &'a [CapacityShare],
    /// Since when the canary has its present share.
    pub since: Option<Timestamp>,
    /// Whether the canary is to work: after a promotion it may have nothing to do.
    pub with_canary: bool,
}

/// Which of two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// The canary.
    Canary,
    /// The primary.
    Primary,
}

/// Why what was counted cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", tag = "why")]
pub enum Doubt {
    /// Neither version has counted anything.
    #[error("neither version has counted anything: {canary} and {primary} have no data")]
    #[serde(rename_all = "camelCase")]
    Nothing {
        /// The canary's metric.
        canary: String,
        /// The primary's.
        primary: String,
    },
    /// A promoted version has not, which is counted in one place.
    #[error("the promoted version has counted nothing: {metric} has no data")]
    Uncounted {
        /// Its metric.
        metric: String,
    },
    /// One of them has not.
    #[error("{metric} has no data, while the {} has; if it works, its metrics have other names or dimensions", other(*.side))]
    #[serde(rename_all = "camelCase")]
    OneSided {
        /// Which.
        side: Side,
        /// Its metric.
        metric: String,
    },
    /// They have ended more than there was.
    #[error(
        "the metrics count {counted} messages processed where {metric} is {ended}: their dimensions take in more than these two versions"
    )]
    #[serde(rename_all = "camelCase")]
    TooMany {
        /// What both count.
        counted: u64,
        /// What somebody else counts.
        metric: String,
        /// How much that is.
        ended: u64,
    },
    /// They have ended nothing, and there was something.
    #[error(
        "the metrics count nothing, while {metric} is {ended}: they have other names or dimensions, or others consume the queue"
    )]
    #[serde(rename_all = "camelCase")]
    TooFew {
        /// What somebody else counts.
        metric: String,
        /// How much that is.
        ended: u64,
    },
}

fn other(side: Side) -> &'static str {
    match side {
        Side::Canary => "primary",
        Side::Primary => "canary",
    }
}

/// The canary's share of what takes work, from when on.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CapacityShare {
    /// Since when.
    pub since: Timestamp,
    /// 0 to 1.
    pub share: f64,
}

impl Span {
    /// The whole minutes after `from` and before `until`, if that is over, that can be judged by `now`; `None` if there is none yet.
    #[must_use]
    pub fn of(
        from: Timestamp,
        until: Option<Timestamp>,
        now: Timestamp,
        settle: Duration,
        together: bool,
    ) -> Option<Self> {
        let from = ceil(from);
        let end = |age: Duration| {
            floor(until.map_or(now.before(age), |until| until.min(now.before(age))))
        };
        let settled = end(settle).max(from);
        let through = if together {
            end(SOON).max(settled)
        } else {
            settled
        };
        (through > from).then_some(Self {
            from,
            through,
            settled,
        })
    }
}

/// The next full minute, if it is none.
#[must_use]
pub fn ceil(at: Timestamp) -> Timestamp {
    let floor = floor(at);
    if floor == at { at } else { floor + MINUTE }
}

/// The last full minute.
#[must_use]
pub fn floor(at: Timestamp) -> Timestamp {
    let since = at.since(Timestamp::from_epoch_millis(0)).as_millis();
    at.before(Duration::from_millis(
        u64::try_from(since % MINUTE.as_millis()).unwrap_or_default(),
    ))
}

impl Minutes {
    /// What was counted in a span.
    #[must_use]
    pub fn of(
        span: Span,
        series: &Series,
        meters: &Meters,
        split: Split<'_>,
        settle: Duration,
        now: Timestamp,
    ) -> Self {
        let length: u8 = if is_slow(series, meters) { 2 } else { 1 };
        let block_time = MINUTE * length.into();
        let minutes: Vec<_> = starts(span).collect();
        let whole = minutes.chunks_exact(length.into()).map(|minutes| {
            let counts = |meter| counts(meter, minutes, series, settle, now);
            let capacity = minutes
                .iter()
                .filter_map(|it| capacity_in(*it, split.capacity));
            let block = Block {
                canary: meters.canary.as_ref().map_or_else(Counts::default, counts),
                primary: counts(&meters.primary),
                capacity: capacity.reduce(f64::max),
            };
            (minutes[0], block)
        });
        let whole: Vec<_> = whole.collect();
        let at_share = whole
            .iter()
            .filter(|(minute, _)| split.since.is_some_and(|it| it <= *minute));
        let measured = at_share.fold(Measured::default(), |sum, (_, block)| Measured {
            canary: sum.canary.saturating_add(block.canary.attempts),
            primary: sum.primary.saturating_add(block.primary.attempts),
        });
        let settled = whole
            .iter()
            .filter(|(begins, _)| *begins + block_time <= span.settled);
        Self {
            settled: settled.map(|(_, block)| *block).collect(),
            in_block: length,
            measured,
            doubt: doubt(span, series, meters, &whole, split.with_canary),
            early: whole.into_iter().map(|(_, block)| block).collect(),
        }
    }
}

fn starts(span: Span) -> impl Iterator<Item = Timestamp> {
    std::iter::successors(Some(span.from), |at| Some(*at + MINUTE))
        .take_while(move |at| *at < span.through)
}

/// Whether answers take so long that a request and its answer may be counted in different minutes.
fn is_slow(series: &Series, meters: &Meters) -> bool {
    meters.each().any(|meter| match meter {
        Meter::Requests { took, .. } => {
            let took = series.get(took);
            took.is_some_and(|it| it.values().any(|seconds| *seconds > SLOW_SECONDS))
        }
        Meter::Work { .. } | Meter::Invocations { .. } => false,
    })
}

/// What a version has done in these minutes. Metrics without data are none of it where those have some that come with them.
fn counts(
    meter: &Meter,
    minutes: &[Timestamp],
    series: &Series,
    settle: Duration,
    now: Timestamp,
) -> Counts {
    let of = |metric: &Metric| {
        let values = minutes.iter().filter_map(|it| series.get(metric)?.get(it));
        values.copied().map(count).fold(0, u64::saturating_add)
    };
    let ends = minutes.last().map_or(now, |last| *last + MINUTE);
    match meter {
        Meter::Work {
            processed,
            failed,
            taken,
        } => {
            let (processed, failed) = (of(processed), of(failed));
            let died = taken.as_ref().map_or(0, |taken| {
                died(
                    taken,
                    processed.saturating_add(failed),
                    &of,
                    ends + settle,
                    now,
                )
            });
            Counts {
                attempts: processed.saturating_add(failed).saturating_add(died),
                failures: failed.saturating_add(died),
            }
        }
        Meter::Invocations { all, failed } => Counts {
            attempts: of(all),
            failures: of(failed),
        },
        Meter::Requests { all, well, .. } => {
            let all = of(all);
            let well = well.iter().map(of).fold(0, u64::saturating_add);
            Counts {
                attempts: all,
                failures: all.saturating_sub(well),
            }
        }
    }
}

/// What was taken and never came to an end, once it is overdue.
fn died(
    taken: &Taken,
    ended: u64,
    of: &impl Fn(&Metric) -> u64,
    settled: Timestamp,
    now: Timestamp,
) -> u64 {
    if settled + taken.ends_within > now {
        return 0;
    }
    let ended = ended.saturating_add(taken.released.as_ref().map_or(0, of));
    of(&taken.received).saturating_sub(ended)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast keeps within the bounds, and takes no number for none"
)]
fn count(value: f64) -> u64 {
    value.round() as u64
}

/// The largest share of what takes work in a minute.
fn capacity_in(minute: Timestamp, capacity: &[CapacityShare]) -> Option<f64> {
    let before = capacity.iter().rev().find(|it| it.since <= minute);
    let within = capacity
        .iter()
        .filter(|it| it.since > minute && it.since < minute + MINUTE);
    before
        .into_iter()
        .chain(within)
        .map(|it| it.share)
        .reduce(f64::max)
}

/// Fewer than these are too few to say that they are too many.
const SOME: u64 = 100;

/// Why what was counted cannot be compared, if so.
fn doubt(
    span: Span,
    series: &Series,
    meters: &Meters,
    blocks: &[(Timestamp, Block)],
    with_canary: bool,
) -> Option<Doubt> {
    let has = |meter: &Meter| {
        let metrics = meter.metrics();
        metrics
            .into_iter()
            .any(|metric| series.get(metric).is_some_and(|it| !it.is_empty()))
    };
    let name = |meter: &Meter| meter.attempts().to_string();
    let of_canary = meters.canary.as_ref();
    let (canary, primary) = (of_canary.is_some_and(has), has(&meters.primary));
    // What the queue says comes late, too.
    let ended = meters.ended.as_ref().and_then(|metric| {
        let minutes = series.get(metric)?;
        let settled = minutes.range(span.from..span.settled);
        Some((
            metric.to_string(),
            settled.fold(0, |sum: u64, (_, value)| sum.saturating_add(count(*value))),
        ))
    });
    if !canary && !primary {
        let primary = name(&meters.primary);
        return Some(match (ended, of_canary.map(name)) {
            (Some((metric, ended)), _) if ended > 0 => Doubt::TooFew { metric, ended },
            (_, Some(canary)) => Doubt::Nothing { canary, primary },
            (_, None) => Doubt::Uncounted { metric: primary },
        });
    }
    let one_sided = |side, meter| {
        let metric = name(meter);
        Some(Doubt::OneSided { side, metric })
    };
    match of_canary {
        Some(meter) if !canary && with_canary => return one_sided(Side::Canary, meter),
        _ if !primary => return one_sided(Side::Primary, &meters.primary),
        _ => {}
    }
    let (metric, ended) = ended.filter(|(_, ended)| *ended > 0)?;
    let settled = blocks.iter().filter(|(begins, _)| *begins < span.settled);
    let counted = settled.fold(0, |sum: u64, (_, block)| {
        let well = |it: Counts| it.attempts.saturating_sub(it.failures);
        sum.saturating_add(well(block.canary))
            .saturating_add(well(block.primary))
    });
    // Twice as many: a message that is late to be deleted is processed again, and counted again.
    (counted >= SOME && counted / 2 > ended).then_some(Doubt::TooMany {
        counted,
        metric,
        ended,
    })
}

#[cfg(test)]
mod tests;
