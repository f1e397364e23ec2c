//! What a bad candidate does until something stops it, and how often a good one is stopped: of several ways to guard a release, by
//! whole releases through the functions, and by the counts of minutes alone.

pub(crate) mod minutes;
pub(crate) mod release;
pub(crate) mod ways;
