//! What the release found is not there any more, or is not taken back.

use rehearsal_core::wire::Ailment;

use super::*;

/// The version that a service runs, deregistered: as a stack does with the last revision at every update.
fn deregister(play: &Play, version: &str) {
    play.ecs(
        "DeregisterTaskDefinition",
        &json!({ "taskDefinition": version }),
    );
}

fn told(play: &Play, subject: &str) -> Vec<String> {
    let notices = play.notices().into_iter();
    let notices = notices.filter(|(it, _)| it.contains(subject));
    notices.map(|(_, message)| message).collect()
}

const CANNOT: &str = "cannot roll back everything";

#[tokio::test(start_paused = true)]
async fn a_stable_version_that_is_inactive_does_not_keep_the_canary_running() {
    for stage in pairs() {
        let (play, _, release) = release(&stage, At::Approval).await;
        deregister(&play, "orders:1");
        let alarm = play.account.now();
        play.alarm("orders fail");
        play.pass(Duration::from_mins(10)).await;
        assert_stopped_at_once(&play, &stage, alarm);
        assert!(play.has_ended(&release));
        let pair = play.pair();
        assert!(pair.starts_with("orders: orders:1 4/4 in 1"), "{pair}");
        match stage.traffic.work() {
            Work::Messages => {
                assert!(pair.contains("orders-canary: orders:2 0/0"), "{pair}");
            }
            Work::Requests => assert!(pair.ends_with("rule: 100 primary, 0 canary"), "{pair}"),
        }
        let told = told(&play, CANNOT);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains("orders-canary runs orders:1"),
            "{}",
            told[0]
        );
        assert!(
            told[0].contains("TaskDefinition is inactive"),
            "{}",
            told[0]
        );
        assert!(told[0].contains("aws dynamodb get-item"), "{}", told[0]);
    }
}

/// What the notice tells to do.
#[tokio::test(start_paused = true)]
async fn a_person_who_registers_an_inactive_version_once_more_ends_the_rollback() {
    for stage in pairs() {
        let (play, before, _) = release(&stage, At::Promotion).await;
        play.pass(Duration::from_mins(3)).await;
        let again = play.definition_like("orders:1");
        deregister(&play, "orders:1");
        play.alarm("orders fail");
        play.pass(Duration::from_mins(5)).await;
        let again = play.ecs("RegisterTaskDefinition", &again)["taskDefinition"].clone();
        assert_eq!(again["revision"], 3);
        for service in [stage::PRIMARY, stage::CANARY] {
            play.account
                .with(|world| crate::play::update(world, service, "orders:3"));
        }
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(5)).await;
        let pair = play.pair().replace("orders:3", "orders:1");
        assert_eq!(pair, before, "{}", play.transcript());
    }
}

#[tokio::test(start_paused = true)]
async fn once_the_primary_runs_the_candidate_an_inactive_version_is_told_at_once_and_no_task_is_taken()
 {
    for stage in pairs() {
        let (play, _, _) = release(&stage, At::Promotion).await;
        deregister(&play, "orders:1");
        let alarm = play.account.now();
        play.alarm("orders fail");
        play.pass(Duration::from_secs(30)).await;
        assert_eq!(told(&play, CANNOT).len(), 1, "{}", play.transcript());
        play.pass(Duration::from_mins(10)).await;
        let sent = asked(&play, alarm).into_iter();
        let takes_all = |call: &Call| {
            call.input["service"] == stage::PRIMARY && call.input["desiredCount"] == 0
        };
        assert_eq!(sent.filter(|(_, call)| takes_all(call)).count(), 0);
        let pair = play.pair();
        assert!(pair.starts_with("orders: orders:2 4/4"), "{pair}");
    }
}

#[tokio::test(start_paused = true)]
async fn within_the_grace_of_a_deregistered_version_it_is_restored() {
    for stage in pairs() {
        let grace = |world: &mut World| world.ecs.inactive_grace = Duration::from_mins(10);
        let (play, before, _) = release_of(&stage, At::Approval, grace).await;
        deregister(&play, "orders:1");
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.pair(), before, "{}", play.transcript());
    }
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_was_deleted_while_promoting_does_not_keep_the_primary_from_being_restored() {
    for stage in pairs() {
        let (play, before, release) = release(&stage, At::Promotion).await;
        play.delete_service(stage::CANARY);
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        let primary = before.lines().next().unwrap();
        assert!(play.pair().starts_with(primary), "{}", play.transcript());
        assert!(play.has_ended(&release));
    }
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_was_deleted_does_not_keep_the_canary_running() {
    for stage in pairs() {
        let (play, before, release) = release(&stage, At::Approval).await;
        play.delete_service(stage::PRIMARY);
        let alarm = play.account.now();
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        let stopped = stopped(&play, &stage, alarm);
        if stage.traffic == Traffic::Queue {
            assert!(
                stopped.is_some_and(|after| after <= Duration::from_secs(10)),
                "{stopped:?}"
            );
        }
        let pair = play.pair();
        match stage.traffic.work() {
            Work::Messages => {
                let canary = before.lines().nth(1).unwrap();
                assert!(pair.contains(canary), "{}", play.transcript());
            }
            // It has every request, and keeps as many tasks as it has.
            Work::Requests => {
                assert!(pair.contains("orders-canary: orders:1 2/2"), "{pair}");
                assert!(pair.ends_with("rule: 0 primary, 100 canary"), "{pair}");
            }
        }
        assert!(play.has_ended(&release));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stable_version_whose_tasks_fail_four_times_on_the_way_back_is_deployed_anew() {
    for stage in pairs() {
        let (play, before, _) = release(&stage, At::Promotion).await;
        play.pass(Duration::from_mins(3)).await;
        // Whether it may be deployed again cannot be asked: that is no reason not to.
        let denied = Ailment::Denied;
        play.fail(stage::ROLLBACK, "DescribeTaskDefinition", denied, None);
        play.fail_next_starts(4);
        let alarm = play.account.now();
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.pair(), before, "{}", play.transcript());
        let forced = asked(&play, alarm).into_iter();
        let forced = forced.filter(|(_, call)| call.input["forceNewDeployment"] == true);
        let forced: Vec<_> = forced.map(|(after, _)| after).collect();
        assert!(
            (1..=2).contains(&forced.len()),
            "{forced:?}\n{}",
            play.transcript()
        );
        assert!(forced[0] <= Duration::from_mins(4), "{forced:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_deployment_of_an_inactive_version_is_not_forced_and_told() {
    let [stage, ..] = pairs();
    let (play, _, _) = release(&stage, At::Promotion).await;
    play.pass(Duration::from_mins(3)).await;
    play.fail_next_starts(40);
    let alarm = play.account.now();
    play.alarm("orders fail");
    play.pass(Duration::from_secs(90)).await;
    deregister(&play, "orders:1");
    play.pass(Duration::from_mins(20)).await;
    let forced = asked(&play, alarm).into_iter();
    let forced = forced.filter(|(_, call)| call.input["forceNewDeployment"] == true);
    assert_eq!(forced.count(), 0, "{}", play.transcript());
    let told = told(&play, CANNOT);
    assert!(told[0].contains("orders:1 is INACTIVE"), "{told:?}");
}

/// A set needs no deployment to come back, so that its tasks start as those of a service do that runs an inactive version.
#[tokio::test(start_paused = true)]
async fn a_kept_set_comes_back_although_its_version_is_inactive_and_its_tasks_fail_four_times() {
    for stage in task_sets() {
        let (play, before, release) = release(&stage, At::Promotion).await;
        deregister(&play, "orders:1");
        play.fail_next_starts(4);
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        assert_eq!(play.pair(), before, "{}", play.transcript());
        assert!(play.has_ended(&release));
    }
}

fn delete_set(play: &Play, index: usize) {
    let set = play.account.with(sets_of_service)[index]["id"].clone();
    play.ecs(
        "DeleteTaskSet",
        &json!({ "cluster": stage::CLUSTER, "service": stage::PRIMARY, "taskSet": set, "force": true }),
    );
}

#[tokio::test(start_paused = true)]
async fn a_candidates_set_that_somebody_has_deleted_does_not_keep_the_stable_one_from_being_restored()
 {
    for stage in task_sets() {
        let (play, before, release) = release(&stage, At::Approval).await;
        play.forgive();
        delete_set(&play, 1);
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.pair(), before, "{}", play.transcript());
        assert!(play.has_ended(&release));
    }
}

#[tokio::test(start_paused = true)]
async fn where_somebody_has_deleted_the_kept_set_the_candidate_keeps_its_tasks_and_that_is_told() {
    for stage in task_sets() {
        let (play, _, release) = release(&stage, At::Promotion).await;
        delete_set(&play, 0);
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        let pair = play.pair();
        let alone = "orders: 4, scaled 2..20 ---\nPRIMARY orders:2 100 % 4/4";
        assert!(pair.starts_with(alone), "{pair}");
        if stage.traffic.work() == Work::Requests {
            assert!(pair.ends_with("rule: 0 blue, 100 green"), "{pair}");
            assert_eq!(play.requests().failed(), [""; 0]);
        }
        let (_, message) = play.notices().pop().expect("it is told");
        let told = "so the candidate's task set of orders stays";
        assert!(message.contains(told), "{message}");
        assert!(play.has_ended(&release));
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_of_task_sets_that_was_deleted_needs_nothing_but_its_rule_and_is_told() {
    let [_, constant_total, balanced] = task_sets();
    for stage in [constant_total, balanced] {
        for at in [At::Approval, At::Promotion] {
            let (play, _, release) = release(&stage, at).await;
            play.delete_service(stage::PRIMARY);
            play.pass(Duration::from_mins(1)).await;
            play.alarm("orders fail");
            play.until_phase("RolledBack").await;
            if stage.traffic.work() == Work::Requests {
                let pair = play.pair();
                assert!(pair.ends_with("rule: 100 blue, 0 green"), "{pair}");
            }
            let (_, message) = play.notices().pop().expect("it is told");
            let told = "service orders does not exist any more";
            assert!(message.contains(told), "{message}");
            assert!(play.has_ended(&release));
        }
    }
}

/// Once the alias is on the candidate alone, nothing keeps the stable version from being deleted.
#[tokio::test(start_paused = true)]
async fn a_stable_version_of_a_function_that_somebody_has_deleted_is_told_and_a_version_of_their_own_ends_it()
 {
    let (play, _, release) = release(&alias(), At::Promotion).await;
    play.delete_version("1");
    play.alarm("orders fail");
    play.pass(Duration::from_mins(10)).await;
    assert!(play.has_ended(&release));
    assert_eq!(play.phase(), "RollingBack");
    let told = told(&play, CANNOT);
    assert_eq!(told.len(), 1, "{told:?}");
    let missing = "alias orders:live sends its invocations to version 1";
    assert!(told[0].contains(missing), "{}", told[0]);
    play.publish_another().await;
    play.route("3", &[]);
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), "live: 100 % version 3 (v2)");
}

#[tokio::test(start_paused = true)]
async fn an_alias_that_was_deleted_needs_nothing_and_is_told() {
    for at in [At::Approval, At::Promotion] {
        let (play, _, release) = release(&alias(), at).await;
        play.delete_alias();
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        assert!(play.has_ended(&release));
        let (_, message) = play.notices().pop().expect("it is told");
        let told = "alias orders:live does not exist any more";
        assert!(message.contains(told), "{message}");
    }
}
