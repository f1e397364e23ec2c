//! Changes to rules of a load balancer.

use std::fmt;

use super::{Actions, Weights};
use crate::{
    aws::{Account, AwsError},
    names::ForwardArn,
};

/// The weights of a rule's two target groups are set. Absolute, so that doing it twice is doing it once.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Which rule.
    pub forward: ForwardArn,
    /// All its actions, with the weights.
    pub actions: Actions,
    /// The weights.
    pub weights: Weights,
}

/// What there is once it is made, in words that are the same whenever it is wanted.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} has the weights {}",
            self.forward.short(),
            self.weights
        )
    }
}

impl Change {
    /// Makes it.
    ///
    /// # Errors
    /// AWS did not do it.
    pub async fn apply(&self, account: &Account) -> Result<(), AwsError> {
        account.set_actions(&self.forward, &self.actions).await
    }
}
