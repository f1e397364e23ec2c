//! What is read of a service and its task sets.

use std::fmt;

use super::{BalancedSets, Before, TaskSets, View};
use crate::{
    aws::{Account, LookError, task_set::External},
    job::Artifact,
    known::{Known, Unseen, in_time},
    parts::{
        exits::Exit,
        focus::Focus,
        rules,
        task_definition::{Candidate, Definition, Request},
    },
    traffic::{configured::Configured, observed::Observed},
};

/// What a look sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The service, with its sets.
    pub service: Known<External>,
    /// Tasks of it that have ended.
    pub exits: Known<Vec<Exit>>,
    /// The load balancer, if the sets are behind one; the groups as the target has them.
    pub rules: Option<rules::Seen>,
    /// Messages in the dead-letter queue, if the target has one.
    pub dead_letters: Known<Option<u64>>,
    /// Whether the queue can be seen; an action's first look asks.
    pub queue: Known<()>,
    /// The family's latest revision, while the candidate is being registered.
    pub latest: Option<Definition>,
}

/// One line for the ledger.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.service.said("the service"))?;
        if let Some(rules) = &self.rules {
            write!(f, "; {rules}")?;
        }
        match &self.dead_letters {
            Known::Known(Some(letters)) => write!(f, "; {letters} dead letters"),
            _ => Ok(()),
        }
    }
}

impl Observed for TaskSets {
    type Seen = Seen;
    type Before = Before;

    fn nothing(&self) -> Seen {
        Seen {
            service: Known::nothing(),
            rules: self
                .balanced()
                .map(|it| rules::Seen::nothing(it.place(false).forwards())),
            exits: Known::nothing(),
            dead_letters: Known::nothing(),
            queue: Known::Known(()),
            latest: None,
        }
    }

    fn unseen(seen: &Seen, focus: Focus) -> Vec<&Unseen> {
        let mut unseen = vec![seen.service.unseen()];
        unseen.extend(seen.rules.iter().flat_map(|rules| rules.unseen().map(Some)));
        if focus != Focus::AsFound {
            unseen.extend([
                seen.exits.unseen(),
                seen.dead_letters.unseen(),
                seen.queue.unseen(),
            ]);
        }
        unseen.into_iter().flatten().collect()
    }

    fn gone(seen: &Seen) -> Option<&Unseen> {
        let service = seen.service.unseen().filter(|unseen| unseen.is_missing());
        service.or_else(|| seen.rules.as_ref()?.gone())
    }

    async fn observe(&self, account: &Account, focus: Focus) -> Seen {
        let dead_letters = async {
            let field = "traffic.taskSets.queue.deadLetterUrl";
            match self.queue() {
                Some(queue) => queue.letters.count(account, field).await,
                None => Known::Known(None),
            }
        };
        let is_there = async {
            match self.queue() {
                Some(queue) if focus == (Focus::Placed { is_first: true }) => {
                    let field = "traffic.taskSets.queue.url";
                    Known::needed(account.messages(&queue.url, field).await).map(|_| ())
                }
                _ => Known::Known(()),
            }
        };
        let rules = async {
            let place = self.balanced()?.place(false);
            Some(rules::Seen::needed(account, BalancedSets::at(&place, false)).await)
        };
        // On the heap: the SDK's futures are large.
        let reads = Box::pin(async {
            tokio::join!(
                account.external_service((&self.cluster, &self.service)),
                account.exits_and_failed_starts(&self.cluster, &self.service),
                rules,
                dead_letters,
                is_there,
            )
        });
        let (service, exits, rules, dead_letters, queue) = reads.await;
        Seen {
            service: Known::needed(service),
            rules,
            exits: Known::needed(exits),
            dead_letters,
            queue,
            latest: None,
        }
    }

    async fn closer(
        &self,
        account: &Account,
        focus: Focus,
        view: View<'_>,
    ) -> Result<Seen, LookError> {
        let mut seen = view.seen.clone();
        let is_placed = matches!(focus, Focus::Placed { .. });
        if let (true, Some(Candidate::Registering { .. })) = (is_placed, &view.set.candidate) {
            let family = view.found.task_definition.family();
            seen.latest = Some(Definition(account.task_definition(family).await?));
        }
        Ok(seen)
    }

    async fn each(&self, account: &Account) -> Seen {
        let service = account.external_service((&self.cluster, &self.service));
        Seen {
            service: in_time("the service", service).await,
            ..self.nothing()
        }
    }

    async fn before(
        &self,
        account: &Account,
        seen: &Seen,
        request: &Request,
        inputs: &[Artifact],
    ) -> Result<Option<Before>, LookError> {
        Before::read(account, self, seen, (request, inputs)).await
    }

    // Which group is the candidate's says the record: a rule that sends it nothing any more is as good as gone.
    async fn each_closer(&self, account: &Account, view: View<'_>) -> Seen {
        let mut seen = view.seen.clone();
        if let Some((balanced, found)) = self.balanced().zip(view.found.balancer.as_ref()) {
            let is_swapped = balanced.is_swapped(found.stable.as_str());
            let place = balanced.place(is_swapped);
            // On the heap: the SDK's futures are large.
            let read = rules::Seen::each(account, BalancedSets::at(&place, is_swapped));
            let rules = Box::pin(read).await;
            let pair = self.id();
            let rules = rules.recorded(account, &place, (&pair, view.release));
            let rules = Box::pin(rules).await;
            seen.rules = Some(if is_swapped { rules.flipped() } else { rules });
        }
        seen
    }
}
