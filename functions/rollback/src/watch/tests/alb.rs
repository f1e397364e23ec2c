use canary::fixtures::{http_pair_of, http_record, rule};

use super::*;

/// Behind a load balancer: half of the requests on two canary tasks.
fn halved(primary: u32, canary: u32) -> Moment {
    let record = http_record()
        .shifting(50)
        .set_weight(0, 50, at(400))
        .live_since(at(410));
    let counts = Counts {
        primary: 4,
        canary: 2,
    };
    let record = record.counting(counts, counts, at(390));
    http_pair_of(&[rule()])
        .canary_on_candidate()
        .tasks(primary, canary)
        .weighing(50, 50)
        .healthy(primary, canary)
        .recorded(record)
}

#[test]
fn behind_a_load_balancer_the_canary_grows_with_the_primary_and_by_its_own_scaling() {
    check("held", &look(&at_approval(halved(4, 2))), &goes_on());
    check(
        "the primary has grown",
        &look(&at_approval(halved(16, 2))),
        "take: 50 % asked; setting orders-canary to 8 tasks, its weight follows | record Shifting, weight 50 % seen | orders-canary: 8 \
         tasks",
    );
    let growing = |canary: Service| {
        let mut canary = canary.scaled(0, 10);
        let suspended = &mut canary.scaling.as_mut().unwrap().suspended;
        (suspended.scale_in, suspended.scheduled) = (true, true);
        canary
    };
    let own = halved(4, 6).canary(growing);
    check(
        "the canary has grown by itself",
        &look(&at_approval(own)),
        &goes_on(),
    );
    let by_hand = halved(4, 6);
    assert!(
        first(&look(&at_approval(by_hand)))
            .contains("orders-canary has the desired count 6, not 2")
    );
    let beyond = halved(4, 11).canary(growing);
    assert!(
        first(&look(&at_approval(beyond)))
            .contains("orders-canary has the desired count 11, not 2")
    );
    let fewer = halved(4, 1).canary(growing);
    assert!(
        first(&look(&at_approval(fewer))).contains("orders-canary has the desired count 1, not 2")
    );
}

#[test]
fn a_canary_that_adds_tasks_of_its_own_while_ours_are_on_their_way_is_nobody_elses() {
    let growing = |canary: Service| {
        let mut canary = canary.scaled(0, 10);
        let suspended = &mut canary.scaling.as_mut().unwrap().suspended;
        (suspended.scale_in, suspended.scheduled) = (true, true);
        canary
    };
    let counts = |canary| Counts {
        primary: 16,
        canary,
    };
    let mut seen = halved(16, 7).canary(growing);
    let unset = seen
        .record
        .take()
        .unwrap()
        .counting(counts(6), counts(8), at(590));
    let follows = look(&at_approval(seen.recorded(unset)));
    assert!(
        first(&follows).starts_with("take: 50 % asked; setting orders-canary to 8 tasks"),
        "{follows:?}"
    );
}
