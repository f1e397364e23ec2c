//! The candidate of a function: a published version that can be invoked, and gets no invocation yet.

use super::{
    Candidate, Change, FunctionCode, LambdaAlias, Published, Reason, Set, Source, View,
    share::alias,
};
use crate::{
    aws::function::{Code, Function, State},
    traffic::model::{Attained, Short, Toward},
    words::Shared,
};

/// How far the candidate is.
pub(super) fn toward(model: &LambdaAlias, view: View<'_>) -> Toward<LambdaAlias> {
    let candidate = view.set.candidate.as_ref();
    let candidate = candidate.ok_or_else(|| Short::wait(Shared::OtherInvocation))?;
    alias(view)?;
    if let Some(version) = &candidate.version {
        return Ok(Attained {
            said: format!("version {version} of {} is ready", model.function),
            share: None,
            but: Vec::new(),
        });
    }
    let Some(Some(seen)) = view.seen.published.get() else {
        return Err(Short::wait(Shared::OtherInvocation));
    };
    let placing = Placing {
        model,
        candidate,
        seen,
        view,
    };
    let version = placing.version()?;
    placing.active(version)?;
    Err(placing.noting(
        Reason::Published {
            function: model.function.to_string(),
            version: version.version.clone(),
        },
        candidate.published(version),
        Vec::new(),
    ))
}

struct Placing<'a> {
    model: &'a LambdaAlias,
    candidate: &'a Candidate,
    seen: &'a Published,
    view: View<'a>,
}

impl<'a> Placing<'a> {
    /// The candidate's version, published if it is not.
    fn version(&self) -> Result<&'a Function, Short<LambdaAlias>> {
        let version = self.seen.version.as_ref();
        let code = match &self.candidate.source {
            Source::Code(code) => code,
            Source::Published { .. } => {
                return version.ok_or_else(|| Short::wait(Shared::OtherInvocation));
            }
        };
        match version {
            Some(newest) if is_same(newest, &code.digest(), &self.seen.latest) => Ok(newest),
            _ => {
                self.coded(code)?;
                Err(self.publish())
            }
        }
    }

    /// What is not published yet has the candidate's code.
    fn coded(&self, code: &FunctionCode) -> Result<(), Short<LambdaAlias>> {
        let latest = &self.seen.latest;
        let function = || self.model.function.to_string();
        match (&latest.update, &latest.state) {
            (State::Failed(why), _) if self.candidate.replaces.is_some() => {
                let what = format!("giving function {} the candidate's code", function());
                let why = why.clone();
                return Err(Short::Refuse(Reason::Failed { what, why }));
            }
            (State::Pending, _) | (_, State::Pending) => {
                return Err(Short::Wait(Reason::Updating {
                    function: function(),
                }));
            }
            _ if latest.code == code.digest() => return Ok(()),
            _ => {}
        }
        let now = latest.code.to_string();
        // Once the candidate's code has been sent, only what it replaces may still be there.
        if self
            .candidate
            .replaces
            .as_ref()
            .is_some_and(|before| *before != now)
        {
            return Err(Short::Refuse(Reason::OtherCode {
                function: function(),
                found: now,
            }));
        }
        Err(self.noting(
            Reason::Code {
                function: function(),
                code: code.clone(),
            },
            Candidate {
                replaces: Some(now),
                ..self.candidate.clone()
            },
            vec![Change::Code {
                function: function(),
                code: code.clone(),
                revision: latest.revision.clone(),
            }],
        ))
    }

    fn publish(&self) -> Short<LambdaAlias> {
        let function = self.model.function.to_string();
        Short::Change {
            doing: Reason::Publish {
                function: function.clone(),
            },
            set: None,
            changes: vec![Change::Publish {
                function,
                release: self.view.release.clone(),
                revision: self.seen.latest.revision.clone(),
            }],
        }
    }

    /// It can be invoked.
    fn active(&self, version: &Function) -> Result<(), Short<LambdaAlias>> {
        let function = self.model.function.to_string();
        match &version.state {
            State::Done => Ok(()),
            State::Pending => Err(Short::Wait(Reason::Activating {
                function,
                version: version.version.clone(),
            })),
            State::Failed(why) => Err(Short::Refuse(Reason::Failed {
                what: format!("version {} of function {function}", version.version),
                why: why.clone(),
            })),
        }
    }

    fn noting(
        &self,
        doing: Reason,
        candidate: Candidate,
        changes: Vec<Change>,
    ) -> Short<LambdaAlias> {
        let is_new = candidate != *self.candidate;
        Short::Change {
            doing,
            set: is_new.then(|| Set {
                candidate: Some(candidate),
                ..self.view.set.clone()
            }),
            changes,
        }
    }
}

/// Whether a version is what would be published of this code: then it is not published again (AWS, API reference, `PublishVersion`).
pub(super) fn is_same(version: &Function, code: &Code, latest: &Function) -> bool {
    version.code == *code && version.settings == latest.settings
}

/// A source and what the function has of it.
pub(super) fn found<'a>(source: &Source, seen: &'a Published) -> Option<&'a Function> {
    let version = seen.version.as_ref()?;
    match source.code() {
        Some(code) => is_same(version, &code, &seen.latest).then_some(version),
        None => Some(version),
    }
}
