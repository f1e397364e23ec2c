use super::*;
use crate::{
    fixtures::{at, foreign},
    parts::{
        exits::{Exit, Whose},
        gate::{Gate, When},
    },
};

fn closed(release: &Told, when: When) -> Option<(Gate, String)> {
    let closed = release.model.closed(when, release.view());
    closed.map(|(gate, why)| (gate, why.to_string()))
}

/// Something that somebody else does, and what is said of it.
type Theirs = (&'static str, fn(&mut Told), &'static str);

#[test]
fn what_somebody_else_does_to_the_sets_closes_the_gate() {
    let cases: [Theirs; 6] = [
        (
            "another scale",
            |release| release.service().sets[0].scale = Scale(50.0),
            "task set ecs-svc/1 has the scale 50 %, not 100 % as this release last set it. The task set was changed outside this release",
        ),
        (
            "another PRIMARY",
            |release| {
                release.service().sets[0].status = Status::Active;
                release.service().sets[1].status = Status::Primary;
            },
            "the PRIMARY of service orders is not what this release last made it: ecs-svc/2 (PRIMARY) on orders:8, 1 of 1 tasks. The service was changed outside this release",
        ),
        (
            "no PRIMARY",
            |release| drop(release.service().sets.remove(0)),
            "the PRIMARY of service orders is not what this release last made it: no task set. The service was changed outside this release",
        ),
        (
            "a set of their own",
            |release| {
                let theirs = set(5, Status::Active, &foreign(), (Scale::NONE, 0));
                release.service().sets.push(theirs);
            },
            "service orders has a task set that no release has made: ecs-svc/5 (ACTIVE) on orders:9, 0 of 0 tasks. Delete it, or let \
             whoever made it, then retry",
        ),
        (
            "the candidate's set is gone",
            |release| drop(release.service().sets.remove(1)),
            "the candidate's task set ecs-svc/2 on orders:8 is not there any more: no task set. It was deleted or replaced outside this release",
        ),
        (
            "it runs something else",
            |release| release.service().sets[1].task_definition = foreign(),
            "the candidate's task set ecs-svc/2 on orders:8 is not there any more: ecs-svc/2 (ACTIVE) on orders:9, 1 of 1 tasks. It was deleted or replaced outside this release",
        ),
    ];
    for (what, theirs, expected) in cases {
        let mut release = told(Mode::Additive, 4, (4, 1));
        assert_eq!(closed(&release, When::Action), None);
        theirs(&mut release);
        let expected = Some((Gate::ForeignWrite, expected.to_owned()));
        assert_eq!(closed(&release, When::Action), expected, "{what}");
    }
}

#[test]
fn the_services_count_is_its_automatic_scalings_and_no_foreign_write() {
    let mut release = told(Mode::ConstantTotal, 4, (3, 1));
    release.service().desired = 12;
    assert_eq!(closed(&release, When::Approval), None);
    release.compute();
    assert_eq!(closed(&release, When::Approval), None);
}

#[test]
fn a_candidate_whose_tasks_do_not_stay_or_start_ends_the_release() {
    let mut release = told(Mode::Additive, 4, (4, 1));
    let ended = |task: &str, whose| Exit {
        task: task.to_owned(),
        task_definition: candidate(),
        at: at(10_000),
        whose,
    };
    let own = ["a", "b", "c"].map(|task| ended(task, Whose::Own));
    release.seen.exits = Known::Known(own.to_vec());
    let noted = release.model.noted(When::Action, release.view());
    assert!(noted.news.is_some_and(|news| news.is_setback));
    release.set = noted.set;
    let (gate, why) = closed(&release, When::Action).expect("it is closed");
    assert_eq!(gate, Gate::Exits);
    assert!(
        why.starts_with("3 tasks of orders:8 ended by themselves since the release began"),
        "{why}"
    );
    assert_eq!(closed(&release, When::Guard), None);
}
