//! Releases by chance: every run with a seed of its own, so that each figure is the same at every run of the tests.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a minute's counts are small"
)]

use fastrand::Rng;

use super::{
    super::{objective::Alone, tally::sum},
    *,
};

/// Twelve hours.
pub(super) const TWELVE_HOURS: u32 = 720;

/// How many of so many things happen, each by itself with the same chance.
#[derive(Debug, Clone)]
struct Binomial {
    /// The chance that at most as many do as an element's place.
    at_most: Vec<f64>,
    mean: usize,
}

impl Binomial {
    fn new(things: u64, chance: f64) -> Self {
        let things = u32::try_from(things).expect("a minute's work");
        let odds = chance / (1.0 - chance);
        let (mut exactly, mut sum) = ((1.0 - chance).powf(f64::from(things)), 0.0);
        let mut at_most = Vec::new();
        for of in 0..=things {
            sum += exactly;
            at_most.push(sum);
            exactly *= odds * f64::from(things - of) / f64::from(of + 1);
        }
        if chance >= 1.0 {
            at_most.fill(0.0);
        }
        Self {
            at_most,
            mean: (f64::from(things) * chance) as usize,
        }
    }

    /// Looked for from the mean on, from which it is seldom far.
    fn draw(&self, rng: &mut Rng) -> u64 {
        let (chance, mut of) = (rng.f64(), self.mean);
        while of > 0 && chance < self.at_most[of - 1] {
            of -= 1;
        }
        while of < self.at_most.len() - 1 && chance >= self.at_most[of] {
            of += 1;
        }
        of as u64
    }
}

/// A version that attempts as much every minute, each attempt by itself.
#[derive(Debug, Clone)]
struct Version {
    attempts: u64,
    failures: Binomial,
}

impl Version {
    /// `rate` in percent.
    fn new(attempts: u64, rate: f64) -> Self {
        Self {
            attempts,
            failures: Binomial::new(attempts, rate / 100.0),
        }
    }

    fn minute(&self, rng: &mut Rng) -> Counts {
        Counts {
            attempts: self.attempts,
            failures: self.failures.draw(rng),
        }
    }
}

/// A canary with `share` percent of the work and as many attempts a minute, beside its primary: minutes of `[primary, canary]` rates.
pub(super) fn pair(
    [of_primary, of_canary]: [f64; 2],
    share: u64,
    canary: u64,
) -> impl Fn(&mut Rng) -> Block {
    let primary = Version::new(canary * (100 - share) / share, of_primary);
    let canary = Version::new(canary, of_canary);
    move |rng| Block {
        canary: canary.minute(rng),
        primary: primary.minute(rng),
        capacity: None,
    }
}

/// The tasks of one version; every minute each of them may fail as a whole.
#[derive(Debug, Clone)]
struct Tasks {
    each: u64,
    lost: Binomial,
    /// The failures of those that are not lost, by how many these are.
    failures: Vec<Binomial>,
}

impl Tasks {
    /// So many tasks that attempt so much each; `rate` in percent.
    fn new(tasks: u64, each: u64, rate: f64, lost: f64) -> Self {
        let failures = (0..=tasks).map(|well| Binomial::new(well * each, rate / 100.0));
        Self {
            each,
            lost: Binomial::new(tasks, lost),
            failures: failures.collect(),
        }
    }

    fn minute(&self, rng: &mut Rng) -> Counts {
        let (tasks, lost) = (self.failures.len() as u64 - 1, self.lost.draw(rng));
        let well = &self.failures[(tasks - lost) as usize];
        Counts {
            attempts: tasks * self.each,
            failures: lost * self.each + well.draw(rng),
        }
    }
}

/// A task that works on one message after the other, always has one, and takes a minute for one that fails.
#[derive(Debug, Clone)]
struct Slow {
    rate: f64,
    seconds: f64,
    /// How many end well before one fails.
    well: f64,
    /// How long the one that fails has been waited for, if it is.
    waited: Option<f64>,
}

impl Slow {
    fn new(rate: f64, seconds: f64, rng: &mut Rng) -> Self {
        let mut slow = Self {
            rate: rate / 100.0,
            seconds,
            well: 0.0,
            waited: None,
        };
        slow.well = slow.next(rng);
        slow
    }

    fn next(&self, rng: &mut Rng) -> f64 {
        ((1.0 - rng.f64()).ln() / (-self.rate).ln_1p()).floor()
    }

    /// What it ends in a minute.
    fn minute(&mut self, rng: &mut Rng) -> Counts {
        let (mut left, mut counts) = (60.0, Counts::default());
        loop {
            if let Some(waited) = self.waited {
                if waited + left < 60.0 {
                    self.waited = Some(waited + left);
                    return counts;
                }
                left -= 60.0 - waited;
                counts.failures += 1;
                counts.attempts += 1;
                self.waited = None;
                self.well = self.next(rng);
            }
            let ended = (left / self.seconds).floor().min(self.well);
            self.well -= ended;
            counts.attempts += ended as u64;
            left -= ended * self.seconds;
            if self.well > 0.0 {
                return counts;
            }
            self.waited = Some(0.0);
        }
    }
}

/// One task beside others, all of them busy, which take a minute for what fails.
pub(super) fn slow(
    rate: f64,
    primary: u64,
    capacity: Option<f64>,
) -> impl Fn(&mut Rng) -> Box<dyn FnMut(&mut Rng) -> Block> {
    move |rng| {
        let mut canary = Slow::new(rate, 0.5, rng);
        let mut primary: Vec<_> = (0..primary).map(|_| Slow::new(rate, 0.5, rng)).collect();
        Box::new(move |rng| {
            let of_primary = primary.iter_mut().map(|task| task.minute(rng));
            Block {
                primary: of_primary.fold(Counts::default(), sum),
                canary: canary.minute(rng),
                capacity,
            }
        })
    }
}

/// So many tasks of the canary beside those of the primary, each with so many messages a minute; each loses a minute with a chance.
pub(super) fn losing(
    [canary, primary]: [u64; 2],
    each: u64,
    rate: f64,
    lost: f64,
) -> impl Fn(&mut Rng) -> Block {
    let share = canary as f64 / (canary + primary) as f64;
    let [canary, primary] = [canary, primary].map(|tasks| Tasks::new(tasks, each, rate, lost));
    move |rng| Block {
        canary: canary.minute(rng),
        primary: primary.minute(rng),
        capacity: Some(share),
    }
}

/// Messages that are received in batches, of which each fails as a whole or not at all; a batch is at one version.
pub(super) fn batches(rate: f64, share: u64, canary: u64, size: u64) -> impl Fn(&mut Rng) -> Block {
    let batches = pair([rate; 2], share, canary / size);
    let times = move |counts: Counts| Counts {
        attempts: counts.attempts * size,
        failures: counts.failures * size,
    };
    move |rng| {
        let of_batches = batches(rng);
        Block {
            canary: times(of_batches.canary),
            primary: times(of_batches.primary),
            capacity: None,
        }
    }
}

/// One task beside nine, with so many messages a minute each.
pub(super) fn loaded([canary, primary]: [u64; 2], rate: f64) -> impl Fn(&mut Rng) -> Block {
    let (canary, primary) = (Version::new(canary, rate), Version::new(9 * primary, rate));
    move |rng| Block {
        canary: canary.minute(rng),
        primary: primary.minute(rng),
        capacity: Some(0.1),
    }
}

/// The first minute of each run after which `asked` says so, if it does.
fn first<Next: FnMut(&mut Rng) -> Block, Asked: FnMut(&Block) -> bool>(
    runs: u64,
    minutes: u32,
    mut release: impl FnMut(&mut Rng) -> Next,
    asked: impl Fn() -> Asked,
) -> Vec<Option<u32>> {
    let run = |seed| {
        let rng = &mut Rng::with_seed(seed);
        let (mut next, mut asked) = (release(rng), asked());
        (1..=minutes).find(|_| asked(&next(rng)))
    };
    (1..=runs).map(run).collect()
}

/// When the canary is worse.
pub(super) fn worse<Next: FnMut(&mut Rng) -> Block>(
    runs: u64,
    minutes: u32,
    bounds: &Bounds,
    release: impl FnMut(&mut Rng) -> Next,
) -> Vec<Option<u32>> {
    first(runs, minutes, release, || {
        let mut tally = Tally::new(bounds);
        move |block| {
            tally.add(block);
            tally.is_worse()
        }
    })
}

/// When a promoted version is worse than its objective.
pub(super) fn beyond<Next: FnMut(&mut Rng) -> Block>(
    runs: u64,
    minutes: u32,
    bounds: &Bounds,
    release: impl FnMut(&mut Rng) -> Next,
) -> Vec<Option<u32>> {
    first(runs, minutes, release, || {
        let mut alone = Alone::new(bounds);
        move |block| {
            alone.add(block);
            alone.is_worse()
        }
    })
}

/// When either is so, of a release that is promoted after so many minutes and guarded for as many.
pub(super) fn worse_or_beyond<Next: FnMut(&mut Rng) -> Block>(
    runs: u64,
    minutes: u32,
    bounds: &Bounds,
    release: impl FnMut(&mut Rng) -> Next,
) -> Vec<Option<u32>> {
    first(runs, 2 * minutes, release, || {
        let (mut tally, mut alone) = (Tally::new(bounds), Alone::new(bounds));
        move |block| {
            if tally.blocks < minutes {
                tally.add(block);
                return tally.is_worse();
            }
            alone.add(block);
            alone.is_worse()
        }
    })
}

/// When it is as good, if nobody asks for anything else.
pub(super) fn as_good<Next: FnMut(&mut Rng) -> Block>(
    runs: u64,
    minutes: u32,
    bounds: &Bounds,
    release: impl FnMut(&mut Rng) -> Next,
) -> Vec<Option<u32>> {
    first(runs, minutes, release, || {
        let mut evidence = AsGood::new(bounds);
        move |block| {
            evidence.add(block);
            evidence.ln_evidence(1.0) >= bounds.needed().ln()
        }
    })
}

/// When a rule that is asked of each minute by itself has said so of as many minutes.
pub(super) fn bad<Next: FnMut(&mut Rng) -> Block>(
    runs: u64,
    minutes: u32,
    most: u32,
    release: impl FnMut(&mut Rng) -> Next,
    is_bad: impl Fn(&Block) -> bool,
) -> Vec<Option<u32>> {
    first(runs, minutes, release, || {
        let (mut bad, is_bad) = (0, &is_bad);
        move |block| {
            bad += u32::from(is_bad(block));
            bad >= most
        }
    })
}

/// How many percent of the runs came to it.
pub(super) fn percent(runs: &[Option<u32>]) -> f64 {
    let happened = runs.iter().flatten().count();
    happened as f64 * 100.0 / runs.len() as f64
}

/// Within how many minutes so many percent of the runs came to it, if they did.
pub(super) fn within(percent: usize, runs: &[Option<u32>]) -> Option<u32> {
    let mut sorted: Vec<_> = runs.iter().map(|it| it.unwrap_or(u32::MAX)).collect();
    sorted.sort_unstable();
    let at = sorted[(sorted.len() * percent).div_ceil(100) - 1];
    (at < u32::MAX).then_some(at)
}
