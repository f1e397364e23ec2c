use proptest::prelude::*;

use super::*;

fn bounds(mode: Mode, max_tasks: Option<u32>) -> Bounds {
    Bounds {
        mode,
        max_tasks,
        needs_primary: true,
    }
}

fn weight(percent: u32) -> Weight {
    Weight::try_from(f64::from(percent)).unwrap()
}

#[test]
fn shares_are_the_nearest_that_whole_tasks_allow() {
    // (asked, primary tasks, canary tasks, attained)
    let additive = [
        (10, 3, 1, "25 %"),
        (10, 4, 1, "20 %"),
        (10, 9, 1, "10 %"),
        (5, 100, 5, "4.8 %"),
        (50, 100, 100, "50 %"),
        (50, 4, 4, "50 %"),
        (1, 1, 1, "50 %"),
        (99, 1, 99, "99 %"),
        (0, 4, 0, "0 %"),
    ];
    for (asked, primary, canary, attained) in additive {
        let plan = plan(
            bounds(Mode::Additive, None),
            weight(asked),
            primary,
            primary + 1,
        )
        .unwrap();
        assert_eq!(
            (plan.primary, plan.canary),
            (primary, canary),
            "{asked} % of {primary}"
        );
        assert_eq!(plan.share().to_string(), attained);
    }
    // (asked, total, primary tasks, canary tasks)
    for (asked, total, primary, canary) in [
        (10, 5, 4, 1),
        (50, 5, 3, 2),
        (100, 5, 0, 5),
        (0, 5, 5, 0),
        (99, 2, 1, 1),
    ] {
        let plan = plan(bounds(Mode::ConstantTotal, None), weight(asked), 1, total).unwrap();
        assert_eq!(
            (plan.primary, plan.canary),
            (primary, canary),
            "{asked} % of {total}"
        );
    }
}

#[test]
fn what_cannot_be_reached_is_refused_with_what_can() {
    let refused = |mode, cap, asked, primary, total| {
        plan(bounds(mode, cap), weight(asked), primary, total)
            .unwrap_err()
            .to_string()
    };
    assert!(
        refused(Mode::Additive, None, 10, 0, 1)
            .starts_with("a share of 10 % cannot be reached: the primary service has no tasks")
    );
    assert!(refused(Mode::Additive, Some(4), 10, 4, 5).starts_with(
        "a share of 10 % cannot be reached: maxTasks is 4 and 4 tasks are taken; raise maxTasks in the target to 5"
    ));
    assert!(refused(Mode::ConstantTotal, Some(5), 10, 4, 5).contains("to 6 or more"));
    assert!(refused(Mode::ConstantTotal, None, 10, 1, 1).contains("1 tasks in total"));

    let bounds = bounds(Mode::Additive, None);
    let ten_of_three = plan(bounds, weight(10), 3, 4).unwrap();
    let error = within(bounds, weight(10), ten_of_three, Some(5.0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a share of 10 % cannot be reached within 5 percentage points; the nearest reachable shares are 25 % (1 of 4 \
         tasks)"
    );
    let thirty_of_three = plan(bounds, weight(30), 3, 4).unwrap();
    let error = within(bounds, weight(30), thirty_of_three, Some(1.0)).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("are 25 % (1 of 4 tasks) and 40 % (2 of 5 tasks)"),
        "{error}"
    );
    assert_eq!(
        within(bounds, weight(30), thirty_of_three, Some(5.0)),
        Ok(())
    );
    assert_eq!(within(bounds, weight(30), thirty_of_three, None), Ok(()));
}

/// The nearest share by trying every number of canary tasks.
fn best_by_hand(mode: Mode, asked: u32, base: u32, most: u32) -> f64 {
    let least = u32::from(asked > 0);
    let most = if asked == 0 { 0 } else { most };
    (least..=most)
        .map(|canary| {
            let whole = if mode == Mode::Additive {
                base + canary
            } else {
                base
            };
            Share {
                part: canary,
                whole,
            }
            .distance(weight(asked))
        })
        .fold(f64::INFINITY, f64::min)
}

#[test]
fn the_attained_share_is_the_nearest_reachable_one_for_every_count_and_every_weight() {
    for primary in 1..=500 {
        for asked in 0..=99 {
            // Beyond a hundred times the primary's tasks even 99 % is passed.
            let cap = primary * 101;
            let additive = plan(
                bounds(Mode::Additive, Some(cap)),
                weight(asked),
                primary,
                primary,
            )
            .unwrap();
            assert_eq!(additive.primary, primary);
            assert!(additive.total() <= cap);
            assert_eq!(additive.canary == 0, asked == 0);
            // The neighbours suffice: shares grow with the number of canary tasks.
            let found = additive.share().distance(weight(asked));
            for other in [
                additive.canary.saturating_sub(1).max(u32::from(asked > 0)),
                additive.canary + 1,
            ] {
                let other = Counts {
                    primary,
                    canary: if asked == 0 { 0 } else { other },
                };
                assert!(
                    found <= other.share().distance(weight(asked)) + 1e-9,
                    "{asked} % of {primary}"
                );
            }

            let total = primary + 1;
            let constant =
                plan(bounds(Mode::ConstantTotal, None), weight(asked), 7, total).unwrap();
            assert_eq!(constant.total(), total);
            assert_eq!(constant.canary == 0, asked == 0);
            assert!(constant.primary > 0);
            let best = best_by_hand(Mode::ConstantTotal, asked, total, total - 1);
            assert!(
                (constant.share().distance(weight(asked)) - best).abs() < 1e-9,
                "{asked} % of {total}"
            );
        }
    }
}

proptest! {
    #[test]
    fn a_cap_is_respected_and_the_rest_is_the_nearest(
        asked in 1u32..100, primary in 1u32..500, room in 1u32..200,
    ) {
        let bounds = bounds(Mode::Additive, Some(primary + room));
        let plan = plan(bounds, weight(asked), primary, primary).unwrap();
        prop_assert!(plan.total() <= primary + room);
        let best = best_by_hand(Mode::Additive, asked, primary, room);
        prop_assert!((plan.share().distance(weight(asked)) - best).abs() < 1e-9);
    }

    #[test]
    fn on_the_way_the_cap_and_the_floor_hold_and_the_goal_is_reached(
        mode in prop_oneof![Just(Mode::Additive), Just(Mode::ConstantTotal)],
        weights in prop::collection::vec(0u32..100, 1..6),
        primary in 1u32..500, resting in 1u32..5, surge in 1u32..20,
    ) {
        let total = primary + resting;
        let cap = total + surge;
        let bounds = bounds(mode, Some(cap));
        let mut now = Counts { primary, canary: resting };
        for asked in weights {
            let goal = plan(bounds, weight(asked), now.primary, total).unwrap();
            let floor = now.total().min(goal.total());
            let mut moves = 0;
            while now != goal {
                let next = toward(now, goal, Some(cap));
                prop_assert!(next != now, "stuck at {:?} on the way to {:?}", now, goal);
                prop_assert!(next.total() <= cap && next.total() >= floor);
                // While tasks of one service start, none of the other stop.
                let (up, down) = (
                    next.primary > now.primary || next.canary > now.canary,
                    next.primary < now.primary || next.canary < now.canary,
                );
                prop_assert!(up != down);
                now = next;
                moves += 1;
                prop_assert!(moves <= 2 * total);
            }
            prop_assert_eq!(toward(now, goal, Some(cap)), goal);
        }
    }
}
