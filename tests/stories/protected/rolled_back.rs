//! A candidate whose tasks protect themselves, and is rolled back.

use rehearsal_core::{clock::Moment, world::journal::What};

use super::*;
use crate::play::pairs;

/// A release at its approval whose candidate's tasks protect themselves for so many minutes; what the pair was like before it.
async fn at_approval(stage: &Stage, minutes: u16, waits: bool) -> (Play, String) {
    let v2 = Version::new("v2", Behaviour::Works).protected_for(minutes);
    let play = Play::begin(stage, Script::new([v2])).await;
    play.slow_down();
    if waits {
        play.retarget(|target| target["protectedTasks"] = json!("wait"));
    }
    let before = play.pair();
    let release = play.push("v2");
    play.until_approval(&release).await;
    (play, before)
}

/// Subjects and texts of what rollback has told people.
fn told(play: &Play) -> Vec<(String, String)> {
    let told = play.notices().into_iter();
    told.filter(|(subject, _)| subject.starts_with("orders: "))
        .collect()
}

/// Why tasks of v2 ended, each once.
fn ends(play: &Play) -> Vec<String> {
    let mut reasons = play.entries(|what| match what {
        What::Task {
            version,
            state,
            reason,
            ..
        } if version == "v2" && state == "STOPPED" => reason.clone(),
        _ => None,
    });
    reasons.dedup();
    reasons
}

async fn until_rolled_back(play: &Play, since: Moment) -> Duration {
    play.until_phase("RolledBack").await;
    let took = play.account.now().since(since);
    play.pass(Duration::from_mins(2)).await;
    took
}

#[tokio::test(start_paused = true)]
async fn protected_tasks_are_stopped_a_minute_after_nobody_wanted_them_and_nothing_is_lost() {
    for stage in pairs() {
        let (play, before) = at_approval(&stage, 120, false).await;
        let alarm = play.account.now();
        play.alarm("orders fail");
        let took = until_rolled_back(&play, alarm).await;
        assert!(took <= Duration::from_mins(6), "{took:?}");
        assert_eq!(play.pair(), before, "{}", play.transcript());
        let reasons = ends(&play);
        assert!(
            reasons.len() == 1 && reasons[0].ends_with("is rolled back"),
            "{reasons:?}"
        );
        let ledger = play.ledger().await.join("\n");
        assert!(
            ledger.contains("is stopped, although it is protected from scale-in"),
            "{ledger}"
        );
        assert_eq!(told(&play).len(), 2, "it begins, and it is complete");
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.lost(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_to_wait_hears_until_when_and_the_rollback_is_complete_after_that() {
    let [additive, total, alb] = pairs();
    for (stage, minutes) in [(additive, 120), (total, 30), (alb, 30)] {
        let (play, before) = at_approval(&stage, minutes, true).await;
        let alarm = play.account.now();
        play.alarm("orders fail");
        let took = until_rolled_back(&play, alarm).await;
        let lasts = Duration::from_mins(minutes.into());
        assert!(
            (lasts.saturating_sub(Duration::from_mins(10))..lasts + Duration::from_mins(5))
                .contains(&took),
            "{took:?}"
        );
        assert_eq!(play.pair(), before, "{}", play.transcript());
        let stopped = play.calls(stage::ROLLBACK);
        let stopped = stopped.iter().filter(|call| call.operation == "StopTask");
        assert_eq!(stopped.count(), 0);
        let told = told(&play);
        let long: Vec<_> = told
            .iter()
            .filter(|(subject, _)| subject.ends_with("is not complete"))
            .collect();
        let hours = usize::from((minutes - 10) / 60) + 1;
        assert_eq!((told.len(), long.len()), (2 + hours, hours), "{told:?}");
        assert!(
            long[0]
                .1
                .contains("protected from scale-in until 2026-10-02T"),
            "{long:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn where_stopping_them_is_denied_people_hear_of_it_at_once_and_they_are_waited_for() {
    for stage in pairs() {
        let v2 = Version::new("v2", Behaviour::Works).protected_for(30);
        let play = Play::begin_with(&stage, Script::new([v2]), |world| {
            world.iam.hides_managed_tags = true;
        })
        .await;
        play.slow_down();
        let before = play.pair();
        let release = play.push("v2");
        play.until_approval(&release).await;
        let alarm = play.account.now();
        play.alarm("orders fail");
        play.pass(Duration::from_mins(5)).await;
        let told = told(&play);
        assert!(
            told.iter()
                .any(|(_, text)| text.contains("may not call ecs:StopTask")),
            "{told:?}\n{}",
            play.transcript()
        );
        until_rolled_back(&play, alarm).await;
        assert_eq!(play.pair(), before, "{}", play.transcript());
    }
}
