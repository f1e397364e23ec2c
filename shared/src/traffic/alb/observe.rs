//! What is read of two services behind a load balancer.

use std::fmt;

use super::{Alb, Before, Groups, View};
use crate::{
    aws::{Account, LookError},
    job::Artifact,
    known::Unseen,
    parts::{focus::Focus, pair, rules, task_definition::Request},
    schedule::Window,
    traffic::observed::Observed,
};

/// What a look sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Of the services.
    pub pair: pair::Seen,
    /// Of the load balancer.
    pub rules: rules::Seen,
}

/// One line for the ledger.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.pair, self.rules)
    }
}

impl Observed for Alb {
    type Seen = Seen;
    type Before = Before;

    fn nothing(&self) -> Seen {
        Seen {
            pair: pair::Seen::nothing(),
            rules: rules::Seen::nothing(self.traffic.alb.place.forwards()),
        }
    }

    fn unseen(seen: &Seen, focus: Focus) -> Vec<&Unseen> {
        seen.pair.unseen(focus).chain(seen.rules.unseen()).collect()
    }

    fn gone(seen: &Seen) -> Option<&Unseen> {
        seen.pair.gone().or_else(|| seen.rules.gone())
    }

    async fn observe(&self, account: &Account, focus: Focus) -> Seen {
        let at = self.at();
        let (pair, rules) = tokio::join!(
            pair::Seen::needed(account, &self.pair, focus),
            rules::Seen::needed(account, at)
        );
        Seen { pair, rules }
    }

    async fn closer(
        &self,
        account: &Account,
        focus: Focus,
        view: View<'_>,
    ) -> Result<Seen, LookError> {
        Ok(Seen {
            pair: self.pair(view).closer(account, focus).await?,
            ..view.seen.clone()
        })
    }

    async fn each(&self, account: &Account) -> Seen {
        let rules = Box::pin(rules::Seen::each(account, self.at()));
        let (pair, rules) = tokio::join!(pair::Seen::each(account, &self.pair), rules);
        Seen { pair, rules }
    }

    async fn each_closer(&self, account: &Account, view: View<'_>) -> Seen {
        let back = self.back(false, view);
        let (record, release) = (self.pair.id(), view.release);
        let rules = view.seen.rules.clone();
        let rules = rules.recorded(account, &self.traffic.alb.place, (&record, release));
        let (pair, rules) = tokio::join!(back.closer(account), rules);
        Seen { pair, rules }
    }

    async fn before(
        &self,
        account: &Account,
        seen: &Seen,
        request: &Request,
        inputs: &[Artifact],
    ) -> Result<Option<Before>, LookError> {
        let pair = pair::Before::observe(account, &self.pair, &seen.pair, (request, inputs));
        let groups = async { Ok(Groups::read(account, self.at()).await?) };
        let (pair, groups) = tokio::try_join!(pair, groups)?;
        Ok(pair.map(|pair| Before { pair, groups }))
    }

    async fn missed(&self, account: &Account, view: View<'_>, held: Window) -> Vec<String> {
        self.pair(view).missed(account, held).await
    }
}

impl Alb {
    pub(super) fn at(&self) -> rules::At<'_> {
        rules::At {
            place: &self.traffic.alb.place,
            within: "traffic.alb",
            groups: ["primaryTargetGroup", "canaryTargetGroup"],
        }
    }
}
