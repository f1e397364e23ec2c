//! A story from a seed, always the same one.

use fastrand::Rng;

use super::{
    event::Event,
    rates::{LET_THROUGH, NEAR, OF_ALIASES, OF_ALL, OF_PAIRS, OF_SETS, Rate, WITHIN},
    story::{At, Finally, Story, Target, at},
};

/// Worlds that are made alike.
pub(super) struct Worlds {
    pub(super) targets: &'static [Target],
    /// What happens in them, and how often.
    pub(super) rates: &'static [&'static [Rate]],
    /// In how many of a hundred worlds the release is let through first.
    pub(super) let_through: u32,
}

pub(super) const PAIRS: Worlds = Worlds {
    targets: Target::PAIRS,
    rates: &[OF_ALL, OF_PAIRS],
    let_through: 0,
};

pub(super) const ALIASES: Worlds = Worlds {
    targets: Target::ALIASES,
    rates: &[OF_ALL, OF_ALIASES],
    let_through: 0,
};

pub(super) const SETS: Worlds = Worlds {
    targets: Target::SETS,
    rates: &[OF_ALL, OF_SETS],
    let_through: 60,
};

impl Worlds {
    /// The story of a seed.
    pub(super) fn story(&self, seed: u64) -> Story {
        let mut rng = Rng::with_seed(seed);
        let target = self.targets[rng.usize(..self.targets.len())];
        let finally = if rng.bool() {
            Finally::Approved
        } else {
            Finally::Rejected
        };
        let mut events = events(self.rates, target, &mut rng);
        if rng.u32(..100) < self.let_through {
            let_through(&mut events);
        }
        Story {
            target,
            finally,
            events,
        }
    }
}

/// People approve whatever waits, and what would end the release comes once it should be promoted.
fn let_through(events: &mut Vec<At>) {
    for it in events.iter_mut().filter(|it| it.event.ends_release()) {
        it.second = LET_THROUGH + it.second / 2;
    }
    events.push(at(0, Event::ApproveAll));
    events.sort_by_key(|it| it.second);
}

/// What happens at these rates, in order.
pub(super) fn events(rates: &[&[Rate]], target: Target, rng: &mut Rng) -> Vec<At> {
    let all = rates.iter().copied().flatten();
    let all = all.flat_map(|rate| some_of(rate, target, rng));
    let mut events: Vec<At> = all.collect();
    gather(&mut events, rng);
    events.sort_by_key(|it| it.second);
    events
}

fn some_of(rate: &Rate, target: Target, rng: &mut Rng) -> Vec<At> {
    if rng.u32(..100) >= rate.percent {
        return Vec::new();
    }
    let many = rng.u32(1..=rate.most);
    let all = (0..many).filter_map(|_| {
        let second = rng.u32(..WITHIN);
        (rate.one)(rng, target).map(|event| at(second, event))
    });
    all.collect()
}

/// Moves some events near to others: most of what goes wrong does so because two things meet.
fn gather(events: &mut [At], rng: &mut Rng) {
    let (percent, seconds) = NEAR;
    for index in 0..events.len() {
        if rng.u32(..100) < percent {
            let other = events[rng.usize(..events.len())].second;
            let from = other.saturating_sub(seconds);
            events[index].second = rng.u32(from..WITHIN.min(other + seconds + 1));
        }
    }
}
