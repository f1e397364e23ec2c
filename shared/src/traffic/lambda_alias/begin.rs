//! How a release of a function begins: all that can be wrong with it is found before the first write. Pure.

use super::{Candidate, Found, LambdaAlias, Published, Reason, Request, Set, Source, placed};
use crate::{
    aws::{
        Account, LookError,
        function::{Alias, Code, Function, Mapping, Provisioned, State},
        functions::LATEST,
    },
    item::Item,
    job::Artifact,
    known::Known,
    parts::{Begun, NotBegun, Released, body::Part},
    traffic::begin::{Begin, Beginning},
    words::Shared,
};

/// What is read before a release begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// What is to be released.
    pub source: Source,
    /// What the package's program is built for, where that can be told.
    pub built_for: Option<String>,
    /// The version behind the alias.
    pub stable: Box<Function>,
    /// The function, and the version that was published last, or was asked for.
    pub published: Box<Published>,
    /// What invokes the function with what it reads elsewhere.
    pub mappings: Vec<Mapping>,
}

impl Before {
    pub(super) async fn read(
        account: &Account,
        model: &LambdaAlias,
        alias: &Alias,
        (request, inputs): (&Request, &[Artifact]),
    ) -> Result<Self, LookError> {
        let function = &model.function;
        let name = model.qualified();
        let behind = alias.routing.version.as_str();
        let published = async {
            let (source, built_for) = request.source(account, inputs).await?;
            let published = Published::read(account, model, &source).await?;
            Ok::<_, LookError>((source, built_for, published))
        };
        let (read, stable, past, own) = tokio::join!(
            published,
            account.function(function, behind),
            account.mappings(function.as_str()),
            account.mappings(&name),
        );
        let (source, built_for, published) = read?;
        // One call may answer what the other does.
        let mut mappings = past?;
        mappings.extend(own?);
        mappings.sort_by(|a, b| a.id.cmp(&b.id));
        mappings.dedup();
        Ok(Self {
            source,
            built_for: built_for.map(str::to_owned),
            stable: Box::new(stable?),
            published: Box::new(published),
            mappings,
        })
    }
}

type Refusal = NotBegun<Found, Set, Reason>;

/// Begins a release, if everything is in order.
pub(super) fn begin(model: &LambdaAlias, of: Beginning<'_, LambdaAlias>) -> Begin<LambdaAlias> {
    let alias = alias(model, &of)?;
    let dead_letters = match &of.seen.dead_letters {
        Known::Known(seen) => *seen,
        Known::Gone => None,
        Known::Unknown(unseen) => return Err(NotBegun::wait(Shared::Aws(unseen.to_string()))),
    };
    in_one_piece(model, alias).map_err(NotBegun::Refuse)?;
    let Some(before) = of.before else {
        return Err(NotBegun::wait(Shared::OtherInvocation));
    };
    let found = Found {
        version: alias.routing.version.clone(),
        dead_letters,
    };
    let set = Set {
        candidate: Some(Candidate::of(before.source.clone())),
        ..Set::default()
    };
    let checked = Checked { model, before };
    checked.exists()?;
    if checked.runs_already() {
        return Err(NotBegun::NothingToDo {
            found,
            set,
            item: Item::Named(before.source.to_string()),
        });
    }
    checked.fits().map_err(NotBegun::Refuse)?;
    checked.is_settled(of.seen.provisioned.get().and_then(Option::as_ref))?;
    Ok(Begun {
        released: Released {
            asked: Item::Named(before.source.to_string()),
            item: Item::Named(before.source.to_string()),
            stable: found.version.short(),
            changes: checked.changes(),
        },
        but: checked.but(dead_letters),
        in_full: Part::of(&found),
        changes: Vec::new(),
        found,
        set,
    })
}

/// The alias, which has to be there.
fn alias<'a>(model: &LambdaAlias, of: &Beginning<'a, LambdaAlias>) -> Result<&'a Alias, Refusal> {
    match &of.seen.alias {
        Known::Known(alias) => Ok(alias),
        Known::Gone => Err(no_alias(model, "GetAlias does not find it".to_owned())),
        Known::Unknown(unseen) if unseen.is_missing() => Err(no_alias(model, unseen.to_string())),
        Known::Unknown(unseen) => Err(NotBegun::wait(Shared::Aws(unseen.to_string()))),
    }
}

fn no_alias(model: &LambdaAlias, why: String) -> Refusal {
    NotBegun::bad_request(Reason::NoAlias {
        alias: model.qualified(),
        why,
    })
}

/// One published version is behind the alias.
fn in_one_piece(model: &LambdaAlias, alias: &Alias) -> Result<(), Reason> {
    let (name, routing) = (model.qualified(), &alias.routing);
    if routing.version.as_str() == LATEST {
        return Err(Reason::BehindLatest { alias: name });
    }
    if routing.beside.is_some() {
        return Err(Reason::HasWeights {
            alias: name,
            found: routing.clone(),
        });
    }
    Ok(())
}

struct Checked<'a> {
    model: &'a LambdaAlias,
    before: &'a Before,
}

impl Checked<'_> {
    fn function(&self) -> String {
        self.model.function.to_string()
    }

    /// What was asked for by its version is there.
    fn exists(&self) -> Result<(), Refusal> {
        match (&self.before.source, &self.before.published.version) {
            (Source::Published { version }, None) => {
                Err(NotBegun::bad_request(Reason::NoVersion {
                    function: self.function(),
                    version: version.clone(),
                }))
            }
            _ => Ok(()),
        }
    }

    /// What was asked for, as it would run.
    fn candidate(&self) -> &Function {
        let published = &self.before.published;
        placed::found(&self.before.source, published).unwrap_or(&published.latest)
    }

    /// What that would run.
    fn code(&self, candidate: &Function) -> Code {
        let asked = self.before.source.code();
        asked.unwrap_or_else(|| candidate.code.clone())
    }

    fn runs_already(&self) -> bool {
        let (stable, candidate) = (&self.before.stable, self.candidate());
        let code = self.code(candidate);
        stable.version == candidate.version || placed::is_same(stable, &code, candidate)
    }

    /// In what the candidate differs from the stable version, by name.
    fn changes(&self) -> Vec<String> {
        let (stable, candidate) = (&self.before.stable, self.candidate());
        let code = self.code(candidate);
        let code = (stable.code != code).then(|| "code".to_owned());
        let settings = stable.settings.changes(&candidate.settings);
        code.into_iter().chain(settings).collect()
    }

    /// Both versions can stand behind one alias, and everything that comes does so by the alias.
    fn fits(&self) -> Result<(), Reason> {
        let Before {
            stable,
            published,
            mappings,
            ..
        } = self.before;
        if published.latest.update == State::Pending || published.latest.state == State::Pending {
            return Err(Reason::UpdateInProgress {
                function: self.function(),
            });
        }
        self.is_of_its_kind()?;
        let candidate = self.candidate();
        let differs = |what, stable_has: &str, candidate_has: &str| {
            let is_same = stable_has == candidate_has;
            (!is_same).then(|| Reason::Differs {
                what,
                version: stable.version.clone(),
                stable: stable_has.to_owned(),
                candidate: candidate_has.to_owned(),
            })
        };
        let letters = |of: &Function| of.dead_letters.clone().unwrap_or_else(|| "none".to_owned());
        let differs = differs("role", &stable.role, &candidate.role)
            .or_else(|| differs("dead-letter queue", &letters(stable), &letters(candidate)));
        if let Some(differs) = differs {
            return Err(differs);
        }
        let past = mappings
            .iter()
            .find(|it| !it.is_off && !self.names_the_alias(it));
        if let Some(mapping) = past {
            return Err(Reason::PastTheAlias {
                alias: self.model.qualified(),
                mapping: mapping.clone(),
            });
        }
        match &self.before.built_for {
            Some(found) if *found != candidate.architecture => Err(Reason::Architecture {
                function: self.function(),
                found: found.clone(),
                wanted: candidate.architecture.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// A package for a function of packages, an image for one of images.
    fn is_of_its_kind(&self) -> Result<(), Reason> {
        let kind = |code: &Code| match code {
            Code::Package(_) => "packages",
            Code::Image(_) => "images",
        };
        let runs = kind(&self.before.published.latest.code);
        let wanted = self.before.source.code();
        match wanted.as_ref().map(kind) {
            Some(candidate) if candidate != runs => Err(Reason::OtherKind {
                function: self.function(),
                runs,
                candidate: if candidate == "images" {
                    "an image"
                } else {
                    "a package"
                },
            }),
            _ => Ok(()),
        }
    }

    fn names_the_alias(&self, mapping: &Mapping) -> bool {
        mapping
            .invokes
            .ends_with(&format!(":{}", self.model.qualified()))
    }

    /// Nothing is on its way.
    fn is_settled(&self, warm: Option<&Provisioned>) -> Result<(), Refusal> {
        match warm.map(|it| &it.state) {
            Some(State::Pending) => {
                let warm = warm.map_or((0, 0), |it| (it.available, it.requested));
                Err(NotBegun::wait(Reason::Warming {
                    alias: self.model.qualified(),
                    available: warm.0,
                    requested: warm.1,
                }))
            }
            _ => Ok(()),
        }
    }

    /// What people are told of a release that begins.
    fn but(&self, dead_letters: Option<u64>) -> Vec<String> {
        let letters = &self.model.traffic.lambda_alias.letters;
        let letters = letters.one_more_ends_it(dead_letters);
        self.counts_batches().into_iter().chain(letters).collect()
    }

    /// What nobody sees of messages that are handed over several at once, where no metrics are named.
    fn counts_batches(&self) -> Option<String> {
        if self.model.traffic.lambda_alias.metrics.is_some() {
            return None;
        }
        let mut queues = self.before.mappings.iter().filter(|it| !it.is_off);
        queues.find(|it| it.batch > 1).map(|it| {
            let items = if it.tells_items {
                "messages that fail by themselves (ReportBatchItemFailures) are not counted by Lambda, so they are not seen without"
            } else {
                "batches are counted and not messages; to count messages, name"
            };
            format!(
                "mapping {} hands over up to {} messages at once: {items} metrics of yours (traffic.lambdaAlias.metrics)",
                it.id, it.batch
            )
        })
    }
}
