//! What a look sees of two services.

use std::fmt;

use super::{Service, Task};
use crate::{
    exits::Exit,
    names::TaskDefinitionArn,
    observation::{Known, Unseen},
    parts::task_definition::Definition,
};

/// What a look sees of two services.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The primary, with its scaling unless [`scaling`](Self::scaling) says that it was not seen.
    pub primary: Known<Service>,
    /// The canary; the same goes for its scaling.
    pub canary: Known<Service>,
    /// Why scaling was not seen, if it was not.
    pub scaling: Option<Unseen>,
    /// Tasks of both services that have ended within about the last hour, but for those whose end is plainly somebody else's doing.
    pub exits: Known<Vec<Exit>>,
    /// The running tasks of the service that is in question; `None` where none is.
    pub tasks: Option<Vec<Task>>,
    /// The latest revision of the family, while the candidate is being registered.
    pub latest: Option<Definition>,
    /// Versions that AWS does not deploy any more, as far as that was in question.
    pub inactive: Vec<TaskDefinitionArn>,
    /// Ids of the candidate's tasks that go on although nobody wants them; not asked, and none, before ECS has had time to end them.
    pub left_over: Known<Vec<String>>,
}

impl Seen {
    /// Nothing was looked at.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            primary: Known::nothing(),
            canary: Known::nothing(),
            scaling: None,
            exits: Known::nothing(),
            tasks: None,
            latest: None,
            inactive: Vec::new(),
            left_over: Known::nothing(),
        }
    }

    /// What could not be seen of all that a rollback depends on.
    pub fn unseen(&self) -> impl Iterator<Item = &Unseen> {
        let services = [self.primary.unseen(), self.canary.unseen()];
        let others = [self.scaling.as_ref(), self.left_over.unseen()];
        services.into_iter().chain(others).flatten()
    }
}

/// One line for the ledger.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; {}",
            self.primary.said("the primary"),
            self.canary.said("the canary")
        )
    }
}
