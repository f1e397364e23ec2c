use canary::{
    evidence::Answer,
    fixtures::{counted, verdict},
    gates::Told,
    target::Consequence,
};

use super::*;

/// A pair whose canary is seen to be worse, by a target that says what comes of it.
fn worse(consequence: Consequence) -> Moment {
    let mut seen = shifted();
    let record = seen.record.take().expect("there is a release");
    let mut record = record.judged(at(540), verdict(Answer::Worse));
    record.target.verdict = consequence;
    seen.recorded(record)
}

const WORSE: &str = "The canary is worse than the primary: 50 of 1000 failed, of the primary 90 of 9000; evidence 250, and 100 is enough (a \
                     canary that is as good gets there in at most 1 % of releases)";

#[test]
fn a_worse_canary_is_rolled_back_whether_an_approval_waits_or_an_action_works() {
    let decision = look(&at_approval(worse(Consequence::Act)));
    assert_eq!(first(&decision), begins(WORSE));
    let decision = look(&at_work(worse(Consequence::Act)));
    assert_eq!(
        first(&decision),
        begins(WORSE),
        "an action that has seen it and could not say so is made good"
    );
}

#[test]
fn what_the_schedule_has_counted_is_in_the_record_that_it_ends_the_release_with() {
    let mut record = record().shifting(10);
    record.target.verdict = Consequence::Act;
    let mut seen = pair().canary_on_candidate();
    seen.counted = Some(counted(&record, &[[6.0, 20.0, 0.0, 180.0]; 5], seen.now));
    let decision = look(&at_approval(seen.recorded(record)));
    let fence = decision.record().expect("a rollback begins");
    let cause = &fence.rollback().expect("it is one").cause.what;
    let kept = Told::of(fence).map(|told| told.to_string());
    assert_eq!(kept.as_ref(), Some(cause));
    assert!(cause.starts_with("The canary is worse than the primary: 30 of 100 failed"));
}

#[test]
fn where_a_worse_canary_is_only_told_people_hear_of_it_once() {
    let seen = worse(Consequence::Tell);
    let scene = at_approval(seen.clone());
    let decision = look(&scene);
    let Decision::Take(taken) = decision else {
        panic!("it is noted: {decision:?}")
    };
    assert_eq!(
        taken.doing.to_string(),
        format!(
            "release {} goes on although the canary is worse: {WORSE}. That is only told (TARGET: field verdict is tell)",
            release()
        )
    );
    assert_eq!(taken.steps, []);
    let told = seen.recorded(*taken.record.expect("it is noted"));
    check("once", &look(&at_approval(told)), &goes_on());
}

#[test]
fn whoever_goes_on_despite_a_worse_canary_is_told_of_while_an_action_works_too() {
    let mut seen = worse(Consequence::Act);
    let record = seen.record.as_mut().expect("there is a release");
    record.evidence.despite = Some("known, ticket 17".to_owned());
    for scene in [at_approval(seen.clone()), at_work(seen)] {
        let said = told(&look(&scene));
        assert!(
            said.contains("goes on although the canary is worse: ")
                && said.contains("The release goes on despite that: known, ticket 17"),
            "{said}"
        );
    }
}

/// A promoted release of whose attempts at most 2 % may fail, four minutes of them, by a target that says what comes of more.
fn held(consequence: Consequence, failures: f64) -> Moment {
    let mut record = record().promoted();
    record.target.verdict = consequence;
    record.target.evidence.objective = Some(2.0);
    let mut seen = pair().both_on_candidate().seen_at(at(560));
    let minutes = [[0.0, 0.0, failures, 200.0]; 4];
    seen.counted = Some(counted(&record, &minutes, seen.now));
    seen.recorded(record)
}

const BEYOND: &str = "The promoted version is worse than its objective of at most 2 % failures: 80 of 800 attempts failed since the \
                      promotion; evidence 213, and 100 is enough (a version that keeps within it gets there in at most 1 % of releases)";

#[test]
fn in_the_guard_a_version_that_is_worse_than_its_objective_is_rolled_back_as_by_an_alarm() {
    let decision = look(&Scene::of(held(Consequence::Act, 20.0)));
    assert_eq!(first(&decision), begins(BEYOND));
    let fence = decision.record().expect("a rollback begins");
    let cause = &fence.rollback().expect("it is one").cause;
    let gate = Gate::Verdict;
    let what = BEYOND.to_owned();
    assert_eq!(cause.reason.as_deref(), Some(&Reason::Gate { gate, what }));
    assert!(fence.evidence.guard.is_some(), "with what was counted");
}

#[test]
fn one_that_keeps_within_it_stays_and_what_was_counted_is_noted() {
    let Decision::Take(taken) = look(&Scene::of(held(Consequence::Act, 2.0))) else {
        panic!("it is noted")
    };
    assert_eq!(
        taken.doing.to_string(),
        format!(
            "release {}: No comparison: everything runs the candidate. 4 of 400 attempts failed since the promotion: evidence 0.0167 of the \
             100 that it takes to call that worse than its objective of at most 2 % failures",
            release()
        )
    );
    assert_eq!(taken.steps, []);
}

#[test]
fn where_that_is_only_told_people_hear_of_it_once_and_besides_what_they_have_heard_of_its_canary() {
    let mut seen = held(Consequence::Tell, 20.0);
    let record = seen.record.as_mut().expect("there is a release");
    record.evidence.told = Some(at(100));
    let scene = Scene::of(seen.clone());
    let why = Trigger::Schedule;
    let Call::Keep(keeping) =
        call::call(scene.record.as_ref(), &why, &scene.besides(&why), at(560))
    else {
        panic!("it is told")
    };
    assert_eq!(
        keeping.doing.to_string(),
        format!(
            "release {} stays promoted although it is worse: {BEYOND}. That is only told (TARGET: field verdict is tell)",
            release()
        )
    );
    let notice = keeping.notice.expect("people hear of it");
    let what = format!("stays promoted although it is seen to be worse: {BEYOND}");
    let said = notice.message();
    assert!(said.contains(&what), "{said}");
    assert!(said.contains("To roll it back, invoke rollback by hand."));
    let again = Scene::of(seen.recorded(keeping.record));
    let said = told(&look(&again));
    assert!(!said.contains("stays promoted"), "{said}");
}

#[test]
fn once_the_guard_is_over_nobody_looks() {
    let seen = held(Consequence::Act, 20.0).seen_at(at(200 + 3600));
    assert!(Scene::of(seen).watched(&Trigger::Schedule).is_none());
}
