//! For how long a release holds automatic scaling.

use super::{Phase, Record};
use crate::{clock::Timestamp, schedule::Window};

impl Record {
    /// For how long automatic scaling has been held: from the beginning until scaling was given back, which is now unless the promotion was watched
    /// after that.
    #[must_use]
    pub fn suspension(&self, now: Timestamp) -> Window {
        let until = match self.phase {
            Phase::Promoting { baking_since, .. } => baking_since.unwrap_or(now),
            _ => now,
        };
        Window {
            after: self.began,
            until,
        }
    }
}
