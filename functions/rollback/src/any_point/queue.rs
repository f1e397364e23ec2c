//! Consumers of a queue.

use super::*;

pub(super) fn scaling() -> impl Strategy<Value = Option<ScalableTarget>> {
    let target = (0u32..4, 0u32..9, any::<(bool, bool, bool)>());
    prop::option::of(
        target.prop_map(
            |(min, more, (scale_in, scale_out, scheduled))| ScalableTarget {
                min,
                max: min + more,
                suspended: Suspended {
                    scale_in,
                    scale_out,
                    scheduled,
                },
            },
        ),
    )
}

fn story() -> impl Strategy<Value = Story> {
    (
        any::<bool>(),
        (2u32..8, 0u32..4, 0u32..4),
        (scaling(), scaling()),
        prop::collection::vec(1u8..100, 1..4),
        any::<bool>(),
        (hidden(), refused()),
    )
        .prop_map(
            |(constant, (primary, canary, resting), scaled, percents, bake, theirs)| {
                let target = target().resting_on(resting);
                let target = if constant {
                    target.constant_total()
                } else {
                    target
                };
                let mut found = pair().tasks(primary, canary);
                (found.primary.scaling, found.canary.scaling) = scaled;
                let mut story = Story::of(target, found, percents, bake);
                (story.hidden, story.refused) = theirs;
                story
            },
        )
}

/// More changes than any story makes.
pub(super) const ALL: usize = 10_000;

/// The versions that were found, and what else was found; or what was there, where that had been given back.
pub(super) fn assert_as_found(run: &Run<'_>) {
    let (now, found) = (&run.world.pair, &run.story.found);
    let kept = run.given_back.as_ref().unwrap_or(found);
    let expected = |found: &Service, kept: &Service| {
        let (version, _, _, _) = state(found);
        let (_, desired, running, scaling) = state(kept);
        (version, desired, running, scaling)
    };
    let primary = expected(&found.primary, &kept.primary);
    assert_eq!(state(&now.primary), primary, "the primary");
    let mut canary = expected(&found.canary, &kept.canary);
    let was_hindered = !run.story.hidden.is_empty() || !run.story.refused.is_empty();
    if let Some(scaling) = canary
        .3
        .filter(|it| was_hindered && it.suspended != Suspended::ALL)
    {
        // A promotion may have given scaling back on its way out, and from then on the count is that scaling's.
        let (_, desired, running, _) = state(&now.canary);
        if (scaling.min..=scaling.max).contains(&desired) {
            (canary.1, canary.2) = (desired, running);
        }
    }
    assert_eq!(state(&now.canary), canary, "the canary");
}

pub(super) fn assert_promoted(run: &Run<'_>) {
    let (now, found) = (&run.world.pair, &run.story.found);
    let record = now.record.as_ref().unwrap();
    let candidate = &run.world.registered.as_ref().unwrap().0;
    assert!(matches!(record.phase, Phase::Promoted { .. }));
    assert_eq!(
        state(&now.canary),
        (
            candidate.clone(),
            record.resting_tasks(),
            record.resting_tasks(),
            found.canary.scaling
        )
    );
    assert_eq!(now.primary.scaling, found.primary.scaling);
    assert!(now.primary.is_on(candidate));
}

proptest! {
    #[test]
    fn a_release_that_is_left_alone_is_promoted_and_can_be_rolled_back_and_released_again(story in story()) {
        let mut run = Run::new(&story, ALL);
        run.run(PROMOTE);
        assert_promoted(&run);
        run.roll_back(0);
        assert_as_found(&run);
        run.given_back = None;
        run.run(PROMOTE);
        assert_promoted(&run);
    }

    #[test]
    fn a_release_that_is_killed_at_any_change_is_rolled_back_to_what_it_found(
        story in story(), lives in 0usize..40, after in 0usize..3,
    ) {
        let mut run = Run::new(&story, lives);
        run.run(PROMOTE);
        run.lives = ALL;
        run.roll_back(after);
        assert_as_found(&run);
        let writes = run.world.writes;
        run.roll_back(0);
        prop_assert_eq!(run.world.writes, writes, "one more look changes nothing");
    }

    #[test]
    fn a_rollback_that_is_killed_at_any_change_is_finished_by_the_next(
        story in story(), release_lives in 0usize..40, lives in 0usize..6, after in 0usize..3,
    ) {
        let mut run = Run::new(&story, release_lives);
        run.run(PROMOTE);
        run.lives = lives;
        run.roll_back(after);
        run.lives = ALL;
        run.roll_back(0);
        assert_as_found(&run);
    }

    #[test]
    fn events_that_are_delivered_again_when_the_action_is_over_change_nothing(
        story in story(), last in DEPLOY..=PROMOTE,
    ) {
        let mut run = Run::new(&story, ALL);
        run.run(last);
        let (writes, record) = (run.world.writes, run.world.pair.record.clone());
        for event in run.events.clone() {
            // What shift-weight has not begun is deploy-canary's to look at again; it finds everything done.
            run.pass();
            let decision = run.look(&event).decision;
            run.carry_out(&decision);
        }
        prop_assert_eq!(run.world.writes, writes);
        prop_assert_eq!(&run.world.pair.record, &record);
    }
}

#[test]
fn an_idle_pair_is_left_alone() {
    let story = Story::of(target(), pair(), vec![10], false);
    let mut run = Run::new(&story, 0);
    run.roll_back(0);
    assert_eq!(run.world.writes, 0);
}
