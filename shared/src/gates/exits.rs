//! Tasks of the candidate that end by themselves.

use crate::{
    decision::{Refusal, WaitingOn},
    parts::pair::Service,
    record::{Phase, Record},
};

/// The candidate's tasks may end this many times as often as the stable version's, task by task.
const TIMES: u64 = 3;

/// What the ends of tasks come to.
struct Compared<'a> {
    record: &'a Record,
    /// Tasks that should run the candidate, and the stable version, at least one each.
    tasks: (u32, u32),
}

/// The candidate's tasks end by themselves no more often than the target allows, or than the stable version's do.
pub(super) fn compared(
    primary: &Service,
    canary: &Service,
    record: &Record,
) -> Result<(), Refusal> {
    let compared = Compared::of(primary, canary, record);
    let own = record.exits.candidate.many;
    if compared.is_within(own) {
        return Ok(());
    }
    let (of_candidate, of_stable) = compared.tasks;
    Err(Refusal::TaskExits {
        candidate: candidate(record),
        exits: own,
        tasks: of_candidate,
        of_stable: record.exits.stable.many,
        stable_tasks: of_stable,
        allowed: record.target.max_task_exits,
    })
}

/// Ends that nobody knows the reason of count where they would decide: then nothing goes on for as long as they are remembered.
pub(super) fn undecided(primary: &Service, canary: &Service, record: &Record) -> Option<WaitingOn> {
    let compared = Compared::of(primary, canary, record);
    let unknown = record.exits.unknown.newest.len();
    let unknown = u32::try_from(unknown).unwrap_or(u32::MAX);
    let all = record.exits.candidate.many.saturating_add(unknown);
    (unknown > 0 && !compared.is_within(all)).then(|| WaitingOn::UnknownExits {
        candidate: candidate(record),
        unknown,
    })
}

impl<'a> Compared<'a> {
    fn of(primary: &Service, canary: &Service, record: &'a Record) -> Self {
        let tasks = match record.phase {
            Phase::Promoting { .. } => (
                primary.desired + canary.desired,
                record.found.primary.desired,
            ),
            _ => (canary.desired, primary.desired),
        };
        Self {
            record,
            tasks: (tasks.0.max(1), tasks.1.max(1)),
        }
    }

    fn is_within(&self, own: u32) -> bool {
        let (of_candidate, of_stable) = self.tasks;
        let stable = u64::from(self.record.exits.stable.many);
        own <= self.record.target.max_task_exits
            || u64::from(own) * u64::from(of_stable) <= TIMES * stable * u64::from(of_candidate)
    }
}

fn candidate(record: &Record) -> String {
    record
        .candidate()
        .map_or_else(String::new, |it| it.short().to_owned())
}
