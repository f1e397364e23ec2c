//! What one look of a rollback sees. Nothing of it is needed to stop harm; what could not be seen is unknown.

use std::fmt;

use canary::{
    aws::{
        Account,
        pipeline::{Execution, ExecutionStatus},
    },
    clock::Timestamp,
    known::{Known, Unseen, in_time},
    names::AlarmName,
    observe,
    parts::focus::Focus,
    record::Record,
    traffic::Seen as Pair,
};

use crate::watch::{self, Sight as Watching, Watched};

/// What one look sees of a release that is being rolled back.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// When.
    pub now: Timestamp,
    /// What there is of the pair.
    pub pair: Pair,
    /// What the pipeline is doing for the release.
    pub execution: Known<Execution>,
    /// How the release's execution stands; gone where the pipeline does not know it.
    pub status: Known<ExecutionStatus>,
    /// What people are to hear of scheduled actions that fell into the release; asked as the rollback ends, and nothing before.
    pub missed: Vec<String>,
}

impl Seen {
    /// Everything that could not be seen.
    #[must_use]
    pub fn unseen(&self, record: &Record) -> Vec<&Unseen> {
        let pipeline = [self.execution.unseen(), self.status.unseen()];
        let pair = record.model().unseen(&self.pair, Focus::AsFound);
        let pipeline = pipeline.into_iter().flatten();
        pair.into_iter().chain(pipeline).collect()
    }
}

/// Reads everything at once, and then what that calls for.
pub(crate) async fn observe(account: &Account, record: &Record) -> Seen {
    let target = &record.target;
    let pipeline = in_time(
        "codepipeline:GetPipelineState",
        account.pipeline(&target.pipeline),
    );
    // On the heap: the SDK's futures are large.
    let pipeline = Box::pin(async { tokio::join!(pipeline, status(account, record)) });
    let (pair, (pipeline, status)) = tokio::join!(Box::pin(pair(account, record)), pipeline);
    let seen = Seen {
        now: account.now(),
        pair,
        execution: pipeline.map(|pipeline| pipeline.execution(&record.release)),
        status,
        missed: Vec::new(),
    };
    for unseen in seen.unseen(record) {
        tracing::warn!("{unseen}");
    }
    seen
}

/// What there is of the pair.
pub(crate) async fn pair(account: &Account, record: &Record) -> Pair {
    let model = record.target.restoring();
    let seen = model.each(account).await;
    let facts = record.facts(account.now());
    model.closer(account, facts, &seen).await
}

/// What the schedule looks at: the execution of a release that goes on, and then as much of the pair as no action looks at.
pub(crate) async fn watch(account: &Account, record: &Record, now: Timestamp) -> Watched {
    let target = &record.target;
    let whole = async || {
        let (record, seen) = observe::parts(account, target, Focus::Share, now).await;
        Watching::Everything(Box::new((record, seen)))
    };
    if !record.is_active() {
        return Watched {
            status: None,
            execution: None,
            pair: whole().await,
        };
    }
    let (status, pipeline) = tokio::join!(
        status(account, record),
        in_time(
            "codepipeline:GetPipelineState",
            account.pipeline(&target.pipeline)
        )
    );
    let execution = pipeline.map(|pipeline| pipeline.execution(&record.release));
    let pair = if execution.get().and_then(watch::when).is_some() {
        whole().await
    } else {
        Watching::Alarms(Known::needed(account.alarms(&target.alarms).await))
    };
    Watched {
        status: Some(status),
        execution: Some(execution),
        pair,
    }
}

/// Whether an alarm that has told of itself is seen to be held back. What cannot be seen does not keep its event from counting.
pub(crate) async fn is_silent(account: &Account, alarm: &AlarmName) -> bool {
    let alarms = account.alarms(std::slice::from_ref(alarm));
    let seen = in_time("cloudwatch:DescribeAlarms", alarms).await;
    seen.get().into_iter().flatten().any(|alarm| !alarm.acts)
}

/// How the release's execution stands.
async fn status(account: &Account, record: &Record) -> Known<ExecutionStatus> {
    let read = account.execution_status(&record.target.pipeline, &record.release);
    match in_time("codepipeline:GetPipelineExecution", read).await {
        Known::Known(Some(status)) => Known::Known(status),
        Known::Known(None) | Known::Gone => Known::Gone,
        Known::Unknown(unseen) => Known::Unknown(unseen),
    }
}

/// One line for the ledger, also of what was not looked at.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pair.fmt(f)?;
        match &self.execution {
            Known::Known(execution) if !execution.approvals.is_empty() => {
                write!(f, "; its approval waits")?;
            }
            Known::Known(execution) if execution.under_way => {
                write!(f, "; its pipeline execution is under way")?;
            }
            Known::Known(_) | Known::Gone => {}
            Known::Unknown(unseen) => write!(f, "; pipeline not seen: {unseen}")?,
        }
        f.write_str("; alarms and dead letters not looked at")
    }
}
