//! What is read of a queue's consumers.

use std::fmt;

use super::{Queue, View};
use crate::{
    aws::{Account, LookError},
    job::Artifact,
    known::{Known, Unseen},
    parts::{focus::Focus, pair, task_definition::Request},
    schedule::Window,
    traffic::observed::Observed,
};

/// What a look sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Of the services.
    pub pair: pair::Seen,
    /// Messages in the dead-letter queue, if the target has one.
    pub dead_letters: Known<Option<u64>>,
    /// Whether the queue can be seen; an action's first look asks.
    pub queue: Known<()>,
}

/// One line for the ledger.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pair.fmt(f)?;
        match &self.dead_letters {
            Known::Known(Some(letters)) => write!(f, "; {letters} dead letters"),
            _ => Ok(()),
        }
    }
}

impl Observed for Queue {
    type Seen = Seen;
    type Before = pair::Before;

    fn nothing(&self) -> Seen {
        Seen {
            pair: pair::Seen::nothing(),
            dead_letters: Known::nothing(),
            queue: Known::Known(()),
        }
    }

    fn unseen(seen: &Seen, focus: Focus) -> Vec<&Unseen> {
        let pair = seen.pair.unseen(focus);
        if focus == Focus::AsFound {
            return pair.collect();
        }
        let queue = [seen.dead_letters.unseen(), seen.queue.unseen()];
        pair.chain(queue.into_iter().flatten()).collect()
    }

    fn gone(seen: &Seen) -> Option<&Unseen> {
        seen.pair.gone()
    }

    async fn observe(&self, account: &Account, focus: Focus) -> Seen {
        let traffic = &self.traffic.queue;
        let dead_letters = traffic
            .letters
            .count(account, "traffic.queue.deadLetterUrl");
        let queue = async {
            if focus == (Focus::Placed { is_first: true }) {
                Known::needed(account.messages(&traffic.url, "traffic.queue.url").await).map(|_| ())
            } else {
                Known::Known(())
            }
        };
        let (pair, dead_letters, queue) = tokio::join!(
            pair::Seen::needed(account, &self.pair, focus),
            dead_letters,
            queue
        );
        Seen {
            pair,
            dead_letters,
            queue,
        }
    }

    async fn closer(
        &self,
        account: &Account,
        focus: Focus,
        view: View<'_>,
    ) -> Result<Seen, LookError> {
        let pair = self.pair(view).closer(account, focus).await?;
        Ok(Seen {
            pair,
            ..view.seen.clone()
        })
    }

    async fn each(&self, account: &Account) -> Seen {
        Seen {
            pair: pair::Seen::each(account, &self.pair).await,
            ..self.nothing()
        }
    }

    async fn each_closer(&self, account: &Account, view: View<'_>) -> Seen {
        Seen {
            pair: self.back(false, view).closer(account).await,
            ..view.seen.clone()
        }
    }

    async fn before(
        &self,
        account: &Account,
        seen: &Seen,
        request: &Request,
        inputs: &[Artifact],
    ) -> Result<Option<pair::Before>, LookError> {
        pair::Before::observe(account, &self.pair, &seen.pair, (request, inputs)).await
    }

    async fn missed(&self, account: &Account, view: View<'_>, held: Window) -> Vec<String> {
        self.pair(view).missed(account, held).await
    }
}
