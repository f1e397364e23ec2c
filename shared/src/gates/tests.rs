mod alb;
mod queue;

use super::*;
use crate::{
    fixtures::{
        Moment, another_release, at, candidate, foreign, orders, pair, record, release, stable,
        target,
    },
    names::TaskDefinitionArn,
    parts::exits::{Exit, Whose},
    parts::pair::Service,
    record::Record,
};

/// What all gates say of a release, when this was seen.
fn all(seen: &Moment, record: &Record) -> Result<Option<Said>, Said> {
    let seen = seen.seen();
    let (noted, _) = noted(When::Action, &seen, record);
    super::all(&seen, &noted)
}

/// Those in which gates are asked, and the last one; a release that is being rolled back asks none.
fn phases() -> [(&'static str, Record); 7] {
    [
        ("planned", record()),
        ("registering", record().registering(at(599))),
        ("registered", record().registered()),
        ("shifting", record().shifting(10)),
        ("promoting", record().promoting()),
        ("promoted", record().promoted()),
        ("rolled back", record().rolled_back()),
    ]
}

/// What the gates say, by phase, where the primary and the canary run these.
fn open(primary: &TaskDefinitionArn, canary: &TaskDefinitionArn) -> Vec<&'static str> {
    let seen = pair()
        .primary(|service| service.on(primary))
        .canary(|service| service.on(canary));
    let open = |record: &Record| all(&seen, record).is_ok();
    phases()
        .iter()
        .filter(|(_, record)| open(record))
        .map(|(phase, _)| *phase)
        .collect()
}

/// The pair in a phase.
fn running(phase: &str) -> Moment {
    match phase {
        "shifting" | "promoting" | "registered" => pair().canary_on_candidate(),
        "promoted" => pair().both_on_candidate(),
        _ => pair(),
    }
}

#[test]
fn in_every_phase_only_what_the_release_set_last_or_found_may_run() {
    let (stable, candidate) = (stable(), candidate());
    let before = ["planned", "registering", "registered", "rolled back"];
    assert_eq!(open(&stable, &stable), before);
    assert_eq!(
        open(&stable, &candidate),
        ["registered", "shifting", "promoting"]
    );
    assert_eq!(open(&candidate, &candidate), ["promoting", "promoted"]);
    assert_eq!(open(&candidate, &stable), Vec::<&str>::new());
    assert_eq!(open(&foreign(), &candidate), Vec::<&str>::new());
    assert_eq!(open(&stable, &foreign()), Vec::<&str>::new());
}

#[test]
fn a_canary_that_was_found_on_another_version_than_the_primary_is_expected_on_that() {
    let found = pair().canary(|canary| canary.on(&orders(6)));
    let record = record().having_found(&found).registered();
    assert_eq!(all(&found, &record), Ok(None));
    assert!(all(&pair(), &record).is_err());
}

#[test]
fn in_every_phase_an_alarm_or_a_broken_deployment_closes_a_gate() {
    let broken = |seen: Moment| seen.canary(Service::broken_down);
    let primary_broken = |seen: Moment| seen.primary(Service::broken_down);
    for (phase, record) in phases() {
        let seen = || running(phase);
        assert_eq!(all(&seen(), &record), Ok(None), "{phase}");
        let refused = |seen: Moment| all(&seen, &record).unwrap_err().to_string();
        let firing = refused(seen().alarm_firing());
        assert!(firing.contains(" is in ALARM. "), "{phase}: {firing}");
        for seen in [broken(seen()), primary_broken(seen())] {
            let broken = refused(seen);
            assert!(
                broken.contains("the ECS circuit breaker failed"),
                "{phase}: {broken}"
            );
        }
    }
}

#[test]
fn an_alarm_without_data_is_not_firing() {
    let mut seen = pair();
    seen.alarms[0].reason = "Unchecked: initial alarm creation".to_owned();
    assert_eq!(alarms(&seen.alarms), Ok(()));
    seen.alarms.clear();
    assert_eq!(alarms(&seen.alarms), Ok(()));
}

#[test]
fn a_record_is_own_for_its_release_until_a_rollback_has_taken_it() {
    for (phase, record) in phases() {
        let seen = pair().recorded(record.clone());
        let own = own(seen.record.as_ref(), &target(), &release());
        match phase {
            "rolling back" => {
                assert!(matches!(own, Err(NotOwned::RollingBack { .. })), "{phase}");
            }
            "rolled back" => {
                assert!(matches!(own, Err(NotOwned::RolledBack { .. })), "{phase}");
            }
            _ => assert_eq!(own, Ok(&record), "{phase}"),
        }
    }
    let others = pair().recorded(record().owned_by(another_release()));
    let refused = own(others.record.as_ref(), &target(), &release());
    assert!(matches!(
        refused,
        Err(NotOwned::NotTheOwner { owner: Some(_), .. })
    ));
    let nobodys = own(pair().record.as_ref(), &target(), &release()).map(|_| ());
    assert!(matches!(
        nobodys,
        Err(NotOwned::NotTheOwner { owner: None, .. })
    ));
}

/// So many tasks of a version that ended, one after the other.
fn exits(task_definition: &TaskDefinitionArn, whose: Whose, many: u64) -> Vec<Exit> {
    let exit = |nth| Exit {
        task: format!("{}-{whose:?}-{nth}", task_definition.short()),
        task_definition: task_definition.clone(),
        at: at(300 + nth),
        whose,
    };
    (0..many).map(exit).collect()
}

#[test]
fn tasks_of_the_candidate_may_end_as_often_as_the_target_allows_or_three_times_as_often_as_the_stable_ones()
 {
    let own = |many| exits(&candidate(), Whose::Own, many);
    let stable = |many| exits(&stable(), Whose::Own, many);
    let unknown = |many| exits(&candidate(), Whose::Unknown, many);
    // Three tasks of the stable version, one of the candidate.
    let rows = [
        ("none", vec![], "open"),
        ("two are allowed", own(2), "open"),
        ("the third is not", own(3), "closed"),
        ("nobody's", exits(&foreign(), Whose::Own, 9), "open"),
        (
            "the stable ones end by themselves, too",
            [own(3), stable(3)].concat(),
            "open",
        ),
        (
            "the candidate's three times as often, task by task",
            [own(9), stable(9)].concat(),
            "open",
        ),
        (
            "more often than that",
            [own(10), stable(9)].concat(),
            "closed",
        ),
        (
            "nobody knows, and it would not matter",
            [own(1), unknown(1)].concat(),
            "open",
        ),
        (
            "nobody knows, and it would decide",
            [own(2), unknown(1)].concat(),
            "undecided",
        ),
        (
            "it is decided without them",
            [own(3), unknown(1)].concat(),
            "closed",
        ),
    ];
    for (situation, exits, expected) in rows {
        let mut seen = pair().canary_on_candidate().tasks(3, 1);
        seen.exits = exits;
        let told = match all(&seen, &record().shifting(10)) {
            Ok(None) => "open",
            Ok(Some(said)) if said.to_string().contains("does not know") => "undecided",
            Err(said) if said.to_string().contains("ended by themselves") => "closed",
            other => panic!("{situation}: {other:?}"),
        };
        assert_eq!(told, expected, "{situation}");
    }
    let mut seen = pair().canary_on_candidate().tasks(3, 1);
    seen.exits = [own(3), stable(0)].concat();
    assert_eq!(
        all(&seen, &record().shifting(10)).unwrap_err().to_string(),
        "3 tasks of orders:8 ended by themselves since the release began, where 1 should run; of the stable version 0, where 3 should. 2 are \
         allowed (maxTaskExits), or three times the stable version's, task by task"
    );
}
