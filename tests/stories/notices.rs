//! Who hears what, and how often: one message for one event, none for what passes by itself, and again and again for what does not.

use std::time::Duration;

use rehearsal_core::{
    stage::{self, Behaviour, Script, Stage, Version},
    wire::{Ailment, Outage},
    world::Principal,
};

use crate::play::{Play, pairs, targets};

/// A release that waits for its approval.
async fn at_approval(stage: &Stage) -> (Play, String) {
    let script = Script::new([Version::new("v2", Behaviour::Works)]);
    let play = Play::begin(stage, script).await;
    play.slow_down();
    let before = play.pair();
    let release = play.push("v2");
    play.until_approval(&release).await;
    play.pass(Duration::from_mins(1)).await;
    (play, before)
}

/// Subjects, less the release's id, and texts of what rollback has told.
fn told(play: &Play) -> Vec<(String, String)> {
    let name = format!("{}: ", play.name());
    let told = play.notices().into_iter();
    let ours = told.filter_map(|(subject, text)| {
        let what = subject.strip_prefix(&name)?;
        let release = what.split(' ').find(|word| word.len() == 36)?;
        Some((what.replace(release, "R"), text))
    });
    ours.collect()
}

fn subjects(told: &[(String, String)]) -> Vec<&str> {
    told.iter().map(|(subject, _)| subject.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_passes_within_ten_minutes_is_no_news_and_what_does_not_is_told_with_what_it_waits_for()
 {
    for (n, stage) in targets().iter().enumerate() {
        // An hour of it is the same for every kind of target.
        let rows = [(4, 0), (14, 1), (73, 2)].into_iter();
        for (minutes, extra) in rows.filter(|(minutes, _)| n == 0 || *minutes < 60) {
            let (play, before) = at_approval(stage).await;
            let throttled = |operation| {
                let time = Some(Duration::from_mins(minutes));
                play.fail(stage::ROLLBACK, operation, Ailment::Throttled, time);
            };
            throttled("UpdateService");
            throttled("ModifyRule");
            throttled("UpdateAlias");
            play.alarm("orders fail");
            play.until_phase("RolledBack").await;
            play.pass(Duration::from_mins(3)).await;
            assert_eq!(play.pair(), before, "{}", play.transcript());
            let told = told(&play);
            let long = "rollback of release R is not complete";
            let mut expected = vec!["rolling back release R"];
            expected.extend(vec![long; extra]);
            expected.push("rolled back release R");
            assert_eq!(subjects(&told), expected, "{minutes}");
            for (_, text) in told.iter().filter(|(subject, _)| subject == long) {
                assert!(
                    text.contains("What it waits for:\n- ") && text.contains("AWS throttles "),
                    "{text}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_sees_not_everything_for_an_hour_is_told_and_sees_again_without_a_word() {
    let [stage, ..] = pairs();
    for how in [Ailment::Throttled, Ailment::Denied] {
        let (play, _) = at_approval(&stage).await;
        play.fail(stage::ROLLBACK, "DescribeAlarms", how, None);
        play.pass(Duration::from_mins(58)).await;
        assert_eq!(told(&play), [], "not before an hour is over");
        play.pass(Duration::from_mins(6)).await;
        let news = told(&play);
        assert_eq!(subjects(&news), ["watch fails, release R"]);
        assert!(
            news[0]
                .1
                .contains(" of orders is not watched as it should be: since 2026-10-02T")
                && news[0].1.contains("cloudwatch:DescribeAlarms"),
            "{}",
            news[0].1
        );
        play.account.mend();
        play.pass(Duration::from_mins(5)).await;
        assert_eq!(told(&play).len(), 1);
        let record = play.record().expect("a record");
        assert_eq!(record.failing, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_share_that_cannot_be_held_for_an_hour_is_told() {
    let [stage, ..] = pairs();
    let (play, _) = at_approval(&stage).await;
    play.account.fail(Outage {
        operation: "UpdateService".to_owned(),
        principal: Some(Principal(stage::ROLLBACK.to_owned())),
        how: Ailment::Denied,
        until: None,
    });
    let resource = format!("service/{}/{}", stage::CLUSTER, stage::PRIMARY);
    play.account
        .with(|world| rehearsal_core::world::scaling::scale(world, &resource, 10))
        .expect("it is scaled");
    play.pass(Duration::from_mins(70)).await;
    let news = told(&play);
    assert_eq!(subjects(&news), ["watch fails, release R"], "{news:?}");
    assert!(
        news[0].1.contains("may not call ecs:UpdateService"),
        "{}",
        news[0].1
    );
}
