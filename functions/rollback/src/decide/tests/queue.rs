mod left_over;
mod restoring;

use canary::fixtures::queue::{pair, record};

use super::*;

fn by_action() -> Trigger {
    Trigger::Action(asked(release()))
}

fn approval(action: &str) -> Approval {
    Approval {
        pipeline: "orders-release".try_into().unwrap(),
        stage: "Canary".to_owned(),
        action: action.to_owned(),
        token: "secret".to_owned(),
    }
}

/// A pipeline in which the release's approval waits.
fn awaiting_approval(pair: Moment) -> Scene {
    seen(pair).executing(Execution {
        under_way: true,
        approvals: vec![approval("Approve")],
        at_work: Vec::new(),
    })
}

/// The stopping call, by itself.
const STOP: &str = "orders-canary: 0 tasks";

#[test]
fn from_every_phase_what_harms_is_stopped_in_the_look_that_writes_the_fence() {
    let rows = vec![
        (
            "nothing changed yet",
            pair().recorded(record()),
            FIRED.to_owned(),
        ),
        (
            "the candidate is being registered",
            pair().recorded(record().registering(at(599))),
            FIRED.to_owned(),
        ),
        (
            "registered, and nobody knows yet whether it is on the canary",
            pair().recorded(record().registered()),
            format!("{FIRED} | {STOP}"),
        ),
        (
            "the canary is being updated",
            canaried(record().registered())
                .canary(|canary| canary.running(0).replacing(&stable(), 1)),
            format!("{FIRED} | {STOP_CANARY}"),
        ),
        (
            "ECS has taken the candidate back, a task of it still runs",
            pair()
                .canary(|canary| canary.since(at(300)).replacing(&candidate(), 1))
                .recorded(record().registered()),
            format!("{FIRED} | {STOP}"),
        ),
        (
            "the share is being raised",
            canaried(record().shifting(50)).tasks(3, 3),
            format!("{FIRED} | {STOP_CANARY}"),
        ),
        (
            "the promotion has begun, the primary is not changed yet",
            canaried(record().promoting()),
            format!("{FIRED} | {STOP_BOTH} | orders-canary: orders:7"),
        ),
        (
            "the primary is being updated",
            pair()
                .both_on_candidate()
                .primary(|primary| primary.running(1).replacing(&stable(), 2))
                .recorded(record().promoting()),
            format!("{FIRED} | {STOP_BOTH} | orders-canary: orders:7"),
        ),
        (
            "the promotion is being watched: counts had been given back",
            pair()
                .both_on_candidate()
                .recorded(record().watched_since(at(500))),
            format!("{FIRED} | orders-canary: orders:7 | orders: orders:7"),
        ),
        (
            "promoted just now",
            pair()
                .both_on_candidate()
                .recorded(record().promoted().since(at(590))),
            format!("{FIRED} | orders-canary: orders:7 | orders: orders:7"),
        ),
        (
            "somebody has put something else on the canary: it stays",
            canaried(record().shifting(50)).canary(|canary| canary.on(&foreign())),
            format!("{FIRED} | orders-canary: 0 tasks"),
        ),
    ];
    for (situation, pair, expected) in rows {
        let decision = decide(&seen(pair), &fired());
        check(situation, &decision, &expected);
    }
}

#[test]
fn every_trigger_says_why() {
    let shifting = || seen(canaried(record().shifting(10)));
    let direct = Trigger::Alarm(Firing {
        alarm: alarm("somebody-elses-that-calls-us"),
        reason: "9 errors".to_owned(),
        ..firing()
    });
    let status = |text| with_status(canaried(record().shifting(10)), text);
    let rows = [
        (
            shifting(),
            fired(),
            "alarm orders-dead-letters went to ALARM: 3 messages",
        ),
        (
            shifting(),
            direct,
            "alarm somebody-elses-that-calls-us went to ALARM: 9 errors",
        ),
        (
            shifting(),
            ended(),
            "its pipeline execution ended as FAILED",
        ),
        (shifting(), by_hand(), "asked for by hand: latency is up"),
        (
            shifting(),
            by_action(),
            "asked for by the pipeline: latency is up",
        ),
        (
            status("Stopped"),
            Trigger::Schedule,
            "its pipeline execution has ended (Stopped)",
        ),
        (
            status("Succeeded"),
            Trigger::Schedule,
            "its pipeline execution has ended (Succeeded)",
        ),
    ];
    for (seen, why, cause) in rows {
        let release = release();
        check(
            cause,
            &decide(&seen, &why),
            &format!(
                "take: rolling back release {release}: {cause} | record RollingBack | {STOP_CANARY}"
            ),
        );
    }
}

#[test]
fn what_an_alarm_s_event_should_have_told_is_found_by_the_schedule() {
    let firing = |since, acts| Alarm {
        name: alarm("orders-dead-letters"),
        firing: true,
        since: Some(at(since)),
        acts,
        first: false,
        reason: "3 messages.".to_owned(),
        takes: None,
    };
    let shifting = || under_way(canaried(record().shifting(10)));
    let promoted = |now| {
        let promoted = pair().both_on_candidate().recorded(record().promoted());
        seen(promoted.seen_at(at(now)))
    };
    let stop = "stop: Rolled back: alarm orders-dead-letters is in ALARM: 3 messages";
    let begins = format!(
        "take: rolling back release {}: alarm orders-dead-letters is in ALARM: 3 messages | record RollingBack",
        release()
    );
    let goes_on = format!(
        "done: nothing rolled back: release {} is Shifting and its pipeline execution is under way",
        release()
    );
    let is_promoted = format!(
        "done: nothing rolled back: release {} is promoted",
        release()
    );
    let rows = [
        (
            "since the release began",
            shifting(),
            firing(300, true),
            format!("{begins} | {STOP_CANARY} | {stop}"),
        ),
        (
            "since before it",
            shifting(),
            firing(50, true),
            goes_on.clone(),
        ),
        (
            "an operator has switched its actions off",
            shifting(),
            firing(300, false),
            goes_on,
        ),
        (
            "within the guard after the promotion",
            promoted(600),
            firing(590, true),
            format!("{begins} | orders-canary: orders:7 | orders: orders:7"),
        ),
        (
            "after the guard",
            promoted(200 + 3601),
            firing(590, true),
            is_promoted,
        ),
    ];
    for (situation, mut looked, alarm, expected) in rows {
        looked.alarms = vec![alarm];
        check(situation, &decide(&looked, &Trigger::Schedule), &expected);
    }
}

#[test]
fn the_execution_ends_with_its_release_unless_it_asked_itself_or_has_ended() {
    let later = |sight: Scene| sight.but(|seen| seen.now = seen.now + Duration::from_secs(20));
    let begun = |by: &Trigger| {
        let seen = under_way(canaried(record().shifting(10)));
        let Decision::Take(taken) = decide(&seen, by) else {
            panic!("no rollback");
        };
        let stopped = pair().canary(|canary| canary.tasks(1));
        stopped.recorded(*taken.record.unwrap())
    };
    let reject = "reject Approval(orders-release/Canary/Approve): Rolled back: alarm orders-dead-letters went to ALARM: 3 \
                  messages";
    let stop = "stop: Rolled back: alarm orders-dead-letters went to ALARM: 3 messages";
    let watching = format!(
        "wait: restored; confirming until {} that no earlier call undoes it",
        at(630)
    );
    let rows = vec![
        (
            "its approval waits",
            awaiting_approval(canaried(record().shifting(10))),
            fired(),
            format!("{FIRED} | {STOP_CANARY} | {reject}"),
        ),
        (
            "an action is at work",
            under_way(canaried(record().shifting(10))),
            fired(),
            format!("{FIRED} | {STOP_CANARY} | {stop}"),
        ),
        (
            "the schedule looks in while CodePipeline may still take in what was done",
            under_way(begun(&fired())),
            Trigger::Schedule,
            watching.clone(),
        ),
        (
            "the schedule finds it still at work",
            later(under_way(begun(&fired()))),
            Trigger::Schedule,
            format!("{GOES_ON} | {stop}"),
        ),
        (
            "it has ended: from now on it is not ended again",
            with_status(begun(&fired()), "Failed"),
            Trigger::Schedule,
            format!("{GOES_ON} | record RollingBack"),
        ),
        (
            "its own action asked: it goes on to its own end",
            under_way(begun(&by_action())),
            by_action(),
            watching.clone(),
        ),
        (
            "its own action asked, and the schedule looks in",
            under_way(begun(&by_action())),
            Trigger::Schedule,
            watching.clone(),
        ),
        (
            "it had ended, and was retried since",
            under_way(begun(&ended())),
            Trigger::Schedule,
            watching.clone(),
        ),
        (
            "its own action goes on with what an alarm began",
            under_way(begun(&fired())),
            by_action(),
            watching,
        ),
    ];
    for (situation, seen, why, expected) in rows {
        check(situation, &decide(&seen, &why), &expected);
    }
}
