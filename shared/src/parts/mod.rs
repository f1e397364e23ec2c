//! Kits: what traffic models have in common. A kit knows no model.

mod begin;
mod gap;
pub mod pair;
pub mod rules;
pub mod task_definition;

pub use begin::{Begun, NotBegun, Released};
pub use gap::{Attained, Gap, News, Versions};
