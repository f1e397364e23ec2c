//! How a release of a service of task sets begins: all that can be wrong with it is found before the first write. Pure.

use super::{Change, Found, Reason, Seen, Set, TaskSets};
use crate::{
    aws::{
        Account, LookError,
        task_set::{External, Scale, Status, TaskSet},
    },
    job::Artifact,
    known::Known,
    names::{TaskDefinitionArn, TaskSetId},
    parts::{
        Begun, NotBegun, Released,
        body::Part,
        plan::{Unreachable, plan},
        task_definition::{self, Asked, Candidate, Definition, Request},
    },
    traffic::begin::{Begin, Beginning},
    weight::Weight,
    words::Shared,
};

/// As many sets a service may have when a release begins, also counting those that are on their way out: AWS refuses the sixth.
const MOST_SETS: usize = 3;

/// What is read before a release begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// What the stable set runs, or is to run.
    pub stable: Definition,
    /// What is to be released, or why that cannot be.
    pub asked: Result<Asked, task_definition::Reason>,
    /// Sets that an earlier release has made, or has put another in the place of.
    pub of_releases: Vec<TaskSetId>,
}

impl Before {
    pub(super) async fn read(
        account: &Account,
        model: &TaskSets,
        seen: &Seen,
        request: (&Request, &[Artifact]),
    ) -> Result<Option<Self>, LookError> {
        let Some((service, runs)) = seen
            .service
            .get()
            .and_then(|it| Some((it, model.runs(it)?)))
        else {
            return Ok(None);
        };
        let at = (&model.cluster, &model.service);
        let sets: Vec<_> = service.sets.iter().filter(|it| it.is_there()).collect();
        let sets: Vec<_> = sets.into_iter().map(|it| it.id.clone()).collect();
        let of_releases = async { Ok(account.sets_of_releases(at, &sets).await?) };
        // On the heap: the SDK's futures are large.
        let asked = Box::pin(Asked::read(account, at, runs, request));
        let ((stable, asked), of_releases) = tokio::try_join!(asked, of_releases)?;
        Ok(Some(Self {
            stable,
            asked,
            of_releases,
        }))
    }
}

impl TaskSets {
    /// What the stable set runs, or is to run.
    fn runs<'a>(&'a self, service: &'a External) -> Option<&'a TaskDefinitionArn> {
        let primary = service.primary().map(|it| &it.task_definition);
        primary.or_else(|| Some(&self.bootstrap.as_ref()?.task_definition))
    }
}

type Refusal = NotBegun<Found, Set, Reason>;

/// Begins a release, if everything is in order.
pub(super) fn begin(model: &TaskSets, of: Beginning<'_, TaskSets>) -> Begin<TaskSets> {
    let unseen = |unseen: &crate::known::Unseen| NotBegun::wait(Shared::Aws(unseen.to_string()));
    let service = match &of.seen.service {
        Known::Known(service) => service,
        Known::Gone => return Err(NotBegun::wait(Shared::OtherInvocation)),
        Known::Unknown(why) => return Err(unseen(why)),
    };
    let dead_letters = match &of.seen.dead_letters {
        Known::Known(seen) => *seen,
        Known::Gone => None,
        Known::Unknown(why) => return Err(unseen(why)),
    };
    let runs = has_a_set(model, service)?;
    let before = of.before;
    let before = before.ok_or_else(|| NotBegun::wait(Shared::OtherInvocation))?;
    let asked = before.asked.as_ref();
    let asked = asked.map_err(|why| NotBegun::bad_request(why.clone()))?;
    let fits = asked.wanted.fits(&model.service, &before.stable);
    fits.map_err(NotBegun::bad_request)?;
    let beginning = Planned {
        model,
        service,
        before,
        asked,
        found: Found {
            task_set: service.primary().map(|it| it.id.clone()),
            task_definition: runs.clone(),
            left_over: before.left_over(service),
            dead_letters,
        },
    };
    let changes = asked.wanted.changes(&before.stable, runs, &asked.digests);
    if changes.is_empty() {
        return Err(beginning.nothing_to_do(of));
    }
    beginning.is_in_order().map_err(NotBegun::Refuse)?;
    beginning.is_settled().map_err(NotBegun::Wait)?;
    Ok(beginning.begun(changes, of))
}

/// What the service runs, or is to run first.
fn has_a_set<'a>(
    model: &'a TaskSets,
    service: &'a External,
) -> Result<&'a TaskDefinitionArn, Refusal> {
    if let Some(deployed) = service.deployed {
        return Err(NotBegun::bad_request(Reason::Deployed {
            service: model.service.clone(),
            connects: deployed.connects,
        }));
    }
    let no_set = || {
        NotBegun::bad_request(Reason::NoPrimary {
            service: model.service.clone(),
        })
    };
    model.runs(service).ok_or_else(no_set)
}

impl Before {
    /// Sets that earlier releases have left.
    fn left_over(&self, service: &External) -> Vec<TaskSetId> {
        let sets = service.sets.iter();
        let sets =
            sets.filter(|it| it.status == Status::Active && self.of_releases.contains(&it.id));
        sets.map(|it| it.id.clone()).collect()
    }
}

/// A release that has something to do.
struct Planned<'a> {
    model: &'a TaskSets,
    service: &'a External,
    before: &'a Before,
    asked: &'a Asked,
    found: Found,
}

impl Planned<'_> {
    fn nothing_to_do(self, of: Beginning<'_, TaskSets>) -> Refusal {
        NotBegun::NothingToDo {
            set: Set {
                candidate: Some(Candidate::Registered {
                    task_definition: self.found.task_definition.clone(),
                    at: of.now,
                }),
                ..Set::default()
            },
            item: self.asked.wanted.images.clone().into(),
            found: self.found,
        }
    }

    /// Nothing about the service is in the way of a release or its rollback.
    fn is_in_order(&self) -> Result<(), Reason> {
        self.has_only_its_own()?;
        self.is_standard()?;
        self.has_room()?;
        Ok(self.asked.wanted.has_room_for_tags(&self.before.stable)?)
    }

    /// One set is PRIMARY and has all tasks, and every other one is of an earlier release.
    fn has_only_its_own(&self) -> Result<(), Reason> {
        let (service, sets) = (&self.model.service, &self.service.sets);
        let is_foreign = |set: &&TaskSet| {
            set.status == Status::Active && !self.found.left_over.contains(&set.id)
        };
        if let Some(foreign) = sets.iter().find(is_foreign) {
            return Err(Reason::ForeignSet {
                service: service.clone(),
                set: foreign.into(),
            });
        }
        let primaries = sets.iter().filter(|it| it.status == Status::Primary);
        let primaries: Vec<_> = primaries.collect();
        if let [one, other, ..] = primaries.as_slice() {
            return Err(Reason::SeveralPrimary {
                service: service.clone(),
                one: (*one).into(),
                other: (*other).into(),
            });
        }
        if sets.len() > MOST_SETS {
            return Err(Reason::TooManySets {
                service: service.clone(),
                found: sets.len(),
                most: MOST_SETS,
            });
        }
        match primaries.first().filter(|it| !it.scale.is(Scale::ALL)) {
            Some(part) => Err(Reason::NotWhole {
                service: service.clone(),
                set: part.id.clone(),
                scale: part.scale,
            }),
            None => Ok(()),
        }
    }

    fn is_standard(&self) -> Result<(), Reason> {
        let name = self.model.queue().url.queue();
        // AWS: the name of a FIFO queue ends with it, and that of no other does (API reference, `CreateQueue`).
        match name.strip_suffix(".fifo") {
            None => Ok(()),
            Some(_) => Err(Reason::Fifo {
                queue: name.to_owned(),
            }),
        }
    }

    /// Any share at all has room for it.
    fn has_room(&self) -> Result<(), Reason> {
        let (queue, tasks) = (self.model.queue(), self.service.desired);
        if tasks == 0 {
            return Ok(());
        }
        match plan(queue.bounds(tasks), Weight::LEAST, tasks, tasks) {
            Err(Unreachable::NoRoom {
                cap, taken, needed, ..
            }) => Err(Reason::NoRoom {
                taken,
                most: cap,
                needed,
            }),
            _ => Ok(()),
        }
    }

    /// As many tasks run as should, and there are any.
    fn is_settled(&self) -> Result<(), Reason> {
        if self.service.desired == 0 {
            return Err(Reason::NoTasks {
                service: self.model.service.clone(),
            });
        }
        match self.service.primary().filter(|it| !it.is_settled()) {
            Some(set) => Err(Reason::Settling(set.into())),
            None => Ok(()),
        }
    }

    /// The registration is claimed, and what earlier releases have left goes.
    fn begun(self, what: Vec<String>, of: Beginning<'_, TaskSets>) -> Begun<Found, Set, Change> {
        let wanted = self.asked.wanted.clone().with(&self.asked.digests);
        let service = &self.model.service;
        let mut changes: Vec<_> = self
            .found
            .left_over
            .iter()
            .map(|set| Change::delete(service, set))
            .collect();
        let candidate = if let Some(task_definition) = wanted.revision() {
            Candidate::Registered {
                task_definition,
                at: of.now,
            }
        } else {
            let definition = wanted.definition(of.release, of.now);
            let claimed = Candidate::registering(&definition, of.now);
            changes.push(Change::Register { definition });
            claimed
        };
        let letters = self.found.dead_letters;
        let letters =
            letters.filter(|it| *it > 0 && self.model.queue().letters.max_dead_letters == 0);
        Begun {
            released: Released {
                asked: self.asked.wanted.images.clone().into(),
                item: wanted.images.into(),
                stable: self.found.task_definition.short().to_owned(),
                changes: what,
            },
            but: letters.map(one_more_ends_it).into_iter().collect(),
            in_full: Part::of(&self.found),
            changes,
            found: self.found,
            set: Set {
                candidate: Some(candidate),
                ..Set::default()
            },
        }
    }
}

/// Dead letters from before, where a single one more ends the release.
fn one_more_ends_it(letters: u64) -> String {
    let s = if letters == 1 { "" } else { "s" };
    format!(
        "the dead-letter queue has {letters} message{s} from before, and one more ends the release (maxDeadLetters is 0)"
    )
}
