//! Kits: what traffic models have in common. A kit knows no model.

pub mod pair;
pub mod rules;
pub mod task_definition;
