use super::*;
use crate::parts::release::Kept;

/// A service of four tasks that was promoted: its stable set is kept without one.
fn promoted() -> Told {
    let mut release = told(Mode::Additive, 4, (0, 4));
    release.promotion = Promotion::Complete;
    release.service().sets[0].status = Status::Active;
    release.service().sets[1].status = Status::Primary;
    release
}

/// What the schedule makes of it once the guard is over; what it sets is there at once.
fn looks(release: &mut Told) -> String {
    match release.model.let_go(release.view()) {
        Ok(()) => "nothing more".to_owned(),
        Err(Short::Change {
            doing,
            set,
            changes,
        }) => {
            release.set = set.unwrap_or_else(|| release.set.clone());
            let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
            format!("{doing} [{}]", changes.join("; "))
        }
        Err(Short::Wait(waiting_on)) => format!("waits: {waiting_on}"),
        Err(Short::Refuse(why)) => format!("refused: {why}"),
    }
}

const NO_MORE: &str = "no task set of orders is kept for a rollback any more []";

#[test]
fn the_kept_set_is_deleted_and_noted_once_it_is_seen_to_go() {
    let mut release = promoted();
    let deletes = "the guard is over: deleting the task set that was kept for a rollback: ecs-svc/1 (ACTIVE) on orders:7, 0 of 0 tasks \
                   [task set ecs-svc/1 of orders is deleted]";
    assert_eq!(looks(&mut release), deletes);
    assert_eq!(looks(&mut release), deletes, "as long as it is there");
    assert_eq!(TaskSets::kept(&release.set), Kept::There);
    release.service().sets[0].status = Status::Draining;
    assert_eq!(looks(&mut release), NO_MORE);
    assert_eq!(TaskSets::kept(&release.set), Kept::Gone);
    assert_eq!(looks(&mut release), "nothing more");
}

#[test]
fn a_set_that_somebody_has_put_to_a_use_of_their_own_stays() {
    let mut scaled = promoted();
    scaled.service().sets[0].scale = Scale::of(1, 4);
    assert_eq!(looks(&mut scaled), NO_MORE);
    let mut primary = promoted();
    primary.service().sets[0].status = Status::Primary;
    primary.service().sets[1].status = Status::Active;
    assert_eq!(looks(&mut primary), NO_MORE);
    let mut theirs = promoted();
    theirs.set.is_theirs = true;
    assert_eq!(looks(&mut theirs), NO_MORE);
}

#[test]
fn a_set_whose_tasks_still_work_and_a_service_that_is_not_seen_are_waited_for() {
    let mut working = promoted();
    working.service().sets[0].running = 1;
    assert_eq!(
        looks(&mut working),
        "waits: waiting for the tasks of a task set to end: ecs-svc/1 (ACTIVE) on orders:7, 1 of 0 tasks"
    );
    let mut unseen = promoted();
    unseen.seen.service = Known::Unknown(crate::known::Unseen {
        why: "throttled".to_owned(),
        is_passing: true,
        error: None,
    });
    let said = looks(&mut unseen);
    assert!(
        said.starts_with("waits: ") && said.contains("throttled"),
        "{said}"
    );
}
