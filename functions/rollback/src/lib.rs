#![doc = include_str!("../README.md")]

pub mod decide;
pub mod notice;
mod services;
mod weights;

use std::{fmt, sync::Arc};

use canary::{
    aws::{
        Account, Trouble,
        pipeline::{Execution, ExecutionStatus},
        records::{Entry, Written},
    },
    clock::Timestamp,
    decision::{Decision, Idle, Outcome, WaitingOn},
    job::{Bookmark, FailureType, Job, Report},
    names::{ForwardArn, PairId},
    observation::{Alb, Forward, Observation, TargetHealth},
    parameters::{self, RawRollback, USER_PARAMETERS},
    reconcile::{self, carry_out, guarded},
    record::{Phase, Record},
    target::{self, AlbTraffic, Target},
    trigger::{self, Trigger},
};
use serde_json::{Value, json};

use decide::Why;

/// The function's name in messages and in the ledger.
pub const NAME: &str = "rollback";

/// What one look of rollback saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The pair.
    pub pair: Observation,
    /// What the pipeline is doing for the release.
    pub execution: Execution,
    /// How the release's execution stands, asked where only the schedule calls; `None` if it was not asked or is not
    /// known.
    pub status: Option<ExecutionStatus>,
    /// Rules that send the canary nothing, whatever weight is set: they are gone, or do not forward to its group any more.
    pub gone: Vec<ForwardArn>,
    /// What could not be seen of the load balancer, and why.
    pub unseen: Vec<String>,
    /// Whether it could be seen which targets are healthy.
    pub knows_health: bool,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pair)?;
        match (&self.execution.approval, self.execution.under_way) {
            (Some(_), _) => write!(f, "; its approval waits"),
            (None, true) => write!(f, "; its pipeline execution is under way"),
            (None, false) => Ok(()),
        }
    }
}

/// Handles one event of any kind.
///
/// # Errors
/// The rollback could not be begun or reported; Lambda tries again, and after that the schedule.
pub async fn handle(
    account: Arc<Account>,
    event: Value,
    deadline: Timestamp,
) -> Result<Value, Trouble> {
    let trigger = match trigger::read(&event) {
        Ok(trigger) => trigger,
        Err(ignored) => {
            tracing::warn!("ignored: {ignored}");
            return Ok(json!({"ignored": ignored.to_string()}));
        }
    };
    drop(event);
    match trigger {
        // On the heap: it holds a whole look.
        Trigger::Job(job) => Box::pin(as_action(account, job, deadline)).await,
        Trigger::Hand(parameters) => by_hand(&account, &parameters).await,
        Trigger::Alarm(firing) => {
            let caller = format!("alarm {}", firing.alarm);
            unattended(&account, &Why::Alarm(firing), &caller).await
        }
        Trigger::Ended(ended) => {
            let caller = format!("pipeline {}", ended.pipeline);
            unattended(&account, &Why::Ended(ended), &caller).await
        }
        Trigger::Schedule => unattended(&account, &Why::Schedule, "schedule").await,
    }
}

/// As a pipeline action: goes on until the rollback is complete.
async fn as_action(account: Arc<Account>, job: Job, deadline: Timestamp) -> Result<Value, Trouble> {
    let now = account.now();
    let id = job.id.clone();
    let bookmark = Bookmark::read(&job, now);
    let looking = Arc::clone(&account);
    let from = bookmark.clone();
    let look = async move {
        let text = job.user_parameters.as_deref();
        let (target, asked) =
            match parameters::read::<RawRollback>(USER_PARAMETERS, text, looking.target()) {
                Ok(read) => read,
                Err(bad) => {
                    return Report::Failed {
                        kind: FailureType::ConfigurationError,
                        message: bad.to_string(),
                    };
                }
            };
        match look(
            &looking,
            &target,
            &Why::Action(asked),
            &format!("job {}", job.id),
        )
        .await
        {
            Ok(decision) => reconcile::report(decision, &from),
            Err(trouble) if trouble.is_passing() => {
                let decision = Decision::Wait(WaitingOn::Aws(trouble.to_string()));
                let decision = decision.bounded(from.started, now, parameters::LONGEST_ACTION);
                reconcile::report(decision, &from)
            }
            Err(trouble) => Report::Failed {
                kind: trouble.failure_type(),
                message: trouble.to_string(),
            },
        }
    };
    let report = guarded(NAME, bookmark, deadline.since(now), look).await;
    reconcile::deliver(&account, NAME, &id, report).await
}

/// By hand: the answer is for whoever typed the command.
async fn by_hand(account: &Account, parameters: &Value) -> Result<Value, Trouble> {
    let text = parameters.to_string();
    let (target, asked) =
        match parameters::read::<RawRollback>("the event", Some(&text), account.target()) {
            Ok(read) => read,
            Err(bad) => {
                tracing::error!("refused: {bad}");
                return Ok(json!({"refused": bad.to_string()}));
            }
        };
    let decision = persistent(account, &target, &Why::Hand(asked), "by hand").await?;
    Ok(said(&target.pair(), &decision))
}

/// Called by something that reads no answer: looks at the function's own pair, or at every pair that is concerned.
async fn unattended(account: &Account, why: &Why, caller: &str) -> Result<Value, Trouble> {
    let targets = match account.target() {
        Some(text) => vec![target::resolve(Some(text), None)?],
        None => account
            .records()
            .await?
            .into_iter()
            .filter(|record| why.concerns(record))
            .map(|r| r.target)
            .collect(),
    };
    if targets.is_empty() {
        tracing::warn!("{caller}: no release record is concerned; nothing is rolled back");
    }
    let looks = targets.iter().map(|target| async move {
        let decision = persistent(account, target, why, caller).await?;
        Ok(said(&target.pair(), &decision))
    });
    // Every pair is looked at, whatever became of the others.
    let results = futures_util::future::join_all(looks).await;
    results
        .into_iter()
        .collect::<Result<Vec<_>, Trouble>>()
        .map(Value::from)
}

/// How often a look is taken again whose record another invocation has changed meanwhile.
const LOOKS: usize = 5;

/// A call that nobody repeats must not get lost because another function wrote the record at the same
/// moment: the look is taken again.
async fn persistent(
    account: &Account,
    target: &Target,
    why: &Why,
    caller: &str,
) -> Result<Decision, Trouble> {
    for _ in 1..LOOKS {
        let decision = look(account, target, why, caller).await?;
        if decision != Decision::Wait(WaitingOn::OtherInvocation) {
            return Ok(decision);
        }
    }
    look(account, target, why, caller).await
}

/// One look at one pair. The schedule looks at the record first: every minute there is nothing else to look at.
async fn look(
    account: &Account,
    target: &Target,
    why: &Why,
    caller: &str,
) -> Result<Decision, Trouble> {
    let seen = if matches!(why, Why::Schedule) {
        let record = account.record(&target.pair()).await?;
        match decide::in_progress(record) {
            Ok(record) => observe(account, target, Some(record)).await?,
            Err(nothing_to_do) => return Ok(*nothing_to_do),
        }
    } else {
        observe(account, target, None).await?
    };
    let now = seen.pair.now;
    let decision = decide::decide(&seen, why);
    let notice = notice::of(&seen, why, &decision);
    let entry = |decided: String| Entry {
        pair: target.pair(),
        at: now,
        function: NAME,
        caller: caller.to_owned(),
        release: seen
            .pair
            .record
            .as_ref()
            .map(|record| record.release.clone()),
        seen: seen.to_string(),
        decided,
    };
    let written = match &decision {
        Decision::Take(taken) => {
            let entry = entry(taken.doing.to_string());
            carry_out(account, target, taken, entry, notice.as_ref()).await?
        }
        Decision::Done(done) => match &done.record {
            Some(record) => {
                let entry = entry(done.outcome.to_string());
                let written = account.write(record, &entry).await?;
                if written == Written::Yes {
                    account.tell(notice.as_ref()).await;
                }
                written
            }
            None if is_routine(why, &done.outcome) => Written::Yes,
            None => {
                reconcile::note(account, entry(done.outcome.to_string())).await;
                Written::Yes
            }
        },
        Decision::Wait(_) | Decision::Refuse(_) => Written::Yes,
    };
    Ok(match written {
        Written::Yes => decision,
        Written::Overtaken => Decision::Wait(WaitingOn::OtherInvocation),
    })
}

/// The schedule finding nothing to do, every minute, is no news.
fn is_routine(why: &Why, outcome: &Outcome) -> bool {
    matches!((why, outcome), (Why::Schedule, Outcome::Idle(_)))
}

/// Everything at once; but for the record where it is known, and then the release's pipeline execution is asked too:
/// between two stages it is for a moment nowhere in the pipeline's state, which must not be taken for its end.
async fn observe(
    account: &Account,
    target: &Target,
    known: Option<Record>,
) -> Result<Seen, Trouble> {
    let pair = target.pair();
    let status = async {
        match known.as_ref().filter(|record| !is_rolling_back(record)) {
            Some(record) => Ok(account
                .execution_status(&target.pipeline, &record.release)
                .await?),
            None => Ok(None),
        }
    };
    let record = async {
        match &known {
            Some(record) => Ok(Some(record.clone())),
            None => account.record(&pair).await,
        }
    };
    let scaling = async { Ok(account.scaling_of(target).await?) };
    let pipeline = async { Ok(account.pipeline(&target.pipeline).await?) };
    let balancer = async { Ok(balancer(account, target.alb()).await) };
    // On the heap: the SDK's futures are large.
    let reads = Box::pin(async {
        tokio::try_join!(
            record,
            account.services(target),
            scaling,
            pipeline,
            status,
            balancer
        )
    });
    let (record, (mut primary, mut canary), scaling, pipeline, status, balancer) = reads.await?;
    (primary.scaling, canary.scaling) = scaling;
    let execution = record
        .as_ref()
        .map(|record| pipeline.execution(&record.release))
        .unwrap_or_default();
    let pair = Observation {
        // Read after everything else: the fence begins when the record is written, which is next.
        now: account.now(),
        record,
        primary,
        canary,
        alarms: Vec::new(),
        dead_letters: None,
        alb: balancer.alb,
    };
    Ok(Seen {
        pair,
        execution,
        status,
        gone: balancer.gone,
        unseen: balancer.unseen,
        knows_health: balancer.knows_health,
    })
}

/// What a rollback sees of the load balancer.
#[derive(Default)]
struct Balancer {
    alb: Option<Alb>,
    gone: Vec<ForwardArn>,
    unseen: Vec<String>,
    knows_health: bool,
}

/// Looks at every rule by itself: what is wrong with one must not keep another, or the services, from being restored.
async fn balancer(account: &Account, model: Option<&AlbTraffic>) -> Balancer {
    let Some(model) = model else {
        return Balancer::default();
    };
    let rules = model
        .forwards()
        .map(|arn| async move { (arn, account.actions(model, arn).await) });
    let (rules, health) = tokio::join!(
        futures_util::future::join_all(rules),
        account.health_of(model)
    );
    let mut seen = Balancer::default();
    let mut forwards = Vec::new();
    for (arn, actions) in rules {
        match actions.map(|actions| Forward::read(model, arn, actions)) {
            Ok(Ok(forward)) => forwards.push(forward),
            Ok(Err(bad)) if bad.spares(&model.canary_target_group) => seen.gone.push(arn.clone()),
            Ok(Err(bad)) => seen.unseen.push(format!("{} {bad}", arn.short())),
            Err(Trouble::Aws(error)) if error.is_missing() => seen.gone.push(arn.clone()),
            Err(trouble) => seen.unseen.push(trouble.to_string()),
        }
    }
    seen.knows_health = health.is_ok();
    // Rules can be put back all the same.
    let (primary, canary) = health.unwrap_or_else(|trouble| {
        seen.unseen.push(trouble.to_string());
        let unknown = || TargetHealth {
            reason: Some("not seen".to_owned()),
            ..TargetHealth::default()
        };
        (unknown(), unknown())
    });
    seen.alb = Some(Alb {
        forwards,
        primary,
        canary,
    });
    for unseen in &seen.unseen {
        tracing::warn!("{unseen}");
    }
    seen
}

fn is_rolling_back(record: &Record) -> bool {
    matches!(record.phase, Phase::RollingBack { .. })
}

/// What became of a look, for the log and for whoever invoked the function.
fn said(pair: &PairId, decision: &Decision) -> Value {
    match decision {
        Decision::Take(taken) => {
            tracing::warn!(%pair, "{}", taken.doing);
            json!({"pair": pair, "rollingBack": taken.doing.to_string()})
        }
        Decision::Wait(waiting_on) => {
            tracing::info!(%pair, "{waiting_on}");
            json!({"pair": pair, "rollingBack": waiting_on.to_string()})
        }
        Decision::Done(done)
            if matches!(
                done.outcome,
                Outcome::Idle(Idle::UnderWay { .. } | Idle::Finished(_))
            ) =>
        {
            json!({"pair": pair, "idle": done.outcome.to_string()})
        }
        Decision::Done(done) => {
            tracing::warn!(%pair, "{}", done.outcome);
            json!({"pair": pair, "done": done.outcome.to_string()})
        }
        Decision::Refuse(refusal) => {
            tracing::error!(%pair, "{refusal}");
            json!({"pair": pair, "refused": refusal.to_string()})
        }
    }
}

#[cfg(test)]
mod any_point;
