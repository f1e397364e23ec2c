//! Callers that CodePipeline does not hear for: a person who reads the answer, and whatever reads none.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use canary::{
    aws::Account,
    clock::Timestamp,
    decision::Decision,
    names::PairId,
    parameters::{self, RawRollback},
    reconcile::trigger::Trigger,
    target::{self, Target},
    trouble::Trouble,
    words::Code,
};
use serde_json::{Value, json};

use crate::look::look;

/// By hand: the answer is for whoever typed the command.
pub(crate) async fn by_hand(
    account: &Account,
    parameters: &Value,
    deadline: Timestamp,
) -> Result<Value, Trouble> {
    let text = parameters.to_string();
    let (target, asked) =
        match parameters::read::<RawRollback>("the event", Some(&text), account.target()) {
            Ok(read) => read,
            Err(bad) => {
                tracing::error!("refused: {bad}");
                return Ok(json!({"refused": bad.to_string()}));
            }
        };
    let decision = persistent(account, &target, &Trigger::Hand(asked), deadline).await?;
    Ok(said(&target.pair(), &decision))
}

/// Called by something that reads no answer: looks at the function's own pair, or at every pair that is concerned.
pub(crate) async fn on_event(
    account: &Account,
    why: &Trigger,
    deadline: Timestamp,
) -> Result<Value, Trouble> {
    let (mut targets, mut unread) = (Vec::new(), Vec::new());
    match account.target() {
        Some(text) => targets.push(target::resolve(Some(text), None)?),
        None => {
            for record in account.records().await? {
                match record {
                    Ok(record) if why.concerns(&record) => targets.push(record.target),
                    Ok(_) => {}
                    Err(unreadable) => unread.push(unreadable.into()),
                }
            }
        }
    }
    if targets.is_empty() {
        tracing::warn!("{why}: no release matches; nothing is rolled back");
    }
    let looks = targets.iter().map(|target| async move {
        let decision = persistent(account, target, why, deadline).await?;
        Ok(said(&target.pair(), &decision))
    });
    // Every pair is looked at, whatever became of the others.
    let results = futures_util::future::join_all(looks).await;
    let unread = unread.into_iter().map(Err::<Value, Trouble>);
    results
        .into_iter()
        .chain(unread)
        .collect::<Result<Vec<_>, Trouble>>()
        .map(Value::from)
}

/// How often a look is taken whose record another invocation changes meanwhile.
const LOOKS: usize = 5;

/// How much longer than the last look the next one may take.
const LONGER: Duration = Duration::from_secs(1);

/// A call that nobody repeats must not get lost because another function wrote the record at the same
/// moment: the look is taken again, a little later; and if that goes on, Lambda repeats the call.
async fn persistent(
    account: &Account,
    target: &Target,
    why: &Trigger,
    deadline: Timestamp,
) -> Result<Decision, Trouble> {
    let caller = &why.to_string();
    let mut times = 0;
    loop {
        tokio::time::sleep(jitter(account.now(), caller, times)).await;
        let began = account.now();
        match look(account, target, why, caller).await? {
            Decision::Wait(waiting_on) if waiting_on.is(Code::OtherInvocation) => times += 1,
            decision => return Ok(decision),
        }
        let now = account.now();
        if !is_taken_again(times, now.since(began), deadline.since(now)) {
            let pair = target.pair();
            return Err(Trouble::Conflict { pair, times });
        }
    }
}

/// Whether a look is taken again that others have overtaken so often. Where AWS hardly answers, one takes a third of the time that the
/// function has.
fn is_taken_again(times: usize, took: Duration, left: Duration) -> bool {
    times < LOOKS && took + LONGER < left
}

/// How long to wait before a look that others have overtaken so often: up to a tenth of a second more each time, another time for
/// every caller.
fn jitter(now: Timestamp, caller: &str, times: usize) -> Duration {
    let mut hasher = DefaultHasher::new();
    (now.to_string(), caller, times).hash(&mut hasher);
    let longest = 100 * u64::try_from(times).unwrap_or_default();
    Duration::from_millis(hasher.finish() % (longest + 1))
}

/// What became of a look, for the log and for whoever invoked the function.
fn said(pair: &PairId, decision: &Decision) -> Value {
    match decision {
        Decision::Take(taken) if !taken.doing.is(Code::RollingBack) => {
            tracing::info!(%pair, "{}", taken.doing);
            json!({"pair": pair, "holding": taken.doing.to_string()})
        }
        Decision::Take(taken) => {
            tracing::warn!(%pair, "{}", taken.doing);
            json!({"pair": pair, "rollingBack": taken.doing.to_string()})
        }
        Decision::Wait(waiting_on) => {
            tracing::info!(%pair, "{waiting_on}");
            json!({"pair": pair, "rollingBack": waiting_on.to_string()})
        }
        Decision::Done(done) if done.outcome.is(Code::NoNews) => {
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
mod tests {
    use super::*;

    #[test]
    fn a_look_is_taken_again_only_if_it_can_end_in_time() {
        let seconds = Duration::from_secs;
        let quick = Duration::from_millis(80);
        assert!(is_taken_again(1, quick, seconds(29)));
        assert!(is_taken_again(4, quick, seconds(29)));
        assert!(!is_taken_again(LOOKS, quick, seconds(29)));
        assert!(is_taken_again(1, seconds(10), seconds(20)), "a second one");
        assert!(!is_taken_again(2, seconds(10), seconds(9)), "no third");
        assert!(!is_taken_again(1, quick, seconds(1)));
    }
}
