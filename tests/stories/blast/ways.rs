//! Ways to end a release, as rules that read the counts of minutes.

use canary::{
    evidence::{Answer, Block, Bounds},
    gates::verdict,
};

use super::minutes::Minute;
use crate::rule::{self, Rule};

/// What ends a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The verdict says *worse*.
    Verdict,
    /// The alarm that compares both versions: 2 bad minutes of 5.
    Comparison,
    /// The alarm on dead letters.
    DeadLetters,
    /// Flagger with the numbers of its documentation: the fifth minute, in all, in which less than 99 % of the canary's attempts succeed.
    Flagger,
    /// Argo Rollouts with the numbers of its documentation: every fifth minute is asked, and the fourth, in all, in which less than 95 % do
    /// is one too many.
    Argo,
}

impl Way {
    /// After how many of the minutes it ends the release, if it does.
    pub(crate) fn ends(self, minutes: &[Minute], alarm: &Rule) -> Option<usize> {
        let nth = |every: usize, bad: &dyn Fn(&Minute) -> bool, nth: usize| {
            let asked = (1..).zip(minutes).skip(every - 1).step_by(every);
            let mut bad = asked.filter(|(_, minute)| bad(minute));
            bad.nth(nth - 1).map(|(at, _)| at)
        };
        match self {
            Self::Verdict => worse(minutes),
            Self::Comparison => two_of_five(minutes, alarm),
            Self::DeadLetters => nth(1, &|minute| minute.dead_letters > 0, 1),
            Self::Flagger => nth(1, &|minute| fails_more_than(minute, 1), 5),
            Self::Argo => nth(5, &|minute| fails_more_than(minute, 5), 4),
        }
    }
}

/// After how many minutes the first of some ways ends the release.
pub(crate) fn first(ways: &[Way], minutes: &[Minute], alarm: &Rule) -> Option<usize> {
    ways.iter().filter_map(|way| way.ends(minutes, alarm)).min()
}

fn fails_more_than(minute: &Minute, percent: u64) -> bool {
    minute.canary.failures * 100 > minute.canary.attempts * percent
}

/// When the canary is first called worse, had that been asked after every minute. It is asked only where it can have become so.
fn worse(minutes: &[Minute]) -> Option<usize> {
    let bounds = Bounds::default();
    let blocks: Vec<Block> = minutes.iter().map(|minute| minute.block()).collect();
    let mut asked = 1;
    while let Some(blocks) = blocks.get(..asked) {
        let verdict = verdict::judge(blocks, blocks, &bounds);
        if verdict.answer == Answer::Worse {
            return Some(asked);
        }
        asked += soonest(verdict.worse, &bounds);
    }
    None
}

/// How many minutes it takes at least until evidence is enough, as each adds so much at most. It is told with three digits, cut.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few minutes"
)]
fn soonest(evidence: f64, bounds: &Bounds) -> usize {
    let missing = bounds.needed() / (evidence * 1.01);
    (missing.log(bounds.max_minute_factor).ceil() as usize).max(1)
}

fn two_of_five(minutes: &[Minute], alarm: &Rule) -> Option<usize> {
    let count = |count: u64| u32::try_from(count).expect("a minute's work");
    let is_bad = |minute: &Minute| {
        alarm.is_bad(rule::Minute {
            canary: count(minute.canary.attempts),
            canary_failed: count(minute.canary.failures),
            primary: count(minute.primary.attempts),
            primary_failed: count(minute.primary.failures),
        })
    };
    let bad: Vec<_> = (1..)
        .zip(minutes)
        .filter(|(_, minute)| is_bad(minute))
        .map(|(at, _)| at)
        .collect();
    bad.windows(2)
        .find(|pair| pair[1] - pair[0] < 5)
        .map(|pair| pair[1])
}
