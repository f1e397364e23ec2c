//! What is read of a service and its task sets.

use std::fmt;

use super::{Before, TaskSets, View};
use crate::{
    aws::{Account, LookError, task_set::External},
    job::Artifact,
    known::{Known, Unseen, in_time},
    parts::{
        exits::Exit,
        focus::Focus,
        task_definition::{Candidate, Definition, Request},
    },
    traffic::observed::Observed,
};

/// What a look sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The service, with its sets.
    pub service: Known<External>,
    /// Tasks of it that have ended.
    pub exits: Known<Vec<Exit>>,
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
            exits: Known::nothing(),
            dead_letters: Known::nothing(),
            queue: Known::Known(()),
            latest: None,
        }
    }

    fn unseen(seen: &Seen, focus: Focus) -> Vec<&Unseen> {
        let mut unseen = vec![seen.service.unseen()];
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
        seen.service.unseen().filter(|unseen| unseen.is_missing())
    }

    async fn observe(&self, account: &Account, focus: Focus) -> Seen {
        let queue = self.queue();
        let field = "traffic.taskSets.queue.deadLetterUrl";
        let dead_letters = queue.letters.count(account, field);
        let is_there = async {
            if focus == (Focus::Placed { is_first: true }) {
                let field = "traffic.taskSets.queue.url";
                Known::needed(account.messages(&queue.url, field).await).map(|_| ())
            } else {
                Known::Known(())
            }
        };
        // On the heap: the SDK's futures are large.
        let reads = Box::pin(async {
            tokio::join!(
                account.external_service((&self.cluster, &self.service)),
                account.exits_and_failed_starts(&self.cluster, &self.service),
                dead_letters,
                is_there,
            )
        });
        let (service, exits, dead_letters, queue) = reads.await;
        Seen {
            service: Known::needed(service),
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

    async fn each_closer(&self, _account: &Account, view: View<'_>) -> Seen {
        view.seen.clone()
    }
}
