//! What every look at a pair begins with: one round trip, all reads at once.

use crate::{
    aws::{Account, Trouble},
    clock::Timestamp,
    glance::{Glance, Part, Seen},
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
            Some(url) => Ok(Some(account.dead_letters(url).await?)),
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

/// Reads the record and the parts of the pair whose turn it is after so many glances.
pub async fn glance(account: &Account, target: &Target, glances: usize) -> Result<Glance, Trouble> {
    let pair = target.pair();
    let parts = Part::in_turn(target, glances).into_iter();
    // On the heap, as above.
    let parts = parts.map(|it| Box::pin(part(account, target, it)));
    let parts = futures_util::future::try_join_all(parts);
    let (record, parts) = tokio::try_join!(Box::pin(account.record(&pair)), parts)?;
    Ok(Glance { record, parts })
}

async fn part(account: &Account, target: &Target, part: Part<'_>) -> Result<Seen, Trouble> {
    Ok(match part {
        Part::Services => {
            let (primary, canary) = account.services(target).await?;
            Seen::Services { primary, canary }
        }
        Part::Alarms => Seen::Alarms(account.alarms(&target.alarms).await?),
        Part::DeadLetters(url) => Seen::DeadLetters(account.dead_letters(url).await?),
        Part::Rule(alb, arn) => Seen::Rule(account.forward(alb, arn).await?),
        Part::Targets(alb) => Seen::Targets(account.health_of_canary(alb).await?),
    })
}
