use proptest::prelude::*;

use super::*;
use crate::fixtures::{pair, scaling, stable};
use crate::parts::pair::Hold;

fn found(desired: u32, scaling: Option<ScalableTarget>) -> FoundService {
    FoundService {
        floor: 0,
        task_definition: stable(),
        desired,
        scaling,
    }
}

/// The primary with so many tasks, scaled so.
fn now(desired: u32, scaling: Option<ScalableTarget>) -> Service {
    let mut primary = pair().primary.tasks(desired);
    primary.scaling = scaling;
    primary
}

fn target() -> impl Strategy<Value = ScalableTarget> {
    let flags = any::<(bool, bool, bool)>();
    (0u32..8, 0u32..9, flags).prop_map(|(min, more, (scale_in, scale_out, scheduled))| {
        let suspended = Suspended {
            scale_in,
            scale_out,
            scheduled,
        };
        let max = min + more;
        ScalableTarget {
            min,
            max,
            suspended,
        }
    })
}

proptest! {
    #[test]
    fn hold_then_release_is_the_identity_for_every_scalable_target(
        to in target(), desired in 0u32..20, floor in 0u32..2,
    ) {
        let found = FoundService { floor, ..found(desired, Some(to)) };
        for hold in [Hold::Count, Hold::Tasks, Hold::Growth, Hold::Floor] {
            let mut service = now(desired, Some(to));
            if let Some(held) = hold.missing(&service, &found) {
                // AWS pulls the count into the bounds with every call (API reference, `RegisterScalableTarget`).
                service = now(desired.clamp(held.min, held.max.max(held.min)), Some(held));
            }
            prop_assert_eq!(hold.missing(&service, &found), None, "{:?} is held at once", hold);
            prop_assert_eq!(&found.respecting(&service), &found, "{:?}", hold);
            prop_assert_eq!(found.left_of_scaling(&service), None);
        }
    }

    #[test]
    fn what_was_found_is_given_back_however_it_was_held(to in target(), desired in 0u32..20) {
        let found = found(desired, Some(to));
        for held in [to, to.held(desired), to.held_up(desired), ScalableTarget { min: 0, ..to.held_up(desired) }] {
            prop_assert_eq!(&found.respecting(&now(1, Some(held))), &found);
            prop_assert_eq!(found.left_of_scaling(&now(1, Some(held))), None);
        }
    }

    #[test]
    fn a_bound_that_is_neither_found_nor_held_stays_and_what_is_suspended_is_as_found(
        to in target(), desired in 0u32..20, theirs in target(), count in 0u32..20,
    ) {
        let given = found(desired, Some(to)).respecting(&now(count, Some(theirs)));
        let left = given.scaling.unwrap();
        prop_assert_eq!(left.suspended, to.suspended);
        prop_assert!(left.min <= left.max);
        let is_ours = |bound: u32, ours: &[u32]| ours.contains(&bound);
        if !is_ours(theirs.min, &[to.min, 0, to.min.min(desired)]) {
            prop_assert_eq!(left.min, theirs.min);
        }
        if !is_ours(theirs.max, &[to.max, to.max.max(desired)]) {
            prop_assert_eq!(left.max, theirs.max);
        }
        if (left.min, left.max) != (to.min, to.max) {
            prop_assert!((left.min..=left.max).contains(&given.desired));
        }
    }

    #[test]
    fn what_is_given_back_is_not_given_back_otherwise_by_the_next_look(
        to in prop::option::of(target()), desired in 0u32..20, theirs in prop::option::of(target()),
    ) {
        let found = found(desired, to);
        let given = found.respecting(&now(1, theirs));
        let again = found.respecting(&now(given.desired, given.scaling));
        prop_assert_eq!(&again, &given);
    }

    #[test]
    fn holding_again_keeps_both_of_their_bounds(to in target(), theirs in target(), desired in 0u32..20) {
        let found = found(desired, Some(to));
        let theirs = ScalableTarget { suspended: Suspended::default(), ..theirs };
        // Setting them has pulled the count into them.
        let mut service = now(desired.clamp(theirs.min, theirs.max), Some(theirs));
        let expected = found.respecting(&service);
        let held = service.scaling_to_hold().and_then(|to| found.holding(&service, to));
        service.scaling = held.or(service.scaling);
        prop_assert_eq!(service.scaling.unwrap().suspended, Suspended::ALL);
        prop_assert_eq!(found.respecting(&service), expected);
        let again = service.scaling_to_hold().and_then(|to| found.holding(&service, to));
        prop_assert_eq!(again, None);
    }
}

#[test]
fn targets_that_somebody_took_away_or_made_stay_so() {
    let scaled = found(4, Some(scaling(2, 20)));
    let gone = now(4, None);
    assert_eq!(scaled.respecting(&gone), found(4, None));
    assert_eq!(
        scaled.left_of_scaling(&gone).unwrap(),
        "orders stays without automatic scaling, which somebody has taken away; it had 2..20"
    );
    let unscaled = found(4, None);
    let new = now(4, Some(scaling(6, 30).held(4)));
    assert_eq!(unscaled.respecting(&new), found(4, Some(scaling(0, 30))));
    let new = now(6, Some(scaling(6, 30)));
    assert_eq!(unscaled.respecting(&new), found(6, Some(scaling(6, 30))));
    assert_eq!(
        unscaled.left_of_scaling(&new).unwrap(),
        "orders keeps the bounds 6..30 that somebody has set; it had no automatic scaling"
    );
}

#[test]
fn bounds_that_somebody_has_set_are_told() {
    let scaled = found(4, Some(scaling(2, 20)));
    let told = |min, max| {
        let held = ScalableTarget {
            suspended: Suspended::ALL,
            ..scaling(min, max)
        };
        scaled.left_of_scaling(&now(4, Some(held)))
    };
    assert_eq!(told(0, 20), None);
    assert_eq!(told(2, 20), None);
    let keeps = |bounds: &str| {
        let keeps = format!("orders keeps the bounds {bounds} that somebody has set; it had 2..20");
        Some(keeps)
    };
    assert_eq!(told(3, 30), keeps("3..30"));
    assert_eq!(told(0, 30), keeps("2..30"));
    assert_eq!(told(3, 20), keeps("3..20"));
    assert_eq!(told(0, 1), keeps("1..1"));
    assert_eq!(told(25, 25), keeps("25..25"));
}
