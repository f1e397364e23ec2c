//! A model's part of the target.

use std::fmt::Debug;

use serde::de::DeserializeOwned;

use super::model::{Goal, Stored};
use crate::{
    input::{BadInput, Fields},
    names::PairId,
};

/// A model that a target names: where it runs, and how work is split there. It is stored as the target's fields beside those that all
/// targets have.
pub trait Configured: Stored + Eq {
    /// The same as people write it: strict.
    type Input: DeserializeOwned + Into<Self>;

    /// What an action asks to release.
    type Request: Clone + Debug + PartialEq + Eq + Send + Sync;

    /// Reads that as people write it, beside what every action of deploy-canary has: strictly.
    ///
    /// # Errors
    /// What they have written makes no sense.
    fn request(source: &'static str, fields: &Fields) -> Result<Self::Request, BadInput>;

    /// Whether a field is one of which a release keeps what it began with.
    fn is_limit(field: &str) -> bool;

    /// Key of its release record.
    fn id(&self) -> PairId;

    /// What people call it.
    fn name(&self) -> String;

    /// Checks what one field cannot know.
    ///
    /// # Errors
    /// What people have written makes no sense.
    fn check(&self, source: &'static str) -> Result<(), BadInput>;

    /// What an action may ask of it.
    ///
    /// # Errors
    /// Why it may not, in words.
    fn admits(&self, _goal: Goal) -> Result<(), &'static str> {
        Ok(())
    }

    /// Whether work goes back to a promoted primary in steps that an action may choose.
    ///
    /// # Errors
    /// Why it does not, in words.
    fn drains(&self) -> Result<(), &'static str>;
}
