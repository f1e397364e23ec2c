//! A story from a seed, always the same one.

use fastrand::Rng;

use super::{
    rates::{NEAR, RATES, Rate, WITHIN},
    story::{At, Finally, Pair, Story, at},
};

/// The story of a seed.
pub(super) fn story(seed: u64) -> Story {
    let mut rng = Rng::with_seed(seed);
    let pair = Pair::ALL[rng.usize(..Pair::ALL.len())];
    let finally = if rng.bool() {
        Finally::Approved
    } else {
        Finally::Rejected
    };
    let events = events(RATES, pair, &mut rng);
    Story {
        pair,
        finally,
        events,
    }
}

/// What happens at these rates, in order.
pub(super) fn events(rates: &[Rate], pair: Pair, rng: &mut Rng) -> Vec<At> {
    let all = rates.iter().flat_map(|rate| some_of(rate, pair, rng));
    let mut events: Vec<At> = all.collect();
    gather(&mut events, rng);
    events.sort_by_key(|it| it.second);
    events
}

fn some_of(rate: &Rate, pair: Pair, rng: &mut Rng) -> Vec<At> {
    if rng.u32(..100) >= rate.percent {
        return Vec::new();
    }
    let many = rng.u32(1..=rate.most);
    let all = (0..many).filter_map(|_| {
        let second = rng.u32(..WITHIN);
        (rate.one)(rng, pair).map(|event| at(second, event))
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
