//! Two task sets of one service: the candidate's set stands beside the stable one, which is the service's PRIMARY.
//!
//! The service has one count, which its automatic scaling may change at any time; each set has a part of it, rounded up to whole tasks
//! (AWS: "Amazon ECS task sets", API reference, `TaskSet`). A set never runs anything but what it was made with.

mod as_found;
mod back;
pub mod balanced;
mod balancer;
mod before;
mod begin;
pub mod bootstrap;
mod change;
pub mod consumers;
#[cfg(test)]
mod contract;
mod gates;
mod kept;
mod meters;
mod observe;
mod placed;
mod promoted;
mod requests;
mod scales;
mod sets;
mod share;
pub mod target;
#[cfg(test)]
mod tests;
mod weighed;
mod words;

use serde::{Deserialize, Serialize};

use super::{
    begin::{Begin, Beginning},
    model::{self, Goal, Model, Noted, Question, Short, Takes, Toward, Versions},
};
use crate::{
    aws::{Account, AwsError, task_set::Status},
    evidence::meter::Meters,
    names::{ClusterName, ServiceName, TaskDefinitionArn, TaskSetId},
    parts::{
        body::Part,
        exits::Exits,
        gate::{Gate, When},
        letters::Letters,
        pair::VERSION,
        release::{Kept, Lacking, Missing},
        rules::SetWeight,
        task_definition::Candidate,
    },
    weight::Attained,
    words::Shared,
};

pub use balanced::BalancedSets;
pub use balancer::FoundBalancer;
pub use before::Before;
pub use bootstrap::Bootstrap;
pub use change::Change;
pub use consumers::QueueSets;
pub use observe::Seen;
pub use scales::{Scales, SetScales};
pub use target::{Split, Way};
pub use words::Reason;

/// The target of such a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskSets {
    /// The cluster of the service.
    pub cluster: ClusterName,
    /// The service.
    pub service: ServiceName,
    /// How many tasks of the candidate may end by themselves, however the stable version does.
    pub max_task_exits: u32,
    /// What its first set is made of, where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<Bootstrap>,
    /// How work is split between its sets.
    pub traffic: Split<Way>,
}

/// What it was like before the first change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The set that was PRIMARY; `None` if there was none, so that the release makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_set: Option<TaskSetId>,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// Sets of earlier releases, which go before another one comes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_over: Vec<TaskSetId>,
    /// Messages in the dead-letter queue, if the target has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letters: Option<u64>,
    /// The load balancer, if the sets are behind one.
    #[serde(rename = "alb", default, skip_serializing_if = "Option::is_none")]
    pub balancer: Option<FoundBalancer>,
}

/// What a release has made and set last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Set {
    /// How far the candidate is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidate>,
    /// The scales of both sets; `None` as long as the candidate's has no task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scales: Option<SetScales>,
    /// The candidate's weight that was set last; `None` if none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<SetWeight>,
    /// Tasks that ended by themselves.
    #[serde(default, skip_serializing_if = "Exits::is_empty")]
    pub exits: Exits,
    /// What looks have seen of the dead-letter queue; `None` while that is what the release found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letters: Option<Letters>,
    /// Whether somebody else has changed the stable set, or which one is PRIMARY: then that stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_theirs: bool,
    /// Whether the stable set, which was kept for a rollback after the promotion, is so no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub let_go: bool,
}

type View<'a> = model::View<'a, TaskSets>;

impl Set {
    /// The candidate's task definition, once it is registered.
    fn registered(&self) -> Option<&TaskDefinitionArn> {
        self.candidate.as_ref()?.registered()
    }
}

impl Model for TaskSets {
    type Found = Found;
    type Set = Set;
    type Change = Change;
    type Reason = Reason;

    const GATES: &'static [(Gate, Question<Self>)] = &gates::GATES;
    const VERSION: &'static str = VERSION;

    fn versions(found: &Found, set: &Set) -> Versions {
        Versions {
            stable: (&found.task_definition).into(),
            candidate: set.registered().map(Into::into),
        }
    }

    fn meters(&self, found: &Found, set: &Set) -> Option<Meters> {
        meters::compared(self, found, set)
    }

    fn meters_in_guard(&self, found: &Found, set: &Set) -> Option<Meters> {
        meters::promoted(self, found, set)
    }

    fn begin(&self, of: Beginning<'_, Self>) -> Begin<Self> {
        begin::begin(self, of)
    }

    fn toward(&self, goal: Goal, view: View<'_>) -> Toward<Self> {
        match goal {
            Goal::Placed => placed::toward(self, view),
            Goal::Share { asked, tolerance } => match &self.traffic.task_sets {
                Way::Consumers(queue) => share::toward(queue, asked, tolerance, view),
                Way::Balanced(_) => {
                    let balancer = self.balancer(view);
                    let balancer = balancer.ok_or_else(|| Short::wait(Shared::OtherInvocation))?;
                    weighed::toward(&balancer, asked, tolerance, view)
                }
            },
            Goal::AsFound { fenced } => as_found::toward(self, fenced, view),
            Goal::Promoted { drain, over } => promoted::toward(self, drain, over, view),
        }
    }

    fn undecided(&self, when: When, view: View<'_>) -> Option<Reason> {
        gates::undecided(self, when, view)
    }

    fn changed(why: &Reason) -> Option<&str> {
        match why {
            Reason::ForeignScale { set, .. } => Some(set.as_str()),
            Reason::ForeignPrimary { service, .. } => Some(service.as_str()),
            _ => None,
        }
    }

    fn noted(&self, when: When, view: View<'_>) -> Noted<Set> {
        gates::noted(self, when, view)
    }

    fn stop(&self, view: View<'_>) -> Vec<Change> {
        as_found::stop(self, view)
    }

    async fn apply(&self, account: &Account, change: &Change) -> Result<(), AwsError> {
        change.apply(account, &self.cluster).await
    }

    fn sent(&self, _sent: &[Change], _failed: &[Change], view: View<'_>) -> Set {
        view.set.clone()
    }

    fn lacking(&self, _view: View<'_>) -> Vec<Lacking> {
        Vec::new()
    }

    fn restores(&self, view: View<'_>) -> Vec<String> {
        as_found::restores(self, view)
    }

    fn by_hand(&self, missing: &[Missing], _found: &Part, _table: &str) -> Vec<String> {
        as_found::by_hand(self, missing)
    }

    fn spared(&self, changed: &str, view: View<'_>) -> Set {
        let candidate = sets::candidate(view);
        let is_candidate = candidate.is_some_and(|it| match it.status {
            // Whoever has made it PRIMARY has set nothing else.
            Status::Primary if changed == self.service.as_str() => true,
            _ => it.id.as_str() == changed,
        });
        Set {
            is_theirs: view.set.is_theirs || !is_candidate,
            ..view.set.clone()
        }
    }

    fn kept(set: &Set) -> Kept {
        kept::kept(set)
    }

    fn let_go(&self, view: View<'_>) -> Result<(), Short<Self>> {
        kept::let_go(self, view)
    }

    fn is_placed(&self, view: View<'_>) -> bool {
        sets::candidate(view).is_some()
    }

    fn share(&self, view: View<'_>) -> Option<Attained> {
        if let Some(balancer) = self.balancer(view) {
            return Some(Attained::Weight(balancer.found.attained(view.asked?)));
        }
        Some(sets::Both::seen(view)?.counts().attained())
    }

    fn capacity_share(&self, view: View<'_>) -> Option<f64> {
        self.queue()?;
        let running = sets::Both::seen(view)?.running();
        (running.total() > 0).then(|| running.share().percent() / 100.0)
    }

    fn is_held(&self, goal: Goal, _was: bool, view: View<'_>) -> bool {
        match goal {
            Goal::Share { asked, tolerance } => match (self.queue(), self.balancer(view)) {
                (Some(queue), _) => share::is_held(queue, asked, tolerance, view),
                (None, Some(balancer)) => weighed::is_held(&balancer, asked, view),
                (None, None) => false,
            },
            Goal::Placed | Goal::Promoted { .. } | Goal::AsFound { .. } => {
                self.toward(goal, view).is_ok()
            }
        }
    }

    fn approved(&self, view: View<'_>) -> Result<(), Short<Self>> {
        promoted::approved(self, view)
    }

    fn takes(&self, goal: Goal, view: View<'_>) -> Takes {
        let balancer = self.balancer(view);
        match (goal, balancer) {
            (Goal::Share { .. }, Some(balancer)) => weighed::takes(&balancer),
            (Goal::Promoted { drain, .. }, Some(balancer)) => {
                promoted::takes(&balancer, drain, view)
            }
            _ => Takes::default(),
        }
    }
}
