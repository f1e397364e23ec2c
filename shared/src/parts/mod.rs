//! Kits: what traffic models have in common. A kit knows no model.

pub mod task_definition;
