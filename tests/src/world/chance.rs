//! Chance that is the same in every run.

/// Numbers that look like chance and follow from a seed: `SplitMix64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below a bound, each as likely as the others; 0 if the bound is 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let scaled = (self.next() >> 32) * u64::from(bound);
        u32::try_from(scaled >> 32).unwrap_or_default()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_numbers_and_each_about_as_often() {
        let draw = |seed| {
            let mut chance = Chance::seeded(seed);
            (0..6_000).map(|_| chance.below(6)).collect::<Vec<_>>()
        };
        let drawn = draw(7);
        assert_eq!(drawn, draw(7));
        assert_ne!(drawn, draw(8));
        for face in 0..6 {
            let times = drawn.iter().filter(|it| **it == face).count();
            assert!((900..1_100).contains(&times), "{face}: {times} of 6000");
        }
        assert_eq!(Chance::seeded(7).below(0), 0);
    }
}
