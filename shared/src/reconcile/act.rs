//! What a decision comes to: the record first, then all steps at once, and the ledger's entry.

use crate::{
    aws::{Account, AwsError, table::Written},
    clock::Timestamp,
    decision::{Decision, Step},
    names::ReleaseId,
    record::{Entry, FoundInFull, Record},
    target::Target,
    telemetry,
    traffic::door::Opened,
    trouble::Trouble,
};

/// Who acts, for whom, and on what.
#[derive(Clone, Copy)]
pub struct Actor<'a> {
    /// The account.
    pub account: &'a Account,
    /// The function.
    pub function: &'static str,
    /// What called it, as the ledger names it.
    pub caller: &'a str,
    /// The pair.
    pub target: &'a Target,
}

impl Actor<'_> {
    /// What the ledger is told of a decision.
    #[must_use]
    pub fn entry(
        &self,
        release: Option<&ReleaseId>,
        seen: String,
        decided: String,
        at: Timestamp,
    ) -> Entry {
        Entry {
            pair: self.target.pair(),
            at,
            function: self.function,
            caller: self.caller.to_owned(),
            release: release.cloned(),
            seen,
            decided,
        }
    }

    /// Carries out a decision, as [`Self::act`] does; what is refused is refused whether it can be written down or not.
    ///
    /// # Errors
    /// The record could not be written, and nothing is done.
    pub async fn carry_out(
        &self,
        decision: &Decision,
        entry: Entry,
    ) -> Result<Option<Vec<(Step, AwsError)>>, Trouble> {
        match decision {
            Decision::Take(taken) => {
                let (record, found) = (taken.record.as_deref(), taken.found.as_deref());
                self.act(record, found, &taken.steps, entry).await
            }
            Decision::Done(done) if done.record.is_some() => {
                self.act(done.record.as_deref(), None, &[], entry).await
            }
            Decision::Refuse(refusal) => {
                self.refuse(refusal.record.as_deref(), entry).await;
                Ok(Some(Vec::new()))
            }
            Decision::Done(_) | Decision::Wait(_) => Ok(Some(Vec::new())),
        }
    }

    /// Writes down what is refused. It is said whatever becomes of that: also where a rollback has fenced the record meanwhile.
    async fn refuse(&self, record: Option<&Record>, entry: Entry) {
        let Some(record) = record else {
            return self.note(entry).await;
        };
        match self.act(Some(record), None, &[], entry.clone()).await {
            Ok(Some(_)) => {}
            Ok(None) => self.note(entry).await,
            Err(trouble) => {
                tracing::error!("the record could not be written: {trouble}");
                self.note(entry).await;
            }
        }
    }

    /// Acts: the record first, if it changes, then all steps at once.
    ///
    /// Answers the steps that failed: none keeps the others from being tried. `None` if the record has changed since it was read;
    /// then nothing is done.
    ///
    /// # Errors
    /// The record could not be written, and nothing is done.
    pub async fn act(
        &self,
        record: Option<&Record>,
        found: Option<&FoundInFull>,
        steps: &[Step],
        entry: Entry,
    ) -> Result<Option<Vec<(Step, AwsError)>>, Trouble> {
        let steps = self.take_all(steps);
        let Some(record) = record else {
            let ((), failed) = tokio::join!(self.note(entry), steps);
            return Ok(Some(failed));
        };
        match self.account.write(record, found, &entry).await? {
            Written::Overtaken => Ok(None),
            Written::Yes => {
                telemetry::wrote(record, entry.at);
                Ok(Some(steps.await))
            }
        }
    }

    /// Takes steps, all at once; answers those that failed.
    pub async fn take_all(&self, steps: &[Step]) -> Vec<(Step, AwsError)> {
        let model = self.target.model();
        let taking = steps.iter().map(|step| self.take(model, step));
        let results = futures_util::future::join_all(taking).await;
        let failed = steps.iter().zip(results).filter_map(|(step, result)| {
            let failure = result.err()?;
            tracing::warn!("not done ({step}): {failure}");
            Some((step.clone(), failure))
        });
        failed.collect()
    }

    async fn take(&self, model: &dyn Opened, step: &Step) -> Result<(), AwsError> {
        match step {
            Step::Traffic(change) => model.apply(self.account, change).await,
            Step::Reject { approval, summary } => self.account.reject(approval, summary).await,
            Step::Stop {
                pipeline,
                release,
                reason,
                abandon,
            } => self.account.stop(pipeline, release, reason, *abandon).await,
        }
    }

    /// Adds to the ledger what changes no record. A ledger that cannot be written is no reason to leave
    /// something undone.
    pub async fn note(&self, entry: Entry) {
        if let Err(trouble) = self.account.note(&entry).await {
            tracing::error!("the ledger could not be written: {trouble}");
        }
    }
}

/// What the ledger says was decided.
#[must_use]
pub fn in_words(decision: &Decision) -> String {
    match decision {
        Decision::Take(taken) => taken.doing.to_string(),
        Decision::Wait(waiting_on) => waiting_on.to_string(),
        Decision::Done(done) => done.outcome.to_string(),
        Decision::Refuse(why) => format!("refused: {why}"),
    }
}
