//! What AWS refuses to a rollback, and since when. Pure.

use canary::{
    clock::Timestamp,
    parts::release::{Lacking, Missing},
    record::RollingBack,
};

/// What becomes of the record's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// All that is missing now.
    pub missing: Vec<Missing>,
    /// Whether the record has to say so.
    pub is_new: bool,
    /// Whether something of it is refused for the first time: that people hear at once.
    pub is_first: bool,
}

/// Adds what a look could not do, and drops what has come through since; but nothing that was not tried because something else
/// could not be seen.
#[must_use]
pub fn update(
    rolling_back: &RollingBack,
    lacking: &[Lacking],
    saw_everything: bool,
    now: Timestamp,
) -> News {
    let before = &rolling_back.missing;
    let still =
        |missing: &&Missing| !saw_everything || lacking.iter().any(|it| it.what == missing.what);
    let mut missing: Vec<Missing> = before.iter().filter(still).cloned().collect();
    let mut is_first = false;
    for missing in &mut missing {
        if let Some(now) = lacking.iter().find(|it| it.what == missing.what) {
            missing.why.clone_from(&now.why);
        }
    }
    for new in lacking {
        if !missing.iter().any(|missing| missing.what == new.what) {
            is_first = true;
            missing.push(Missing {
                what: new.what.clone(),
                why: new.why.clone(),
                since: now,
                told: now,
            });
        }
    }
    let whats = |missing: &[Missing]| -> Vec<String> {
        missing.iter().map(|missing| missing.what.clone()).collect()
    };
    News {
        is_new: whats(&missing) != whats(before),
        is_first,
        missing,
    }
}

#[cfg(test)]
mod tests;
