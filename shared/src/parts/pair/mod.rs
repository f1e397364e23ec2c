//! Two services of Amazon ECS: the primary and the canary.

mod anew;
mod begin;
mod by_hand;
mod change;
mod found;
mod gates;
mod hold;
mod in_full;
mod left;
pub mod left_over;
mod missed;
mod observe;
mod place;
mod preflight;
mod promote;
mod protected;
mod restore;
mod restoring;
mod scaling;
mod seen;
mod stop;
pub mod target;
mod unfit;
mod view;
mod words;
#[cfg(test)]
pub(crate) mod world;

use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    parts::{self, News, Versions, exits::Exits},
};

pub use crate::aws::{
    scalable_target::{ScalableTarget, Suspended},
    service::{Deployment, Named, Protection, Rollout, Service, Settings, Task},
};
pub use crate::parts::{
    counts::{Counts, SetCounts},
    task_definition::Candidate,
};
pub use anew::{has_failed, rest};
pub use begin::{Before, Beginning, Planned};
pub use by_hand::by_hand;
pub use change::Change;
pub use found::FoundService;
pub use hold::{Hold, Holds, keeps_a_task};
pub use in_full::{FoundDefinition, InFull};
pub use place::Placing;
pub use promote::Promoting;
pub use protected::ProtectedTasks;
pub use restore::Back;
pub use restoring::{Forced, Kept, KeptService, Restoring, Which};
pub use seen::{Listed, Seen};
pub use target::Pair;
pub use unfit::Unfit;
pub use view::{Both, View};
pub use words::{Reason, ServiceSaid};

/// What the version of a service is called in output variables.
pub const VERSION: &str = "TaskDefinition";

/// What is between what is seen of two services and what is wanted of them.
pub type Gap<Part = Infallible> = parts::Gap<Change, Reason, Part>;

/// A condition of two services that sets nothing that the record keeps.
pub type Condition<T = ()> = Result<T, Gap>;

/// What both services were like before the first change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The primary service.
    pub primary: FoundService,
    /// The canary service.
    pub canary: FoundService,
}

/// What a release has made of two services, and set last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Set {
    /// How far the candidate is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidate>,
    /// The task counts that were set last; `None` if none were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<SetCounts>,
    /// Tasks that ended by themselves.
    #[serde(default, skip_serializing_if = "Exits::is_empty")]
    pub exits: Exits,
    /// What a rollback has found out.
    #[serde(default, skip_serializing_if = "Restoring::is_empty")]
    pub restoring: Restoring,
}

impl Set {
    /// What later looks need to know of the ends of tasks, if those have become more.
    #[must_use]
    pub fn news(&self, before: &Self) -> Option<News> {
        let is_setback = self.exits.says_more_than(&before.exits);
        is_setback.then(|| News {
            is_setback,
            ..self.said()
        })
    }

    /// What is told of the ends of tasks beside other news.
    #[must_use]
    pub fn said(&self) -> News {
        News {
            said: self.exits.to_string(),
            is_setback: false,
        }
    }

    /// The counts that are set with a change, `to` where the change is one of counts; the first change of a share sets what there is.
    #[must_use]
    pub fn counting(
        &self,
        both: Both<'_>,
        to: Option<Counts>,
        is_new: bool,
        now: Timestamp,
    ) -> Option<SetCounts> {
        let to = to.or(is_new.then(|| both.counts()));
        let to = to.filter(|to| is_new || self.counts.map(|it| it.to) != Some(*to));
        to.map(|to| SetCounts::new(both.counts(), to, now))
            .or(self.counts)
    }
}

/// The versions that a release is about.
#[must_use]
pub fn versions(found: &Found, set: &Set) -> Versions {
    let candidate = set.candidate.as_ref().and_then(Candidate::registered);
    Versions {
        stable: (&found.primary.task_definition).into(),
        candidate: candidate.map(Into::into),
    }
}
