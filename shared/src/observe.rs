//! What every look at a pair begins with: one round trip, all reads at once.

use crate::{
    aws::{Account, Trouble},
    clock::Timestamp,
    observation::Observation,
    target::Target,
};

/// Reads the record, both services with their scaling, the alarms, and the dead-letter queue or the load balancer.
pub async fn pair(
    account: &Account,
    target: &Target,
    now: Timestamp,
) -> Result<Observation, Trouble> {
    let pair = target.pair();
    let dead_letters = async {
        match target
            .queue()
            .and_then(|queue| queue.dead_letter_url.as_ref())
        {
            Some(url) => Ok(Some(account.messages(url, "deadLetterUrl").await?)),
            None => Ok(None),
        }
    };
    let alarms = async { Ok(account.alarms(&target.alarms).await?) };
    let alb = async {
        match target.alb() {
            Some(alb) => Ok(Some(account.alb(alb).await?)),
            None => Ok(None),
        }
    };
    let scaling = async { Ok(account.scaling_of(target).await?) };
    // On the heap: the SDK's futures are large, and every caller would hold five of them in its own.
    let reads = Box::pin(async {
        tokio::try_join!(
            account.record(&pair),
            account.services(target),
            alarms,
            dead_letters,
            scaling,
            alb,
        )
    });
    let (record, (mut primary, mut canary), alarms, dead_letters, scaling, alb) = reads.await?;
    (primary.scaling, canary.scaling) = scaling;
    Ok(Observation {
        now,
        record,
        primary,
        canary,
        alarms,
        dead_letters,
        alb,
    })
}
