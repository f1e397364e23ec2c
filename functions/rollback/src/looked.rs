//! What a whole look sees and comes to, for tests.

use canary::{
    aws::pipeline::{Execution, ExecutionStatus},
    decision::{Decision, Done, Move, Outcome},
    observation::{Alarm, Known, Observation, Unseen},
    record::Record,
};

use crate::{
    Balancer, Rule, Seen,
    call::{self, Call, Watched, Why},
    decide,
    missing::Lacking,
    stop,
};

/// A pair at one moment, and its record.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    pub(crate) record: Option<Record>,
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) seen: Seen,
}

impl Looked {
    /// Everything was seen, and the pipeline has nothing more to do for the release.
    pub(crate) fn of(pair: Observation) -> Self {
        let balancer = pair.alb.map(|alb| Balancer {
            rules: alb
                .forwards
                .into_iter()
                .map(|forward| Rule {
                    arn: forward.arn.clone(),
                    seen: Known::Known(forward),
                    recorded: None,
                })
                .collect(),
            primary: Known::Known(alb.primary),
            canary: Known::Known(alb.canary),
        });
        Self {
            record: pair.record,
            alarms: pair.alarms,
            seen: Seen {
                now: pair.now,
                primary: Known::Known(pair.primary),
                canary: Known::Known(pair.canary),
                scaling: None,
                execution: Known::Known(Execution::default()),
                status: Known::Gone,
                balancer,
                inactive: Vec::new(),
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
    pub(crate) fn look(&self, why: &Why) -> Decision {
        self.look_in_full(why).0
    }

    pub(crate) fn look_in_full(&self, why: &Why) -> (Decision, Vec<Lacking>) {
        let watched = Watched {
            status: self.seen.status.clone(),
            alarms: Known::Known(self.alarms.clone()),
        };
        let is_watched = |record: &Record| call::is_watched(record, why, self.seen.now);
        let watched = self
            .record
            .as_ref()
            .is_some_and(is_watched)
            .then_some(watched);
        match (
            call::call(self.record.as_ref(), why, watched.as_ref(), self.seen.now),
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
                let mut steps = stop::steps(&fence, rolling_back);
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
            (Call::GoOn, None) => unreachable!("there is nothing to go on with"),
        }
    }
}

/// Something that AWS does not answer for now.
pub(crate) fn unseen<T>(why: &str) -> Known<T> {
    Known::Unknown(Unseen {
        why: why.to_owned(),
        is_passing: true,
    })
}
