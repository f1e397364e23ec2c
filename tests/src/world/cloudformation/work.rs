//! Operations on a stack, one resource after the other.

use std::collections::VecDeque;

use super::{
    ending, making, nested, removing,
    stack::{
        self, CREATE_COMPLETE, CREATE_FAILED, CREATE_IN_PROGRESS, Content, DELETE_COMPLETE,
        DELETE_FAILED, DELETE_IN_PROGRESS, Stack, UPDATE_COMPLETE, UPDATE_FAILED,
        UPDATE_IN_PROGRESS, UPDATE_ROLLBACK_IN_PROGRESS,
    },
};
use crate::{clock::Moment, provision::Settled, world::World};

/// What an operation is to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Create,
    /// Undoes a creation.
    RollBack,
    Update,
    /// Undoes an update.
    GoBack,
    /// Deletes what an update, or its undoing, has left over.
    CleanUp {
        undone: bool,
    },
    Delete,
}

/// An operation that is in progress.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) goal: Goal,
    steps: VecDeque<Step>,
    doing: Option<Doing>,
    /// The resources that failed.
    pub(super) failed: Vec<String>,
    /// What an update that fails goes back to.
    pub(super) before: Option<Content>,
    /// When the last step ended.
    since: Moment,
}

/// One thing to do.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A resource is to be as the template has it.
    Make(String),
    /// A resource is to go.
    Remove(String),
    /// The first of what is left over is to go.
    RemoveLeftover,
    /// A nested stack is to delete what is left over of its own.
    CleanUpNested(String),
}

/// A step that was begun.
#[derive(Debug)]
struct Doing {
    step: Step,
    /// How the resource's statuses begin: `CREATE`, `UPDATE`, `DELETE`.
    what: What,
    until: Moment,
    /// Whether it has taken longer.
    late: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Create,
    Update,
    Delete,
}

impl What {
    pub(super) fn complete(self) -> &'static str {
        match self {
            Self::Create => CREATE_COMPLETE,
            Self::Update => UPDATE_COMPLETE,
            Self::Delete => DELETE_COMPLETE,
        }
    }

    fn failed(self) -> &'static str {
        match self {
            Self::Create => CREATE_FAILED,
            Self::Update => UPDATE_FAILED,
            Self::Delete => DELETE_FAILED,
        }
    }
}

/// How a step began or went on.
pub(super) enum Went {
    /// There is nothing to do.
    Skipped,
    /// It goes on, and ends as this.
    On(What),
    /// It failed, and why.
    Failed(What, String),
}

impl Work {
    pub(super) fn new(goal: Goal, steps: impl IntoIterator<Item = Step>, now: Moment) -> Self {
        Self {
            goal,
            steps: steps.into_iter().collect(),
            doing: None,
            failed: Vec::new(),
            before: None,
            since: now,
        }
    }
}

/// What makes everything be as a template has it.
pub(super) fn makes(content: &Content) -> Vec<Step> {
    let resources = content.plan.resources.iter();
    resources
        .map(|planned| Step::Make(planned.id.clone()))
        .collect()
}

/// What removes everything.
pub(super) fn removes(stack: &Stack) -> Vec<Step> {
    let resources = stack.resources.iter().rev();
    resources
        .filter(|owned| !owned.is_deleted())
        .map(|owned| Step::Remove(owned.id.clone()))
        .collect()
}

/// Begins to create a stack.
pub(super) fn create(world: &mut World, index: usize, content: Content) {
    let now = world.now;
    let stack = &mut world.cloudformation.stacks[index];
    stack.work = Some(Work::new(Goal::Create, makes(&content), now));
    stack.content = Some(content);
    let reason = stack.parent.is_none().then(|| "User Initiated".to_owned());
    stack.set(CREATE_IN_PROGRESS, reason, now);
}

/// Begins to update a stack, or to undo that.
pub(super) fn update(world: &mut World, index: usize, content: Content, goal: Goal) {
    let now = world.now;
    let stack = &mut world.cloudformation.stacks[index];
    let mut work = Work::new(goal, makes(&content), now);
    let before = stack.content.replace(content);
    if goal == Goal::Update {
        work.before = before;
    }
    stack.work = Some(work);
    stack.updated = Some(now);
    let status = match goal {
        Goal::GoBack => UPDATE_ROLLBACK_IN_PROGRESS,
        _ => UPDATE_IN_PROGRESS,
    };
    let reason = stack.parent.is_none().then(|| "User Initiated".to_owned());
    stack.set(status, reason, now);
}

/// Begins to delete a stack.
pub(super) fn delete(world: &mut World, index: usize) {
    let now = world.now;
    let stack = &mut world.cloudformation.stacks[index];
    let mut steps = removes(stack);
    steps.extend(stack.leftovers.iter().map(|_| Step::RemoveLeftover));
    stack.work = Some(Work::new(Goal::Delete, steps, now));
    let reason = stack.parent.is_none().then(|| "User Initiated".to_owned());
    stack.set(DELETE_IN_PROGRESS, reason, now);
}

/// Goes on with the operation on a stack, as far as it gets by now.
pub(super) fn advance(world: &mut World, index: usize) {
    while let Some(mut work) = world.cloudformation.stacks[index].work.take() {
        let next = match work.doing.take() {
            Some(doing) => go_on(world, index, &mut work, doing),
            None => begin(world, index, &mut work),
        };
        match next {
            Next::Again => world.cloudformation.stacks[index].work = Some(work),
            Next::Wait => {
                world.cloudformation.stacks[index].work = Some(work);
                return;
            }
            Next::Failed => ending::fail(world, index, work),
            Next::Done => ending::finish(world, index, &work),
        }
    }
}

enum Next {
    Again,
    Wait,
    Failed,
    Done,
}

fn begin(world: &mut World, index: usize, work: &mut Work) -> Next {
    let Some(step) = work.steps.pop_front() else {
        return Next::Done;
    };
    let went = match &step {
        Step::Make(id) => making::begin(world, index, work.goal, id),
        Step::Remove(id) => removing::begin(world, index, work, id),
        Step::RemoveLeftover => removing::begin_leftover(world, index),
        Step::CleanUpNested(id) => nested::begin_clean_up(world, index, id),
    };
    match went {
        Went::Skipped => Next::Again,
        Went::On(what) => {
            let until = work.since + stack::step(world);
            let late = false;
            work.doing = Some(Doing {
                step,
                what,
                until,
                late,
            });
            Next::Again
        }
        Went::Failed(what, reason) => failed(world, index, work, &step, what, reason),
    }
}

fn failed(
    world: &mut World,
    index: usize,
    work: &mut Work,
    step: &Step,
    what: What,
    reason: String,
) -> Next {
    let now = world.now;
    let stack = &mut world.cloudformation.stacks[index];
    match step {
        Step::Make(id) | Step::Remove(id) => {
            work.failed.push(id.clone());
            if let Some(place) = stack.place(id) {
                stack.set_resource(place, what.failed(), Some(reason), now);
            }
        }
        Step::RemoveLeftover => {
            let leftover = stack.leftovers.remove(0);
            stack.tell(&leftover.owned, what.failed(), Some(reason), now);
        }
        Step::CleanUpNested(_) => {}
    }
    // What cannot be deleted does not keep the rest.
    match what {
        What::Delete => Next::Again,
        What::Create | What::Update => Next::Failed,
    }
}

fn go_on(world: &mut World, index: usize, work: &mut Work, doing: Doing) -> Next {
    if world.now < doing.until {
        work.doing = Some(doing);
        return Next::Wait;
    }
    let settled = match &doing.step {
        Step::Make(id) => making::made(world, index, work.goal, id),
        Step::Remove(id) => removing::removed(world, index, id),
        Step::RemoveLeftover => removing::removed_leftover(world, index),
        Step::CleanUpNested(id) => nested::cleaned_up(world, index, id),
    };
    match settled {
        Settled::NotYet => {
            work.doing = Some(Doing {
                late: true,
                ..doing
            });
            Next::Wait
        }
        Settled::Failed(reason) => {
            let Doing { step, what, .. } = doing;
            failed(world, index, work, &step, what, reason)
        }
        Settled::Yes => {
            let now = world.now;
            work.since = if doing.late { now } else { doing.until };
            let stack = &mut world.cloudformation.stacks[index];
            if let Step::Make(id) = &doing.step
                && let Some(place) = stack.place(id)
            {
                stack.set_resource(place, doing.what.complete(), None, now);
            }
            Next::Again
        }
    }
}
