//! Automatic scaling does what it wants while a version is released.

mod given_back;

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Mode, Stage, Step},
    world::{
        World,
        journal::{Entry, What},
        scaling,
    },
};
use serde_json::json;

use crate::{
    alb::{STABLE, on, stage, v2},
    play::Play,
};

const PRIMARY: &str = "service/orders/orders";
const CANARY: &str = "service/orders/orders-canary";

/// Tasks of the primary before a release; the most that its scaling allows, and the most of the canary's.
const FLOOR: u32 = 4;
const MOST: (u32, u32) = (20, 10);

/// A pair whose services are both scaled. As long as a release holds a service's scaling, that wants something else
/// every few seconds.
async fn fought_over(stage: Stage, seed: u64) -> Play {
    let stage = Stage {
        canary_scaling: Some((1, MOST.1)),
        ..stage
    };
    let play = Play::begin(&stage, v2(Behaviour::Works)).await;
    let account = play.account.clone();
    tokio::spawn(async move {
        let mut numbers = Numbers(seed);
        loop {
            tokio::time::sleep(Duration::from_secs(3 + u64::from(numbers.below(10)))).await;
            let (count, minimum) = (numbers.below(25), numbers.below(12));
            let service = [PRIMARY, PRIMARY, CANARY][numbers.below(3) as usize];
            let is_scheduled = numbers.below(3) == 0;
            account.with(|world| {
                if !is_held(world, service) {
                    return;
                }
                let wanted = if is_scheduled {
                    scaling::scheduled(world, service, Some(minimum), Some(minimum + count))
                } else {
                    scaling::scale(world, service, count)
                };
                wanted.expect("it is scaled");
            });
        }
    });
    play
}

fn is_held(world: &mut World, service: &str) -> bool {
    let input = json!({
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceIds": [service],
    });
    let answer = scaling::call(world, "DescribeScalableTargets", &input).expect("it is scaled");
    answer["ScalableTargets"][0]["SuspendedState"]["ScheduledScalingSuspended"] == true
}

/// Scattered numbers, the same for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap_or_default() % bound
    }
}

/// A service's counts at one moment since the push: its name, the desired tasks and the running ones.
type Counts = (String, u32, u32);

fn counts(play: &Play) -> Vec<Counts> {
    play.account.with(|world| {
        let pushed = world.journal.iter().skip_while(
            |entry| !matches!(&entry.what, What::Told(told) if told.starts_with("pushed")),
        );
        let counts = pushed.filter_map(|Entry { what, .. }| match what {
            What::Service {
                service,
                desired,
                running,
            } => {
                let running: u32 = running.iter().map(|(_, tasks)| tasks).sum();
                Some((service.clone(), *desired, running))
            }
            _ => None,
        });
        counts.collect()
    })
}

/// At every moment since the push: enough tasks of the primary, and not too many of both. Answers whether the primary
/// was scaled out.
fn floor_and_cap(play: &Play) -> bool {
    let mut desired = (FLOOR, 1);
    let mut scaled_out = false;
    for (service, wanted, running) in counts(play) {
        if service == stage::PRIMARY {
            desired.0 = wanted;
            assert!(running >= FLOOR, "{running} running\n{}", play.transcript());
            scaled_out |= wanted > FLOOR;
        } else {
            desired.1 = wanted;
        }
        let (primary, canary) = desired;
        assert!(
            (FLOOR..=MOST.0).contains(&primary) && primary + canary <= MOST.0 + MOST.1,
            "{primary} + {canary}\n{}",
            play.transcript()
        );
    }
    scaled_out
}

/// The pair at its end: what it is at rest, but for the primary's count, which is its scaling's.
fn at_rest(play: &Play, expected: &str) {
    let found = play.pair();
    let without_count = |pair: &str| {
        let (before, after) = pair.split_once(' ').unwrap_or_default();
        let (revision, rest) = after.split_once(' ').unwrap_or_default();
        let (_, rest) = rest.split_once(' ').unwrap_or_default();
        format!("{before} {revision} {rest}")
    };
    let expected = expected.replace("1/1 in 1", "1/1 in 1, scaled 1..10 ---");
    assert_eq!(without_count(&found), without_count(&expected), "{found}");
}

#[tokio::test(start_paused = true)]
async fn no_task_is_missing_while_a_version_is_promoted_and_scaling_is_as_it_was() {
    let play = fought_over(stage(), 1).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    play.pass(Duration::from_mins(2)).await;
    assert!(floor_and_cap(&play), "more tasks it may always have");
    at_rest(&play, &on(2));
    assert_eq!(play.requests().failed(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn no_task_is_missing_while_a_version_is_rolled_back_and_scaling_is_as_it_was() {
    let play = fought_over(stage(), 3).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.reject("latency doubled");
    play.until_phase("RolledBack").await;
    play.pass(Duration::from_mins(2)).await;
    assert!(floor_and_cap(&play), "more tasks it may always have");
    at_rest(&play, STABLE);
    assert_eq!(play.requests().failed(), [""; 0]);
}

/// Queue consumers whose total is kept: the counts of both are the release's.
fn constant_total() -> Stage {
    Stage {
        mode: Mode::ConstantTotal,
        max_tasks: FLOOR + 2,
        steps: Some(vec![Step::new(40, 4 * 60)]),
        ..Stage::default()
    }
}

/// At every moment since the push: as many tasks as before, and no more than `maxTasks`.
fn total_kept(play: &Play) {
    let mut desired = (FLOOR, 1);
    for (service, wanted, _) in counts(play) {
        if service == stage::PRIMARY {
            desired.0 = wanted;
        } else {
            desired.1 = wanted;
        }
        let total = desired.0 + desired.1;
        assert!(
            (FLOOR + 1..=FLOOR + 2).contains(&total),
            "{desired:?}\n{}",
            play.transcript()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn of_queue_consumers_whose_total_is_kept_no_task_is_missing_either() {
    let play = fought_over(constant_total(), 5).await;
    let promoted = play.pair().replace("orders:1", "orders:2");
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    play.pass(Duration::from_mins(2)).await;
    total_kept(&play);
    assert_eq!(play.pair(), promoted);
}
