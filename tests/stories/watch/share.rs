//! While the approval waits, the share is held.

use super::*;

fn canary_grows(world: &mut World) {
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/orders/orders-canary",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 1, "MaxCapacity": 10,
    });
    scaling::call(world, "RegisterScalableTarget", &target).expect("it is scaled");
}

#[tokio::test(start_paused = true)]
async fn the_canary_follows_a_primary_that_is_scaled_out_in_the_night_and_in_again() {
    let [queue, _, alb] = pairs();
    for stage in [queue, alb] {
        let (play, _, release) = at_approval(&stage).await;
        let many = |primary| match stage.traffic.work() {
            Work::Messages => primary,
            Work::Requests => primary / 2,
        };
        assert_eq!(desired(&play, stage::CANARY), many(4));
        scale(&play, stage::PRIMARY, 8);
        play.pass(Duration::from_mins(5)).await;
        assert_eq!(
            desired(&play, stage::CANARY),
            many(8),
            "{}",
            play.transcript()
        );
        assert_eq!(play.phase(), "Shifting");
        play.pass(Duration::from_hours(2)).await;
        assert_eq!(play.phase(), "Shifting", "{}", play.transcript());
        play.succeeds(&release).await;
    }
}

#[tokio::test(start_paused = true)]
async fn where_max_tasks_leaves_no_room_the_share_is_told_once_and_nothing_is_rolled_back() {
    let [queue, ..] = pairs();
    let stage = Stage {
        max_tasks: 10,
        ..queue
    };
    let (play, _, release) = at_approval(&stage).await;
    let told = play.notices().len();
    scale(&play, stage::PRIMARY, 16);
    play.pass(Duration::from_hours(3)).await;
    assert_eq!(play.phase(), "Shifting");
    let notices = play.notices().split_off(told);
    let [(subject, message)] = notices.as_slice() else {
        panic!("{notices:?}")
    };
    assert_eq!(
        subject,
        &format!("orders: share not held, release {release}")
    );
    assert!(message.contains("50 % asked, 20 % attained: 4 of 20 tasks; a share of 50 % cannot be reached: maxTasks is 10"), "{message}");
    let ledger = play.ledger().await;
    assert!(
        ledger
            .iter()
            .any(|line| line.contains("20 % attained: 4 of 20 tasks")),
        "{ledger:?}"
    );
    scale(&play, stage::PRIMARY, 4);
    play.pass(Duration::from_mins(5)).await;
    play.succeeds(&release).await;
}

#[tokio::test(start_paused = true)]
async fn a_canary_behind_a_load_balancer_may_add_tasks_of_its_own_but_loses_none() {
    let [.., stage] = pairs();
    let (play, _, release) = at_approval_of(&stage, canary_grows).await;
    scale(&play, stage::CANARY, 6);
    play.pass(Duration::from_mins(5)).await;
    assert_eq!(desired(&play, stage::CANARY), 6, "{}", play.transcript());
    scale(&play, stage::CANARY, 2);
    play.pass(Duration::from_mins(5)).await;
    assert_eq!(
        desired(&play, stage::CANARY),
        6,
        "its scale-in is suspended"
    );
    assert_eq!(play.phase(), "Shifting");
    play.succeeds(&release).await;
    let pair = play.pair();
    assert!(
        pair.contains("orders-canary: orders:2 1/1 in 1, scaled 1..10 ---"),
        "{pair}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_share_is_not_held_while_something_cannot_be_seen() {
    let [.., stage] = pairs();
    let (play, ..) = at_approval(&stage).await;
    let outage = Duration::from_mins(10);
    let throttled = rehearsal_core::wire::Ailment::Throttled;
    play.fail(
        stage::ROLLBACK,
        "DescribeTargetHealth",
        throttled,
        Some(outage),
    );
    scale(&play, stage::PRIMARY, 8);
    play.pass(Duration::from_mins(9)).await;
    assert_eq!(desired(&play, stage::CANARY), 2, "{}", play.transcript());
    play.pass(Duration::from_mins(5)).await;
    assert_eq!(desired(&play, stage::CANARY), 4, "{}", play.transcript());
}
