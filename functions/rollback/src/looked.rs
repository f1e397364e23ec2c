//! What a whole look sees and comes to, for tests.

use canary::{
    aws::pipeline::{Execution, ExecutionStatus},
    aws::{AwsError, Trouble},
    clock::Timestamp,
    decision::{Decision, Done, Move, Outcome, Step},
    exits::Exit,
    observation::{Alarm, Known, Observation, Unseen},
    observe::Parts,
    parts::{pair::Service, rules::Whole},
    reconcile::trigger::Trigger,
    record::{Lacking, Record},
    traffic::{door::Looked, sight::Sight},
};

use crate::{
    Seen,
    call::{self, Besides, Call},
    decide,
    watch::{self, Sight as Watching, Watched},
};

/// A pair at one moment, and its record.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) record: Option<Record>,
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) dead_letters: Option<u64>,
    pub(crate) exits: Vec<Exit>,
    pub(crate) seen: Seen,
}

impl Scene {
    /// Everything was seen, and the pipeline has nothing more to do for the release.
    pub(crate) fn of(pair: Observation) -> Self {
        let sight = Sight::of(&pair);
        Self {
            record: pair.record,
            alarms: pair.alarms,
            dead_letters: pair.dead_letters,
            exits: pair.exits,
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
                    outcome: Outcome::Idle(idle),
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
                        doing,
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
                    Watching::Parts(Box::new(self.parts()))
                } else {
                    Watching::Alarms(Ok(self.alarms.clone()))
                },
            }
        })
    }

    fn parts(&self) -> Parts {
        let (primary, canary) = (&self.seen.pair.pair.primary, &self.seen.pair.pair.canary);
        let service = |it: &Known<Service>, name: &str| match it {
            Known::Known(service) => Ok(service.clone()),
            Known::Gone => {
                Err(AwsError::missing("ecs:DescribeServices", format!("service {name}")).into())
            }
            Known::Unknown(_) => Err(Trouble::from(AwsError::throttled(
                "ecs:DescribeServices",
                name,
            ))),
        };
        let alb = self.seen.pair.rules.as_ref().map(|balancer| Whole {
            forwards: balancer.forwards().cloned().collect(),
            primary: balancer.primary.get().cloned().unwrap_or_default(),
            canary: balancer.canary.get().cloned().unwrap_or_default(),
        });
        let services = service(primary, "primary")
            .and_then(|primary| Ok((primary, service(canary, "canary")?)));
        Parts {
            now: self.seen.now,
            record: Ok(self.record.clone()),
            alarms: Ok(self.alarms.clone()),
            dead_letters: Ok(self.dead_letters),
            services,
            scaling: Ok(()),
            alb: Ok(alb),
            exits: Ok(self.exits.clone()),
        }
    }
}

/// The stopping call of a rollback's first look.
pub(crate) fn stopping(fence: &Record, now: Timestamp) -> Vec<Step> {
    let (record, seen) = (fence, &Sight::nothing(&fence.target));
    Looked { record, now, seen }.open().stop()
}

/// Something that AWS does not answer for now.
pub(crate) fn unseen<T>(why: &str) -> Known<T> {
    Known::Unknown(Unseen {
        why: why.to_owned(),
        is_passing: true,
    })
}
