//! Stories that random ones have found, as they were printed.

use super::{
    Story,
    event::{Event::*, Fate::*, Function::*, Operation::*, Service::*},
    story::{Finally, Target, at},
    tell,
};
use rehearsal_core::wire::Ailment::*;

/// Releases without any trouble.
fn nothing_happens(targets: &[Target]) {
    for target in targets {
        tell(*target, Finally::Approved, &[]);
        tell(*target, Finally::Rejected, &[]);
    }
}

#[test]
fn nothing_happens_to_a_pair() {
    nothing_happens(Target::PAIRS);
}

#[test]
fn nothing_happens_to_an_alias() {
    nothing_happens(Target::ALIASES);
}

#[test]
fn nothing_happens_to_task_sets() {
    nothing_happens(Target::SETS);
}

/// The count that the release had lowered is the release's to give back, whoever's version the primary runs.
#[test]
fn a_version_on_the_primary_while_the_approval_waits_gets_the_tasks_back_that_were_found() {
    tell(
        Target::QueueConstantTotal,
        Finally::Rejected,
        &[at(420, Hotfix(Primary)), at(840, Calm)],
    );
}

/// Two notices: what the canary lacks is seen only once somebody has given the primary its version.
#[test]
fn an_inactive_stable_version_is_put_on_one_service_after_the_other() {
    tell(
        Target::Alb,
        Finally::Rejected,
        &[at(600, Approve), at(600, Deregister), at(660, Weights(97))],
    );
}

/// What is printed is what is pasted.
#[test]
fn a_story_is_printed_as_it_is_told() {
    let story = Story {
        target: Target::Alb,
        finally: Finally::Approved,
        events: vec![
            at(312, Alarm),
            at(340, Events(Lost, 60)),
            at(341, Ails(Rollback, UpdateService, Throttled, 90)),
            at(400, Count(Canary, 3)),
        ],
    };
    let pasted = r"tell(Target::Alb, Finally::Approved, &[
    at(312, Alarm),
    at(340, Events(Lost, 60)),
    at(341, Ails(Rollback, UpdateService, Throttled, 90)),
    at(400, Count(Canary, 3)),
])";
    assert_eq!(story.to_string(), pasted);
    let source = include_str!("found.rs");
    let body = pasted
        .split_once("&[")
        .map_or("", |(_, events)| events.trim_end_matches("])").trim());
    let lines = body
        .lines()
        .all(|line| source.matches(line.trim()).count() >= 2);
    assert!(lines, "the same lines are Rust above");
}

/// CodePipeline waits 20 minutes for a report: Lambda's third attempt brings it.
#[test]
fn a_report_that_hangs_for_a_minute_and_a_half_is_made() {
    tell(
        Target::QueueAdditive,
        Finally::Rejected,
        &[at(0, Ails(DeployCanary, PutJobSuccessResult, Hanging, 97))],
    );
}

/// A version of somebody's own that does not start is theirs to deploy again; a rollback neither waits for it nor touches it.
#[test]
fn a_version_of_somebodys_own_that_does_not_start_is_left_to_them() {
    tell(
        Target::QueueAdditive,
        Finally::Rejected,
        &[
            at(0, FailStarts(4)),
            at(0, Hotfix(Canary)),
            at(540, Approve),
        ],
    );
    tell(
        Target::Alb,
        Finally::Rejected,
        &[
            at(120, FailStarts(3)),
            at(240, Hotfix(Primary)),
            at(720, Approve),
        ],
    );
}

/// What a release has taken from the stable set it gives back, too, where somebody has made the candidate's set PRIMARY.
#[test]
fn a_candidates_set_that_somebody_has_made_primary_keeps_no_tasks_of_the_stable_one() {
    tell(
        Target::SetsConstantTotal,
        Finally::Approved,
        &[at(540, MakePrimary), at(580, Approve)],
    );
}

/// That ends the guard of what was promoted, and rolls nothing back: its set keeps all tasks, and requests go on to it. Nor does an alarm
/// roll it back then; a person may.
#[test]
fn a_kept_set_that_somebody_makes_primary_ends_the_guard() {
    for target in Target::SETS {
        let events = [
            at(0, ApproveAll),
            at(900, MakePrimary),
            at(1000, Alarm),
            at(1300, Calm),
        ];
        tell(*target, Finally::Approved, &events);
    }
}

/// Two looks of the schedule at a time, each as slow as AWS lets it be, while an action writes the record: neither looks a third time.
#[test]
fn a_slow_look_that_others_overtake_is_not_taken_again_until_lambda_ends_it() {
    tell(
        Target::SetsAdditive,
        Finally::Approved,
        &[
            at(30, RunTwice(128)),
            at(120, Ails(Rollback, DescribeAlarms, AnswerLost, 59)),
        ],
    );
}
