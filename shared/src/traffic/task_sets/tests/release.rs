use super::*;
use crate::{
    parts::work::{VersionMetrics, WorkMetrics},
    weight::Share,
};

const ALL_LOOKS: usize = 8;

#[test]
fn of_seven_tasks_every_whole_number_is_the_candidates_to_the_task() {
    for tasks in 1..=6_u32 {
        let share_of_them = Share {
            part: tasks,
            whole: 7,
        };
        let percent = [14, 29, 43, 57, 71, 86][tasks as usize - 1];
        let mut release = told(Mode::ConstantTotal, 7, (7, 1));
        for _ in 0..ALL_LOOKS {
            release.shift(percent);
        }
        assert_eq!(release.tasks(), [7 - tasks, tasks]);
        assert_eq!(
            release.toward(share(percent)),
            format!("{share_of_them} attained: {tasks} of 7 tasks")
        );
    }
}

#[test]
fn a_share_is_planned_anew_within_one_look_while_the_services_count_moves() {
    let mut release = told(Mode::ConstantTotal, 7, (7, 1));
    // The most that is between two looks: it doubles.
    for desired in [7, 9, 12, 11, 6, 3, 4, 8] {
        release.service().desired = desired;
        release.compute();
        let [stable, candidate] = release.tasks()[..] else {
            panic!("two sets")
        };
        let planned = f64::from(desired) * 0.3;
        let together = stable + candidate;
        assert!(
            together.abs_diff(desired) <= 1,
            "{desired}: {together} tasks"
        );
        assert!(
            desired == 7 || (f64::from(candidate) - planned).abs() < 2.5,
            "{desired}: {candidate}"
        );
        for _ in 0..2 {
            release.shift(30);
        }
        let [stable, candidate] = release.tasks()[..] else {
            panic!("two sets")
        };
        assert_eq!(stable + candidate, desired);
        assert!(
            (f64::from(candidate) - planned).abs() < 1.0,
            "{desired}: {candidate}"
        );
    }
}

#[test]
fn additive_leaves_the_stable_set_alone() {
    let mut release = told(Mode::Additive, 4, (4, 1));
    assert_eq!(
        release.toward(share(50)),
        "50 % asked, 50 % attainable: 4 of 8 tasks; setting 4 stable and 4 canary tasks [task set ecs-svc/2 of orders has the scale 100 %]"
    );
    release.shift(50);
    assert_eq!(release.tasks(), [4, 4]);
}

#[test]
fn constant_total_takes_tasks_away_once_those_that_were_added_run() {
    let mut release = told(Mode::ConstantTotal, 4, (3, 1));
    release.asked = Some(weight(25));
    assert_eq!(
        release.toward(share(50)),
        "50 % asked, 50 % attainable: 2 of 4 tasks; setting 3 stable and 2 canary tasks [task set ecs-svc/2 of orders has the scale 38 %]"
    );
    release.asked = Some(weight(50));
    let made = &mut release.service().sets[1];
    (made.scale, made.computed, made.running, made.is_steady) = (Scale(38.0), 2, 1, false);
    assert!(
        release
            .toward(share(50))
            .starts_with("waits: 50 % asked, 25 % attained: waiting for tasks")
    );
    let made = &mut release.service().sets[1];
    (made.running, made.is_steady) = (2, true);
    assert!(
        release
            .toward(share(50))
            .ends_with("[task set ecs-svc/1 of orders has the scale 38 %]")
    );
}

#[test]
fn a_scale_that_is_read_back_is_no_share() {
    let mut release = told(Mode::Additive, 4, (4, 1));
    release.asked = Some(weight(50));
    release.service().sets[1].scale = Scale::ALL;
    assert!(
        release
            .toward(share(50))
            .starts_with("waits: 50 % asked, 20 % attained")
    );
    release.service().sets[1].computed = 4;
    assert!(release.toward(share(50)).starts_with("waits: "));
}

#[test]
fn a_service_without_a_task_is_waited_for() {
    let release = told(Mode::Additive, 0, (0, 0));
    let expected = "waits: waiting for a task: the desired count of orders is 0, and without a task nothing can be compared or proven";
    assert_eq!(release.toward(share(10)), expected);
    assert_eq!(release.toward(Goal::Placed), expected);
}

#[test]
fn versions_under_one_name_are_told_apart_by_what_they_run() {
    let release = told(Mode::Additive, 4, (4, 1));
    let meters = release.model.meters(&release.found, &release.set).unwrap();
    let usual = VersionMetrics {
        work: WorkMetrics::of_sample_app(),
        version_dimension: "Version".to_owned(),
        dimensions: [("ServiceName".to_owned(), "orders".to_owned())].into(),
    };
    let meter = |version| usual.meter(version, crate::parts::work::LONGEST);
    assert_eq!(meters.primary, meter("orders:7"));
    assert_eq!(meters.canary, Some(meter("orders:8")));
    let guard = release
        .model
        .meters_in_guard(&release.found, &release.set)
        .unwrap();
    assert_eq!((guard.canary, guard.primary), (None, meter("orders:8")));
    assert_eq!(
        release.model.meters(&release.found, &Set::default()),
        None,
        "there is one version"
    );
}
