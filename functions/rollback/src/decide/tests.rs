mod alb;
mod queue;
mod restoring;

use std::time::Duration;

use canary::{
    aws::{
        alarms::Alarm,
        pipeline::{Approval, Execution},
    },
    fixtures::{
        Moment, alarm, another_release, at, candidate, check, foreign, pair, record, release,
        scaling, stable,
    },
    names::ReleaseId,
    parameters::Rollback,
    parts::pair::Service,
    reconcile::trigger::{End, Ended, Firing, Trigger},
};

use super::*;
use crate::looked::{Scene, unseen};

fn fired() -> Trigger {
    Trigger::Alarm(firing())
}

/// An alarm of the pair's that has just gone to `ALARM`.
fn firing() -> Firing {
    Firing {
        alarm: alarm("orders-dead-letters"),
        place: None,
        reason: "3 messages".to_owned(),
        at: Some(at(599)),
        first: false,
        direct: true,
    }
}

fn ended() -> Trigger {
    ended_at(at(599))
}

fn ended_at(time: Timestamp) -> Trigger {
    Trigger::Ended(Ended {
        pipeline: "orders-release".try_into().unwrap(),
        release: release(),
        how: End::Over,
        what: "its pipeline execution ended as FAILED".to_owned(),
        at: Some(time),
    })
}

fn by_hand() -> Trigger {
    Trigger::Hand(asked(release()))
}

fn asked(release: ReleaseId) -> Rollback {
    Rollback {
        release,
        reason: Some("latency is up".to_owned()),
    }
}

/// A pipeline that has nothing more to do for the release.
fn seen(pair: Moment) -> Scene {
    Scene::of(pair)
}

/// A pipeline that is at work for the release.
fn under_way(pair: Moment) -> Scene {
    seen(pair).executing(Execution {
        under_way: true,
        approvals: Vec::new(),
        at_work: vec!["Canary/Shift".to_owned()],
    })
}

fn with_status(pair: Moment, status: &str) -> Scene {
    seen(pair).with_status(status)
}

fn decide(sight: &Scene, why: &Trigger) -> Decision {
    sight.look(why)
}

fn canaried(record: Record) -> Moment {
    pair().canary_on_candidate().recorded(record)
}

const FIRED: &str = "take: rolling back release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f: alarm orders-dead-letters went to ALARM: \
                     3 messages | record RollingBack";
const GOES_ON: &str = "take: rollback of release 3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f goes on";

/// And what follows it.
const STOP_CANARY: &str = "orders-canary: 0 tasks | orders-canary: orders:7";

/// Where the primary may run the candidate, it is as urgent.
const STOP_BOTH: &str = "orders-canary: 0 tasks | orders: orders:7";

#[test]
fn where_nothing_is_to_be_rolled_back_nothing_is_written_and_the_reason_is_said() {
    let foreign_alarm = Trigger::Alarm(Firing {
        alarm: alarm("somebody-elses"),
        direct: false,
        ..firing()
    });
    let early_alarm = Trigger::Alarm(Firing {
        at: Some(at(50)),
        ..firing()
    });
    let another = || Trigger::Hand(asked(another_release()));
    let shifting = || seen(canaried(record().shifting(10)));
    let promoted = || pair().both_on_candidate().recorded(record().promoted());
    let long_ago = || promoted().seen_at(at(200 + 3600));
    let running = |status| with_status(canaried(record().shifting(10)), status);
    let own = "3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f";
    let other = "9e8d7c6b-5a49-4837-a615-049382716050";
    let rows = vec![
        ("no release ever", seen(pair()), fired(), "no release has ever begun for this pair".to_owned()),
        (
            "rolled back before",
            seen(pair().recorded(record().rolled_back())),
            ended(),
            format!("release {own} is rolled back already: alarm orders-dead-letters went to ALARM: 3 messages"),
        ),
        (
            "another release is named",
            shifting(),
            another(),
            format!("the pair belongs to release {own}, not to {other}"),
        ),
        (
            "another release is named while this one is rolled back",
            seen(canaried(record().shifting(10).rolling_back())),
            another(),
            format!("the pair belongs to release {own}, not to {other}"),
        ),
        (
            "an alarm that is none of the target's, through a topic",
            shifting(),
            foreign_alarm,
            "alarm somebody-elses is not among the target's alarms and does not name this function as its own action".to_owned(),
        ),
        (
            "an alarm from before the release",
            shifting(),
            early_alarm,
            format!("the event is about {}, before release {own} began at {}", at(50), at(100)),
        ),
        (
            "the end of an attempt before this one",
            shifting(),
            ended_at(at(90)),
            format!("the event is about {}, before release {own} began at {}", at(90), at(100)),
        ),
        (
            "an alarm long after the promotion",
            seen(long_ago()),
            Trigger::Alarm(Firing { at: None, ..firing() }),
            format!(
                "release {own} is promoted since {}, alarms roll it back for 60 minutes (guardMinutes) only; to roll it back \
                 now, invoke rollback by hand",
                at(200)
            ),
        ),
        (
            "the end of a promoted release's execution",
            seen(promoted()),
            ended(),
            format!("release {own} is promoted"),
        ),
        (
            "the schedule while the execution is under way",
            running("InProgress"),
            Trigger::Schedule,
            format!("release {own} is Shifting and its pipeline execution is under way"),
        ),
    ];
    for (situation, seen, why, reason) in rows {
        let decision = decide(&seen, &why);
        check(
            situation,
            &decision,
            &format!("done: nothing rolled back: {reason}"),
        );
    }
    check(
        "the schedule after a promotion",
        &decide(&seen(promoted()), &Trigger::Schedule),
        &format!("done: nothing rolled back: release {own} is promoted"),
    );
}

#[test]
fn the_schedule_says_what_it_could_not_see_and_what_was_rolled_back() {
    let blind = under_way(canaried(record().shifting(10)))
        .but(|seen| seen.status = unseen("AWS throttles codepipeline:GetPipelineExecution"));
    check(
        "nobody knows whether the release goes on",
        &decide(&blind, &Trigger::Schedule),
        &format!(
            "take: release {} (Shifting) is not watched as it should be since {}: AWS throttles codepipeline:GetPipelineExecution | \
             record Shifting",
            release(),
            at(600)
        ),
    );
    check(
        "rolled back",
        &decide(
            &seen(pair().recorded(record().rolled_back())),
            &Trigger::Schedule,
        ),
        &format!(
            "done: nothing rolled back: release {} is rolled back already: alarm orders-dead-letters went to ALARM: 3 messages",
            release()
        ),
    );
}

#[test]
fn by_hand_a_promoted_release_is_rolled_back_however_long_ago_that_was() {
    let promoted = pair().both_on_candidate().recorded(record().promoted());
    let decision = decide(&seen(promoted.seen_at(at(90_000))), &by_hand());
    assert!(matches!(decision, Decision::Take(_)));
}

#[test]
fn event_times_may_be_off_by_what_clocks_differ() {
    let decision = decide(&seen(canaried(record().shifting(10))), &ended_at(at(96)));
    assert!(matches!(decision, Decision::Take(_)));
}
