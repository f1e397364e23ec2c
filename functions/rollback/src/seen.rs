//! What one look of a rollback sees. Nothing of it is needed to stop harm; what could not be seen is unknown.

use std::{fmt, future::Future, time::Duration};

use canary::{
    aws::pipeline::{Execution, ExecutionStatus},
    aws::{Account, Trouble},
    clock::Timestamp,
    names::{AlarmName, ForwardArn, TaskDefinitionArn},
    observation::{Known, Unseen},
    observe,
    parts::{
        pair::{Rollout, Service},
        rules::{Forward, TargetHealth},
    },
    record::{FoundInFull, Record},
    target::AlbTraffic,
};

use crate::{
    left_over,
    watch::{self, Sight, Watched},
};

/// For how long one read may keep a look: half of what an operation may take, so that one that hangs leaves time for what is to
/// be changed.
const LONGEST_READ: Duration = Duration::from_secs(5);

/// What one look sees of a release that is being rolled back.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// When.
    pub now: Timestamp,
    /// The primary service, with its scaling unless [`scaling`](Self::scaling) says that it was not seen.
    pub primary: Known<Service>,
    /// The canary service; the same goes for its scaling.
    pub canary: Known<Service>,
    /// Why scaling was not seen, if it was not.
    pub scaling: Option<Unseen>,
    /// What the pipeline is doing for the release.
    pub execution: Known<Execution>,
    /// How the release's execution stands; gone where the pipeline does not know it.
    pub status: Known<ExecutionStatus>,
    /// What the load balancer does, if the pair is behind one.
    pub balancer: Option<Balancer>,
    /// Versions that AWS does not deploy any more.
    pub inactive: Vec<TaskDefinitionArn>,
    /// Ids of the candidate's tasks that go on although nobody wants them; not asked, and none, before ECS has had time to end them.
    pub left_over: Known<Vec<String>>,
    /// What people are to hear of scheduled actions that fell into the release; asked as the rollback ends, and nothing before.
    pub missed: Vec<String>,
}

/// What one look sees of the load balancer.
#[derive(Debug, Clone, PartialEq)]
pub struct Balancer {
    /// The rules of the target, in its order.
    pub rules: Vec<Rule>,
    /// The primary's target group.
    pub primary: Known<TargetHealth>,
    /// The canary's target group.
    pub canary: Known<TargetHealth>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Which.
    pub arn: ForwardArn,
    /// What it does. One that does not forward to the canary's group is as good as gone.
    pub seen: Known<Forward>,
    /// What it did when the release began, looked up where it cannot be seen.
    pub recorded: Option<Forward>,
}

impl Seen {
    /// Everything that could not be seen.
    pub fn unseen(&self) -> impl Iterator<Item = &Unseen> {
        let services = [self.primary.unseen(), self.canary.unseen()];
        let pipeline = [self.execution.unseen(), self.status.unseen()];
        services
            .into_iter()
            .chain([self.scaling.as_ref()])
            .chain(pipeline)
            .chain([self.left_over.unseen()])
            .flatten()
            .chain(self.balancer.iter().flat_map(Balancer::unseen))
    }
}

impl Balancer {
    /// The rules that were seen.
    pub fn forwards(&self) -> impl Iterator<Item = &Forward> {
        self.rules.iter().filter_map(|rule| rule.seen.get())
    }

    /// Everything about it that could not be seen.
    pub fn unseen(&self) -> impl Iterator<Item = &Unseen> {
        let groups = [self.primary.unseen(), self.canary.unseen()];
        let rules = self.rules.iter().map(|rule| rule.seen.unseen());
        rules.chain(groups).flatten()
    }
}

/// Reads everything at once, and then what that calls for.
pub(crate) async fn observe(account: &Account, record: &Record) -> Seen {
    let target = &record.target;
    let services = in_time("ecs:DescribeServices", account.each_service(target));
    let scaling = in_time(
        "application-autoscaling:DescribeScalableTargets",
        account.scaling_of(target),
    );
    let pipeline = in_time(
        "codepipeline:GetPipelineState",
        account.pipeline(&target.pipeline),
    );
    // On the heap: the SDK's futures are large.
    let reads = Box::pin(async {
        tokio::join!(
            services,
            scaling,
            pipeline,
            status(account, record),
            balancer(account, target.alb())
        )
    });
    let (services, scaling, pipeline, status, balancer) = reads.await;
    let (mut primary, mut canary) = match services {
        Known::Known((primary, canary)) => (primary.into(), canary.into()),
        Known::Gone => (Known::Gone, Known::Gone),
        Known::Unknown(unseen) => (Known::Unknown(unseen.clone()), Known::Unknown(unseen)),
    };
    if let Known::Known((of_primary, of_canary)) = &scaling {
        primary = scaled(primary, *of_primary);
        canary = scaled(canary, *of_canary);
    }
    let mut seen = Seen {
        now: account.now(),
        primary,
        canary,
        scaling: scaling.unseen().cloned(),
        execution: pipeline.map(|pipeline| pipeline.execution(&record.release)),
        status,
        balancer,
        inactive: Vec::new(),
        left_over: Known::Known(Vec::new()),
        missed: Vec::new(),
    };
    follow_up(account, record, &mut seen).await;
    for unseen in seen.unseen() {
        tracing::warn!("{unseen}");
    }
    seen
}

/// What the schedule looks at: the execution of a release that goes on, and then as much of the pair as no action looks at.
pub(crate) async fn watch(account: &Account, record: &Record, now: Timestamp) -> Watched {
    let target = &record.target;
    let whole = async || Sight::Parts(Box::new(observe::parts(account, target, now).await));
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
        Sight::Alarms(account.alarms(&target.alarms).await)
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

fn scaled(
    service: Known<Service>,
    scaling: Option<canary::parts::pair::ScalableTarget>,
) -> Known<Service> {
    service.map(|service| Service { scaling, ..service })
}

/// Looks at every rule by itself: what is wrong with one must not keep another, or the services, from being restored.
async fn balancer(account: &Account, model: Option<&AlbTraffic>) -> Option<Balancer> {
    let model = model?;
    let batches = model.batches().into_iter().map(|arns| async move {
        let read = async { Ok::<_, Trouble>(account.actions(model, &arns).await) };
        let read = in_time("the rules of the load balancer", read).await;
        let of = |at: usize| match &read {
            Known::Known(all) => all[at].clone().into(),
            Known::Gone => Known::Gone,
            Known::Unknown(unseen) => Known::Unknown(unseen.clone()),
        };
        let rules = arns.iter().enumerate().map(|(at, arn)| Rule {
            arn: (*arn).clone(),
            seen: forward(model, arn, of(at)),
            recorded: None,
        });
        rules.collect::<Vec<_>>()
    });
    let what = "elasticloadbalancing:DescribeTargetHealth";
    let (rules, primary, canary) = tokio::join!(
        futures_util::future::join_all(batches),
        in_time(what, account.health_of_primary(model)),
        in_time(what, account.health_of_canary(model))
    );
    Some(Balancer {
        rules: rules.into_iter().flatten().collect(),
        primary,
        canary,
    })
}

fn forward(
    model: &AlbTraffic,
    arn: &ForwardArn,
    actions: Known<canary::parts::rules::Actions>,
) -> Known<Forward> {
    match actions.map(|actions| Forward::read(model.groups(), arn, actions)) {
        Known::Known(Ok(forward)) => Known::Known(forward),
        Known::Known(Err(bad)) if bad.spares(&model.canary_target_group) => Known::Gone,
        Known::Known(Err(bad)) => Known::Unknown(Unseen {
            why: format!("{} {bad}", arn.short()),
            is_passing: false,
        }),
        Known::Gone => Known::Gone,
        Known::Unknown(unseen) => Known::Unknown(unseen),
    }
}

/// What the first round calls for: rules that cannot be seen are looked up, and failed deployments ask whether their version may
/// be deployed at all.
async fn follow_up(account: &Account, record: &Record, seen: &mut Seen) {
    let recorded = async {
        let rules = seen.balancer.iter().flat_map(|balancer| &balancer.rules);
        let is_needed = rules.map(|rule| &rule.seen).any(|it| it.unseen().is_some());
        if is_needed {
            found_in_full(account, record).await
        } else {
            None
        }
    };
    let stable = &record.found;
    let failed = [
        (&seen.primary, &stable.primary.task_definition),
        (&seen.canary, &stable.canary.task_definition),
    ];
    let failed = failed.into_iter().filter(|(service, stable)| {
        service
            .get()
            .is_some_and(|service| has_failed(service, stable))
    });
    let inactive = failed.map(|(_, stable)| async move {
        let read = account.is_deployable(stable);
        let deployable = in_time("ecs:DescribeTaskDefinition", read).await;
        matches!(deployable, Known::Known(false) | Known::Gone).then(|| stable.clone())
    });
    let (recorded, inactive, left_over, primary, canary) = tokio::join!(
        recorded,
        futures_util::future::join_all(inactive),
        Box::pin(left_over(account, record, seen)),
        Box::pin(explained(account, record, &seen.primary)),
        Box::pin(explained(account, record, &seen.canary)),
    );
    seen.inactive = inactive.into_iter().flatten().collect();
    (seen.left_over, seen.primary, seen.canary) = (left_over, primary, canary);
    let Some((model, recorded)) = record.target.alb().zip(recorded) else {
        return;
    };
    for rule in seen.balancer.iter_mut().flat_map(|it| &mut it.rules) {
        let actions = recorded.actions(&rule.arn).cloned();
        rule.recorded = actions.and_then(|it| Forward::read(model.groups(), &rule.arn, it).ok());
    }
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
async fn left_over(account: &Account, record: &Record, seen: &Seen) -> Known<Vec<String>> {
    let canary = seen.canary.get().zip(record.rollback());
    let canary =
        canary.filter(|(canary, rolling_back)| left_over::is_due(canary, rolling_back, seen.now));
    let Some((canary, rolling_back)) = canary else {
        return Known::Known(Vec::new());
    };
    let cluster = &record.target.cluster;
    let tasks = in_time("the canary's tasks", async {
        let arns = account.task_arns(cluster, &canary.name).await?;
        account.tasks(cluster, &arns).await
    });
    let candidate = rolling_back.candidate.as_ref();
    tasks.await.map(|tasks| {
        let tasks = tasks.into_iter();
        let of_candidate = tasks.filter(|task| Some(&task.task_definition) == candidate);
        of_candidate.map(|task| task.id).collect()
    })
}

/// What people are to hear of scheduled actions that fell into the release. What a promotion had given back before has run since.
pub(crate) async fn missed(account: &Account, record: &Record, now: Timestamp) -> Vec<String> {
    let rolling_back = record.rollback();
    if rolling_back.is_some_and(|it| it.promotion.has_given_back()) {
        return Vec::new();
    }
    Box::pin(observe::missed(account, record, now)).await
}

/// What the release found, in full, if that can be read.
pub(crate) async fn found_in_full(account: &Account, record: &Record) -> Option<FoundInFull> {
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

/// Whether the deployment of a version has failed with fewer tasks than it should have: ECS launches no more for it.
pub(crate) fn has_failed(service: &Service, stable: &TaskDefinitionArn) -> bool {
    service.newest().is_some_and(|newest| {
        newest.task_definition == *stable
            && newest.rollout == Rollout::Failed
            && newest.running < newest.desired
    })
}

async fn in_time<T, E: Into<Trouble>>(
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

/// One line for the ledger, also of what was not looked at.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; {}",
            said(&self.primary, "the primary"),
            said(&self.canary, "the canary")
        )?;
        if let Some(balancer) = &self.balancer {
            write!(f, "; {balancer}")?;
        }
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
        if let Some(unseen) = &self.scaling {
            write!(f, "; scaling not seen: {unseen}")?;
        }
        f.write_str("; alarms and dead letters not looked at")
    }
}

fn said<T: fmt::Display>(seen: &Known<T>, what: &str) -> String {
    match seen {
        Known::Known(seen) => seen.to_string(),
        Known::Gone => format!("{what} is gone"),
        Known::Unknown(unseen) => format!("{what} not seen: {unseen}"),
    }
}

impl fmt::Display for Balancer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weights = self.rules.iter().map(|rule| match &rule.seen {
            Known::Known(forward) => forward.weights.to_string(),
            Known::Gone => "none any more".to_owned(),
            Known::Unknown(unseen) => format!("not seen: {unseen}"),
        });
        write!(
            f,
            "weights {}; targets: primary {}, canary {}",
            weights.collect::<Vec<_>>().join(", "),
            said(&self.primary, "group"),
            said(&self.canary, "group")
        )
    }
}
