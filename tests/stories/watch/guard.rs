//! After the promotion: what ends the guard, and what does not.

use super::*;

/// Somebody deploys a fix; what is said of that.
async fn fix(play: &Play, traffic: Traffic) -> &'static str {
    if traffic.has_tasks() {
        let definition = play.definition_like("orders:1");
        play.ecs("RegisterTaskDefinition", &definition);
        update(
            play,
            stage::PRIMARY,
            &json!({ "taskDefinition": "orders:3" }),
        );
        "orders runs orders:3, not orders:2 as this release last set it"
    } else {
        play.publish_another().await;
        play.route("3", &[]);
        "somebody else has changed alias orders:live: it sends its invocations to version 3, and this release has set version 2"
    }
}

#[tokio::test(start_paused = true)]
async fn a_hotfix_ends_the_guard_which_is_recorded_and_told_and_alarms_roll_back_no_more() {
    for stage in targets() {
        let (play, _) = promoted(&stage).await;
        let told = play.notices().len();
        let what = fix(&play, stage.traffic).await;
        play.pass(Duration::from_mins(3)).await;
        let pair = play.pair();
        let record = play.record().expect("a record");
        let cause = record.guard_ended.expect("the guard has ended");
        assert!(cause.what.starts_with(what), "{}", cause.what);
        let notices = play.notices().split_off(told);
        let [(subject, message)] = notices.as_slice() else {
            panic!("{notices:?}")
        };
        let name = play.name();
        let ended = format!("{name}: alarms do not roll back any more, release ");
        assert!(subject.starts_with(&ended), "{subject}");
        assert!(message.contains(what), "{message}");
        let writes = play.writes().len();
        play.alarm("orders fail");
        play.pass(Duration::from_mins(5)).await;
        assert_eq!(play.phase(), "Promoted");
        assert_eq!(play.pair(), pair);
        assert_eq!(play.writes().len(), writes);
    }
}

#[tokio::test(start_paused = true)]
async fn tasks_that_come_and_go_do_not_end_the_guard() {
    for stage in pairs() {
        let (play, before) = promoted(&stage).await;
        scale(&play, stage::PRIMARY, 9);
        play.pass(Duration::from_mins(4)).await;
        scale(&play, stage::PRIMARY, 4);
        play.pass(Duration::from_mins(4)).await;
        assert_eq!(play.record().expect("a record").guard_ended, None);
        play.alarm("orders fail");
        play.until_phase("RolledBack").await;
        play.pass(Duration::from_mins(3)).await;
        assert_eq!(play.pair(), before, "{}", play.transcript());
    }
}
