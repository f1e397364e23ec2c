//! Capacity comes before weight, on the way back too.

use super::*;

/// What the canary's weight, its tasks and the primary's healthy targets were at a moment, and at every change since.
fn seen(play: &Play, stage: &Stage, since: Moment) -> Vec<(u32, u32, u32)> {
    let journal = play.account.with(|world| world.journal.clone());
    let [of_primary, of_canary] = stage.traffic.groups();
    let (mut weight, mut tasks, mut healthy) = (0, 0, 0);
    let mut all = Vec::new();
    for Entry { at, what } in journal {
        match what {
            What::Weights { groups, .. } => {
                let canary = groups.iter().find(|(group, _)| group == of_canary);
                weight = canary.map_or(0, |(_, weight)| *weight);
            }
            What::Targets {
                group,
                healthy: now,
                ..
            } if group == of_primary => healthy = now,
            What::Service {
                service, desired, ..
            } if service == stage::CANARY => tasks = desired,
            What::Sets { sets, .. } => {
                let canary = sets.iter().find(|set| set.group == of_canary);
                tasks = canary.map_or(0, |set| set.computed);
            }
            _ => continue,
        }
        if at < since {
            all.clear();
        }
        all.push((weight, tasks, healthy));
    }
    all
}

/// A release that waits for its approval, half of the requests on two canary tasks; so many of the four tasks of the primary
/// are stopped, and those that take their place need three minutes until they answer.
async fn with_primary_tasks_stopped(stage: &Stage, many: usize) -> (Play, String, String) {
    let (play, before, release) = release(stage, At::Approval).await;
    let slow = json!({
        "cluster": stage::CLUSTER, "service": stage::PRIMARY, "healthCheckGracePeriodSeconds": 900,
    });
    play.ecs("UpdateService", &slow);
    play.requests().warm_up(Duration::from_mins(3));
    play.stop_tasks(stage::PRIMARY, many);
    play.pass(Duration::from_secs(40)).await;
    play.requests().warm_up(Duration::from_secs(1));
    (play, before, release)
}

/// Rolls back with so many tasks of the primary stopped: the canary keeps its part until the primary can take it.
async fn rolled_back_without(stage: &Stage, many: usize) -> Vec<(u32, u32, u32)> {
    let (play, before, _) = with_primary_tasks_stopped(stage, many).await;
    let alarm = play.account.now();
    play.alarm("orders fail");
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(3)).await;
    let seen = seen(&play, stage, alarm);
    let early = seen
        .iter()
        .find(|(weight, _, healthy)| *weight < 50 && *healthy < 2);
    assert_eq!(early, None, "{}", play.transcript());
    assert_eq!(play.pair(), before, "{}", play.transcript());
    seen
}

/// A pair behind a load balancer, and a service of task sets.
fn balanced() -> [Stage; 2] {
    let ([.., pair], [.., sets]) = (pairs(), task_sets());
    [pair, sets]
}

#[tokio::test(start_paused = true)]
async fn few_healthy_stable_targets_take_no_more_than_they_can() {
    for stage in balanced() {
        let seen = rolled_back_without(&stage, 3).await;
        let kept = |(weight, _, healthy): &(u32, u32, u32)| (*weight, *healthy) == (50, 1);
        assert!(seen.iter().any(kept), "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_only_the_canary_answers_its_tasks_are_raised_and_it_takes_what_they_can() {
    for stage in balanced() {
        let seen = rolled_back_without(&stage, 4).await;
        assert!(seen.contains(&(100, 4, 0)), "{seen:?}");
    }
}
