//! HTTP services behind a load balancer that takes its time.

use canary::{
    fixtures::{
        Moment, canary_group, candidate, forwarding, group, http_pair_of, http_target,
        primary_group, rule, second_rule,
    },
    parts::rules::Forward,
};

use super::{
    queue::{ALL, assert_as_found, assert_promoted, scaling},
    *,
};

/// A pair in any counts, under any scaling.
fn found() -> impl Strategy<Value = Moment> {
    let weights = prop_oneof![
        Just((1u16, None)),
        Just((100, None)),
        Just((100, Some(0))),
        Just((300, Some(100))),
        Just((999, Some(999))),
        Just((7, Some(1))),
    ];
    (
        prop::collection::vec(weights, 1..=2),
        (1u32..8, 0u32..4),
        (scaling(), scaling()),
    )
        .prop_map(|(weights, (primary, canary), scaled)| {
            let rules = &[rule(), second_rule()][..weights.len()];
            let mut found = http_pair_of(rules).serving(primary, canary);
            (found.primary.scaling, found.canary.scaling) = scaled;
            // What answers requests is not scaled to nothing.
            if let Some(scaling) = &mut found.primary.scaling {
                scaling.min = scaling.min.max(1);
                scaling.max = scaling.max.max(1);
            }
            found.balancing(|alb| {
                for (forward, (weight, other)) in alb.forwards.iter_mut().zip(weights) {
                    let mut groups = vec![(primary_group(), weight), (canary_group(), 0)];
                    groups.extend(other.map(|other| (group("other"), other)));
                    let target = http_target();
                    let model = target.alb().expect("a load balancer");
                    *forward =
                        Forward::read(model.place.groups(), &forward.arn, forwarding(&groups))
                            .unwrap();
                }
            })
        })
}

fn balancer() -> impl Strategy<Value = Balancer> {
    let late = (prop::collection::vec(0usize..4, 0..=2), 0usize..4);
    let lost = prop::collection::vec(0usize..8, 0..4);
    (late, lost).prop_map(|((shows_after, heals_after), loses)| {
        let mut balancer = Balancer::default();
        (balancer.shows_after, balancer.loses) = (shows_after, loses);
        balancer.heals_after = heals_after;
        balancer
    })
}

fn wanted() -> impl Strategy<Value = Vec<Scaling>> {
    let wanted = prop_oneof![
        3 => Just(Scaling::Nothing),
        2 => (1u32..12).prop_map(Scaling::Policy),
        1 => (1u32..4, 0u32..9).prop_map(|(min, more)| Scaling::Schedule(min, min + more)),
    ];
    prop::collection::vec(wanted, 0..12)
}

fn story() -> impl Strategy<Value = Story> {
    let ours = (1u32..4, 0u32..4);
    let shares = (prop::collection::vec(0u8..=100, 1..4), any::<bool>());
    let theirs = (balancer(), any::<bool>(), wanted(), hidden(), refused());
    let drain = prop_oneof![Just(0u64), Just(7), Just(25), Just(120)];
    (found(), ours, shares, theirs, drain).prop_map(
        |(found, (min_tasks, resting), (percents, bake), theirs, drain_seconds)| {
            let target = http_target().resting_on(resting);
            let rules = found.alb.as_ref().map_or(0, |alb| alb.forwards.len());
            let target = if rules > 1 {
                target.of_two_rules()
            } else {
                target
            };
            let target = target.balanced(|alb| alb.min_tasks = min_tasks);
            let mut story = Story::of(target, found, percents, bake);
            let (balancer, throttles, wanted, hidden, refused) = theirs;
            (story.balancer, story.throttles, story.scaling) = (balancer, throttles, wanted);
            (story.hidden, story.refused) = (hidden, refused);
            story.drain_seconds = drain_seconds;
            story
        },
    )
}

/// Weights as found; counts and scaling too, but for a count that automatic scaling has moved.
fn assert_all_as_found(run: &Run<'_>) {
    let mut run_found = run.story.found.clone();
    let (record, primary) = (&run.world.pair.record, &run.world.pair.primary);
    if primary.scaling.is_some() {
        run_found.primary = run_found.primary.clone().tasks(primary.desired);
        run_found.primary.scaling = match record {
            Some(_) => run.scaled_again(),
            None => primary.scaling,
        };
    }
    let story = Story {
        found: run_found,
        ..run.story.clone()
    };
    let mut given_back = run.given_back.clone();
    if let Some(pair) = given_back.as_mut().filter(|_| primary.scaling.is_some()) {
        pair.primary = pair.primary.clone().tasks(primary.desired);
    }
    let compared = Run {
        story: &story,
        world: run.world.clone(),
        given_back,
        ..Run::new(&story, 0)
    };
    assert_as_found(&compared);
    assert_weights_as_found(run);
}

fn assert_weights_as_found(run: &Run<'_>) {
    let weights = |pair: &Moment| -> Vec<_> {
        let forwards = pair.alb.iter().flat_map(|alb| &alb.forwards);
        forwards.map(|forward| forward.weights).collect()
    };
    assert_eq!(
        weights(&run.world.pair),
        weights(&run.story.found),
        "the weights"
    );
}

proptest! {
    #[test]
    fn a_release_that_is_left_alone_gives_every_request_back_and_can_be_rolled_back(story in story()) {
        let mut run = Run::new(&story, ALL);
        run.run(PROMOTE);
        if is_promoted(&run) {
            assert_all_promoted(&run);
        }
        run.roll_back(0);
        assert_all_as_found(&run);
    }

    #[test]
    fn a_release_that_is_killed_at_any_change_is_rolled_back_to_what_it_found(
        story in story(), lives in 0usize..60, after in 0usize..3,
    ) {
        let mut run = Run::new(&story, lives);
        run.run(PROMOTE);
        run.lives = ALL;
        run.roll_back(after);
        assert_all_as_found(&run);
        let writes = run.world.writes;
        run.roll_back(0);
        prop_assert_eq!(run.world.writes, writes, "one more look changes nothing");
    }

    #[test]
    fn a_rollback_that_is_killed_at_any_change_is_finished_by_the_next(
        story in story(), release_lives in 0usize..60, lives in 0usize..6, after in 0usize..3,
    ) {
        let mut run = Run::new(&story, release_lives);
        run.run(PROMOTE);
        run.lives = lives;
        run.roll_back(after);
        run.lives = ALL;
        run.roll_back(0);
        assert_all_as_found(&run);
    }

    #[test]
    fn events_that_are_delivered_again_when_the_action_is_over_change_nothing(
        mut story in story(), last in DEPLOY..=PROMOTE,
    ) {
        // What automatic scaling does meanwhile would be followed.
        story.scaling.clear();
        let mut run = Run::new(&story, ALL);
        run.run(last);
        run.world.balancer.shows_after.clear();
        let calls = |run: &Run<'_>| (run.world.writes, run.world.balancer.calls);
        let (before, record) = (calls(&run), run.world.pair.record.clone());
        let is_over = last == DEPLOY || record.as_ref().is_some_and(|it| matches!(it.phase, Phase::Promoted { .. }));
        for event in run.events.clone().into_iter().filter(|_| is_over) {
            run.pass();
            let decision = run.look(&event).decision;
            run.carry_out(&decision);
        }
        prop_assert_eq!(calls(&run), before);
        prop_assert_eq!(&run.world.pair.record, &record);
    }

    #[test]
    fn a_primary_that_never_gets_healthy_on_the_candidate_leaves_the_requests_to_the_canary_until_it_is_back(
        mut story in story(), after in 0usize..3,
    ) {
        story.balancer.sick = Some(candidate());
        let mut run = Run::new(&story, ALL);
        run.run(PROMOTE);
        run.roll_back(after);
        assert_all_as_found(&run);
    }

    #[test]
    fn a_promoted_primary_that_falls_ill_is_taken_back_while_the_canary_answers(mut story in story()) {
        (story.hidden, story.refused) = (Vec::new(), Vec::new());
        let mut run = Run::new(&story, ALL);
        run.run(PROMOTE);
        let balancer = &mut run.world.balancer;
        balancer.sick = Some(candidate());
        (balancer.shows_after, balancer.loses) = (Vec::new(), Vec::new());
        run.watch.had_some = false;
        let can_take_over = is_promoted(&run) && run.world.pair.canary.desired > 0;
        run.roll_back(0);
        prop_assert!(run.watch.had_some || !can_take_over);
        assert_all_as_found(&run);
    }
}

fn is_promoted(run: &Run<'_>) -> bool {
    let record = run.world.pair.record.as_ref();
    record.is_some_and(|it| matches!(it.phase, Phase::Promoted { .. }))
}

fn assert_all_promoted(run: &Run<'_>) {
    let mut story = run.story.clone();
    story.found.primary.scaling = run.scaled_again();
    let compared = Run {
        story: &story,
        world: run.world.clone(),
        ..Run::new(&story, 0)
    };
    assert_promoted(&compared);
    assert_weights_as_found(run);
}

#[test]
fn an_idle_pair_behind_a_load_balancer_is_left_alone() {
    let story = Story::of(http_target(), http_pair_of(&[rule()]), vec![10], false);
    let mut run = Run::new(&story, 0);
    run.roll_back(0);
    assert_eq!((run.world.writes, run.world.balancer.calls), (0, 0));
}
