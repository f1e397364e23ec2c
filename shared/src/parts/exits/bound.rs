//! The gate on tasks that end by themselves: how many of the candidate's may.

use super::Exits;
use crate::{
    names::TaskDefinitionArn,
    words::{Words, plural},
};

/// The candidate's tasks may end this many times as often as the stable version's, task by task.
const TIMES: u64 = 3;

/// How many tasks of the candidate may end by themselves.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a> {
    /// The candidate.
    pub candidate: &'a TaskDefinitionArn,
    /// So many may, however the stable version's do.
    pub allowed: u32,
    /// How many should run the candidate.
    pub tasks: u32,
    /// How many should run the stable version.
    pub stable_tasks: u32,
}

/// What is said of tasks that end by themselves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// A gate closed: the candidate does not stay up.
    #[error(
        "{exits} task{} of {} ended by themselves since the release began, where {tasks} should run; of the stable version {of_stable}, \
         where {stable_tasks} should. {allowed} are allowed (maxTaskExits), or three times the stable version's, task by task",
        plural(*exits), candidate.short()
    )]
    TooMany {
        /// The candidate.
        candidate: TaskDefinitionArn,
        /// How many of its tasks.
        exits: u32,
        /// How many tasks should run it.
        tasks: u32,
        /// How many tasks of the stable version.
        of_stable: u32,
        /// How many tasks should run that.
        stable_tasks: u32,
        /// `maxTaskExits`.
        allowed: u32,
    },
    /// Ends of tasks that nobody knows the reason of.
    #[error(
        "{unknown} task{} of {} ended for reasons that this version of the suite does not know, and that would be too many if \
         they ended by themselves: nothing goes further until two hours after they ended", plural(*unknown), candidate.short()
    )]
    Unknown {
        /// The candidate.
        candidate: TaskDefinitionArn,
        /// How many.
        unknown: u32,
    },
}

impl Words for Reason {}

impl Bound<'_> {
    /// The candidate's tasks end by themselves no more often than is allowed, or than the stable version's do.
    ///
    /// # Errors
    /// They do.
    pub fn ask(self, exits: &Exits) -> Result<(), Reason> {
        let own = exits.candidate.many;
        if self.is_within(own, exits) {
            return Ok(());
        }
        Err(Reason::TooMany {
            candidate: self.candidate.clone(),
            exits: own,
            tasks: self.tasks.max(1),
            of_stable: exits.stable.many,
            stable_tasks: self.stable_tasks.max(1),
            allowed: self.allowed,
        })
    }

    /// Ends that nobody knows the reason of count where they would decide: then nothing goes on for as long as they are remembered.
    #[must_use]
    pub fn undecided(self, exits: &Exits) -> Option<Reason> {
        let unknown = u32::try_from(exits.unknown.newest.len()).unwrap_or(u32::MAX);
        let all = exits.candidate.many.saturating_add(unknown);
        (unknown > 0 && !self.is_within(all, exits)).then(|| Reason::Unknown {
            candidate: self.candidate.clone(),
            unknown,
        })
    }

    fn is_within(self, own: u32, exits: &Exits) -> bool {
        let (tasks, stable_tasks) = (self.tasks.max(1), self.stable_tasks.max(1));
        let stable = u64::from(exits.stable.many);
        own <= self.allowed
            || u64::from(own) * u64::from(stable_tasks) <= TIMES * stable * u64::from(tasks)
    }
}
