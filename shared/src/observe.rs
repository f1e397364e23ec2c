//! What every look at a pair begins with: one round trip, all reads at once.

use crate::{
    aws::{Account, AwsError, Trouble},
    clock::Timestamp,
    decision::Refusal,
    gates,
    glance::{Glance, Part, Seen},
    names::ReleaseId,
    observation::{Alarm, Observation},
    record::Record,
    target::Target,
};

/// Reads the record, both services with their scaling, the alarms, and the dead-letter queue or the load balancer.
///
/// What cannot be seen keeps the look from going on, but not from seeing that a gate of this release has closed.
pub async fn pair(
    account: &Account,
    target: &Target,
    release: &ReleaseId,
    now: Timestamp,
) -> Result<Observation, Trouble> {
    let pair = target.pair();
    let dead_letters = async {
        match target
            .queue()
            .and_then(|queue| queue.dead_letter_url.as_ref())
        {
            Some(url) => account.dead_letters(url).await.map(Some),
            None => Ok(None),
        }
    };
    let alb = async {
        match target.alb() {
            Some(alb) => account.alb(alb).await.map(Some),
            None => Ok(None),
        }
    };
    // On the heap: the SDK's futures are large, and every caller would hold five of them in its own.
    let reads = Box::pin(async {
        tokio::join!(
            account.record(&pair),
            account.alarms(&target.alarms),
            dead_letters,
            account.services(target),
            account.scaling_of(target),
            alb,
        )
    });
    let (record, alarms, dead_letters, services, scaling, alb) = reads.await;
    let record = record?;
    let is_blind = alarms.is_err()
        || dead_letters.is_err()
        || services.is_err()
        || scaling.is_err()
        || alb.is_err();
    let own = record.as_ref();
    let own = own.filter(|record| is_blind && record.release == *release);
    if let Some(refusal) = own.and_then(|it| closed(it, target, &alarms, &dead_letters)) {
        return Err(Trouble::Gate(Box::new(refusal)));
    }
    let (alarms, dead_letters, alb) = (alarms?, dead_letters?, alb?);
    let (mut primary, mut canary) = services?;
    (primary.scaling, canary.scaling) = scaling?;
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

/// The gate of a release that goes on, if what was seen says that it is closed.
fn closed(
    record: &Record,
    target: &Target,
    alarms: &Result<Vec<Alarm>, AwsError>,
    dead_letters: &Result<Option<u64>, AwsError>,
) -> Option<Refusal> {
    if record.rollback().is_some() {
        return Refusal::of_rollback(record);
    }
    if !record.is_active() {
        return None;
    }
    if let Some(refusal) = Refusal::of_target(record, target) {
        return Some(refusal);
    }
    let alarms = alarms.as_deref().unwrap_or_default();
    let dead_letters = dead_letters.as_ref().ok().copied().flatten();
    let alarms = gates::alarms(alarms);
    alarms
        .and_then(|()| gates::dead_letters(dead_letters, record))
        .err()
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
