//! What the evidence says, in words.

use std::fmt;

use super::held::Held;
use crate::{
    clock::{Clock, Timestamp},
    evidence::{
        Answer, Bounds, Counts, Outlook, Standard, Verdict, Withheld,
        minutes::{Doubt, MINUTE, Measured, ceil},
    },
    record::{CameTo, Evidence, Phase, Record},
    target::Consequence,
    words::{Code, Words},
};

/// What the evidence of a release says.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Told {
    /// No minute is over.
    #[error("No evidence yet: the first whole minute is settled at {}", Clock(*.0))]
    NotYet(Timestamp),
    /// It cannot be read.
    #[error("No evidence: {0}")]
    Unseen(String),
    /// Nothing can be compared.
    #[error("No evidence: {0}")]
    Doubt(Doubt),
    /// The canary fails more often, or what runs after its promotion fails more often than it may.
    #[error("{0}")]
    Worse(Worse),
    /// The same, which people have said is to keep nothing from going on.
    #[error("{said}. The release goes on despite that: {reason}")]
    Despite {
        /// What is seen.
        said: Worse,
        /// Why it goes on.
        reason: String,
    },
    /// The same, where the target only has it told.
    #[error("{0}. That is only told (TARGET: field verdict is tell)")]
    OnlyTold(Worse),
    /// It does not.
    #[error("{0}")]
    AsGood(Compared),
    /// Nobody can tell yet.
    #[error("{0}")]
    NotEnough(Compared),
    /// Both run the candidate.
    #[error("No comparison: everything runs the candidate")]
    NoComparison,
    /// Both run the candidate, which is held to its objective.
    #[error("No comparison: everything runs the candidate. {0}")]
    Held(Held),
}

/// Counts of both versions and what they come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    verdict: Verdict,
    bounds: Bounds,
    calls: OfCalls,
}

/// Why a release must not go on, or stay.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Worse {
    /// The canary fails more often.
    #[error("{0}")]
    Canary(Compared),
    /// What runs after the promotion fails more often than it may.
    #[error("{0}")]
    Promoted(Held),
}

/// The same, for the action that must not.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0}. To go on all the same, give this action \"despite\": \"worse\" and a \"reason\"")]
pub(in crate::gates) struct ToGoOn(pub Worse);

impl Words for ToGoOn {
    fn code(&self) -> Option<Code> {
        Some(Code::Worse)
    }
}

/// Whether counts are of calls, and why not of what the versions count of their own work.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OfCalls(Option<Doubt>);

impl fmt::Display for OfCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(why) => write!(f, ". These are calls: {why}"),
            None => Ok(()),
        }
    }
}

/// Attempts as metrics count them, beside the share that was attained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    attained: f64,
    measured: Measured,
}

impl Told {
    /// What the evidence of a release says; nothing before the canary has its first share.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        let compared = Self::of_both(record);
        let Some(held) = Self::of_promoted(record) else {
            return compared;
        };
        if held.is_worse() {
            return Some(held);
        }
        compared.filter(Self::is_worse).or(Some(held))
    }

    /// What the comparison of both versions says.
    fn of_both(record: &Record) -> Option<Self> {
        let evidence = &record.evidence;
        let since = evidence.since?;
        let unseen = evidence.unseen.clone().map(Self::Unseen);
        let first = ceil(since) + MINUTE + record.target.evidence.settle();
        let Some(read) = &evidence.read else {
            return unseen.or(Some(Self::NotYet(first)));
        };
        let verdict = match &read.came_to {
            CameTo::Doubt(doubt) => return unseen.or_else(|| Some(Self::Doubt(doubt.clone()))),
            CameTo::Verdict(verdict) => verdict.clone(),
        };
        let answer = verdict.answer;
        // What was seen to be worse stays so, whether more can be seen or not.
        if answer != Answer::Worse && unseen.is_some() {
            return unseen;
        }
        if answer != Answer::Worse && read.settled <= ceil(since) {
            return Some(Self::NotYet(first));
        }
        let said = Compared {
            verdict,
            bounds: record.target.evidence,
            calls: OfCalls(read.uncounted.clone()),
        };
        let is_promoted = matches!(
            record.phase,
            Phase::Promoting { .. } | Phase::Promoted { .. }
        );
        Some(match answer {
            Answer::Worse => Self::comes_of(Worse::Canary(said), record),
            _ if is_promoted => Self::NoComparison,
            Answer::AsGood => Self::AsGood(said),
            Answer::NotEnough => Self::NotEnough(said),
        })
    }

    /// What is said of the promoted version, once it was held to its objective.
    fn of_promoted(record: &Record) -> Option<Self> {
        let evidence = &record.evidence;
        let unseen = evidence.unseen.clone().map(Self::Unseen);
        let read = evidence.guard.as_ref()?;
        let judged = match &read.came_to {
            CameTo::Doubt(doubt) => return unseen.or_else(|| Some(Self::Doubt(doubt.clone()))),
            CameTo::Verdict(judged) => judged.clone(),
        };
        let is_worse = judged.is_worse;
        let held = Held::new(
            judged,
            record.target.evidence,
            OfCalls(read.uncounted.clone()),
        );
        if is_worse {
            return Some(Self::comes_of(Worse::Promoted(held), record));
        }
        unseen.or(Some(Self::Held(held)))
    }

    fn comes_of(worse: Worse, record: &Record) -> Self {
        match &record.evidence.despite {
            _ if record.target.verdict == Consequence::Tell => Self::OnlyTold(worse),
            Some(reason) => Self::Despite {
                said: worse,
                reason: reason.clone(),
            },
            None => Self::Worse(worse),
        }
    }

    /// In a few words, for an approval.
    #[must_use]
    pub fn short(&self) -> &'static str {
        match self {
            Self::NotYet(_) | Self::Unseen(_) | Self::Doubt(_) => "no evidence",
            Self::Worse(_) | Self::Despite { .. } | Self::OnlyTold(_) => "worse",
            Self::AsGood(_) => "as good",
            Self::NotEnough(_) => "not enough evidence",
            Self::NoComparison | Self::Held(_) => "no comparison",
        }
    }

    fn is_worse(&self) -> bool {
        matches!(self, Self::Worse(_)) || self.is_worse_and_goes_on()
    }

    /// Whether the canary is worse, and nothing comes of it.
    #[must_use]
    pub fn is_worse_and_goes_on(&self) -> bool {
        matches!(self, Self::Despite { .. } | Self::OnlyTold(_))
    }

    /// When people heard that nothing comes of it: once of a canary, and once of what was promoted.
    pub fn heard<'a>(&self, evidence: &'a mut Evidence) -> &'a mut Option<Timestamp> {
        match self {
            Self::OnlyTold(Worse::Promoted(_))
            | Self::Despite {
                said: Worse::Promoted(_),
                ..
            } => &mut evidence.told_in_guard,
            _ => &mut evidence.told,
        }
    }

    /// Whether the canary is as good.
    #[must_use]
    pub fn is_as_good(&self) -> bool {
        matches!(self, Self::AsGood(_))
    }
}

impl Share {
    /// Of a release, once attempts were counted at its present share.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        let evidence = &record.evidence;
        let measured = evidence.read.as_ref()?.measured;
        measured.percent()?;
        Some(Self {
            attained: evidence.at?.attained,
            measured,
        })
    }

    /// Fewer attempts say nothing about a share.
    const SOME: u64 = 200;

    /// Whether it is far from what was attained: half as much, or twice, and five points.
    #[must_use]
    pub fn is_far_off(&self) -> bool {
        let attained = self.attained;
        let Some(measured) = self.measured.percent() else {
            return false;
        };
        let is_far = measured < attained / 2.0 || measured > attained * 2.0;
        self.measured.all() >= Self::SOME && is_far && (measured - attained).abs() > 5.0
    }
}

/// `9.8 % measured: 98 of 1000 attempts`
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measured { canary, .. } = self.measured;
        let (percent, all) = (
            self.measured.percent().unwrap_or_default(),
            self.measured.all(),
        );
        let tenths = (percent * 10.0).round() / 10.0;
        write!(f, "{tenths} % measured: {canary} of {all} attempts")?;
        if self.is_far_off() {
            write!(
                f,
                ", far from the {} % attained",
                (self.attained * 10.0).round() / 10.0
            )?;
        }
        Ok(())
    }
}

/// `Canary 5 of 100 failed, primary 9 of 900: evidence 12 of the 100 that it takes to call it worse; at this rate about 6 minutes more`
impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            verdict,
            bounds,
            calls,
        } = self;
        let (canary, primary) = (of(verdict.canary), of(verdict.primary));
        let (worse, as_good) = (Number(verdict.worse), Number(verdict.as_good));
        let needed = Number(bounds.needed());
        match verdict.answer {
            Answer::Worse => write!(
                f,
                "The canary is worse than {}: {canary} failed, of the primary {primary}; evidence {worse}, and {needed} is enough (a canary that \
                 is as good gets there in at most {} % of releases){calls}",
                than(verdict.than, *bounds),
                Number(bounds.alpha * 100.0)
            ),
            Answer::AsGood => write!(
                f,
                "The canary is as good: {canary} failed, of the primary {primary}; evidence {as_good}, and {needed} is enough to say that {}",
                better_than(*bounds)
            ),
            Answer::NotEnough => {
                write!(
                    f,
                    "Canary {canary} failed, primary {primary}: evidence {worse} of the {needed} that it takes to call it worse"
                )?;
                if let Some(withheld) = verdict.withheld {
                    return write!(
                        f,
                        ", but that is not said: {}",
                        why(withheld, verdict, *bounds)
                    );
                }
                match verdict.outlook {
                    Some(Outlook::Worse(minutes)) => write!(f, "; {}", more(minutes)),
                    Some(Outlook::AsGood(minutes)) => write!(
                        f,
                        ", {as_good} of the {needed} that it takes to call it as good; {}",
                        more(minutes)
                    ),
                    None => Ok(()),
                }
            }
        }
    }
}

pub(super) fn of(counts: Counts) -> String {
    format!("{} of {}", counts.failures, counts.attempts)
}

fn more(minutes: u32) -> String {
    let s = if minutes == 1 { "" } else { "s" };
    format!("at this rate about {minutes} minute{s} more")
}

fn than(standard: Standard, bounds: Bounds) -> String {
    match (standard, bounds.objective) {
        (Standard::Objective, Some(percent)) => {
            format!("its objective of at most {} % failures", Number(percent))
        }
        _ => "the primary".to_owned(),
    }
}

/// What *as good* means.
fn better_than(bounds: Bounds) -> String {
    match bounds.objective {
        None => format!("it does not fail {} times as often", Number(bounds.ratio)),
        Some(percent) => format!("at most {} % of its attempts fail", Number(percent)),
    }
}

fn why(withheld: Withheld, verdict: &Verdict, bounds: Bounds) -> String {
    match withheld {
        Withheld::CanaryFailures => format!(
            "it takes {} failures of the canary (minCanaryFailures)",
            bounds.min_canary_failures
        ),
        Withheld::Gap => format!(
            "it fails {} percentage points more often, and it takes {} (minGapPoints)",
            Number(verdict.gap_points.unwrap_or_default()),
            Number(bounds.min_gap_points)
        ),
    }
}

/// A number as people read it: whole from ten on.
pub(super) struct Number(pub(super) f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value) = *self;
        if value >= 10.0 {
            write!(f, "{value:.0}")
        } else {
            let digits = if value >= 0.1 || value <= 0.0 {
                100.0
            } else {
                10_000.0
            };
            write!(f, "{}", (value * digits).round() / digits)
        }
    }
}
