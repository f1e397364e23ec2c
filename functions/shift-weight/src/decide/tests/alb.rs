mod refused;

use canary::{
    fixtures::{
        DRAIN_SECONDS, Moment, found, http_pair_of, http_record, http_record_of, http_target, rule,
        second_rule,
    },
    parts::pair::Suspended,
};

use super::*;

const RULES: [fn() -> canary::names::ForwardArn; 2] = [rule, second_rule];

fn http_look(percents: &[u8]) -> Look<ShiftWeight> {
    look(percents)
        .at_target(http_target())
        .with(at_step(0, 590))
}

fn rules(many: usize) -> Vec<canary::names::ForwardArn> {
    RULES[..many].iter().map(|rule| rule()).collect()
}

/// The candidate on the canary, all targets healthy, the canary with so much of one rule.
fn sent(primary: u32, canary: u32, weight: u16, record: Record) -> Moment {
    let rules = record.found_rules().forwards.len();
    http_pair_of(&self::rules(rules))
        .canary_on_candidate()
        .serving(primary, canary)
        .weighing(100 - weight, weight)
        .recorded(record)
}

/// With a share asked for, and its weight seen since second 500.
fn live(percent: u8) -> Record {
    http_record()
        .shifting(percent)
        .set_weight(0, percent, at(450))
        .live_since(at(500))
}

/// With a share asked for, and its weight set just now.
fn set(from: u8, to: u8) -> Record {
    http_record().shifting(to).set_weight(from, to, at(590))
}

fn starting(seen: Moment, initial: u32) -> Moment {
    seen.balancing(|alb| {
        alb.canary.healthy -= initial;
        alb.canary.initial = initial;
    })
}

#[test]
fn on_the_way_up_tasks_come_first_and_the_weight_second() {
    let deployed = || http_record().registered();
    let rows = vec![
        (
            "the primary's scaling may still take tasks away: that first",
            sent(4, 1, 0, deployed()).primary(|primary| primary.scaled(2, 9)),
            "take: suspending automatic scaling for the length of the release | record Shifting | orders: scaled 2 to 9 \
             suspended in part",
        ),
        (
            "tasks",
            sent(4, 1, 0, deployed()),
            "take: 50 % asked; setting orders-canary to 2 tasks, its weight follows | record Shifting | orders-canary: 2 tasks",
        ),
        (
            "whoever asked was cut off before the tasks were set",
            sent(4, 1, 0, counting(1, 2, http_record().shifting(50))),
            "take: 50 % asked; setting orders-canary to 2 tasks, its weight follows | orders-canary: 2 tasks",
        ),
        (
            "they start",
            sent(4, 2, 0, http_record().shifting(50)).canary(|canary| canary.running(1)),
            "wait: waiting for orders-canary to settle with 2 healthy targets: 2 healthy",
        ),
        (
            "they run and do not answer yet",
            starting(sent(4, 2, 0, http_record().shifting(50)), 1),
            "wait: waiting for orders-canary to settle with 2 healthy targets: 1 healthy, 1 initial",
        ),
        (
            "they answer: the weight",
            sent(4, 2, 0, http_record().shifting(50)),
            "take: 50 % asked; setting the canary's target group to weight 50 of 100 | record Shifting, weight 50 % from 0 % | \
             rule app/orders/0a1b/2c3d/4e5f: 50 primary and 50 canary",
        ),
        (
            "enough tasks from the beginning: share and weight at once",
            sent(4, 2, 0, deployed()),
            "take: 50 % asked; setting the canary's target group to weight 50 of 100 | record Shifting, weight 50 % from 0 % | \
             rule app/orders/0a1b/2c3d/4e5f: 50 primary and 50 canary",
        ),
        (
            "it does not show yet: set again, which is the same",
            sent(4, 2, 0, set(0, 50)),
            "take: 50 % asked; setting the canary's target group to weight 50 of 100 | rule app/orders/0a1b/2c3d/4e5f: 50 primary \
             and 50 canary",
        ),
        (
            "it shows",
            sent(4, 2, 50, set(0, 50)),
            "take: 50 % asked, 50 % attained: weight 50 of 100 on every rule | record Shifting, weight 50 % seen",
        ),
        (
            "it is held",
            sent(4, 2, 50, live(50)),
            "wait: 50 % asked, 50 % attained: weight 50 of 100; baking 0s of 5m. No evidence yet: the first whole minute is settled at 17:01 UTC",
        ),
        (
            "the primary gets more tasks of its own: the canary follows before anything else",
            sent(6, 2, 50, live(50)),
            "take: 50 % asked; setting orders-canary to 3 tasks, its weight follows | record Shifting, weight 50 % seen | orders-canary: 3 tasks",
        ),
        (
            "those start",
            starting(sent(6, 3, 50, live(50)), 1),
            "wait: waiting for orders-canary to settle with 3 healthy targets: 2 healthy, 1 initial",
        ),
        (
            "somebody resumes the primary's scaling",
            sent(4, 2, 50, live(50)).primary(|primary| primary.scaled(2, 9)),
            "take: suspending automatic scaling for the length of the release | orders: scaled 2 to 9 suspended in part",
        ),
        (
            "somebody resumes the canary's scaling",
            sent(4, 2, 50, live(50))
                .canary(|canary| canary.scaled(1, 4))
                .found_so(),
            "take: suspending automatic scaling for the length of the release | orders-canary: scaled 0 to 4 suspended in part",
        ),
    ];
    for (situation, seen, expected) in rows {
        check(
            situation,
            &decide(&http_look(&[50]), &seen).decision,
            expected,
        );
    }
}

#[test]
fn on_the_way_down_the_weight_comes_first_and_tasks_when_requests_are_finished() {
    let falling = || {
        http_record()
            .shifting(10)
            .set_weight(50, 10, at(400))
            .live_since(at(500))
    };
    let drained = 500 + DRAIN_SECONDS;
    let rows = [
        (
            "the weight, however many tasks there are",
            600,
            sent(4, 2, 50, live(50)),
            "take: 10 % asked; setting the canary's target group to weight 10 of 100 | record Shifting, weight 10 % from 50 % | \
             rule app/orders/0a1b/2c3d/4e5f: 90 primary and 10 canary",
        ),
        (
            "not onto a primary that does not answer",
            600,
            sent(4, 2, 50, live(50).shifting(10)).healthy(0, 2),
            "wait: waiting for orders to settle with 1 healthy target: 0 healthy",
        ),
        (
            "it does not show yet: no task goes, however long that takes",
            900,
            sent(
                4,
                2,
                50,
                http_record().shifting(10).set_weight(50, 10, at(400)),
            ),
            "take: 10 % asked; setting the canary's target group to weight 10 of 100 | rule app/orders/0a1b/2c3d/4e5f: 90 primary \
             and 10 canary",
        ),
        (
            "it shows: requests are finished from now on",
            900,
            sent(
                4,
                2,
                10,
                http_record().shifting(10).set_weight(50, 10, at(400)),
            ),
            "take: 10 % asked, 10 % attained: weight 10 of 100 on every rule | record Shifting, weight 10 % seen",
        ),
        (
            "they are being finished",
            drained - 1,
            sent(4, 2, 10, falling()),
            "wait: 10 % on every rule; the canary's targets have until 2026-10-02T17:03:40Z to finish their requests \
             (deregistration delay)",
        ),
        (
            "they are: now a task goes",
            drained,
            sent(4, 2, 10, falling()),
            "take: 10 % asked and drained; setting orders-canary to 1 task | record Shifting, weight 10 % seen | orders-canary: 1 tasks",
        ),
        (
            "the bake begins with what is left",
            drained,
            sent(4, 1, 10, falling()),
            "wait: 10 % asked, 10 % attained: weight 10 of 100; baking 0s of 5m. No evidence yet: the first whole minute is settled at 17:01 UTC",
        ),
    ];
    for (situation, now, seen, expected) in rows {
        let look = http_look(&[10]).taken_at(at(now));
        let seen = seen.seen_at(at(now));
        check(situation, &decide(&look, &seen).decision, expected);
    }
    let none = http_record().shifting(0).set_weight(50, 0, at(400));
    check(
        "down to nothing: the fewest tasks stay",
        &decide(&http_look(&[0]), &sent(4, 1, 0, none.live_since(at(450)))).decision,
        "wait: 0 % asked, 0 % attained: weight 0 of 100; baking 0s of 5m. No evidence yet: the first whole minute is settled at 17:01 UTC",
    );
}

#[test]
fn the_bake_counts_from_when_the_weight_is_seen_and_a_target_answers() {
    let began = |decided: &Decided| decided.bookmark.bake.map(|bake| bake.began);
    let first = decide(&http_look(&[50]), &sent(4, 2, 50, set(0, 50)));
    assert_eq!(began(&first), Some(now()));
    let unseen = decide(&http_look(&[50]), &sent(4, 2, 0, set(0, 50)));
    assert_eq!(began(&unseen), None);
    let surplus = decide(&http_look(&[10]), &sent(4, 2, 10, set(50, 10)));
    assert_eq!(
        began(&surplus),
        Some(now()),
        "too many tasks take nothing away"
    );
    let one = starting(sent(4, 2, 50, set(0, 50)), 1);
    assert_eq!(began(&decide(&http_look(&[50]), &one)), Some(now()));
    let over = decide(
        &http_look(&[10, 50]).with(at_step(0, 200).holding(at(300))),
        &sent(
            4,
            1,
            10,
            live(10).judged(at(600), verdict(Answer::NotEnough)),
        ),
    );
    check(
        "the next step begins in the look that ends the bake",
        &over.decision,
        "take: 50 % asked; setting orders-canary to 2 tasks, its weight follows | record Shifting, weight 10 % seen | \
         orders-canary: 2 tasks",
    );
    assert_eq!((over.bookmark.step, began(&over)), (1, None));
    let done = decide(
        &http_look(&[10]).with(at_step(0, 200).holding(at(300))),
        &sent(
            4,
            1,
            10,
            live(10).judged(at(600), verdict(Answer::NotEnough)),
        ),
    );
    check(
        "the last",
        &done.decision,
        "done: 10 % asked, 10 % attained: weight 10 of 100; nothing measured; all shares held, no gate closed. Canary 10 of 1000 failed, primary 90 of 9000: \
         evidence 0.5 of the 100 that it takes to call it worse | record Shifting, weight 10 % seen",
    );
    let Decision::Done(done) = done.decision else {
        unreachable!("it was just checked");
    };
    let attained = done.variables.iter().find(|(name, _)| *name == "Attained");
    assert_eq!(attained.unwrap().1, "10 %: weight 10 of 100");
}

#[test]
fn several_rules_move_together_and_the_last_one_is_waited_for() {
    let record = |to| {
        http_record_of(&rules(2))
            .shifting(10)
            .set_weight(0, to, at(590))
    };
    let look = || http_look(&[10]).at_target(http_target().of_two_rules());
    let rows = [
        (
            "both are set",
            sent(4, 1, 0, http_record_of(&rules(2)).shifting(10)),
            "take: 10 % asked; setting the canary's target group to weight 10 of 100 | record Shifting, weight 10 % from 0 % | \
             rule app/orders/0a1b/2c3d/4e5f: 90 primary and 10 canary | rule app/orders/0a1b/2c3d/6a7b: 90 primary and 10 canary",
        ),
        (
            "one lags: only that is set again",
            sent(4, 1, 10, record(10)).weighing_on(&second_rule(), 100, 0),
            "take: 10 % asked; setting the canary's target group to weight 10 of 100 | rule app/orders/0a1b/2c3d/6a7b: 90 primary \
             and 10 canary",
        ),
        (
            "both show it",
            sent(4, 1, 10, record(10)),
            "take: 10 % asked, 10 % attained: weight 10 of 100 on every rule | record Shifting, weight 10 % seen",
        ),
        (
            "somebody changes one",
            sent(4, 1, 10, record(10).live_since(at(595))).weighing_on(&second_rule(), 50, 50),
            "refuse: rule app/orders/0a1b/2c3d/6a7b has the weights 50 primary and 50 canary, not 90 primary and 10 canary as this \
             release last set them. The rule was changed outside this release",
        ),
    ];
    for (situation, seen, expected) in rows {
        check(situation, &decide(&look(), &seen).decision, expected);
    }
}

#[test]
fn everything_may_be_sent_to_the_canary_while_the_primary_keeps_its_tasks() {
    check(
        "all requests",
        &decide(
            &http_look(&[100]),
            &sent(4, 4, 0, http_record().shifting(100)),
        )
        .decision,
        "take: 100 % asked; setting the canary's target group to weight 100 of 100 | record Shifting, weight 100 % from 0 % | rule \
         app/orders/0a1b/2c3d/4e5f: 0 primary and 100 canary",
    );
}

proptest! {
    #[test]
    fn every_action_behind_a_load_balancer_ends_at_its_last_share_and_one_more_look_changes_nothing(
        percents in prop::collection::vec(0u8..=100, 1..5), primary in 1u32..20, min_tasks in 1u32..4,
        many in 1usize..=2, late in (prop::collection::vec(0usize..4, 0..=2), 0usize..4), lost in prop::collection::vec(0usize..8, 0..3),
        scaled in any::<bool>(),
    ) {
        let mut target = if many == 1 { http_target() } else { http_target().of_two_rules() };
        target = target.balanced(|alb| alb.min_tasks = min_tasks);
        let mut seen = sent(primary, min_tasks, 0, http_record_of(&rules(many)).of(target.clone()).registered());
        if scaled {
            seen = seen.primary(|primary| primary.scaled(1, 100));
        }
        let mut world = World::new(seen);
        (world.balancer.shows_after, world.balancer.heals_after) = late;
        world.balancer.loses = lost;
        let look = look(&percents).at_target(target);
        let (story, bookmark) = until_done(&look, &mut world);
        prop_assert!(story.last().unwrap().starts_with("done: "), "{story:#?}");
        let last = *percents.last().unwrap();
        let share = u16::from(last);
        for forward in &world.pair.rules.as_ref().unwrap().forwards {
            prop_assert_eq!((forward.weights.primary, forward.weights.canary), (100 - share, share));
        }
        let needed = (primary * u32::from(last)).div_ceil(100).max(min_tasks);
        prop_assert_eq!(world.pair.canary.desired, needed);
        let suspended = world.pair.primary.scaling.map(|it| it.suspended);
        let held = Suspended { scale_in: true, scheduled: true, scale_out: false };
        prop_assert_eq!(suspended, scaled.then_some(held));
        let calls = (world.writes, world.balancer.calls);
        let (story, _) = until_done(&look.with(bookmark), &mut world);
        prop_assert_eq!(story.len(), 1);
        prop_assert_eq!((world.writes, world.balancer.calls), calls);
    }
}
