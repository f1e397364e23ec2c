//! What AWS refuses to a rollback: since when, and when people hear of it. Pure.

use canary::{
    clock::Timestamp,
    record::{Missing, RollingBack},
};

/// Something that was wanted, and why it is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// What was wanted.
    pub what: String,
    /// What AWS says, or what was seen.
    pub why: String,
}

/// What becomes of the record's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// All that is missing now.
    pub missing: Vec<Missing>,
    /// Whether the record has to say so.
    pub is_new: bool,
    /// Whether people are to hear of it: of something for the first time, or of something again.
    pub is_told: bool,
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
    let mut is_told = false;
    for missing in &mut missing {
        if let Some(now) = lacking.iter().find(|it| it.what == missing.what) {
            missing.why.clone_from(&now.why);
        }
        if missing.is_due(now) {
            (missing.told, is_told) = (now, true);
        }
    }
    for new in lacking {
        if !missing.iter().any(|missing| missing.what == new.what) {
            is_told = true;
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
        is_new: is_told || whats(&missing) != whats(before),
        is_told,
        missing,
    }
}

#[cfg(test)]
mod tests;
