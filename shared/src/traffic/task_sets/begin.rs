//! How a release of a service of task sets begins: all that can be wrong with it is found before the first write. Pure.

use super::{Before, Change, Found, QueueSets, Reason, Set, TaskSets, before::Balancer};
use crate::{
    aws::task_set::{External, Scale, Status, TaskSet},
    known::{Known, Unseen},
    names::TaskDefinitionArn,
    parts::{
        Begun, NotBegun, Released,
        body::Part,
        plan::{Unreachable, plan},
        task_definition::{Asked, Candidate},
    },
    traffic::begin::{Begin, Beginning},
    weight::Weight,
    words::Shared,
};

/// As many sets a service may have when a release begins, also counting those that are on their way out: AWS refuses the sixth.
const MOST_SETS: usize = 3;

impl TaskSets {
    /// What the stable set runs, or is to run.
    pub(super) fn runs<'a>(&'a self, service: &'a External) -> Option<&'a TaskDefinitionArn> {
        let primary = service.primary().map(|it| &it.task_definition);
        primary.or_else(|| Some(&self.bootstrap.as_ref()?.task_definition))
    }
}

type Refusal = NotBegun<Found, Set, Reason>;

/// Begins a release, if everything is in order.
pub(super) fn begin(model: &TaskSets, of: Beginning<'_, TaskSets>) -> Begin<TaskSets> {
    let unseen = |unseen: &Unseen| NotBegun::wait(Shared::Aws(unseen.to_string()));
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
    let wait = || NotBegun::wait(Shared::OtherInvocation);
    let balancer = match model.balanced() {
        Some(balanced) => {
            let seen = before.balancer(balanced, service, of.seen);
            Some(seen.ok_or_else(wait)?)
        }
        None => None,
    };
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
            balancer: balancer.as_ref().map(Balancer::found),
        },
        balancer,
    };
    let mut changes = asked.wanted.changes(&before.stable, runs, &asked.digests);
    if service.primary().is_none() {
        // Nothing runs yet, whatever the candidate has in common with what is to run.
        changes.insert(0, "first task set".to_owned());
    }
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

/// A release that has something to do.
struct Planned<'a> {
    model: &'a TaskSets,
    service: &'a External,
    before: &'a Before,
    asked: &'a Asked,
    balancer: Option<Balancer<'a>>,
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
        if let Some(queue) = self.model.queue() {
            is_standard(queue)?;
            self.has_room(queue)?;
        }
        if let Some(balancer) = &self.balancer {
            balancer.is_in_order(self.service)?;
        }
        Ok(self.asked.wanted.has_room_for_tags(&self.before.stable)?)
    }

    /// One set is PRIMARY and has all tasks, and every other one is of an earlier release, without a task.
    fn has_only_its_own(&self) -> Result<(), Reason> {
        let (service, sets) = (&self.model.service, &self.service.sets);
        let is_foreign = |set: &&TaskSet| {
            set.status == Status::Active && !self.found.left_over.contains(&set.id)
        };
        if let Some(foreign) = sets.iter().find(is_foreign) {
            let (service, set) = (service.clone(), foreign.into());
            return Err(if self.before.of_releases.contains(&foreign.id) {
                Reason::InUse { service, set }
            } else {
                Reason::ForeignSet { service, set }
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

    /// Any share at all has room for it.
    fn has_room(&self, queue: &QueueSets) -> Result<(), Reason> {
        let tasks = self.service.desired;
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
        let queue = self.model.queue();
        let before = queue.and_then(|it| it.letters.one_more_ends_it(self.found.dead_letters));
        let rules = self.balancer.as_ref().map(Balancer::in_full);
        Begun {
            released: Released {
                asked: self.asked.wanted.images.clone().into(),
                item: wanted.images.into(),
                stable: self.found.task_definition.short().to_owned(),
                changes: what,
            },
            but: before.into_iter().collect(),
            in_full: match &rules {
                Some(rules) => Part::of(&self.found).and(rules),
                None => Part::of(&self.found),
            },
            changes,
            found: self.found,
            set: Set {
                candidate: Some(candidate),
                ..Set::default()
            },
        }
    }
}

fn is_standard(queue: &QueueSets) -> Result<(), Reason> {
    if !queue.url.is_fifo() {
        return Ok(());
    }
    Err(Reason::Fifo {
        queue: queue.url.queue().to_owned(),
    })
}
