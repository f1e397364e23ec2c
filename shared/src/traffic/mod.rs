//! Traffic models: how two versions run side by side, and how work is split between them. One folder and one line each.

pub mod alb;
pub mod lambda_alias;
pub mod queue;
pub mod task_sets;

pub mod begin;
pub mod configured;
#[cfg(test)]
mod contract;
pub mod door;
mod line;
pub mod model;
pub mod observed;
#[cfg(any(test, feature = "fixtures"))]
pub mod staged;

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, IgnoredAny},
};
use serde_json::{Map, Value};

use crate::input::{BadInput, Fields};
use configured::Configured;
use door::{Ending, Opened, Restoring, Starting};
use line::Listed;
use model::Model;
use observed::Observed;

/// Which model a target names.
#[derive(Deserialize)]
struct Keyed {
    traffic: Key,
}

line::models! {
    Queue: queue::Queue,
    Alb: alb::Alb,
    LambdaAlias: lambda_alias::LambdaAlias,
    TaskSets: task_sets::TaskSets,
}
