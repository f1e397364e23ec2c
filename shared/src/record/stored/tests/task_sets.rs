use super::*;
use crate::{
    aws::task_set::Scale,
    fixtures::{
        task_sets::{balanced_record, record},
        weight,
    },
    parts::exits::{Exit, Exits, Watched, Whose},
    parts::letters::Letters,
    parts::rules::SetWeight,
    traffic::task_sets::{Scales, Set, SetScales},
};

fn scales(stable: f64, candidate: f64) -> Scales {
    Scales {
        stable: Scale(stable),
        candidate: Scale(candidate),
    }
}

fn scaled(record: Record, seen: bool) -> Record {
    record.setting(|set: &mut Set| {
        set.scales = Some(SetScales {
            stable: "ecs-svc/1".try_into().unwrap(),
            candidate: "ecs-svc/2".try_into().unwrap(),
            from: scales(100.0, 13.0),
            to: scales(62.5, 38.0),
            seen,
        });
    })
}

/// One of everything that this version stores.
fn present() -> Vec<(&'static str, Record)> {
    let exit = Exit {
        task: "8a1f".to_owned(),
        task_definition: candidate(),
        at: at(400),
        whose: Whose::Own,
    };
    let judged = |set: &mut Set| {
        let (began, candidate, stable) = (at(0), candidate(), crate::fixtures::stable());
        let watched = Watched {
            began,
            candidate: Some(&candidate),
            stable: [&stable, &stable],
        };
        set.exits = Exits::default().seeing(&[exit], &watched, at(560));
        set.letters = Some(Letters::found(3).seeing(4, 0, at(560)));
    };
    vec![
        ("deploying", record()),
        ("shifting", scaled(record().shifting(50), true)),
        (
            "shifting-judged",
            scaled(record().shifting(50), false).setting(judged),
        ),
        (
            "shifting-alb",
            scaled(balanced_record().shifting(50), true).setting(|set: &mut Set| {
                set.weight = Some(SetWeight::new(weight(10), weight(50), 2, at(300)).seen(at(310)));
            }),
        ),
        ("promoting", scaled(record().promoting(), false)),
        (
            "rolling-back-theirs",
            scaled(record().rolling_back(), false).setting(|set: &mut Set| set.is_theirs = true),
        ),
    ]
}

#[test]
fn what_this_version_stores_are_its_golden_records() {
    assert_golden("task_sets", present());
}
