//! Traffic models: how two versions run side by side, and how work is split between them. One folder and one line each.

pub mod alb;
pub mod queue;

pub mod back;
pub mod begin;
#[cfg(test)]
mod contract;
pub mod door;
mod joined;
mod line;
pub mod look;
pub mod model;
pub mod sight;

use serde::{Deserialize, Serialize};

use crate::{
    aws::{Account, AwsError, Trouble},
    clock::Timestamp,
    input::BadInput,
    names::TargetGroupArn,
    parts::{rules, task_definition::Source},
    record::{Body, Record},
    target::Target,
};

use door::Asked;
use joined::{Besides, Joined};
use model::{Goal, Model, Versions};
use sight::Sight;

line::models! {
    Queue: queue::Queue,
    Alb: alb::Alb,
}
