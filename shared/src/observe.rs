//! What every look at a pair begins with: one round trip, all reads at once. And what the last look of a release ends with.

use std::time::Duration;

use crate::{
    aws::{Account, AwsError, Trouble},
    clock::Timestamp,
    decision::Refusal,
    exits::Exit,
    gates::{self, View, When},
    names::ReleaseId,
    observation::{Alarm, Known, Observation, Unseen},
    parts::{
        pair::{self, Service},
        rules::{self, Whole},
    },
    record::Record,
    schedule,
    target::Target,
    traffic::{door::Looked, sight::Sight},
};

/// For how long one read may keep a look of a rollback: half of what an operation may take, so that one that hangs leaves time for
/// what is to be changed.
const LONGEST_READ: Duration = Duration::from_secs(5);

/// For how long the last look of a release asks for what it only tells.
const LONGEST_ASIDE: Duration = Duration::from_secs(5);

/// Everything that a look asks for, each by itself: what of it could not be seen is an error.
#[derive(Debug, Clone)]
pub struct Parts {
    /// When.
    pub now: Timestamp,
    /// The pair's release record.
    pub record: Result<Option<Record>, Trouble>,
    /// The alarms of the target.
    pub alarms: Result<Vec<Alarm>, AwsError>,
    /// Messages in the dead-letter queue, if the target has one.
    pub dead_letters: Result<Option<u64>, AwsError>,
    /// The primary and the canary; with their scaling, where that could be seen.
    pub services: Result<(Service, Service), Trouble>,
    /// Why their scaling could not be seen, if it could not.
    pub scaling: Result<(), AwsError>,
    /// What the load balancer does, if the target has one.
    pub alb: Result<Option<Whole>, Trouble>,
    /// Tasks that have ended.
    pub exits: Result<Vec<Exit>, AwsError>,
}

impl Parts {
    /// What of it was seen.
    #[must_use]
    pub fn view(&self) -> View {
        View {
            alarms: self.alarms.as_ref().ok().cloned(),
            pair: self.sight(),
        }
    }

    /// Why something of it could not be seen.
    #[must_use]
    pub fn unseen(&self) -> Option<Trouble> {
        let aws = [
            self.alarms.as_ref().err(),
            self.dead_letters.as_ref().err(),
            self.scaling.as_ref().err(),
            self.exits.as_ref().err(),
        ];
        let others = [
            self.record.as_ref().err(),
            self.services.as_ref().err(),
            self.alb.as_ref().err(),
        ];
        let others = others.into_iter().flatten().cloned();
        let aws = aws.into_iter().flatten().cloned().map(Trouble::from);
        others.chain(aws).next()
    }

    /// What of the pair does not exist any more.
    #[must_use]
    pub fn gone(&self) -> Option<Refusal> {
        let of_pair = [self.services.as_ref().err(), self.alb.as_ref().err()];
        of_pair
            .into_iter()
            .flatten()
            .find_map(|trouble| match trouble {
                Trouble::Aws(error) if error.is_missing() => Some(Refusal::Gone(error.to_string())),
                _ => None,
            })
    }

    /// What is known of the pair.
    #[must_use]
    pub fn sight(&self) -> Sight {
        let (primary, canary) = match &self.services {
            Ok((primary, canary)) => (Known::Known(primary.clone()), Known::Known(canary.clone())),
            Err(unseen) => {
                let unseen = || Known::Unknown(unseen.clone().into());
                (unseen(), unseen())
            }
        };
        let unseen = |error: &AwsError| Unseen::from(Trouble::from(error.clone()));
        Sight {
            pair: pair::Seen {
                primary,
                canary,
                scaling: self.scaling.as_ref().err().map(unseen),
                exits: self.exits.clone().into(),
                ..pair::Seen::nothing()
            },
            dead_letters: self.dead_letters.clone().into(),
            rules: match &self.alb {
                Ok(alb) => alb.as_ref().map(Into::into),
                Err(unseen) => Some(rules::Seen::unknown(&unseen.clone().into())),
            },
        }
    }

    /// All of it, if all of it was seen.
    pub fn whole(self) -> Result<Observation, Trouble> {
        let (primary, canary) = self.services?;
        self.scaling?;
        Ok(Observation {
            now: self.now,
            record: self.record?,
            primary,
            canary,
            alarms: self.alarms?,
            dead_letters: self.dead_letters?,
            alb: self.alb?,
            exits: self.exits?,
            tasks: None,
            latest: None,
        })
    }
}

/// Reads the record, both services with their scaling and the tasks of theirs that have ended, the alarms, and the dead-letter queue or
/// the load balancer.
pub async fn parts(account: &Account, target: &Target, now: Timestamp) -> Parts {
    let pair = target.pair();
    // On the heap: the SDK's futures are large, and every caller would hold five of them in its own.
    let reads = Box::pin(async {
        tokio::join!(
            account.record(&pair),
            account.alarms(&target.alarms),
            account.services(target),
            account.scaling_of(target),
            target.traffic.besides(account),
            account.exits(target),
        )
    });
    let (record, alarms, mut services, scaling, besides, exits) = reads.await;
    let scaling = scaling.map(|(of_primary, of_canary)| {
        if let Ok((primary, canary)) = &mut services {
            (primary.scaling, canary.scaling) = (of_primary, of_canary);
        }
    });
    Parts {
        now,
        record,
        alarms,
        dead_letters: besides.dead_letters,
        services,
        scaling,
        alb: besides.rules,
        exits,
    }
}

/// Reads everything for an action of a release.
///
/// What cannot be seen keeps the look from going on, but not from seeing that a gate of this release has closed.
pub async fn pair(
    account: &Account,
    target: &Target,
    release: &ReleaseId,
    now: Timestamp,
) -> Result<Observation, Trouble> {
    let parts = parts(account, target, now).await;
    let record = parts.record.as_ref().map_err(Clone::clone)?.as_ref();
    let own = record.filter(|it| it.release == *release && parts.unseen().is_some());
    if let Some(refusal) = own.and_then(|record| closed(record, target, &parts.view(), now)) {
        return Err(Trouble::Gate(Box::new(refusal)));
    }
    parts.whole()
}

/// The same for an action that does not begin anything more once somebody stops the execution: a stop that waits for what is in
/// progress waits for this action, too.
pub async fn pair_unless_stopped(
    account: &Account,
    target: &Target,
    release: &ReleaseId,
    now: Timestamp,
) -> Result<Observation, Trouble> {
    let (pair, status) = tokio::join!(
        pair(account, target, release, now),
        account.execution_status(&target.pipeline, release)
    );
    // What rollback has begun says more: it may be what stops the execution.
    let pair = pair?;
    let own = pair.record.as_ref().filter(|it| it.release == *release);
    let goes_on = own.is_some_and(|it| it.is_active() && it.rollback().is_none());
    if goes_on && status?.is_some_and(|status| status.is_stopping()) {
        let release = release.clone();
        return Err(Trouble::Gate(Box::new(Refusal::Stopped(release))));
    }
    Ok(pair)
}

/// What a read brings within half of the time that an operation may take; what does not come by then is unknown.
pub async fn in_time<T, E: Into<Trouble>>(
    what: &str,
    read: impl Future<Output = Result<T, E>>,
) -> Known<T> {
    match tokio::time::timeout(LONGEST_READ, read).await {
        Ok(answer) => answer.into(),
        Err(_late) => Known::Unknown(Unseen {
            why: format!(
                "AWS does not answer {what} within {} s",
                LONGEST_READ.as_secs()
            ),
            is_passing: true,
        }),
    }
}

/// Looks why services keep tasks that they do not want any more, for whoever is told what is waited for.
pub async fn explain(account: &Account, target: &Target, pair: &mut Observation) {
    let (cluster, primary, canary) = (&target.cluster, &mut pair.primary, &mut pair.canary);
    tokio::join!(
        Box::pin(account.explain(cluster, primary)),
        Box::pin(account.explain(cluster, canary))
    );
}

/// What people are to hear of scheduled actions that fell into a release as it ends. That nobody can tell is no reason for it not to
/// end.
pub async fn missed(account: &Account, record: &Record, now: Timestamp) -> Vec<String> {
    let looked = Looked {
        record,
        now,
        seen: &Sight::nothing(&record.target),
    };
    let held = looked.open().held_schedules();
    let services = held.iter();
    let reads = services.map(|service| async move {
        let read = account.scheduled_actions(&record.target.cluster, service);
        // On the heap, as above.
        let read = tokio::time::timeout(LONGEST_ASIDE, Box::pin(read)).await;
        let why = match read {
            Ok(Ok(actions)) => return Ok(actions.into_iter().map(|it| (service.clone(), it))),
            Ok(Err(error)) => error.to_string(),
            Err(_late) => format!("AWS does not answer within {} s", LONGEST_ASIDE.as_secs()),
        };
        Err(format!(
            "whether scheduled actions of {service} were due while its scaling was suspended could not be seen: {why}"
        ))
    });
    let (mut actions, mut unseen) = (Vec::new(), Vec::new());
    for read in futures_util::future::join_all(reads).await {
        match read {
            Ok(of_service) => actions.extend(of_service),
            Err(why) => unseen.push(why),
        }
    }
    let missed = schedule::missed(&actions, record.suspension(now));
    missed.into_iter().chain(unseen).collect()
}

/// Why a release that goes on must not, as far as that was seen.
fn closed(record: &Record, target: &Target, seen: &View, now: Timestamp) -> Option<Refusal> {
    if record.rollback().is_some() {
        return Refusal::of_rollback(record);
    }
    if !record.is_active() {
        return None;
    }
    let refusal = Refusal::of_schema(record).or_else(|| Refusal::of_target(record, target));
    refusal.or_else(|| Some(gates::closed(When::Action, seen, record, now)?.refusal))
}
