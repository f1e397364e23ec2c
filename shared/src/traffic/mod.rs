//! Traffic models: how work is split between the two services. One file each.

pub mod queue;
