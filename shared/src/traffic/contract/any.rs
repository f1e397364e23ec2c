//! Random releases in random accounts, with a random rollback: what nobody has thought of.

use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};

use super::{
    Admitted, Place, World,
    back::{Obstacle, Obstacles},
    clauses::{rights, rolled_back},
    release::{Result, Run},
};
use crate::fixtures::Speed;

/// More changes than any release makes.
const ALL: usize = 1000;

/// A release: after how many writes it is killed, and its rollback, and what is in that one's way.
#[derive(Debug, Clone)]
struct Story {
    lives: usize,
    lives_back: usize,
    late_after: Option<usize>,
    sees_before: bool,
    /// Look by look: something by its place that is hidden, or denied.
    ahead: Vec<Option<(bool, usize)>>,
}

fn story() -> impl Strategy<Value = Story> {
    let lives = prop_oneof![9 => 0usize..60, 1 => Just(ALL)];
    let lives_back = prop_oneof![1 => 0usize..8, 1 => Just(ALL)];
    let obstacle = prop::option::of((any::<bool>(), 0usize..12));
    let ahead = prop::collection::vec(obstacle, 0..8);
    let late_after = prop::option::of(0usize..3);
    (lives, lives_back, late_after, any::<bool>(), ahead).prop_map(
        |(lives, lives_back, late_after, sees_before, ahead)| Story {
            lives,
            lives_back,
            late_after,
            sees_before,
            ahead,
        },
    )
}

/// The contract holds for any release of a model.
pub(in crate::traffic) fn assert_any_holds<M: Admitted>() {
    let speed = prop_oneof![Just(Speed::Fast), Just(Speed::Slow)];
    let places = speed.prop_flat_map(|speed| M::any(speed));
    // Where it fails it says all there is to know.
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    let told = TestRunner::new(config).run(&(places, story()), |(place, story)| {
        let holds = story.told(&place).map_err(|violation| violation.at(&place));
        holds.map_err(|violation| TestCaseError::fail(violation.to_string()))
    });
    if let Err(failed) = told {
        panic!("{failed}");
    }
}

impl Story {
    fn told<M: Admitted>(&self, place: &Place<M>) -> Result<()> {
        let mut run = Run::new(place);
        (run.lives, run.is_examined) = (self.lives, true);
        run.release()?;
        run.lives = self.lives_back;
        let rights = rights(&run.world.parts());
        let obstacle = |(is_denied, at): (bool, usize)| {
            if is_denied {
                Obstacle::Denied(rights[at % rights.len()].clone())
            } else {
                Obstacle::Hidden(at)
            }
        };
        let ahead = self.ahead.iter().map(|ahead| ahead.map(obstacle));
        let obstacles = Obstacles {
            late_after: self.late_after,
            sees_before: self.sees_before,
            ahead: ahead.collect(),
        };
        rolled_back(&mut run, &obstacles)
    }
}
