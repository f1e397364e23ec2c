//! An alarm whose event is lost, or met by throttling, rolls back all the same.

use canary::record::Phase;
use rehearsal_core::{
    wire::Interference,
    world::{Fault, journal::Entry},
};

use super::*;

/// How far the release is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Approval,
    Guard,
}

async fn release(stage: &Stage, at: At) -> (Play, String) {
    match at {
        At::Approval => {
            let (play, before, _) = at_approval(stage).await;
            (play, before)
        }
        At::Guard => promoted(stage).await,
    }
}

/// When the alarm went to `ALARM`.
async fn until_alarm(play: &Play) -> Moment {
    break_alarm(play);
    let alarm = play.alarm_name();
    play.until("the alarm is in ALARM", |world| {
        let last = world
            .journal
            .iter()
            .rev()
            .find_map(|entry| match &entry.what {
                What::Alarm {
                    alarm: of, state, ..
                } if *of == alarm => Some(state == "ALARM"),
                _ => None,
            });
        last == Some(true)
    })
    .await;
    play.account.now()
}

#[tokio::test(start_paused = true)]
async fn an_alarm_whose_event_is_lost_is_found_by_the_watch_at_the_approval_and_within_the_guard() {
    for stage in targets() {
        for at in [At::Approval, At::Guard] {
            let (play, before) = release(&stage, at).await;
            play.lose_events();
            let alarm = until_alarm(&play).await;
            let begun = until_rolling_back(&play, alarm).await;
            assert!(begun <= Duration::from_mins(2), "{at:?}: {begun:?}");
            play.until_phase("RolledBack").await;
            play.pass(Duration::from_mins(3)).await;
            assert_eq!(play.pair(), before, "{at:?}\n{}", play.transcript());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_all_of_rollbacks_calls_throttled_from_the_alarm_on_the_second_look_that_gets_through_rolls_back()
 {
    for stage in targets() {
        for at in [At::Approval, At::Guard] {
            let (play, before) = release(&stage, at).await;
            break_alarm(&play);
            let alarm = play.account.now();
            let ends = alarm + Duration::from_mins(5);
            let account = play.account.clone();
            play.interfere(move |call| {
                if call.principal.0 == stage::ROLLBACK && account.now() < ends {
                    Interference::Refuse(Fault::new("ThrottlingException", "Rate exceeded"))
                } else {
                    Interference::None
                }
            });
            play.pass(Duration::from_mins(5)).await;
            until_rolling_back(&play, alarm).await;
            let looks = looks(&play, ends);
            assert!(looks <= 2, "{at:?}: {looks} looks\n{}", play.transcript());
            play.until_phase("RolledBack").await;
            play.pass(Duration::from_mins(3)).await;
            assert_eq!(play.pair(), before, "{at:?}\n{}", play.transcript());
        }
    }
}

/// How often the schedule has called since a moment.
fn looks(play: &Play, since: Moment) -> usize {
    let journal = play.account.with(|world| world.journal.clone());
    let looks = journal.into_iter().filter(|Entry { at, what }| {
        *at >= since
            && matches!(what, What::Invoked { function, .. } if function == stage::ROLLBACK)
    });
    looks.count()
}

/// Somebody switches an alarm's actions off.
fn switch_off(play: &Play) {
    let names = json!({ "AlarmNames": [play.alarm_name()] });
    play.account
        .with(|world| cloudwatch::call(world, "DisableAlarmActions", &names))
        .expect("it exists");
}

/// Somebody mutes an alarm for half an hour.
fn mute(play: &Play) {
    let now = play.account.now().iso_seconds();
    let begins = &now[.."2026-10-02T17:04".len()];
    let rule = json!({
        "Name": "maintenance", "MuteTargets": { "AlarmNames": [play.alarm_name()] },
        "Rule": { "Schedule": { "Expression": format!("at({begins})"), "Duration": "PT30M" } },
    });
    play.account
        .with(|world| cloudwatch::put_alarm_mute_rule(world, &rule))
        .expect("a rule");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_whose_actions_somebody_has_switched_off_does_not_roll_back() {
    for stage in targets() {
        let (play, _, release) = at_approval(&stage).await;
        break_alarm(&play);
        switch_off(&play);
        play.pass(Duration::from_mins(5)).await;
        assert_eq!(play.phase(), "Shifting", "{}", play.transcript());
        play.succeeds(&release).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_muted_alarm_does_not_roll_back_until_it_is_heard_again() {
    for stage in targets() {
        let (play, before, release) = at_approval(&stage).await;
        mute(&play);
        break_alarm(&play);
        play.pass(Duration::from_mins(25)).await;
        assert_eq!(play.phase(), "Shifting", "{}", play.transcript());
        play.pass(Duration::from_mins(8)).await;
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.pair(), before, "{}", play.transcript());
        assert!(play.has_ended(&release));
    }
}

/// All alarms of the pair are one, which a maintenance alarm suppresses.
fn one_for_all(world: &mut World) {
    put_alarm(world, "maintenance", "notBreaching");
    for alarm in [Traffic::Queue.alarm(), Traffic::Alb.alarm()] {
        let described =
            cloudwatch::call(world, "DescribeAlarms", &json!({ "AlarmNames": [alarm] }));
        let actions =
            described.expect("alarms can be described")["MetricAlarms"][0]["AlarmActions"].clone();
        if actions.is_array() {
            let composite = json!({
                "AlarmName": "orders-any", "AlarmRule": format!("ALARM({alarm})"), "AlarmActions": actions,
                "ActionsSuppressor": "maintenance", "ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 60,
            });
            cloudwatch::put_composite_alarm(world, &composite).expect("a composite alarm");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_composite_alarm_that_is_suppressed_does_not_roll_back_until_it_is_not_any_more() {
    for stage in targets() {
        let play = Play::begin_with(&stage, v2(), one_for_all).await;
        play.slow_down();
        let before = play.pair();
        play.retarget(|target| target["alarms"] = json!(["orders-any"]));
        let release = play.push("v2");
        play.until_approval(&release).await;
        play.account
            .with(|world| put_alarm(world, "maintenance", "breaching"));
        play.pass(Duration::from_mins(3)).await;
        switch_off(&play);
        break_alarm(&play);
        switch_off(&play);
        play.pass(Duration::from_mins(10)).await;
        assert_eq!(play.phase(), "Shifting", "{}", play.transcript());
        play.lose_events();
        play.account
            .with(|world| put_alarm(world, "maintenance", "notBreaching"));
        play.pass(Duration::from_mins(5)).await;
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.pair(), before, "{}", play.transcript());
        let record = play.record().expect("a record");
        let Phase::RolledBack { cause, .. } = record.phase else {
            panic!("it is rolled back")
        };
        assert!(
            cause.what.starts_with("alarm orders-any is in ALARM: "),
            "{}",
            cause.what
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_state_of_an_alarm_that_is_made_anew_is_no_transition() {
    for stage in targets() {
        let (play, _, release) = at_approval(&stage).await;
        play.lose_events();
        play.account.with(|world| {
            let names = json!({ "AlarmNames": [play.alarm_name()] });
            cloudwatch::call(world, "DeleteAlarms", &names).expect("it exists");
        });
        break_alarm(&play);
        play.pass(Duration::from_mins(10)).await;
        assert_eq!(play.phase(), "Shifting", "{}", play.transcript());
        play.succeeds(&release).await;
    }
}

#[tokio::test(start_paused = true)]
async fn dead_letters_that_come_while_the_approval_waits_roll_back() {
    let [queue, ..] = pairs();
    for stage in [queue, function()] {
        let (play, before, release) = at_approval(&stage).await;
        play.lose_events();
        let stage::Entrance::Queue {
            dead_letter_url, ..
        } = &play.scene.entrance
        else {
            panic!("it consumes a queue")
        };
        let since = play.account.now();
        play.account.with(|world| {
            let sent = rehearsal_core::world::sqs::send(world, dead_letter_url, "a bad one");
            sent.expect("it is sent")
        });
        let begun = until_rolling_back(&play, since).await;
        assert!(begun <= Duration::from_mins(2), "{begun:?}");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.pair(), before);
        assert!(play.has_ended(&release));
    }
}
