//! Traffic models: how work is split between the two services. One module each.

pub mod alb;
pub mod queue;
pub mod share;
