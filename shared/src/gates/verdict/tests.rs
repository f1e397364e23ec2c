mod answers;
mod chances;
mod properties;
mod releases;
mod tables;
mod vectors;

use super::*;
use crate::evidence::Counts;

/// Failures and attempts of the canary, then of the primary.
fn block((of_canary, canary, of_primary, primary): (u64, u64, u64, u64)) -> Block {
    Block {
        canary: Counts {
            attempts: canary,
            failures: of_canary,
        },
        primary: Counts {
            attempts: primary,
            failures: of_primary,
        },
        capacity: None,
    }
}

/// The raw statistic: every block may say all that it says.
fn uncapped() -> Bounds {
    Bounds {
        max_minute_factor: f64::INFINITY,
        ..Bounds::default()
    }
}
