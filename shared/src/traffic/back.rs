//! What a look of a rollback reads of a pair: each part by itself. Nothing of it is needed to stop harm; what could not be seen is
//! unknown, and never keeps the look from coming to an end.

use crate::{
    aws::Account,
    names::{TaskDefinitionArn, Version},
    observation::Known,
    observe::in_time,
    parts::{
        pair::{self, ScalableTarget, Service, left_over},
        rules::Forward,
    },
    record::{FoundInFull, Record},
    traffic::{door, sight::Sight},
};

/// Reads everything at once, and then what that calls for.
pub async fn observe(account: &Account, record: &Record) -> Sight {
    let target = &record.target;
    let services = in_time("ecs:DescribeServices", account.each_service(target));
    let scaling = in_time(
        "application-autoscaling:DescribeScalableTargets",
        account.scaling_of(target),
    );
    let rules = target.traffic.rules(account);
    // On the heap: the SDK's futures are large.
    let (services, scaling, rules) =
        Box::pin(async { tokio::join!(services, scaling, rules) }).await;
    let (mut primary, mut canary) = match services {
        Known::Known((primary, canary)) => (primary.into(), canary.into()),
        Known::Gone => (Known::Gone, Known::Gone),
        Known::Unknown(unseen) => (Known::Unknown(unseen.clone()), Known::Unknown(unseen)),
    };
    if let Known::Known((of_primary, of_canary)) = &scaling {
        primary = scaled(primary, *of_primary);
        canary = scaled(canary, *of_canary);
    }
    let mut sight = Sight {
        pair: pair::Seen {
            primary,
            canary,
            scaling: scaling.unseen().cloned(),
            left_over: Known::Known(Vec::new()),
            ..pair::Seen::nothing()
        },
        dead_letters: Known::nothing(),
        rules,
    };
    follow_up(account, record, &mut sight).await;
    sight
}

fn scaled(service: Known<Service>, scaling: Option<ScalableTarget>) -> Known<Service> {
    service.map(|service| Service { scaling, ..service })
}

/// What the first round calls for: rules that cannot be seen are looked up, and failed deployments ask whether their version may
/// be deployed at all.
async fn follow_up(account: &Account, record: &Record, sight: &mut Sight) {
    let recorded = async {
        let rules = sight.rules.iter().flat_map(|rules| &rules.rules);
        let is_needed = rules.map(|rule| &rule.seen).any(|it| it.unseen().is_some());
        if is_needed {
            found_in_full(account, record).await
        } else {
            None
        }
    };
    let found = record.body.found.read::<pair::Found>().ok();
    let failed = found.iter().flat_map(|found| {
        [
            (&sight.pair.primary, &found.primary.task_definition),
            (&sight.pair.canary, &found.canary.task_definition),
        ]
    });
    let failed = failed.filter(|(service, stable)| {
        service
            .get()
            .is_some_and(|service| pair::has_failed(service, stable))
    });
    let inactive = failed.map(|(_, stable)| is_inactive(account, stable));
    let (recorded, inactive, left_over, primary, canary) = tokio::join!(
        recorded,
        futures_util::future::join_all(inactive),
        Box::pin(left_over_tasks(account, record, sight)),
        Box::pin(explained(account, record, &sight.pair.primary)),
        Box::pin(explained(account, record, &sight.pair.canary)),
    );
    sight.pair.inactive = inactive.into_iter().flatten().collect();
    sight.pair.left_over = left_over;
    (sight.pair.primary, sight.pair.canary) = (primary, canary);
    let Some((groups, recorded)) = record.target.traffic.groups().zip(recorded) else {
        return;
    };
    for rule in sight.rules.iter_mut().flat_map(|it| &mut it.rules) {
        let actions = recorded.actions(&rule.arn).cloned();
        rule.recorded = actions.and_then(|it| Forward::read(groups, &rule.arn, it).ok());
    }
}

async fn is_inactive(account: &Account, stable: &TaskDefinitionArn) -> Option<TaskDefinitionArn> {
    let read = account.is_deployable(stable);
    let deployable = in_time("ecs:DescribeTaskDefinition", read).await;
    matches!(deployable, Known::Known(false) | Known::Gone).then(|| stable.clone())
}

/// A service with what keeps its tasks, if it keeps more than it wants. Right behind the fence that is only ECS, which takes its time.
async fn explained(account: &Account, record: &Record, service: &Known<Service>) -> Known<Service> {
    let mut service = service.clone();
    if account.now().since(record.phase_since) >= left_over::TAKEN_IN
        && let Known::Known(service) = &mut service
    {
        account.explain(&record.target.cluster, service).await;
    }
    service
}

/// The candidate's tasks that are still to run although nobody wants them.
async fn left_over_tasks(account: &Account, record: &Record, sight: &Sight) -> Known<Vec<String>> {
    let looked = door::Looked {
        record,
        now: account.now(),
        seen: sight,
    };
    let Some(canary) = sight
        .pair
        .canary
        .get()
        .filter(|_| looked.open().has_left_over())
    else {
        return Known::Known(Vec::new());
    };
    let cluster = &record.target.cluster;
    let tasks = in_time("the canary's tasks", async {
        let arns = account.task_arns(cluster, &canary.name).await?;
        account.tasks(cluster, &arns).await
    });
    let candidate = record.candidate();
    tasks.await.map(|tasks| {
        let tasks = tasks.into_iter();
        let of_candidate =
            tasks.filter(|task| candidate == Some(Version::from(&task.task_definition)));
        of_candidate.map(|task| task.id).collect()
    })
}

/// What the release found, in full, if that can be read.
pub async fn found_in_full(account: &Account, record: &Record) -> Option<FoundInFull> {
    let read = account.found_in_full(record);
    match in_time("what the release found, in full", read).await {
        Known::Known(found) => found,
        Known::Gone => None,
        Known::Unknown(unseen) => {
            tracing::warn!("{unseen}");
            None
        }
    }
}
