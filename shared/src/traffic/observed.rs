//! What a model reads.

use std::fmt::{Debug, Display};

use super::{
    configured::Configured,
    model::{Model, View},
};
use crate::{
    aws::{Account, LookError},
    job::Artifact,
    known::Unseen,
    parts::focus::Focus,
    schedule::Window,
};

/// A model that looks at AWS. It writes nothing here.
pub trait Observed: Configured {
    /// What a look sees; what of it could not be seen is unknown. `Display` is the ledger's line.
    type Seen: Clone + Debug + Display + PartialEq + Send + Sync;
    /// What is read once, before a release begins.
    type Before: Clone + Debug + PartialEq + Send + Sync;

    /// Nothing was looked at.
    fn nothing(&self) -> Self::Seen;

    /// What could not be seen of all that a look depends on, in the order in which it is told.
    fn unseen(seen: &Self::Seen, focus: Focus) -> Vec<&Unseen>;

    /// What of the pair is known not to exist any more, if something is.
    fn gone(seen: &Self::Seen) -> Option<&Unseen>;

    /// Reads everything at once, for a release that goes on or begins: one round trip.
    fn observe(&self, account: &Account, focus: Focus) -> impl Future<Output = Self::Seen> + Send;

    /// Reads what the first round calls for, of a release that goes on.
    ///
    /// # Errors
    /// Something could not be read.
    fn closer(
        &self,
        account: &Account,
        focus: Focus,
        view: View<'_, Self>,
    ) -> impl Future<Output = Result<Self::Seen, LookError>> + Send
    where
        Self: Model;

    /// Reads everything at once for a rollback: each part by itself, in time, and none that only gates would need.
    fn each(&self, account: &Account) -> impl Future<Output = Self::Seen> + Send;

    /// Reads what that calls for.
    fn each_closer(
        &self,
        account: &Account,
        view: View<'_, Self>,
    ) -> impl Future<Output = Self::Seen> + Send
    where
        Self: Model;

    /// Reads what a release begins with, and what the action asks for, at the same time; `None` if there is nothing to begin on.
    ///
    /// # Errors
    /// Something could not be read.
    fn before(
        &self,
        account: &Account,
        seen: &Self::Seen,
        request: &Self::Request,
        inputs: &[Artifact],
    ) -> impl Future<Output = Result<Option<Self::Before>, LookError>> + Send;

    /// Reads what people are to hear of scheduled actions that fell into the suspension of their scaling, as a release ends.
    fn missed(
        &self,
        _account: &Account,
        _view: View<'_, Self>,
        _held: Window,
    ) -> impl Future<Output = Vec<String>> + Send
    where
        Self: Model,
    {
        std::future::ready(Vec::new())
    }
}
