//! Both sets of a service, as a look sees them, and the changes that give them other scales.

use super::{Change, Reason, Scales, Set, SetScales, TaskSets, View};
use crate::{
    aws::task_set::{External, Scale, TaskSet},
    parts::counts::Counts,
    traffic::model::Short,
    weight::Weight,
    words::Shared,
};

/// Both sets of a service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Both<'a> {
    /// Their service.
    pub(super) service: &'a External,
    /// The set that runs what the release found.
    pub(super) stable: &'a TaskSet,
    /// The candidate's.
    pub(super) candidate: &'a TaskSet,
}

/// The service.
pub(super) fn service(view: View<'_>) -> Result<&External, Short<TaskSets>> {
    let service = view.seen.service.get();
    service.ok_or_else(|| Short::wait(Shared::OtherInvocation))
}

/// The set that runs what the release found.
pub(super) fn stable<'a>(service: &'a External, view: View<'_>) -> Option<&'a TaskSet> {
    match &view.found.task_set {
        Some(id) => service.set(id),
        None => service.first_of(view.release),
    }
}

/// The candidate's set.
pub(super) fn candidate(view: View<'_>) -> Option<&TaskSet> {
    let mut sets = view.seen.service.get()?.of(view.release);
    sets.find(|set| set.is_there())
}

impl<'a> Both<'a> {
    /// Both, if they are seen.
    pub(super) fn seen(view: View<'a>) -> Option<Self> {
        let service = view.seen.service.get()?;
        Some(Self {
            service,
            stable: stable(service, view)?,
            candidate: candidate(view)?,
        })
    }

    /// Both, or what is waited for.
    pub(super) fn of(view: View<'a>) -> Result<Self, Short<TaskSets>> {
        Self::seen(view).ok_or_else(|| Short::wait(Shared::OtherInvocation))
    }

    /// So many tasks they are to have, as AWS has computed that.
    pub(super) fn counts(self) -> Counts {
        Counts {
            primary: self.stable.computed,
            canary: self.candidate.computed,
        }
    }

    /// So many run.
    pub(super) fn running(self) -> Counts {
        Counts {
            primary: self.stable.running,
            canary: self.candidate.running,
        }
    }

    /// Whether both are as they are to be.
    pub(super) fn are_settled(self) -> bool {
        self.stable.is_settled() && self.candidate.is_settled()
    }

    fn scales(self) -> Scales {
        Scales {
            stable: self.stable.scale,
            candidate: self.candidate.scale,
        }
    }

    /// Makes scales of these numbers of tasks; none where AWS has computed them, whatever the scales are by which it has.
    pub(super) fn counting(self, tasks: Counts) -> Scales {
        let (now, is) = (self.counts(), self.scales());
        let to = Scales::of(tasks, self.service.desired);
        // Everything and nothing are said as such: they stay that when the service's count changes.
        let is_part = |scale: Scale| !scale.is(Scale::ALL) && !scale.is_none();
        Scales {
            stable: if is_part(to.stable) && is_part(is.stable) && now.primary == tasks.primary {
                is.stable
            } else {
                to.stable
            },
            candidate: if is_part(to.candidate)
                && is_part(is.candidate)
                && now.canary == tasks.canary
            {
                is.candidate
            } else {
                to.candidate
            },
        }
    }

    /// Gives the sets these scales, where they have others; the record holds that first. `asked` is a share that the record does not
    /// hold yet.
    pub(super) fn scaled(
        self,
        to: Scales,
        doing: impl Into<Reason>,
        asked: Option<Weight>,
        view: View<'_>,
    ) -> Result<(), Short<TaskSets>> {
        let is = self.scales();
        let sets = [
            (self.candidate, is.candidate, to.candidate),
            (self.stable, is.stable, to.stable),
        ];
        let changes: Vec<_> = sets
            .into_iter()
            .filter(|(_, is, to)| !is.is(*to))
            .map(|(set, _, to)| Change::scale(&self.service.name, set, to))
            .collect();
        if changes.is_empty() {
            return Ok(());
        }
        let before = view.set.scales.as_ref();
        let is_set = before.is_some_and(|it| it.to.are(to) && it.candidate == self.candidate.id);
        let scales = (!is_set).then(|| SetScales {
            stable: self.stable.id.clone(),
            candidate: self.candidate.id.clone(),
            from: is,
            to,
            seen: false,
        });
        let set = Set {
            scales: scales.or_else(|| before.cloned()),
            ..view.set.clone()
        };
        Err(Short::Change {
            doing: doing.into(),
            set: (!is_set || asked.is_some()).then_some(set),
            changes,
        })
    }

    /// What was set last is seen: that, or what is right without it.
    pub(super) fn noted(self, doing: impl Into<Reason>, set: &Set) -> Short<TaskSets> {
        let scales = set.scales.clone().map(|scales| SetScales {
            to: self.scales(),
            seen: true,
            ..scales
        });
        Short::Change {
            doing: doing.into(),
            set: Some(Set {
                scales,
                ..set.clone()
            }),
            changes: Vec::new(),
        }
    }
}
