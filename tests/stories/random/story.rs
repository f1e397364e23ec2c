//! A story is data: what is released, how people answer in the end, and what happens when. It is written as the Rust that tells it.

use std::{fmt, time::Duration};

use rehearsal_core::stage::{Mode, Stage, Step, Traffic, Work};

use super::event::Event;

/// What is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    QueueAdditive,
    QueueConstantTotal,
    Alb,
    Alias,
    SetsAdditive,
    SetsConstantTotal,
    SetsAlb,
}

/// What a target is made of: what people can do to it, what it is like, and what has to hold for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of two services.
    Pair,
    /// Of two versions behind the alias of a function.
    Alias,
    /// Of two task sets of one service.
    Sets,
}

/// How approvals are answered that wait when all faults are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finally {
    Approved,
    Rejected,
}

/// What happens in one world. The first push, of version v2, is at second 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) target: Target,
    pub(super) finally: Finally,
    pub(super) events: Vec<At>,
}

/// Something that happens so many seconds after the first push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub(super) second: u32,
    pub(super) event: Event,
}

pub(super) const fn at(second: u32, event: Event) -> At {
    At { second, event }
}

/// Shares up to the first approval.
const STEPS: [Step; 2] = [Step::new(25, 60), Step::new(50, 0)];

impl Target {
    pub(super) const PAIRS: &[Self] = &[Self::QueueAdditive, Self::QueueConstantTotal, Self::Alb];
    pub(super) const ALIASES: &[Self] = &[Self::Alias];
    pub(super) const SETS: &[Self] = &[Self::SetsAdditive, Self::SetsConstantTotal, Self::SetsAlb];

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::QueueAdditive | Self::QueueConstantTotal | Self::Alb => Kind::Pair,
            Self::Alias => Kind::Alias,
            Self::SetsAdditive | Self::SetsConstantTotal | Self::SetsAlb => Kind::Sets,
        }
    }

    pub(super) fn stage(self) -> Stage {
        let (traffic, mode) = match self {
            Self::QueueAdditive => (Traffic::Queue, Mode::Additive),
            Self::QueueConstantTotal => (Traffic::Queue, Mode::ConstantTotal),
            Self::Alb => (Traffic::Alb, Mode::Additive),
            Self::Alias => (Traffic::Lambda, Mode::Additive),
            Self::SetsAdditive => (Traffic::TaskSets, Mode::Additive),
            Self::SetsConstantTotal => (Traffic::TaskSets, Mode::ConstantTotal),
            Self::SetsAlb => (Traffic::TaskSetsAlb, Mode::Additive),
        };
        // People decide once about a constant total, and twice about the others.
        let (steps, further_steps) = match self {
            Self::SetsAdditive | Self::SetsAlb => {
                let (first, further) = (Step::new(25, 60), Step::new(50, 0));
                (vec![first], Some(vec![further]))
            }
            Self::SetsConstantTotal => (STEPS.to_vec(), Some(Vec::new())),
            _ => (STEPS.to_vec(), None),
        };
        Stage {
            traffic,
            mode,
            steps: Some(steps),
            further_steps,
            promote_bake: Duration::from_mins(1),
            deregistration_delay: Duration::from_secs(10),
            ..Stage::default()
        }
    }
}

impl Story {
    /// Whether nobody but the suite has changed weights or tasks, and every task starts and lives.
    pub(super) fn is_left_alone(&self) -> bool {
        self.target.stage().traffic.work() == Work::Requests
            && !self.events.iter().any(|it| {
                matches!(
                    it.event,
                    Event::Count(..)
                        | Event::Hotfix(_)
                        | Event::Weights(_)
                        | Event::StopTasks(..)
                        | Event::Spot(..)
                        | Event::FailStarts(_)
                        | Event::ScaleSet(..)
                        | Event::MakeSet(_)
                        | Event::DeleteSet
                )
            })
    }

    /// Second after which nothing is wrong any more.
    pub(super) fn over(&self) -> u32 {
        let ends = self.events.iter().map(|it| it.second + it.event.lasts());
        ends.max().unwrap_or_default()
    }
}

/// As it can be pasted into a test.
impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "tell(Target::{:?}, Finally::{:?}, &[",
            self.target, self.finally
        )?;
        for At { second, event } in &self.events {
            writeln!(f, "    at({second}, {event:?}),")?;
        }
        f.write_str("])")
    }
}
