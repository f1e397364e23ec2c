//! What joins a model's own types to the record, to what was seen, and to what is read for it.

use serde::de::DeserializeOwned;

use super::{
    Before,
    model::{Goal, Model, View},
    sight::Sight,
};
use crate::{
    aws::{Account, AwsError, Trouble},
    input::BadInput,
    names::TargetGroupArn,
    parts::{rules, task_definition::Source},
    target::Target,
};

/// What is read for a model at every look, beside what every model reads.
#[derive(Debug)]
pub struct Besides {
    /// Messages in the dead-letter queue, if there is one.
    pub dead_letters: Result<Option<u64>, AwsError>,
    /// What the load balancer does, if there is one.
    pub rules: Result<Option<rules::Whole>, Trouble>,
}

/// A model whose types are joined to everything else.
pub trait Joined: Model {
    /// Its part of the target.
    type Traffic: Clone + Send + Sync;
    /// The same as people write it.
    type Input: DeserializeOwned + Into<Self::Traffic>;
    /// Fields of its part of the target of which a release keeps those that it began with.
    const LIMITS: &'static [&'static str];

    /// The model of a target.
    fn of(target: &Target, traffic: &Self::Traffic) -> Self;
    /// Checks what one field cannot know.
    ///
    /// # Errors
    /// What people have written makes no sense.
    fn check(traffic: &Self::Traffic, source: &'static str) -> Result<(), BadInput>;
    /// What an action may ask of it.
    ///
    /// # Errors
    /// Why it may not, in words.
    fn admits(traffic: &Self::Traffic, goal: Goal) -> Result<(), &'static str>;
    /// Whether work goes back to a promoted primary in steps that an action may choose.
    ///
    /// # Errors
    /// Why it does not, in words.
    fn drains() -> Result<(), &'static str>;
    /// Its part of what was seen; `None` if nothing of it was.
    fn seen(seen: &Sight) -> Option<Self::Seen>;
    /// Its own of what was read for a beginning.
    fn before(before: &Before) -> Option<&Self::Before>;
    /// The other way.
    fn begins(before: Self::Before) -> Before;
    /// Whether tasks of the candidate go on that nobody wants, for so long that something keeps them.
    fn has_left_over(&self, view: View<'_, Self>) -> bool;

    /// Asks for what the target names and no other look needs: at an action's first look.
    fn exists(&self, account: &Account) -> impl Future<Output = Result<(), AwsError>> + Send;
    /// Reads what a release begins with, `source` at the same time.
    fn begin_with(
        &self,
        account: &Account,
        seen: &Self::Seen,
        source: impl Future<Output = Result<Source, Trouble>> + Send,
    ) -> impl Future<Output = Result<Option<Self::Before>, Trouble>> + Send;
    /// Reads what it takes at every look beside what every model takes.
    fn besides(traffic: &Self::Traffic, account: &Account) -> impl Future<Output = Besides> + Send;
    /// Reads the rules of its load balancer for a rollback, each by itself; `None` if it has none.
    fn rules(
        traffic: &Self::Traffic,
        account: &Account,
    ) -> impl Future<Output = Option<rules::Seen>> + Send;
    /// Its rules, with nothing of them looked at; `None` if it has no load balancer.
    fn nothing(traffic: &Self::Traffic) -> Option<rules::Seen>;
    /// The two target groups, the primary's first, if it has a load balancer.
    fn groups(traffic: &Self::Traffic) -> Option<(&TargetGroupArn, &TargetGroupArn)>;
}
