//! The same of one service of task sets: of its consumers, and behind a load balancer.

use std::time::Duration;

use rehearsal_core::{
    stage::{Behaviour, Mode, Stage, Step},
    world::{events::Delivery, iam},
};

use super::{
    super::{Deployed, TASK_SETS_VARIANTS, either_way::Way},
    Rights, at_approval, begin,
    excuses::{AS_IT_BEGINS, Excuse, HANDS_BACK, IN_ALARM, JUDGED, OF_ALL, OF_TASKS},
    failing, promoted, rolled_back, rolled_back_by_an_action,
};
use crate::{
    play::{Play, sets_of_service},
    task_sets::{balanced, consumers},
};

/// The first release of a service; the next one deletes the set that it keeps, and is rejected.
async fn promoted_and_the_next_rejected(stage: &Stage) -> Play {
    let first = Stage {
        has_first_set: false,
        ..stage.clone()
    };
    let play = promoted(Way::USUAL, &first).await;
    let release = play.push("v1");
    play.until_approval(&release).await;
    play.reject("latency doubled");
    rolled_back(play, &release).await
}

/// The candidate's first task ends by itself, which everybody looks into from then on.
async fn a_task_ends(stage: &Stage) -> Play {
    let play = begin(Way::USUAL, stage, Behaviour::Works).await;
    play.fail_next_starts(1);
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.pass(Duration::from_mins(2)).await;
    play.alarm("orders fail");
    rolled_back(play, &release).await
}

/// The candidate's set is PRIMARY, and the stable one has lost its tasks.
async fn alarm_after_the_switch(stage: &Stage) -> Play {
    let (play, release) = at_approval(Way::USUAL, stage).await;
    play.approve();
    play.until("a set has no task", |world| {
        sets_of_service(world)
            .iter()
            .any(|set| set["runningCount"] == 0)
    })
    .await;
    play.alarm("somebody's orders are lost");
    rolled_back(play, &release).await
}

/// Nothing is granted that none of these releases uses. They are decided about once, and their promotion is watched.
fn assert_used(stage: Stage, variant: &[(&str, &str)], but_for: &[Excuse]) {
    let stage = Stage {
        steps: Some(vec![Step::new(50, 300)]),
        further_steps: Some(Vec::new()),
        promote_bake: Duration::from_mins(5),
        ..stage
    };
    let bad = Behaviour::Fails(60);
    let mut rights = Rights::of(promoted_and_the_next_rejected(&stage));
    rights.add(Rights::of(a_task_ends(&stage)));
    rights.add(Rights::of(alarm_after_the_switch(&stage)));
    rights.add(Rights::of(failing(
        Way::USUAL,
        &stage,
        bad,
        Delivery::Exact,
    )));
    rights.add(Rights::of(rolled_back_by_an_action(Way::USUAL, &stage)));
    let world = Deployed::task_sets(variant).world;
    rights.granted.extend(iam::grants(&world));
    rights.assert_used(&[&OF_ALL[..], &OF_TASKS, but_for].concat());
}

#[test]
fn no_role_may_do_what_no_scenario_of_consumers_does_but_for_a_reason() {
    let constant = Stage {
        mode: Mode::ConstantTotal,
        ..consumers()
    };
    let but_for = [
        HANDS_BACK,
        AS_IT_BEGINS,
        ("ShiftWeightRole", JUDGED, IN_ALARM),
        ("PromotePrimaryRole", JUDGED, IN_ALARM),
        ("RollbackRole", JUDGED, IN_ALARM),
    ];
    assert_used(constant, TASK_SETS_VARIANTS[0], &but_for);
}

#[test]
fn no_role_may_do_what_no_scenario_behind_a_load_balancer_does_but_for_a_reason() {
    let functions = [
        "DeployCanaryRole",
        "ShiftWeightRole",
        "PromotePrimaryRole",
        "RollbackRole",
    ];
    let but_for = functions.map(|role| {
        let listeners: &[_] = &["elasticloadbalancing:DescribeListeners"];
        let why = "it is asked only where a listener is named, whose own action has the weights, and not a rule";
        (role, listeners, why)
    });
    assert_used(balanced(), TASK_SETS_VARIANTS[1], &but_for);
}
