use crate::fixtures::queue::{pair, record, target};
use crate::{
    fixtures::{Moment, candidate, foreign, running_tasks, told_toward},
    parts::pair::Service,
    traffic::model::Goal,
    weight::Drain,
};

/// With the tasks of the primary listed.
fn toward(over: bool, mut seen: Moment) -> String {
    seen.tasks = Some(running_tasks(&candidate(), seen.primary.running));
    let drain = Drain::default();
    told_toward(Goal::Promoted { drain, over }, &seen)
}

#[test]
fn the_canary_rests_on_what_the_target_says_within_what_its_scaling_allows() {
    for (resting, bounds, expected) in [
        (0, None, 0),
        (2, None, 2),
        (0, Some((1, 4)), 1),
        (9, Some((1, 4)), 4),
    ] {
        let found = pair().canary(|canary| match bounds {
            Some((min, max)) => canary.scaled(min, max),
            None => canary,
        });
        let pair = found.clone().both_on_candidate().tasks(3, 7);
        let record = record()
            .of(target().resting_on(resting))
            .having_found(&found)
            .promoting();
        let pair = pair.canary(Service::held).recorded(record);
        assert_eq!(
            toward(false, pair),
            format!(
                "take: primary runs the candidate; setting orders-canary back to {expected} tasks | orders-canary: \
                 {expected} tasks"
            ),
            "{resting} within {bounds:?}"
        );
    }
}

#[test]
fn a_promotion_that_is_over_is_not_checked_again() {
    let reached = "reached: orders and orders-canary run orders:8, tasks and scaling are as the release found them";
    let promoted = || pair().both_on_candidate().recorded(record().promoted());
    assert_eq!(toward(true, promoted()), reached);
    let theirs = promoted()
        .tasks(7, 4)
        .primary(|primary| primary.on(&foreign()));
    assert_eq!(toward(true, theirs), reached);
}

#[test]
fn the_one_task_that_the_release_has_kept_goes_once_the_promotion_is_over() {
    let record = record()
        .promoting()
        .finding_primary(|primary| (primary.desired, primary.floor) = (0, 1));
    let seen = || {
        pair()
            .both_on_candidate()
            .tasks(1, 1)
            .recorded(record.clone())
    };
    assert!(toward(false, seen()).starts_with("reached: "));
    assert_eq!(
        toward(true, seen()),
        "take: promotion complete; setting orders back to 0 tasks, as the release found it | orders: 0 tasks"
    );
}
