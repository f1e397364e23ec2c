//! A model's part of the target.

use serde::de::DeserializeOwned;

use super::model::{Goal, Stored};
use crate::{input::BadInput, parts::pair::Pair};

/// A model that a target names.
pub trait Configured: Sized {
    /// Its part of the target.
    type Traffic: Stored + Eq;
    /// The same as people write it.
    type Input: DeserializeOwned + Into<Self::Traffic>;
    /// Fields of its part of the target of which a release keeps those that it began with.
    const LIMITS: &'static [&'static str];

    /// The model of a target.
    fn of(pair: Pair, traffic: &Self::Traffic) -> Self;

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
