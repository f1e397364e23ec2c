//! Requests that no target answers: a candidate that drops them, and no target at all.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Stage, Step},
    world::{ecs, journal::What},
};

use super::{STABLE, on, stage, v2};
use crate::play::Play;

/// Longer than two bad minutes of the last five take to be seen.
const OUTAGE: Duration = Duration::from_mins(8);

/// Every task is taken away, and none can start for a while.
fn take_all_tasks(play: &Play) {
    play.forgive();
    play.account.with(|world| {
        for service in [stage::PRIMARY, stage::CANARY] {
            ecs::interrupt(world, stage::CLUSTER, service, usize::MAX, OUTAGE);
        }
    });
}

/// The subjects of what people were told of the alarm on what nobody answers, in order.
fn told(play: &Play) -> Vec<String> {
    let notices = play.notices().into_iter().map(|(subject, _)| subject);
    let words = notices.filter_map(|subject| {
        let (state, rest) = subject.split_once(": ")?;
        rest.contains(stage::UNANSWERED_ALARM)
            .then(|| state.to_owned())
    });
    // Every alarm begins with going to OK.
    words.skip_while(|state| state == "OK").collect()
}

/// Who has invoked rollback.
fn callers(play: &Play) -> Vec<String> {
    play.entries(|what| match what {
        What::Invoked {
            function, source, ..
        } if function == stage::ROLLBACK => Some(source.clone()),
        _ => None,
    })
}

#[tokio::test(start_paused = true)]
async fn a_version_that_drops_a_part_of_its_requests_is_rolled_back() {
    let play = Play::begin(&stage(), v2(Behaviour::Drops(40))).await;
    let release = play.push("v2");
    assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
    play.until_phase("RolledBack").await;
    assert_eq!(play.pair(), STABLE);
    let fired = play.fired();
    assert!(fired.contains(&stage::FAILURES_ALARM.to_owned()));
    assert!(!fired.contains(&stage::PRIMARY_ERRORS_ALARM.to_owned()));
    let failed = play.requests().failed();
    assert!(
        failed
            .iter()
            .all(|it| it.ends_with("502, broken off by v2"))
    );
}

#[tokio::test(start_paused = true)]
async fn without_any_target_a_release_is_rolled_back_and_people_are_told() {
    let play = Play::begin(&stage(), v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_bakes().await;
    take_all_tasks(&play);
    assert_ne!(play.until_ended(&release).await, "SUCCEEDED");
    play.until_phase("RolledBack").await;
    play.pass(OUTAGE).await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(play.fired(), [stage::UNANSWERED_ALARM]);
    assert!(callers(&play).contains(&"alarm".to_owned()));
    assert_eq!(told(&play), ["ALARM", "OK"]);
}

/// Nobody looks at the targets any more: the alarm alone sees it.
#[tokio::test(start_paused = true)]
async fn without_any_target_after_the_promotion_the_alarm_rolls_back() {
    let stage = Stage {
        steps: Some(vec![Step::new(50, 60)]),
        ..stage()
    };
    let play = Play::begin(&stage, v2(Behaviour::Works)).await;
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.approve();
    assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
    play.pass(Duration::from_mins(2)).await;
    take_all_tasks(&play);
    play.until_phase("RolledBack").await;
    play.pass(OUTAGE).await;
    assert_eq!(play.pair(), STABLE);
    assert_eq!(play.fired(), [stage::UNANSWERED_ALARM]);
    assert_eq!(told(&play), ["ALARM", "OK"]);
}

#[tokio::test(start_paused = true)]
async fn without_any_target_outside_of_a_release_people_are_told_and_nothing_is_changed() {
    for released in [false, true] {
        let stage = Stage {
            steps: Some(vec![Step::new(50, 60)]),
            ..stage()
        };
        let play = Play::begin(&stage, v2(Behaviour::Works)).await;
        if released {
            let release = play.push("v2");
            play.until_approval(&release).await;
            play.approve();
            assert_eq!(play.until_ended(&release).await, "SUCCEEDED");
            play.slow_down();
            // The guard is over then.
            play.pass(Duration::from_mins(62)).await;
        }
        let expected = if released { on(2) } else { STABLE.to_owned() };
        play.pass(Duration::from_mins(2)).await;
        assert_eq!(play.pair(), expected);
        let written = play.writes().len();
        take_all_tasks(&play);
        play.pass(2 * OUTAGE).await;
        assert_eq!(play.pair(), expected);
        assert_eq!(play.fired(), [stage::UNANSWERED_ALARM]);
        assert!(callers(&play).contains(&"alarm".to_owned()));
        assert_eq!(told(&play), ["ALARM", "OK"]);
        assert_eq!(play.writes().len(), written);
    }
}
