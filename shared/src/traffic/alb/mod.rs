//! Two HTTP services behind an application load balancer: the canary's share of the requests is its share of the weight of two
//! target groups.
//!
//! A group without a healthy target still gets its share and answers with errors: between weighted groups nothing fails
//! over (AWS: "Target groups for your Application Load Balancers"). Therefore tasks come first and weight second on the way
//! up, and on the way down tasks go only once the load balancer shows the lower weight and the targets have had their
//! deregistration delay.

mod as_found;
mod begin;
mod change;
#[cfg(test)]
mod contract;
mod gates;
mod meters;
mod observe;
mod placed;
mod promoted;
mod share;
pub mod target;
mod words;

use serde::{Deserialize, Serialize};

use super::{
    begin::{Begin, Beginning},
    model::{self, Goal, Model, Noted, Question, Short, Takes, Toward, Versions},
};
use crate::{
    aws::{Account, AwsError},
    evidence::meter::Meters,
    parts::{
        body::Part,
        gate::{Gate, When},
        pair::{self, Hold, Holds, Pair, Service},
        release::{Lacking, Missing},
        rules::{self, Forward, FoundRules, SetWeight, Weights},
    },
    weight::{Attained, Weight},
};

pub use crate::parts::rules::Groups;
pub use begin::Before;
pub use change::Change;

/// The target of such a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alb {
    /// The services.
    #[serde(flatten)]
    pub pair: Pair,
    /// How work is split.
    pub traffic: Split<AlbTraffic>,
}

/// What it was like before the first change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The services.
    #[serde(flatten)]
    pub pair: pair::Found,
    /// The rules.
    #[serde(rename = "alb")]
    pub rules: FoundRules,
}

/// What a release has made and set last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Set {
    /// Of the services.
    #[serde(flatten)]
    pub pair: pair::Set,
    /// The canary's weight that was set last; `None` if none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<SetWeight>,
}

pub use observe::Seen;
pub use target::{AlbTraffic, Split};
pub use words::Reason;

type View<'a> = model::View<'a, Alb>;

impl Set {
    /// The weight that the canary has, or is to have.
    fn weight(&self) -> Weight {
        self.weight.map_or(Weight::ZERO, |weight| weight.to)
    }
}

impl Alb {
    /// The share is a weight, whatever number of tasks takes it; and the primary's have to be able to take all requests back.
    const HOLDS: Holds = Holds {
        primary: Hold::Tasks,
        canary: Hold::Growth,
    };

    /// Each of these rules gets its weights.
    fn weigh<'a>(
        &self,
        wanted: impl Iterator<Item = (&'a Forward, Weights)>,
    ) -> Vec<rules::Change> {
        let (primary, canary) = self.traffic.alb.place.groups();
        let weigh = wanted.map(|(forward, weights)| rules::Change {
            forward: forward.arn.clone(),
            actions: forward.actions.weighing(primary, canary, weights),
            weights,
        });
        weigh.collect()
    }

    /// The canary's tasks before it gets a share: the fewest that a candidate can be seen with.
    fn first_tasks(&self, primary: &Service) -> u32 {
        rules::tasks(self.traffic.alb.min_tasks, Weight::ZERO.share(), primary)
    }

    fn pair<'a>(&'a self, view: View<'a>) -> pair::View<'a> {
        view.of_pair(
            (&self.pair, Self::HOLDS),
            (&view.seen.pair, &view.found.pair, &view.set.pair),
        )
    }
}

impl Model for Alb {
    type Found = Found;
    type Set = Set;
    type Change = Change;
    type Reason = Reason;

    const VERSION: &'static str = pair::VERSION;
    const GATES: &'static [(Gate, Question<Self>)] = &gates::GATES;

    fn versions(found: &Found, set: &Set) -> Versions {
        pair::versions(&found.pair, &set.pair)
    }

    fn meters(&self, _found: &Found, _set: &Set) -> Option<Meters> {
        Some(meters::meters(self))
    }

    fn begin(&self, of: Beginning<'_, Self>) -> Begin<Alb> {
        begin::begin(self, of)
    }

    fn toward(&self, goal: Goal, view: View<'_>) -> Toward<Alb> {
        match goal {
            Goal::Placed => placed::toward(self, view),
            Goal::Share { asked, tolerance } => share::toward(self, asked, tolerance, view),
            Goal::AsFound { fenced } => as_found::toward(self, fenced, view),
            Goal::Promoted { drain, over } => promoted::toward(self, drain, over, view),
        }
    }

    fn undecided(&self, when: When, view: View<'_>) -> Option<Reason> {
        gates::undecided(self, when, view)
    }

    fn changed(why: &Reason) -> Option<&str> {
        match why {
            Reason::Pair(pair) => pair.changed(),
            _ => None,
        }
    }

    fn noted(&self, when: When, view: View<'_>) -> Noted<Set> {
        gates::noted(self, when, view)
    }

    fn stop(&self, view: View<'_>) -> Vec<Change> {
        let stop = as_found::stop(&self.back(false, view)).into_iter();
        stop.map(Change::Pair).collect()
    }

    async fn apply(&self, account: &Account, change: &Change) -> Result<(), AwsError> {
        match change {
            Change::Pair(change) => change.apply(account, &self.pair.cluster).await,
            Change::Rules(change) => change.apply(account).await,
        }
    }

    fn sent(&self, sent: &[Change], failed: &[Change], view: View<'_>) -> Set {
        let back = self.back(false, view);
        let (sent, failed) = (change::of_pair(sent), change::of_pair(failed));
        let pair = back.sent(&as_found::stop(&back), &sent, &failed);
        view.set.with(pair)
    }

    fn lacking(&self, view: View<'_>) -> Vec<Lacking> {
        self.back(false, view).lacking()
    }

    fn restores(&self, view: View<'_>) -> Vec<String> {
        self.back(false, view).restores()
    }

    fn by_hand(&self, missing: &[Missing], found: &Part, table: &str) -> Vec<String> {
        let found = found.read().unwrap_or_default();
        pair::by_hand(&self.pair.id(), missing, &found, table)
    }

    fn spared(&self, changed: &str, view: View<'_>) -> Set {
        let pair = self.back(false, view).spared(changed);
        view.set.with(pair)
    }

    fn is_placed(&self, view: View<'_>) -> bool {
        self.pair(view).is_placed()
    }

    fn share(&self, view: View<'_>) -> Option<Attained> {
        let asked = view.asked?;
        Some(Attained::Weight(view.found.rules.attained(asked)))
    }

    fn is_held(&self, goal: Goal, _was: bool, view: View<'_>) -> bool {
        match goal {
            Goal::Share { asked, .. } => share::is_held(asked, view),
            Goal::Placed | Goal::Promoted { .. } | Goal::AsFound { .. } => {
                self.toward(goal, view).is_ok()
            }
        }
    }

    fn approved(&self, view: View<'_>) -> Result<(), Short<Alb>> {
        promoted::approved(self, view)
    }

    fn takes(&self, goal: Goal, view: View<'_>) -> Takes {
        match goal {
            Goal::Share { .. } => share::takes(view),
            Goal::Promoted { drain, .. } => promoted::takes(drain, view),
            Goal::Placed | Goal::AsFound { .. } => Takes::default(),
        }
    }
}
