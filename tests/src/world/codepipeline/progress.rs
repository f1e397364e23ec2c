//! How executions move on: through run-order groups, out of a stage, into the next, past each other.
//!
//! What to do next is decided from the pipeline's state alone and then done, until nothing is left to
//! do. AWS: `CodePipeline` user guide, "How pipeline executions work".

use super::{
    actions, announce,
    declaration::ExecutionMode,
    state::{ActionStatus, Pipeline, Place, StageRun, Status},
};
use crate::world::World;

/// One step of one execution.
#[derive(Debug, PartialEq, Eq)]
enum Move {
    /// It gives way to a newer one.
    Supersede,
    /// It enters a stage that is free.
    Enter(usize),
    /// It starts the actions of the next run order.
    Start { stage: usize, actions: Vec<usize> },
    /// It has done all of a stage.
    Leave(usize),
    /// An action of its stage failed and none is in progress any more.
    Fail,
    /// It was to stop and nothing is in progress any more.
    Stop,
}

/// Moves every execution as far as it can go now.
pub(super) fn advance(world: &mut World, pipeline: &mut Pipeline) {
    while let Some((execution, step)) = next_move(pipeline) {
        carry_out(world, pipeline, execution, &step);
    }
}

/// The oldest execution that can move goes first, so that none is overtaken just because several
/// things happened at once.
fn next_move(pipeline: &Pipeline) -> Option<(usize, Move)> {
    (0..pipeline.executions.len()).find_map(|index| Some((index, move_of(pipeline, index)?)))
}

fn move_of(pipeline: &Pipeline, index: usize) -> Option<Move> {
    let execution = &pipeline.executions[index];
    match (execution.place, execution.status) {
        (Place::Ended, _) => None,
        (Place::Before(_), Status::Stopping) => Some(Move::Stop),
        (Place::Before(stage), _) if is_superseded(pipeline, index, stage) => Some(Move::Supersede),
        (Place::Before(stage), _) => {
            let is_free = pipeline
                .executions
                .iter()
                .all(|other| other.place != Place::Inside(stage));
            (is_free && !pipeline.closed.contains_key(&stage)).then_some(Move::Enter(stage))
        }
        (Place::Inside(stage), status) => move_inside(pipeline, index, stage, status),
    }
}

fn is_superseded(pipeline: &Pipeline, index: usize, stage: usize) -> bool {
    pipeline.declaration.execution_mode == ExecutionMode::Superseded
        && pipeline.executions[index + 1..]
            .iter()
            .any(|newer| newer.place == Place::Before(stage) && newer.status == Status::InProgress)
}

fn move_inside(pipeline: &Pipeline, index: usize, stage: usize, status: Status) -> Option<Move> {
    let runs = pipeline.current_runs(index, stage);
    let any = |wanted| runs.iter().flatten().any(|run| run.status == wanted);
    if any(ActionStatus::InProgress) {
        return None;
    }
    if status == Status::Stopping {
        return Some(Move::Stop);
    }
    if any(ActionStatus::Failed) || any(ActionStatus::Abandoned) {
        return Some(Move::Fail);
    }
    let declared = &pipeline.declaration.stages[stage].actions;
    let waiting = || (0..declared.len()).filter(|&action| runs[action].is_none());
    let Some(next) = waiting().map(|action| declared[action].run_order).min() else {
        return Some(Move::Leave(stage));
    };
    Some(Move::Start {
        stage,
        actions: waiting()
            .filter(|&action| declared[action].run_order == next)
            .collect(),
    })
}

fn carry_out(world: &mut World, pipeline: &mut Pipeline, index: usize, step: &Move) {
    match step {
        Move::Supersede => end(world, pipeline, index, Status::Superseded),
        Move::Enter(stage) => enter(world, pipeline, index, *stage),
        Move::Start { stage, actions } => {
            for action in actions {
                actions::start(world, pipeline, index, *stage, *action);
            }
        }
        Move::Leave(stage) => leave(world, pipeline, index, *stage),
        Move::Fail => end(world, pipeline, index, Status::Failed),
        Move::Stop => end(world, pipeline, index, Status::Stopped),
    }
}

fn enter(world: &mut World, pipeline: &mut Pipeline, index: usize, stage: usize) {
    let execution = &mut pipeline.executions[index];
    execution.place = Place::Inside(stage);
    execution.stages.insert(
        stage,
        StageRun {
            status: Status::InProgress,
            started: world.now,
            attempt: 1,
            counts_from: 1,
        },
    );
    announce::stage(world, pipeline, index, stage, "STARTED");
}

fn leave(world: &mut World, pipeline: &mut Pipeline, index: usize, stage: usize) {
    if stage + 1 == pipeline.declaration.stages.len() {
        return end(world, pipeline, index, Status::Succeeded);
    }
    let execution = &mut pipeline.executions[index];
    execution.place = Place::Before(stage + 1);
    execution.updated = world.now;
    end_stage(world, pipeline, index, stage, Status::Succeeded);
}

fn end(world: &mut World, pipeline: &mut Pipeline, index: usize, status: Status) {
    let execution = &mut pipeline.executions[index];
    let place = std::mem::replace(&mut execution.place, Place::Ended);
    execution.status = status;
    execution.updated = world.now;
    if let Place::Inside(stage) = place {
        end_stage(world, pipeline, index, stage, status);
    }
    announce::execution(world, pipeline, index, event_state(status));
}

fn end_stage(world: &mut World, pipeline: &mut Pipeline, index: usize, stage: usize, to: Status) {
    if let Some(run) = pipeline.executions[index].stages.get_mut(&stage) {
        run.status = to;
    }
    announce::stage(world, pipeline, index, stage, event_state(to));
}

fn event_state(status: Status) -> &'static str {
    match status {
        Status::InProgress => "STARTED",
        Status::Stopping => "STOPPING",
        Status::Stopped => "STOPPED",
        Status::Succeeded => "SUCCEEDED",
        Status::Superseded => "SUPERSEDED",
        Status::Failed => "FAILED",
    }
}
