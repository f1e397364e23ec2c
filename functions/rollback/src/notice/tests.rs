mod queue;

use canary::{
    decision::Decision,
    evidence::Answer,
    fixtures::{Moment, alarm, at, began, pair, record, release, scaling, verdict},
    parameters::Rollback,
    parts::pair::{self, KeptService},
    reconcile::trigger::{End, Ended, Firing, Trigger},
    record::Record,
    target::Consequence,
};

use super::*;
use crate::{
    call::{self, Call},
    looked::Scene,
};

const RELEASE: &str = "3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f";

fn alarmed() -> Trigger {
    Trigger::Alarm(Firing {
        alarm: alarm("orders-dead-letters"),
        reason: "3 messages.".to_owned(),
        at: Some(at(599)),
        place: None,
        first: false,
        direct: true,
    })
}

fn ended() -> Trigger {
    Trigger::Ended(Ended {
        pipeline: "orders-release".try_into().unwrap(),
        release: release(),
        how: End::Over,
        what: "its pipeline execution ended as FAILED".to_owned(),
        at: Some(at(599)),
    })
}

/// What is told of one look.
fn told(pair: Moment, why: &Trigger) -> Option<Notice> {
    let sight = Scene::of(pair).with_status("Stopped");
    let (record, seen) = (sight.record.as_ref()?, &sight.seen);
    match call::call(Some(record), why, &sight.besides(why), seen.now) {
        Call::Fence(_, fence) => Some(begun(record, &fence, why)),
        Call::GoOn => match sight.look(why) {
            Decision::Done(done) => Some(finished(record, done.record.as_deref()?, seen)),
            _ => None,
        },
        Call::Keep(keeping) => keeping.notice,
        Call::Idle(_) => None,
    }
}

fn of_found(record: &Record) -> Vec<String> {
    restored(record, &record.model().nothing(), record.phase_since)
}

fn message(pair: Moment, why: &Trigger) -> String {
    let notice = told(pair, why).expect("a notice");
    notice.message().to_owned()
}

fn rolling_back(record: Record) -> Moment {
    pair().recorded(record.rolling_back()).seen_at(at(700))
}

#[test]
fn the_beginning_is_told_with_cause_phase_asker_and_what_happens_now() {
    let shifting = pair().canary_on_candidate().recorded(record().shifting(50));
    let notice = told(shifting, &alarmed()).expect("a notice");
    assert_eq!(
        notice.subject(),
        format!("orders: rolling back release {RELEASE}")
    );
    assert_eq!(
        notice.message(),
        format!(
            "Release {RELEASE} of orders is being rolled back: alarm orders-dead-letters went to ALARM: 3 messages.\n\n\
             Pair: orders/orders\n\
             Release: {RELEASE}\n\
             Pipeline: orders-release\n\
             Previous phase: Shifting\n\
             Triggered by: alarm orders-dead-letters\n\
             What happens now:\n\
             - orders-canary: orders:7, 1 task\n\
             - orders: was not touched\n\
             - the pipeline execution is ended\n\
             Another message follows when that is done.\n"
        )
    );
}

#[test]
fn the_end_is_told_with_cause_and_what_was_restored() {
    let restored = rolling_back(record().promoting());
    let notice = told(restored, &Trigger::Schedule).expect("a notice");
    assert_eq!(
        notice.subject(),
        format!("orders: rolled back release {RELEASE}")
    );
    assert_eq!(
        notice.message(),
        format!(
            "Release {RELEASE} of orders is rolled back: alarm orders-dead-letters went to ALARM: 3 messages.\n\n\
             Pair: orders/orders\n\
             Release: {RELEASE}\n\
             Pipeline: orders-release\n\
             What was restored:\n\
             - orders-canary: orders:7, 1 task\n\
             - orders: orders:7\n"
        )
    );
}

#[test]
fn a_release_that_the_verdict_has_ended_is_told_with_it_whoever_calls() {
    let mut record = record()
        .shifting(50)
        .judged(at(540), verdict(Answer::Worse));
    record.target.verdict = Consequence::Act;
    let worse = "The canary is worse than the primary: 50 of 1000 failed, of the primary 90 of 9000; evidence 250, and 100 is enough (a \
                 canary that is as good gets there in at most 1 % of releases)";
    let rows = [
        (ended(), "its pipeline execution ended as FAILED"),
        (
            Trigger::Schedule,
            "its pipeline execution has ended (Stopped)",
        ),
        (
            alarmed(),
            "alarm orders-dead-letters went to ALARM: 3 messages",
        ),
    ];
    for (why, known) in rows {
        let message = message(pair().recorded(record.clone()), &why);
        let expected = format!("is being rolled back: {known}. {worse}.\n");
        assert!(message.contains(&expected), "{message}");
    }
    record.target.verdict = Consequence::Tell;
    let told = message(pair().recorded(record), &ended());
    assert!(!told.contains("worse"), "it has ended nothing: {told}");
}

#[test]
fn who_asked_is_told_in_words() {
    let asked = || Rollback {
        release: release(),
        reason: Some("latency is up".to_owned()),
    };
    let rows = [
        (alarmed(), "alarm orders-dead-letters", true),
        (Trigger::Hand(asked()), "a person", true),
        (Trigger::Action(asked()), "an action of its pipeline", false),
        (
            ended(),
            "the end of its pipeline execution, or of its approval",
            false,
        ),
        (Trigger::Schedule, "the schedule, which found this", false),
    ];
    for (why, asker, ends_execution) in rows {
        let message = message(pair().recorded(record().shifting(10)), &why);
        assert!(
            message.contains(&format!("\nTriggered by: {asker}\n")),
            "{message}"
        );
        assert_eq!(
            message.contains("the pipeline execution is ended"),
            ends_execution,
            "{asker}"
        );
    }
}

#[test]
fn what_only_goes_on_or_is_no_rollback_is_told_to_nobody() {
    let rows = [
        ("no release", pair()),
        (
            "rolled back already",
            pair().recorded(record().rolled_back()),
        ),
        (
            "a step is still due",
            rolling_back(record().shifting(50)).canary_on_candidate(),
        ),
        (
            "the fence is not over",
            pair()
                .recorded(record().shifting(50).rolling_back().since(at(595)))
                .seen_at(at(600)),
        ),
        (
            "an alarm from before the release",
            pair().recorded(record().shifting(10)),
        ),
    ];
    for (situation, pair) in rows {
        let why = Trigger::Alarm(Firing {
            alarm: alarm("orders-dead-letters"),
            reason: String::new(),
            at: Some(at(50)),
            place: None,
            first: false,
            direct: true,
        });
        assert!(at(50) < began());
        assert_eq!(told(pair, &why), None, "{situation}");
    }
}

#[test]
fn the_end_of_a_guard_is_told_with_what_somebody_has_changed() {
    let hotfixed = pair().both_on_candidate().recorded(record().promoted());
    let hotfixed = hotfixed.primary(|primary| primary.on(&canary::fixtures::foreign()));
    let notice = told(hotfixed, &Trigger::Schedule).expect("a notice");
    assert_eq!(
        notice.subject(),
        format!("orders: alarms do not roll back any more, release {RELEASE}")
    );
    assert_eq!(
        notice.message(),
        format!(
            "Release {RELEASE} of orders is promoted, and alarms do not roll it back any more: orders runs orders:9, not orders:8 as this \
             release last set it. The service was changed outside this release.\n\n\
             Pair: orders/orders\n\
             Release: {RELEASE}\n\
             Pipeline: orders-release\n\
             What somebody has changed stays. To roll the release back all the same, invoke rollback by hand.\n"
        )
    );
}

#[test]
fn a_rollback_that_takes_long_is_told_with_what_it_waits_for() {
    let rolling = record().promoting().rolling_back().since(at(600));
    let told = incomplete(
        &rolling,
        &Incomplete {
            missing: &[],
            waits_for: vec!["restored; waiting for the pipeline execution".to_owned()],
            now: at(600) + std::time::Duration::from_mins(11),
            found: None,
            table: "releases",
        },
    );
    assert_eq!(
        told.subject(),
        format!("orders: rollback of release {RELEASE} is not complete")
    );
    assert_eq!(
        told.message(),
        format!(
            "The rollback of release {RELEASE} of orders is not complete after 11m. It was begun because: alarm orders-dead-letters \
             went to ALARM: 3 messages.\n\n\
             Pair: orders/orders\n\
             Release: {RELEASE}\n\
             Pipeline: orders-release\n\
             What it waits for:\n\
             - restored; waiting for the pipeline execution\n\
             Everything else is restored or being restored, and goes on without it.\n\
             This is told again every hour, after a day every day, and when it is complete.\n"
        )
    );
}

#[test]
fn what_somebody_has_set_by_hand_is_not_said_to_go_back() {
    let rolling = record().shifting(10).rolling_back();
    let by_hand = rolling.setting(|set: &mut pair::Set| {
        set.restoring.kept.canary = Some(KeptService {
            desired: 5,
            scaling: None,
        });
    });
    let said = of_found(&by_hand);
    assert_eq!(
        said,
        ["- orders-canary: orders:7", "- orders: was not touched"]
    );
    let spared = by_hand.setting(|set: &mut pair::Set| set.restoring.spares_canary = true);
    let said = of_found(&spared);
    assert_eq!(said[0], "- orders-canary: was not touched");
}

#[test]
fn a_long_cause_is_cut() {
    let why = Trigger::Hand(Rollback {
        release: release(),
        reason: Some("x".repeat(300_000)),
    });
    let message = message(pair().recorded(record().shifting(10)), &why);
    assert!(message.len() < 2000, "{}", message.len());
}
