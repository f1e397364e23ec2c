//! What is read of a function and its alias.

use std::fmt;

use super::{Before, LambdaAlias, Request, Source, View};
use crate::{
    aws::{
        Account, AwsError, LookError,
        function::{Alias, Function, Provisioned},
        functions::LATEST,
    },
    job::Artifact,
    known::{Known, Unseen, in_time},
    parts::focus::Focus,
    traffic::observed::Observed,
};

/// What a look sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The alias.
    pub alias: Known<Alias>,
    /// What is kept warm for it, if anything is.
    pub provisioned: Known<Option<Provisioned>>,
    /// Messages in the dead-letter queue, if the target has one.
    pub dead_letters: Known<Option<u64>>,
    /// The function, as long as its candidate has no version.
    pub published: Known<Option<Published>>,
}

/// How far a candidate is published.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// What is not published yet.
    pub latest: Function,
    /// The version that was published last, or the one that was asked for.
    pub version: Option<Function>,
}

impl Published {
    /// Of a source, of which the function is asked for what it has published.
    pub(super) async fn read(
        account: &Account,
        model: &LambdaAlias,
        source: &Source,
    ) -> Result<Self, AwsError> {
        let function = &model.function;
        let version = async {
            let version = match source {
                Source::Published { version } => Some(version.clone()),
                Source::Code(_) => account.newest_version(function).await?,
            };
            let Some(version) = version else {
                return Ok(None);
            };
            match account.function(function, version.as_str()).await {
                Err(error) if error.is_missing() => Ok(None),
                read => read.map(Some),
            }
        };
        let (latest, version) = tokio::try_join!(account.function(function, LATEST), version)?;
        Ok(Self { latest, version })
    }
}

/// One line for the ledger.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alias = match &self.alias {
            Known::Known(alias) => alias.routing.to_string(),
            other => other.clone().map(|_| "").said("the alias"),
        };
        f.write_str(&alias)?;
        if let Known::Known(Some(warm)) = &self.provisioned {
            write!(f, "; {} of {} kept warm", warm.available, warm.requested)?;
        }
        match &self.dead_letters {
            Known::Known(Some(letters)) => write!(f, "; {letters} dead letters"),
            _ => Ok(()),
        }
    }
}

impl Observed for LambdaAlias {
    type Seen = Seen;
    type Before = Before;

    fn nothing(&self) -> Seen {
        Seen {
            alias: Known::nothing(),
            provisioned: Known::nothing(),
            dead_letters: Known::nothing(),
            published: Known::Known(None),
        }
    }

    fn unseen(seen: &Seen, focus: Focus) -> Vec<&Unseen> {
        let mut unseen = vec![seen.alias.unseen()];
        if focus != Focus::AsFound {
            unseen.extend([
                seen.provisioned.unseen(),
                seen.dead_letters.unseen(),
                seen.published.unseen(),
            ]);
        }
        unseen.into_iter().flatten().collect()
    }

    fn gone(seen: &Seen) -> Option<&Unseen> {
        seen.alias.unseen().filter(|unseen| unseen.is_missing())
    }

    async fn observe(&self, account: &Account, _focus: Focus) -> Seen {
        let field = "traffic.lambdaAlias.deadLetterUrl";
        let dead_letters = self.letters().count(account, field);
        let (function, alias) = (&self.function, &self.alias);
        let (alias, provisioned, dead_letters) = tokio::join!(
            account.alias(function, alias),
            account.provisioned(function, alias),
            dead_letters
        );
        Seen {
            alias: Known::needed(alias),
            provisioned: Known::needed(provisioned),
            dead_letters,
            ..self.nothing()
        }
    }

    async fn closer(
        &self,
        account: &Account,
        focus: Focus,
        view: View<'_>,
    ) -> Result<Seen, LookError> {
        let candidate = view.set.candidate.as_ref();
        let unpublished = candidate.filter(|it| it.version.is_none());
        let published = match (focus, unpublished) {
            (Focus::Placed { .. }, Some(candidate)) => {
                Some(Published::read(account, self, &candidate.source).await?)
            }
            _ => None,
        };
        Ok(Seen {
            published: Known::Known(published),
            ..view.seen.clone()
        })
    }

    async fn each(&self, account: &Account) -> Seen {
        let alias = account.alias(&self.function, &self.alias);
        Seen {
            alias: in_time("the alias", alias).await,
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
        let Some(alias) = seen.alias.get() else {
            return Ok(None);
        };
        Before::read(account, self, alias, (request, inputs))
            .await
            .map(Some)
    }

    async fn each_closer(&self, _account: &Account, view: View<'_>) -> Seen {
        view.seen.clone()
    }
}
