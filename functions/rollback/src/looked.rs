//! What a whole look sees and comes to, for tests.

use canary::{
    aws::{
        AwsError, LookError,
        alarms::Alarm,
        pipeline::{Execution, ExecutionStatus},
    },
    clock::Timestamp,
    decision::{Decision, Done, Move, Step},
    fixtures::Moment,
    known::{Known, Unseen},
    observation::{Counted, Looker, Observation},
    parts::{pair::Service, release::Lacking},
    reconcile::trigger::Trigger,
    record::Record,
};

use crate::{
    Seen,
    call::{self, Besides, Call},
    decide, over,
    watch::{self, Sight as Watching, Watched},
    words::Reason,
};

/// A pair at one moment, and its record.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) record: Option<Record>,
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) counted: Option<Known<Counted>>,
    pub(crate) seen: Seen,
}

impl Scene {
    /// Everything was seen, and the pipeline has nothing more to do for the release.
    pub(crate) fn of(pair: Moment) -> Self {
        let sight = pair.pair();
        Self {
            record: pair.record,
            alarms: pair.alarms,
            counted: pair.counted,
            seen: Seen {
                now: pair.now,
                pair: sight,
                execution: Known::Known(Execution::default()),
                status: Known::Gone,
                missed: Vec::new(),
            },
        }
    }

    /// The pipeline is at this, and its execution in progress.
    pub(crate) fn executing(mut self, execution: Execution) -> Self {
        self.seen.execution = Known::Known(execution);
        self.with_status("InProgress")
    }

    pub(crate) fn with_status(mut self, status: &str) -> Self {
        self.seen.status = Known::Known(ExecutionStatus::from(status));
        self
    }

    /// Something about it is otherwise.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut Seen)) -> Self {
        change(&mut self.seen);
        self
    }

    /// What a look comes to: where a rollback begins, its fence and all its steps.
    pub(crate) fn look(&self, why: &Trigger) -> Decision {
        self.look_in_full(why).0
    }

    pub(crate) fn look_in_full(&self, why: &Trigger) -> (Decision, Vec<Lacking>) {
        let besides = self.besides(why);
        match (
            call::call(self.record.as_ref(), why, &besides, self.seen.now),
            &self.record,
        ) {
            (Call::Idle(idle), _) => (
                Decision::Done(Done {
                    outcome: Reason::Idle(idle).into(),
                    record: None,
                    variables: Vec::new(),
                }),
                Vec::new(),
            ),
            (Call::Fence(doing, fence), _) => {
                let rolling_back = fence.rollback().expect("it is one");
                let mut steps = stopping(&fence, self.seen.now);
                let rest = decide::restore(&self.seen, &fence, rolling_back, why, true);
                let mut record = fence.clone();
                if let Decision::Take(taken) = rest.decision {
                    record = taken.record.unwrap_or(record);
                    let new = taken.steps.into_iter();
                    let new: Vec<_> = new.filter(|step| !steps.contains(step)).collect();
                    steps.extend(new);
                }
                (
                    Decision::Take(Move {
                        doing: doing.into(),
                        record: Some(record),
                        found: None,
                        steps,
                    }),
                    rest.lacking,
                )
            }
            (Call::GoOn, Some(record)) => {
                let rolling_back = record.rollback().expect("it is one");
                let rest = decide::restore(&self.seen, record, rolling_back, why, false);
                (rest.decision, rest.lacking)
            }
            (Call::Keep(keeping), _) => (
                Decision::Take(Move {
                    doing: keeping.doing,
                    record: Some(Box::new(keeping.record)),
                    found: None,
                    steps: keeping.steps,
                }),
                Vec::new(),
            ),
            (Call::GoOn, None) => unreachable!("there is nothing to go on with"),
        }
    }

    pub(crate) fn besides(&self, why: &Trigger) -> Besides {
        let record = self.record.as_ref();
        if record.is_some_and(|record| over::has_to_let_go(record, why, self.seen.now)) {
            return Besides::Over(Box::new(self.seen.pair.clone()));
        }
        let watched = self.watched(why).map(Box::new);
        watched.map_or(Besides::Nothing, Besides::Watched)
    }

    /// What the schedule sees, if it looks at more than the record.
    pub(crate) fn watched(&self, why: &Trigger) -> Option<Watched> {
        let record = self.record.as_ref()?;
        let seen = &self.seen;
        call::is_watched(record, why, seen.now).then(|| {
            let is_active = record.is_active();
            let watches = |execution: &Execution| watch::when(execution).is_some();
            let looks = !is_active || seen.execution.get().is_some_and(watches);
            Watched {
                status: is_active.then(|| seen.status.clone()),
                execution: is_active.then(|| seen.execution.clone()),
                pair: if looks {
                    Watching::Everything(Box::new((Ok(self.record.clone()), self.observation())))
                } else {
                    Watching::Alarms(Known::Known(self.alarms.clone()))
                },
            }
        })
    }

    /// What a look sees that needs all of it: what does not exist is no more seen than what AWS does not tell.
    fn observation(&self) -> Observation {
        let missing = |service: &mut Known<Service>, name| {
            if service.is_gone() {
                let error = AwsError::missing("ecs:DescribeServices", format!("service {name}"));
                *service = Known::Unknown(LookError::from(error).into());
            }
        };
        Observation {
            now: self.seen.now,
            alarms: Known::Known(self.alarms.clone()),
            pair: self.seen.pair.clone().but(|pair| {
                missing(&mut pair.primary, "primary");
                missing(&mut pair.canary, "canary");
            }),
            counted: self.counted.clone(),
            by: Looker::Schedule,
        }
    }
}

/// The stopping call of a rollback's first look.
pub(crate) fn stopping(fence: &Record, now: Timestamp) -> Vec<Step> {
    Step::of(fence.open(now, &fence.model().nothing()).stop())
}

/// Something that AWS does not answer for now.
pub(crate) fn unseen<T>(why: &str) -> Known<T> {
    Known::Unknown(Unseen {
        why: why.to_owned(),
        is_passing: true,
        error: None,
    })
}
