//! What a look sees of two services.

use std::fmt;

use super::{Service, Task};
use crate::{
    aws::exits::Exit,
    known::{Known, Unseen},
    names::TaskDefinitionArn,
    parts::{focus::Focus, task_definition::Definition},
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
    /// The tasks of both services that are meant to run, by ARN, where it may be in question what they run.
    pub listed: Listed,
    /// The running tasks of the service that is in question; `None` where none is.
    pub tasks: Option<Vec<Task>>,
    /// The latest revision of the family, while the candidate is being registered.
    pub latest: Option<Definition>,
    /// Versions that AWS does not deploy any more, as far as that was in question.
    pub inactive: Vec<TaskDefinitionArn>,
    /// Ids of the candidate's tasks that go on although nobody wants them; not asked, and none, before ECS has had time to end them.
    pub left_over: Known<Vec<String>>,
}

/// Tasks that are meant to run, by ARN; none where nobody has asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Of the primary.
    pub primary: Known<Vec<String>>,
    /// Of the canary.
    pub canary: Known<Vec<String>>,
}

impl Default for Listed {
    fn default() -> Self {
        Self {
            primary: Known::Known(Vec::new()),
            canary: Known::Known(Vec::new()),
        }
    }
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
            listed: Listed::default(),
            tasks: None,
            latest: None,
            inactive: Vec::new(),
            left_over: Known::nothing(),
        }
    }

    /// What could not be seen of all that a look depends on.
    pub fn unseen(&self, focus: Focus) -> impl Iterator<Item = &Unseen> {
        let services = [self.primary.unseen(), self.canary.unseen()];
        let others = match focus {
            Focus::AsFound => [self.left_over.unseen(), None, None],
            _ => [
                self.exits.unseen(),
                self.listed.primary.unseen(),
                self.listed.canary.unseen(),
            ],
        };
        let scaling = std::iter::once(self.scaling.as_ref());
        services.into_iter().chain(scaling).chain(others).flatten()
    }

    /// Why a service is known not to exist, if one is.
    #[must_use]
    pub fn gone(&self) -> Option<&Unseen> {
        let services = [self.primary.unseen(), self.canary.unseen()];
        services.into_iter().flatten().find(|it| it.is_missing())
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
