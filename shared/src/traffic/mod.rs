//! Traffic models: how two versions run side by side, and how work is split between them. One folder each.

pub mod alb;
pub mod back;
pub mod begin;
pub mod door;
pub mod look;
pub mod model;
pub mod queue;
pub mod sight;
