//! Transitions between stages, which people can disable. AWS: `CodePipeline` user guide, "Edit or view transitions".

use serde_json::{Value, json};

use super::{
    state::{Closed, Pipeline},
    take_pipeline,
};
use crate::world::{Fault, World};

/// `DisableStageTransition`
pub(super) fn disable(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let reason = text(input, "reason").to_owned();
    change(world, input, |pipeline, stage, at| {
        pipeline.closed.insert(stage, Closed { reason, at });
    })
}

/// `EnableStageTransition`
pub(super) fn enable(world: &mut World, input: &Value) -> Result<Value, Fault> {
    change(world, input, |pipeline, stage, _| {
        pipeline.closed.remove(&stage);
    })
}

fn change(
    world: &mut World,
    input: &Value,
    act: impl FnOnce(&mut Pipeline, usize, crate::clock::Moment),
) -> Result<Value, Fault> {
    if text(input, "transitionType") != "Inbound" {
        return Err(Fault::new(
            "ValidationException",
            "the local account has inbound transitions only",
        ));
    }
    let stage = text(input, "stageName");
    let now = world.now;
    take_pipeline(world, text(input, "pipelineName"), |_, pipeline| {
        let mut stages = pipeline.declaration.stages.iter();
        let found = stages.position(|declared| declared.name == stage);
        let found = found.ok_or_else(|| {
            Fault::new(
                "StageNotFoundException",
                format!("there is no stage {stage}"),
            )
        })?;
        act(pipeline, found, now);
        Ok(json!({}))
    })?
}

fn text<'a>(input: &'a Value, member: &str) -> &'a str {
    input[member].as_str().unwrap_or_default()
}
