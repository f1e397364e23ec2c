use super::{super::Change, *};
use crate::parts::{body::Part, release::Missing};

const BACK: Goal = Goal::AsFound { fenced: true };

fn refused(what: &str) -> Missing {
    Missing {
        what: what.to_owned(),
        why: "not allowed".to_owned(),
        since: now(),
        told: now(),
    }
}

fn stops(release: &Told) -> Vec<String> {
    let stop = release.model.stop(release.view()).into_iter();
    stop.map(|change| change.to_string()).collect()
}

#[test]
fn the_stopping_call_takes_all_tasks_from_the_candidate_unless_there_are_no_others() {
    let empty = "task set ecs-svc/2 of orders has the scale 0 %";
    let back = "task set ecs-svc/1 of orders has the scale 100 %";
    assert_eq!(stops(&told(Mode::Additive, 4, (4, 1))), [empty]);
    assert_eq!(stops(&told(Mode::ConstantTotal, 4, (3, 1))), [back, empty]);
    assert_eq!(stops(&told(Mode::ConstantTotal, 4, (0, 4))), [back]);
    let mut coming = told(Mode::ConstantTotal, 4, (2, 2));
    let scales = coming.set.scales.as_mut().unwrap();
    (scales.from.stable, scales.seen) = (Scale::NONE, false);
    assert_eq!(
        stops(&coming),
        [back],
        "whether it has tasks again was not seen"
    );
    coming.promotion = Promotion::Complete;
    assert!(
        stops(&coming).is_empty(),
        "what somebody has made PRIMARY meanwhile has to be seen"
    );
    coming.promotion = Promotion::Begun;
    coming.set.is_theirs = true;
    assert!(
        stops(&coming).is_empty(),
        "what somebody else has set stays"
    );
}

#[test]
fn before_the_promotion_the_candidates_set_goes_and_the_stable_one_is_not_touched() {
    let mut release = told(Mode::Additive, 4, (4, 2));
    assert!(
        release
            .toward(BACK)
            .ends_with("goes on [task set ecs-svc/2 of orders is deleted]")
    );
    let made = &mut release.service().sets[1];
    (made.status, made.computed) = (Status::Draining, 0);
    assert_eq!(
        release.toward(BACK),
        "waits: waiting for the tasks of a task set to end: ecs-svc/2 (DRAINING) on orders:8, 2 of 0 tasks"
    );
    release.service().sets.pop();
    assert_eq!(release.toward(BACK), "as found");
}

#[test]
fn after_the_promotion_the_kept_set_comes_back_first() {
    let mut release = told(Mode::Additive, 4, (0, 4));
    release.promotion = Promotion::Complete;
    release.service().sets[0].status = Status::Active;
    release.service().sets[1].status = Status::Primary;
    assert!(
        release
            .toward(BACK)
            .ends_with("[task set ecs-svc/1 of orders has the scale 100 %]")
    );
    let kept = &mut release.service().sets[0];
    (kept.scale, kept.computed, kept.running, kept.is_steady) = (Scale::ALL, 4, 3, false);
    assert_eq!(
        release.toward(BACK),
        "waits: rolling back: waiting for the tasks of the stable task set: ecs-svc/1 (ACTIVE) on orders:7, 3 of 4 tasks, STABILIZING"
    );
    let kept = &mut release.service().sets[0];
    (kept.running, kept.is_steady) = (4, true);
    assert!(release.toward(BACK).ends_with(
        "[task set ecs-svc/1 is the PRIMARY of orders; task set ecs-svc/2 of orders has the scale 0 %]"
    ));
}

#[test]
fn what_cannot_be_deleted_loses_its_tasks() {
    let release = told(Mode::ConstantTotal, 4, (4, 2));
    let refused = [refused("task set ecs-svc/2 of orders is deleted")];
    let view = View {
        refused: &refused,
        ..release.view()
    };
    let Err(Short::Change { changes, .. }) = release.model.toward(BACK, view) else {
        panic!("it goes on")
    };
    let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        changes,
        [
            "task set ecs-svc/2 of orders is deleted",
            "task set ecs-svc/2 of orders has the scale 0 %"
        ]
    );
}

#[test]
fn what_somebody_else_has_made_primary_stays() {
    let mut release = told(Mode::Additive, 4, (4, 2));
    release.service().sets[0].status = Status::Active;
    release.service().sets[0].scale = Scale::NONE;
    let theirs = set(5, Status::Primary, &orders(9), (Scale::ALL, 4));
    release.service().sets.push(theirs);
    assert!(
        release
            .toward(BACK)
            .ends_with("[task set ecs-svc/2 of orders is deleted]")
    );
    release.service().sets.remove(1);
    assert_eq!(
        release.toward(BACK),
        "as found somebody else has changed the task sets of orders: what they have set stays"
    );
}

/// What the release has taken from the stable set it gives back.
#[test]
fn a_candidates_set_that_somebody_has_made_primary_is_nothing_of_theirs() {
    let mut release = told(Mode::ConstantTotal, 4, (2, 2));
    release.service().sets[0].status = Status::Active;
    release.service().sets[1].status = Status::Primary;
    let is_theirs = |release: &Told| release.model.spared("orders", release.view()).is_theirs;
    assert!(!is_theirs(&release));
    release.service().sets[1].status = Status::Active;
    let theirs = set(5, Status::Primary, &orders(9), (Scale::ALL, 4));
    release.service().sets.push(theirs);
    assert!(is_theirs(&release));
}

#[test]
fn where_nothing_else_is_there_any_more_the_candidate_keeps_its_tasks() {
    let mut release = told(Mode::Additive, 4, (0, 4));
    release.promotion = Promotion::Complete;
    release.service().sets.remove(0);
    release.service().sets[0].status = Status::Primary;
    assert_eq!(
        release.toward(BACK),
        "as found no task of the stable version runs that could take its work, so the candidate's task set of orders stays"
    );
}

#[test]
fn people_are_told_what_comes_back_and_by_which_calls() {
    let mut release = told(Mode::Additive, 4, (4, 1));
    assert_eq!(
        release.model.restores(release.view()),
        [
            "orders: task set ecs-svc/1 on orders:7 is PRIMARY with all tasks",
            "orders: task set ecs-svc/2 is deleted"
        ]
    );
    let service = release.model.service.clone();
    let [kept, made] = &release.service().sets[..] else {
        panic!("both sets are there");
    };
    let missing = [
        Change::scale(&service, kept, Scale::ALL),
        Change::make_primary(&service, kept),
        Change::delete(&service, &made.id),
    ]
    .map(|change| refused(&change.to_string()));
    let found = Part::of(&release.found);
    assert_eq!(
        release.model.by_hand(&missing, &found, "releases")[2..],
        [
            "  aws ecs update-task-set --task-set ecs-svc/1 --cluster orders --service orders --scale value=100,unit=PERCENT",
            "  aws ecs update-service-primary-task-set --primary-task-set ecs-svc/1 --cluster orders --service orders",
            "  aws ecs delete-task-set --task-set ecs-svc/2 --cluster orders --service orders --force",
        ]
    );
    let of_rules = refused("rule app/orders has the weights 100 primary and 0 canary");
    let by_hand = release.model.by_hand(&[of_rules], &found, "releases");
    assert!(by_hand.is_empty(), "{by_hand:?}");
}
