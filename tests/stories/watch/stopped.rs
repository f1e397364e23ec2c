//! Who watches the watch: people are told when the schedule does not run.

use rehearsal_core::{wire::Interference, world::Fault};

use super::*;

const SWEEP: &str = "orders-release-sweep";
const ALARM: &str = "orders-watch-stopped";

/// The states that the alarm on the watch went to.
fn states(play: &Play) -> Vec<String> {
    play.entries(|what| match what {
        What::Alarm { alarm, state, .. } if alarm == ALARM => Some(state.clone()),
        _ => None,
    })
}

/// Notices that name the alarm.
fn told(play: &Play) -> usize {
    let notices = play.notices();
    let of_it =
        |(subject, text): &&(String, String)| subject.contains(ALARM) || text.contains(ALARM);
    notices.iter().filter(of_it).count()
}

#[tokio::test(start_paused = true)]
async fn while_the_schedule_runs_nobody_is_told_that_it_does_not() {
    let (play, ..) = at_approval(&Stage::default()).await;
    play.pass(Duration::from_mins(30)).await;
    assert_eq!(states(&play), ["OK"], "the first minutes were counted");
}

#[tokio::test(start_paused = true)]
async fn a_schedule_that_somebody_has_disabled_is_told_and_so_is_that_it_runs_again() {
    let (play, ..) = at_approval(&Stage::default()).await;
    let before = told(&play);
    let set = |enabled| {
        let set = |world: &mut World| events::set_enabled(world, SWEEP, enabled);
        play.account.with(set).expect("the rule is there");
    };
    set(false);
    play.pass(Duration::from_mins(12)).await;
    assert_eq!(states(&play), ["OK", "INSUFFICIENT_DATA"]);
    assert_eq!(told(&play), before + 1);
    set(true);
    play.pass(Duration::from_mins(5)).await;
    assert_eq!(states(&play), ["OK", "INSUFFICIENT_DATA", "OK"]);
    assert_eq!(told(&play), before + 2);
}

#[tokio::test(start_paused = true)]
async fn a_schedule_whose_runs_all_fail_is_told() {
    let (play, ..) = at_approval(&Stage::default()).await;
    let before = told(&play);
    play.interfere(|call| {
        if call.principal.0 == stage::ROLLBACK && call.service == "dynamodb" {
            return Interference::Refuse(Fault::new("AccessDeniedException", "not authorized"));
        }
        Interference::None
    });
    play.pass(Duration::from_mins(8)).await;
    assert_eq!(states(&play), ["OK", "ALARM"]);
    assert_eq!(told(&play), before + 1);
}
