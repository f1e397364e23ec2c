//! What AWS has refused to a look: into the record, and told.

use canary::{
    aws::{AwsError, Trouble, records::Written},
    decision::{Decision, Step, WaitingOn},
    record::{Missing, Record, RollingBack},
};

use super::{Ledger, Sent};
use crate::{
    decide::Restoring,
    missing::{self, Lacking, News},
    notice,
    seen::{self, Seen},
    stop,
};

impl Ledger<'_> {
    /// What was refused, what could not be seen for want of a permission, and whether the stopping call has got through.
    pub(super) async fn keep_books(
        &self,
        record: &Record,
        seen: &Seen,
        restoring: Restoring,
        sent: &Sent,
    ) -> Result<Decision, Trouble> {
        let Some(rolling_back) = record.rollback() else {
            return Ok(restoring.decision);
        };
        let lacking = lacking(seen, restoring.lacking, &sent.failed);
        let failed: Vec<Step> = sent.failed.iter().map(|(step, _)| step.clone()).collect();
        let stopped = stop::has_got_through(seen, record, rolling_back, &sent.all, &failed);
        let saw_everything = seen.unseen().next().is_none();
        let News {
            missing,
            is_new,
            is_told,
        } = missing::update(rolling_back, &lacking, saw_everything, seen.now);
        if is_new || stopped != rolling_back.stopped {
            let next = RollingBack {
                stopped,
                missing: missing.clone(),
                ..rolling_back.clone()
            };
            let next = record.rolling(next, seen.now);
            let entry = self.entry(record, seen.to_string(), refused(&lacking), seen.now);
            if self.account.write(&next, None, &entry).await? == Written::Overtaken {
                return Ok(Decision::Wait(WaitingOn::OtherInvocation));
            }
        }
        if is_told {
            let found = seen::found_in_full(self.account, record).await;
            let table = self.account.releases_table().unwrap_or_default();
            let notice = notice::missing(record, &missing, found.as_ref(), table);
            self.account.tell(&notice).await;
        }
        Ok(said(restoring.decision, &missing, &sent.failed))
    }
}

fn refused(lacking: &[Lacking]) -> String {
    let words = lacking.iter().map(|it| format!("{} ({})", it.what, it.why));
    match words.collect::<Vec<_>>().as_slice() {
        [] => "nothing is refused".to_owned(),
        words => format!("AWS refuses: {}", words.join("; ")),
    }
}

/// What is missing for good, as far as this look can tell. What passes by itself is tried again and is no news.
fn lacking(seen: &Seen, known: Vec<Lacking>, failed: &[(Step, AwsError)]) -> Vec<Lacking> {
    let refused = failed.iter().filter(|(_, error)| !error.is_passing());
    let refused = refused.map(|(step, error)| Lacking {
        what: step.to_string(),
        why: error.to_string(),
    });
    let unseen = seen.unseen().filter(|unseen| !unseen.is_passing);
    let unseen = unseen.map(|unseen| Lacking {
        what: "rollback sees everything".to_owned(),
        why: unseen.to_string(),
    });
    let mut lacking: Vec<Lacking> = known.into_iter().chain(refused).chain(unseen).collect();
    lacking.dedup_by(|a, b| a.what == b.what);
    lacking
}

/// What is said of a look: first of all what AWS refuses.
fn said(decision: Decision, missing: &[Missing], failed: &[(Step, AwsError)]) -> Decision {
    match (missing, failed) {
        ([first, others @ ..], _) => Decision::Wait(WaitingOn::Missing {
            first: Box::new(first.clone()),
            others: others.len(),
        }),
        ([], [(_, error), ..]) => Decision::Wait(WaitingOn::Aws(error.to_string())),
        ([], []) => decision,
    }
}
