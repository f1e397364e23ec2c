//! How a release of two services begins. Pure.

use super::{
    Both, Candidate, Change, Found, FoundDefinition, FoundService, Holds, InFull, Pair, Reason,
    Seen, Set, View, keeps_a_task,
};
use crate::{
    clock::Timestamp,
    names::ReleaseId,
    parts::{
        Begun, NotBegun, Released,
        body::Part,
        release::Promotion,
        task_definition::{self, Asked, Definition},
    },
    words::Shared,
};

/// What is read of two services once, before a release begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// What the primary runs.
    pub stable: Definition,
    /// What the canary runs, if that is something else.
    pub stable_of_canary: Option<Definition>,
    /// What is to be released, or why that cannot be.
    pub asked: Result<Asked, task_definition::Reason>,
}

/// Two services before a release.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// When.
    pub now: Timestamp,
    /// The release.
    pub release: &'a ReleaseId,
    /// The services of the target.
    pub pair: &'a Pair,
    /// What the release is to hold of their automatic scaling.
    pub holds: Holds,
    /// Whether a primary that scales to zero is to keep a task.
    pub keeps_primary: bool,
    /// What was seen of them.
    pub seen: &'a Seen,
    /// What was read for the beginning.
    pub before: Option<&'a Before>,
}

/// A release of two services that has something to do.
#[derive(Debug, Clone)]
pub struct Planned<'a> {
    /// The services, seen.
    pub both: Both<'a>,
    /// What they are like.
    pub found: Found,
    of: Beginning<'a>,
    before: &'a Before,
    asked: &'a Asked,
    changes: Vec<String>,
}

impl<'a> Beginning<'a> {
    /// What there is to do.
    ///
    /// # Errors
    /// Nothing is, or what is asked for cannot be done.
    pub fn planned(self) -> Result<Planned<'a>, NotBegun<Found, Set, Reason>> {
        let both = self.seen.both(self.pair).map_err(NotBegun::Wait)?;
        let found = self.found(both).map_err(NotBegun::BadRequest)?;
        let before = self.before;
        let before = before.ok_or_else(|| NotBegun::wait(Shared::OtherInvocation))?;
        let asked = before.asked.as_ref();
        let asked = asked.map_err(|why| NotBegun::bad_request(why.clone()))?;
        let fits = asked.wanted.fits(&both.primary.name, &before.stable);
        fits.map_err(NotBegun::bad_request)?;
        let runs = &found.primary.task_definition;
        let changes = asked.wanted.changes(&before.stable, runs, &asked.digests);
        if changes.is_empty() {
            let item = asked.wanted.images.clone().into();
            let set = Set {
                candidate: Some(Candidate::Registered {
                    task_definition: runs.clone(),
                    at: self.now,
                }),
                ..Set::default()
            };
            return Err(NotBegun::NothingToDo { found, set, item });
        }
        Ok(Planned {
            both,
            found,
            of: self,
            before,
            asked,
            changes,
        })
    }

    fn found(self, both: Both<'_>) -> Result<Found, Reason> {
        let not_steady = || Reason::NotSteady(both.primary.into());
        let primary = FoundService::of(both.primary).ok_or_else(not_steady)?;
        Ok(Found {
            primary: primary.floored(self.keeps_primary),
            canary: FoundService::of(both.canary).ok_or_else(not_steady)?,
        })
    }
}

impl Planned<'_> {
    /// Both services stand still, and nothing about them is in the way of a release or its rollback.
    ///
    /// # Errors
    /// Something is.
    pub fn is_in_order(&self) -> Result<(), Reason> {
        let Both { primary, canary } = self.both;
        for service in [primary, canary] {
            if !service.is_rolled_out() {
                return Err(Reason::NotSteady(service.into()));
            }
        }
        let stable = &self.before.stable;
        let of_canary = self.before.stable_of_canary.as_ref().unwrap_or(stable);
        super::preflight::check((primary, stable), (canary, of_canary))?;
        Ok(())
    }

    /// Whether what is registered has room for our tags beside those that it has.
    ///
    /// # Errors
    /// It has not.
    pub fn has_room_for_tags(&self) -> Result<(), Reason> {
        Ok(self.asked.wanted.has_room_for_tags(&self.before.stable)?)
    }

    /// As many tasks run as should.
    ///
    /// # Errors
    /// Some are on their way.
    pub fn is_settled(&self) -> Result<(), Reason> {
        for service in [self.both.primary, self.both.canary] {
            if !service.is_settled() {
                return Err(Reason::Settling(service.into()));
            }
        }
        Ok(())
    }

    /// The beginning: the registration is claimed, and automatic scaling held.
    #[must_use]
    pub fn begun(self) -> Begun<Found, Set, Change> {
        let Beginning { now, release, .. } = self.of;
        let wanted = self.asked.wanted.clone().with(&self.asked.digests);
        let mut set = Set::default();
        let view = View {
            now,
            release,
            began: now,
            since: now,
            promotion: Promotion::NotBegun,
            refused: &[],
            pair: self.of.pair,
            holds: self.of.holds,
            seen: self.of.seen,
            found: &self.found,
            set: &set,
        };
        let (candidate, changes) = match wanted.revision() {
            Some(task_definition) => {
                let at = now;
                let candidate = Candidate::Registered {
                    task_definition,
                    at,
                };
                (candidate, view.hold(self.both))
            }
            None => view.registering(self.both, wanted.definition(release, now)),
        };
        set.candidate = Some(candidate);
        let is_started = self.found.primary.floor > 0 && self.both.primary.desired == 0;
        let kept = is_started.then(|| keeps_a_task(&self.of.pair.primary));
        Begun {
            released: Released {
                asked: self.asked.wanted.images.clone().into(),
                item: wanted.images.into(),
                stable: self.found.primary.task_definition.short().to_owned(),
                changes: self.changes,
            },
            found: self.found,
            set,
            but: kept.into_iter().collect(),
            in_full: self.before.in_full(),
            changes,
        }
    }
}

impl Before {
    fn in_full(&self) -> Part {
        let definitions = [Some(&self.stable), self.stable_of_canary.as_ref()];
        let definitions = definitions.into_iter().flatten();
        let in_full = InFull {
            definitions: definitions
                .filter_map(|definition| {
                    Some(FoundDefinition {
                        task_definition: definition.arn()?,
                        input: definition.once_more(),
                    })
                })
                .collect(),
        };
        Part::of(&in_full)
    }
}
