//! What the watch asks AWS a minute, which `infra/docs/costs.md` states.

use std::collections::BTreeMap;

use super::*;

/// What rollback asks in the next three minutes, without what it says to others; each call by how often a minute.
async fn asked(play: &Play) -> BTreeMap<String, usize> {
    let before = play.calls(stage::ROLLBACK).len();
    play.pass(Duration::from_mins(3)).await;
    let mut asked = BTreeMap::new();
    for call in play.calls(stage::ROLLBACK).split_off(before) {
        *asked.entry(call.operation).or_insert(0) += 1;
    }
    for (operation, times) in &mut asked {
        assert_eq!(*times % 3, 0, "{operation}: {times} times in three minutes");
        *times /= 3;
    }
    asked
}

fn stated(calls: &[(&str, usize)]) -> BTreeMap<String, usize> {
    calls
        .iter()
        .map(|(it, times)| ((*it).to_owned(), *times))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_idle_pair_costs_one_read_a_minute_and_a_release_what_is_stated() {
    let [queue, _, alb] = pairs();
    for stage in [queue, alb, function()] {
        let play = Play::begin(&stage, v2()).await;
        play.slow_down();
        let idle = stated(&[("GetItem", 1)]);
        assert_eq!(asked(&play).await, idle, "nothing was released yet");
        let services = [
            ("DescribeServices", 1),
            ("DescribeScalableTargets", 1),
            ("ListTasks", 2),
        ];
        let of_target = match (stage.traffic.runs(), stage.traffic.work()) {
            (Runs::Function, _) => vec![
                ("GetQueueAttributes", 1),
                ("GetAlias", 1),
                ("GetProvisionedConcurrencyConfig", 1),
            ],
            (_, Work::Messages) => [&services[..], &[("GetQueueAttributes", 1)]].concat(),
            (_, Work::Requests) => {
                let balancer = [("DescribeRules", 1), ("DescribeTargetHealth", 2)];
                [&services[..], &balancer].concat()
            }
        };
        let mut guard = vec![("GetItem", 2), ("DescribeAlarms", 1)];
        guard.extend(of_target);
        let mut waits = guard.clone();
        waits.extend([("GetPipelineExecution", 1), ("GetPipelineState", 1)]);
        // What both versions do, and that it was read.
        waits.extend([("GetMetricData", 1), ("TransactWriteItems", 1)]);
        if stage.traffic != Traffic::Lambda {
            // The tasks that the release has replaced are still listed: those of the canary, and then of both.
            waits.push(("DescribeTasks", 1));
            guard.push(("DescribeTasks", 2));
        }
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.pass(Duration::from_mins(2)).await;
        assert_eq!(asked(&play).await, stated(&waits), "the approval waits");
        play.succeeds(&release).await;
        play.pass(Duration::from_mins(2)).await;
        assert_eq!(asked(&play).await, stated(&guard), "within the guard");
        play.pass(Duration::from_hours(1)).await;
        assert_eq!(asked(&play).await, idle, "the guard is over");
    }
}

#[tokio::test(start_paused = true)]
async fn while_an_action_works_the_execution_and_the_alarms_are_asked() {
    for mut stage in targets() {
        stage.steps = Some(vec![Step::new(50, 900)]);
        let play = Play::begin(&stage, v2()).await;
        play.slow_down();
        let release = play.push("v2");
        play.until_action(&release, "shift-weight", "InProgress")
            .await;
        play.pass(Duration::from_mins(2)).await;
        let works = [
            ("GetItem", 1),
            ("GetPipelineExecution", 1),
            ("GetPipelineState", 1),
            ("DescribeAlarms", 1),
        ];
        assert_eq!(asked(&play).await, stated(&works));
    }
}
