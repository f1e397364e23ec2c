use std::time::Duration;

use canary::{
    decision::Decision,
    fixtures::{
        ACTION, alarm, at, first_look, http_pair, http_record, http_target, now, pair, record,
        release, rule, target, told, weight,
    },
    job::Bookmark,
    observation::Observation,
    parameters,
    reconcile::Decided,
    target::Target,
    weight::Share,
};
use proptest::prelude::*;

use super::*;
use crate::decide::decide;

const ATTAINED: Attained = Attained::Tasks(Share { part: 1, whole: 4 });

/// A look at a share that has been held since `held`, for five minutes of bake.
fn look(target: Target, percent: u8, held: u64, glances: usize) -> Look<ShiftWeight> {
    let step = Step {
        weight: weight(percent),
        bake: Duration::from_mins(5),
    };
    let mut bookmark = Bookmark::new(ACTION, at(300))
        .holding(at(held))
        .attaining(Some(ATTAINED));
    bookmark.glances = glances;
    first_look(parameters::ShiftWeight {
        release: release(),
        steps: vec![step],
        tolerance: None,
        timeout: Duration::from_mins(15),
    })
    .at_target(target)
    .with(bookmark)
}

fn held() -> Observation {
    let seen = pair().canary_on_candidate().tasks(3, 1);
    seen.recorded(record().shifting(25))
}

fn said(look: &Look<ShiftWeight>, seen: &Observation) -> Option<String> {
    let glance = seen.glance(&look.target, look.bookmark.glances);
    undisturbed(look, &glance).map(|waiting_on| told(&Decision::Wait(waiting_on)))
}

#[test]
fn a_held_share_is_told_as_the_last_look_at_everything_saw_it() {
    for glances in 0..2 {
        assert_eq!(
            said(&look(target(), 25, 470, glances), &held()).as_deref(),
            Some("wait: 25 % asked, 25 % attained: 1 of 4 tasks; baking 2m10s of 5m")
        );
    }
}

#[test]
fn a_glance_is_enough_from_when_a_share_is_held_until_it_has_baked() {
    assert!(is_enough(&look(target(), 25, 470, 0)));
    assert!(is_enough(&look(target(), 25, 301, 0)), "a second is left");
    assert!(!is_enough(&look(target(), 25, 300, 0)), "it has baked");
    let mut not_held = look(target(), 25, 470, 0);
    not_held.bookmark.held_since = None;
    assert!(!is_enough(&not_held));
}

#[test]
fn after_something_was_missing_everything_is_looked_at_until_the_share_is_held_again() {
    let following = decide(&look(target(), 25, 470, 0), &held().tasks(9, 1));
    let after = |decided: Decided| look(target(), 25, 470, 0).with(decided.bookmark);
    assert_eq!(following.bookmark.held_since, Some(at(470)));
    assert!(!is_enough(&after(following)));
    let held_again = decide(&look(target(), 25, 470, 0), &held().tasks(9, 3));
    let after = after(held_again);
    assert!(is_enough(&after));
    assert_eq!(
        said(&after, &held().tasks(9, 3)).as_deref(),
        Some("wait: 25 % asked, 25 % attained: 3 of 12 tasks; baking 2m10s of 5m")
    );
}

#[test]
fn what_is_disturbed_is_for_a_look_at_everything() {
    let rows = [
        (
            "a rollback has begun",
            1,
            held().recorded(record().shifting(25).rolling_back()),
        ),
        (
            "another share was asked for since",
            1,
            held().recorded(record().shifting(50)),
        ),
        (
            "the release has gone on",
            1,
            held().recorded(record().promoting()),
        ),
        (
            "the action has gone on",
            1,
            held().recorded(record().shifting_by(25, &[(ACTION, 1)])),
        ),
        ("the primary's autoscaler adds tasks", 0, held().tasks(9, 1)),
        ("an alarm fires", 1, held().alarm_firing()),
        ("a message is a dead letter", 1, held().dead_letters(1)),
    ];
    for (situation, glances, seen) in rows {
        assert_eq!(
            said(&look(target(), 25, 470, glances), &seen),
            None,
            "{situation}"
        );
    }
}

/// Anything that a pair may look like while a share of 10 % is held.
fn anything() -> impl Strategy<Value = (Target, Observation)> {
    let counts = (0_u32..6, 0_u32..3, 0_u32..6, 0_u32..3);
    let signs = (
        any::<bool>(),
        0_u64..2,
        0_u32..3,
        0_u32..2,
        prop::sample::select(vec![0_u16, 10, 50]),
    );
    (any::<bool>(), counts, signs).prop_map(|(http, counts, signs)| {
        let (primary, canary, primary_runs, canary_runs) = counts;
        let (fires, letters, healthy, unhealthy, on_rule) = signs;
        let (target, seen, record) = if http {
            let record = http_record()
                .shifting(10)
                .set_weight(0, 10, at(400))
                .live_since(at(410));
            let seen = http_pair().weighing_on(&rule(), 100 - on_rule, on_rule);
            (
                http_target(),
                seen.healthy(primary, healthy + unhealthy)
                    .unhealthy(unhealthy),
                record,
            )
        } else {
            (
                target(),
                pair().dead_letters(letters),
                record().shifting(10),
            )
        };
        let mut seen = seen
            .canary_on_candidate()
            .primary(|it| it.tasks(primary).running(primary_runs.min(primary)))
            .canary(|it| it.tasks(canary).running(canary_runs.min(canary)));
        if fires {
            seen = seen.alarm_firing();
        }
        (target, seen.recorded(record))
    })
}

proptest! {
    /// A round of glances lets nothing pass that a look at everything would act on.
    #[test]
    fn where_a_round_of_glances_sees_nothing_amiss_everything_says_the_same((target, seen) in anything()) {
        let at_turn = |glances| look(target.clone(), 10, 470, glances);
        let undisturbed: Vec<_> = (0..3).map(|glances| said(&at_turn(glances), &seen)).collect();
        if undisturbed.iter().all(Option::is_some) {
            let decided = decide(&at_turn(0), &seen);
            let is_baking = matches!(decided.decision, Decision::Wait(WaitingOn::Bake { held, .. })
                if held == now().since(at(470)));
            prop_assert!(is_baking, "{}", told(&decided.decision));
        }
    }
}

#[test]
fn the_property_is_about_shares_that_can_be_undisturbed() {
    let http = http_pair()
        .canary_on_candidate()
        .serving(3, 1)
        .weighing(90, 10);
    let record = http_record()
        .shifting(10)
        .set_weight(0, 10, at(400))
        .live_since(at(410));
    let http = http.recorded(record);
    assert_eq!(http.alarms[0].name, alarm("orders-errors"));
    for glances in 0..3 {
        assert!(said(&look(http_target(), 10, 470, glances), &http).is_some());
        let queue = held().recorded(record_of_ten());
        assert!(said(&look(target(), 10, 470, glances), &queue).is_some());
    }
}

fn record_of_ten() -> Record {
    record().shifting(10)
}
