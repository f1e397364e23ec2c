//! A promoted queue consumer.

use super::{Queue, View};
use crate::{
    parts::pair::{Promoting, Service},
    traffic::model::{Short, Toward},
};

/// How far the promotion is.
pub(super) fn toward(queue: &Queue, over: bool, view: View<'_>) -> Toward<Queue> {
    let promotion: Promoting<'_> = queue.pair(view).promotion()?;
    if over {
        promotion.unfloored()?;
        return Ok(promotion.attained());
    }
    let room = room(queue, promotion.canary);
    promotion.updated(room)?;
    promotion.counted(room)?;
    promotion.proven(!queue.traffic.queue.floor_primary)?;
    promotion.rests()?;
    promotion.settled()?;
    promotion.scaling_restored()?;
    Ok(promotion.attained())
}

/// What was approved is what the canary runs.
pub(super) fn approved(queue: &Queue, view: View<'_>) -> Result<(), Short<Queue>> {
    Ok(queue.pair(view).promotion()?.approved()?)
}

/// As many tasks as the primary may have beside the canary's.
fn room(queue: &Queue, canary: &Service) -> u32 {
    let most = queue.traffic.queue.max_tasks;
    let taken = canary.desired.max(canary.running);
    most.map_or(u32::MAX, |most| most.saturating_sub(taken))
}

#[cfg(test)]
mod tests;
