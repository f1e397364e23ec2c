//! Kits: what traffic models have in common. A kit knows no model.

mod begin;
pub mod body;
pub mod counts;
pub mod exits;
pub mod focus;
pub mod found;
mod gap;
pub mod gate;
pub mod letters;
pub mod pair;
pub mod plan;
pub mod release;
pub mod rules;
pub mod task_definition;
pub mod work;

pub use begin::{Begun, NotBegun, Released};
pub use gap::{Attained, Gap, News, Versions};
