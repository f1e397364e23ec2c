//! No role may do what no scenario does.

pub(super) mod excuses;
mod task_sets;

use std::{collections::BTreeSet, future::Future, sync::LazyLock, time::Duration};

use rehearsal_core::{
    stage::{self, Behaviour, Mode, Script, Stage, Traffic, Version},
    world::{
        codepipeline,
        events::Delivery,
        iam::{self, Grant, Use},
        scaling,
    },
};
use serde_json::json;
use tokio::runtime::Builder;

use super::{
    Deployed, VARIANTS,
    either_way::{Way, idle},
};
use crate::play::{Play, is_deploying};
use excuses::{Excuse, OF_ALL, OF_PAIRS, OF_TASKS};

/// What roles may do and did. Roles have the same names in every account that the stories make.
#[derive(Default)]
pub(super) struct Rights {
    pub(super) granted: BTreeSet<Use>,
    used: BTreeSet<Use>,
    statements: BTreeSet<Grant>,
    needed: BTreeSet<Grant>,
}

impl Rights {
    /// Those of a story on a clock of its own, which ends with it: a clock that all of them shared would
    /// go on moving the accounts of those that have ended.
    pub(super) fn of(story: impl Future<Output = Play>) -> Self {
        let mut clock = Builder::new_current_thread();
        let clock = clock
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let play = clock.block_on(story);
        play.account.with(|world| Self {
            granted: iam::grants(world),
            used: world.iam.used.clone(),
            statements: iam::statements(world),
            needed: world.iam.needed.clone(),
        })
    }

    pub(super) fn add(&mut self, other: Self) {
        self.granted.extend(other.granted);
        self.used.extend(other.used);
        self.statements.extend(other.statements);
        self.needed.extend(other.needed);
    }

    /// Nothing is granted that no story uses, but for a reason; and every reason is one.
    pub(super) fn assert_used(&self, but_for: &[Excuse]) {
        let unused = self.unused();
        let excused: BTreeSet<_> = but_for
            .iter()
            .flat_map(|(role, actions, _)| {
                let actions = actions.iter();
                actions.map(|action| ((*role).to_owned(), (*action).to_owned()))
            })
            .collect();
        let surplus: Vec<_> = unused.difference(&excused).collect();
        let stale: Vec<_> = excused.difference(&unused).collect();
        assert!(
            surplus.is_empty() && stale.is_empty(),
            "granted, and no scenario uses it; take it away, or list it with a reason: {surplus:?}; \
             used, or not granted any more, so that it needs no reason: {stale:?}"
        );
    }

    /// Grants that nobody used, by the logical id of the role.
    fn unused(&self) -> BTreeSet<(String, String)> {
        let idle = |grant: &&Use| !self.used.iter().any(|used| grant.covers(used));
        let idle = self.granted.iter().filter(idle);
        idle.map(|Use { role, action }| (logical_id(role).to_owned(), action.clone()))
            .collect()
    }
}

/// `PipelineRole` of `orders-Pipeline-…-PipelineRole-…`.
fn logical_id(role: &str) -> &str {
    role.rsplit('-').nth(1).unwrap_or(role)
}

async fn begin(way: Way, stage: &Stage, behaviour: Behaviour) -> Play {
    let script = Script::new([Version::new("v2", behaviour)]);
    Play::begin_with(stage, script, |world| way.begin(world)).await
}

async fn at_approval(way: Way, stage: &Stage) -> (Play, String) {
    let play = begin(way, stage, Behaviour::Works).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    (play, release)
}

pub(super) async fn promoted(way: Way, stage: &Stage) -> Play {
    let (play, release) = at_approval(way, stage).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    play
}

async fn rejected(way: Way, stage: &Stage) -> Play {
    let (play, release) = at_approval(way, stage).await;
    play.reject("latency doubled");
    rolled_back(play, &release).await
}

async fn rolled_back(play: Play, release: &str) -> Play {
    assert_ne!(play.until_ended(release).await, "SUCCEEDED");
    play.until_phase("RolledBack").await;
    play
}

/// A version that is bad by itself.
async fn failing(way: Way, stage: &Stage, behaviour: Behaviour, delivery: Delivery) -> Play {
    let play = begin(way, stage, behaviour).await;
    play.account.with(|world| world.events.delivery = delivery);
    let release = play.push("v2");
    rolled_back(play, &release).await
}

async fn alarm_at_the_approval(way: Way, stage: &Stage) -> Play {
    let (play, release) = at_approval(way, stage).await;
    // The watch looks.
    play.pass(Duration::from_mins(2)).await;
    play.alarm("orders fail");
    rolled_back(play, &release).await
}

async fn alarm_while_promoting(way: Way, stage: &Stage) -> Play {
    let (play, release) = at_approval(way, stage).await;
    play.approve();
    play.until_phase("Promoting").await;
    if stage.traffic != Traffic::Lambda {
        play.until("the primary is being updated", is_deploying)
            .await;
    }
    play.alarm("somebody's orders are lost");
    rolled_back(play, &release).await
}

/// The stable version does not start again at once: its deployment fails, and is made anew.
async fn failed_starts_on_the_way_back(way: Way) -> Play {
    let (play, release) = at_approval(way, &Stage::default()).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    play.fail_next_starts(4);
    play.alarm("somebody's orders are lost");
    play.until_phase("RolledBack").await;
    play
}

async fn stopped(way: Way, stage: &Stage) -> Play {
    let (play, release) = at_approval(way, stage).await;
    let stop =
        json!({ "pipelineName": stage::PIPELINE, "pipelineExecutionId": release, "abandon": true });
    play.account
        .with(|world| codepipeline::call(world, "StopPipelineExecution", &stop))
        .expect("the execution is in progress");
    rolled_back(play, &release).await
}

/// As a stack update that changes the scalable target does: shift-weight holds it again.
async fn scaling_given_back_while_a_share_bakes(way: Way, stage: &Stage) -> Play {
    let play = begin(way, stage, Behaviour::Works).await;
    let release = play.push("v2");
    play.until_said(&release, "shift-weight", "10 % asked")
        .await;
    let target = json!({
        "ServiceNamespace": "ecs",
        "ResourceId": "service/orders/orders",
        "ScalableDimension": "ecs:service:DesiredCount",
        "SuspendedState": {
            "DynamicScalingInSuspended": false,
            "DynamicScalingOutSuspended": false,
            "ScheduledScalingSuspended": false,
        },
    });
    play.account
        .with(|world| scaling::call(world, "RegisterScalableTarget", &target))
        .expect("the primary is a scalable target");
    play.until_approval(&release).await;
    assert!(play.pair().contains("scaled 0..20 xxx"), "{}", play.pair());
    play
}

/// Rollback as an action, which a team may put into a pipeline of its own; before, with parameters that
/// are wrong. How the release's execution ends is not its matter.
async fn rolled_back_by_an_action(way: Way, stage: &Stage) -> Play {
    let (play, release) = at_approval(way, stage).await;
    for function in [stage::DEPLOY_CANARY, stage::ROLLBACK] {
        let failed = play.job(function, Some("{}")).await;
        assert_eq!(failed.kind, "ConfigurationError", "{}", failed.message);
    }
    let parameters = json!({ "release": release, "reason": "orders fail" }).to_string();
    play.job(stage::ROLLBACK, Some(&parameters)).await;
    play.until_phase("RolledBack").await;
    play
}

/// Rights of every way in which a release ends that is not promoted; a bad version does this.
pub(super) fn ended(way: Way, stage: &Stage, bad: Behaviour) -> Rights {
    let mut rights = Rights::default();
    for story in [
        Rights::of(rejected(way, stage)),
        Rights::of(failing(way, stage, bad, Delivery::Exact)),
        Rights::of(failing(way, stage, bad, Delivery::Lost)),
        Rights::of(alarm_at_the_approval(way, stage)),
        Rights::of(alarm_while_promoting(way, stage)),
        Rights::of(stopped(way, stage)),
        Rights::of(rolled_back_by_an_action(way, stage)),
    ] {
        rights.add(story);
    }
    rights
}

/// A primary that somebody scales by hand has no task as a release begins, and gets one.
async fn without_tasks(way: Way) -> Play {
    let play = idle(way, false).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play
}

/// All rights that the scenarios of a release use one way, and all that the templates can grant.
fn rights(way: Way) -> Rights {
    let mut rights = of_releases(way);
    if way.counts_what_runs_nothing() {
        rights.add(Rights::of(without_tasks(way)));
    }
    rights
}

fn of_releases(way: Way) -> Rights {
    let validated = Stage {
        validate_buildspec: Some("tests/buildspec.yml".to_owned()),
        ..Stage::default()
    };
    let constant = Stage {
        mode: Mode::ConstantTotal,
        ..Stage::default()
    };
    let mut rights = Rights::default();
    for story in [
        Rights::of(promoted(way, &validated)),
        Rights::of(promoted(way, &constant)),
        Rights::of(rejected(way, &constant)),
        Rights::of(failing(
            way,
            &Stage::default(),
            Behaviour::CrashesAtStart,
            Delivery::Exact,
        )),
        Rights::of(failed_starts_on_the_way_back(way)),
        Rights::of(scaling_given_back_while_a_share_bakes(way, &constant)),
    ] {
        rights.add(story);
    }
    rights.add(ended(way, &Stage::default(), Behaviour::Fails(30)));
    for variant in VARIANTS {
        let world = Deployed::example(variant).world;
        rights.granted.extend(iam::grants(&world));
    }
    rights
}

/// Those of both ways.
static RIGHTS: [LazyLock<Rights>; 2] = [
    LazyLock::new(|| rights(Way::USUAL)),
    LazyLock::new(|| rights(Way::OTHER)),
];

#[test]
fn no_role_may_do_what_no_scenario_does_but_for_a_reason() {
    for rights in &RIGHTS {
        rights.assert_used(&[&OF_ALL[..], &OF_TASKS, &OF_PAIRS].concat());
    }
}

/// Statements of the functions without which no scenario fails; why is at their actions in [`OF_ALL`], [`OF_TASKS`] and [`OF_PAIRS`].
const UNNEEDED: [(&str, &[&str]); 4] = [
    (
        "DeployCanaryRole",
        &["JudgeAlarms", "Log", "ReadImages", "ReadProtection"],
    ),
    ("ShiftWeightRole", &["Log"]),
    (
        "PromotePrimaryRole",
        &["JudgeAlarms", "Log", "ReadProtection"],
    ),
    (
        "RollbackRole",
        &["Log", "ReadProtection", "StopProtectedCandidate"],
    ),
];

#[test]
fn each_statement_of_the_functions_alone_allows_something_one_way_or_the_other() {
    let of = |pick: fn(&Rights) -> &BTreeSet<Grant>| -> BTreeSet<(String, String)> {
        // The other way first: the story above makes those of the usual one beside this.
        let grants = RIGHTS.iter().rev().flat_map(|it| pick(it));
        let grants = grants.map(|it| (logical_id(&it.role).to_owned(), it.statement.clone()));
        let is_of_a_function = |role: &str| UNNEEDED.iter().any(|(it, _)| *it == role);
        grants.filter(|(role, _)| is_of_a_function(role)).collect()
    };
    let (statements, needed) = (of(|it| &it.statements), of(|it| &it.needed));
    assert!(statements.len() > 40, "{}", statements.len());
    let excused = UNNEEDED.iter().flat_map(|(role, statements)| {
        let statements = statements.iter();
        statements.map(|it| ((*role).to_owned(), (*it).to_owned()))
    });
    let unneeded: BTreeSet<_> = statements.difference(&needed).cloned().collect();
    assert_eq!(unneeded, excused.collect());
}
