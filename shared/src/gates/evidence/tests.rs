mod held;

use std::time::Duration;

use super::*;
use crate::{
    aws::AwsError,
    evidence::{
        Answer,
        minutes::{MINUTE, ceil},
    },
    fixtures::{Moment, at, counted, now, pair, record, verdict},
    gates::{Closed, Gate, Share, Told, When, Why, closed, noted},
    known::Known,
    observation::Looker,
    target::Consequence,
};

/// A look as long after the canary has had its share.
fn look(record: &Record, minutes: &[[f64; 4]]) -> Moment {
    let since = ceil(record.evidence.since.expect("it has a share"));
    let many = u32::try_from(minutes.len()).unwrap();
    let mut seen = pair().canary_on_candidate();
    seen.now = since + MINUTE * (many + 1);
    seen.counted = Some(counted(record, minutes, seen.now));
    seen
}

/// The gate that is closed once this was seen.
fn shut(when: When, seen: &Moment, record: &Record) -> Option<Closed> {
    let seen = seen.seen();
    let (noted, _) = noted(when, &seen, record);
    closed(when, &seen, &noted)
}

fn acting(record: Record) -> Record {
    let mut record = record;
    record.target.verdict = Consequence::Act;
    record
}

/// Twenty messages a minute on the canary, all of which fail.
const BAD: [f64; 4] = [20.0, 20.0, 0.0, 180.0];

#[test]
fn a_canary_that_is_worse_closes_a_gate_at_the_fourth_minute() {
    let record = acting(record().shifting(10));
    for (minutes, is_closed) in [(1, false), (3, false), (4, true)] {
        let seen = look(&record, &vec![BAD; minutes]);
        let shut = shut(When::Approval, &seen, &record);
        assert_eq!(shut.is_some(), is_closed, "{minutes}");
        if let Some(shut) = shut {
            assert_eq!(shut.gate, Gate::Verdict);
            assert!(matches!(shut.why, Why::Worse(_)));
            let said = crate::words::Said::from(shut.why).to_string();
            assert_eq!(
                said,
                "The canary is worse than the primary: 80 of 80 failed, of the primary 0 of 720; evidence 256, and 100 is enough (a canary \
                 that is as good gets there in at most 1 % of releases). To go on all the same, give this action \"despite\": \"worse\" and \
                 a \"reason\""
            );
        }
    }
}

#[test]
fn where_the_target_does_not_say_act_or_somebody_goes_on_despite_it_a_worse_canary_is_told() {
    let told = record().shifting(10);
    let seen = look(&told, &[BAD; 4]);
    let shut = |seen: &Moment, record: &Record| shut(When::Action, seen, record);
    assert_eq!(shut(&seen, &told), None);
    let said = |seen: &Moment, record: &Record| {
        let (noted, _) = noted(When::Action, &seen.seen(), record);
        Told::of(&noted).unwrap().to_string()
    };
    assert!(
        said(&seen, &told)
            .ends_with("releases). That is only told (TARGET: field verdict is tell)")
    );
    let acts = acting(record().shifting(10));
    let mut despite = look(&acts, &[BAD; 4]);
    despite.despite = Some("known, ticket 17".to_owned());
    assert_eq!(shut(&despite, &acts), None);
    assert!(
        said(&despite, &acts)
            .ends_with("releases). The release goes on despite that: known, ticket 17")
    );
}

#[test]
fn what_an_action_goes_on_despite_counts_for_the_watch_too_until_another_action_looks() {
    let mut seen = look(&acting(record().shifting(10)), &[BAD; 4]);
    let by = |seen: &Moment, record: &Record, by: Looker| {
        let seen = Observation { by, ..seen.seen() };
        let (noted, news) = noted(When::Action, &seen, record);
        let is_open = closed(When::Action, &seen, &noted).is_none();
        (noted, is_open, news.is_some())
    };
    let despite = |reason: Option<&str>| Looker::Action {
        despite: reason.map(str::to_owned),
    };
    let fresh = acting(record().shifting(10));
    let (mut shifted, is_open, _) = by(&seen, &fresh, despite(Some("known, ticket 17")));
    assert!(is_open);
    seen.counted = None;
    shifted.evidence.told = Some(now());
    let (watched, is_open, is_new) = by(&seen, &shifted, Looker::Schedule);
    assert_eq!((is_open, is_new), (true, false), "while the approval waits");
    let (same, is_open, is_new) = by(&seen, &watched, despite(Some("known, ticket 17")));
    assert_eq!((is_open, is_new), (true, false), "its next look");
    assert_eq!(same.evidence.told, Some(now()), "people have heard that");
    let (judged, is_open, is_new) = by(&seen, &watched, despite(None));
    assert_eq!((is_open, is_new), (false, true), "a later action judges");
    let (other, is_open, is_new) = by(&seen, &judged, despite(Some("known, ticket 18")));
    assert_eq!((is_open, is_new), (true, true));
    assert_eq!(other.evidence.told, None, "people hear of another reason");
}

#[test]
fn what_cannot_be_read_is_no_evidence_and_takes_no_verdict_back() {
    let record = acting(record().shifting(10));
    let denied = |record: &Record| {
        let mut seen = pair().canary_on_candidate();
        let error = AwsError::throttled("cloudwatch:GetMetricData", "the metrics of both versions");
        seen.counted = Some(Known::needed(Err::<Counted, _>(error)));
        noted(When::Action, &seen.seen(), record).0
    };
    let unseen = denied(&record);
    assert_eq!(
        Told::of(&unseen).unwrap().to_string(),
        "No evidence: AWS throttles cloudwatch:GetMetricData on the metrics of both versions (ThrottlingException)"
    );
    assert_eq!(
        unseen.due(now()),
        record.due(now()),
        "it is tried again at the next look"
    );
    let worse = acting(record.clone().judged(at(540), verdict(Answer::Worse)));
    let unseen = denied(&worse);
    assert!(matches!(Told::of(&unseen), Some(Told::Worse(_))));
    let seen = look(&record, &[[1.0, 100.0, 9.0, 900.0]; 4]);
    let (read, _) = noted(When::Action, &seen.seen(), &unseen);
    assert_eq!(read.evidence.unseen, None, "everything is counted again");
}

#[test]
fn every_whole_minute_is_judged_once_and_after_an_hour_every_second_one() {
    let record = record().shifting(10);
    let since = ceil(record.evidence.since.unwrap());
    let after = |minutes: u32| since + MINUTE * minutes;
    let judged = |until: u32| {
        record
            .clone()
            .judged(after(until), verdict(Answer::NotEnough))
    };
    assert_eq!(record.due(after(1)), None, "it has just ended");
    assert!(record.due(after(2)).is_some());
    assert_eq!(judged(5).due(after(6)), None);
    assert!(judged(5).due(after(7)).is_some());
    assert_eq!(judged(100).due(after(102)), None);
    assert!(judged(100).due(after(103)).is_some());
}

#[test]
fn what_was_begun_by_the_promotion_is_no_comparison_but_its_last_minutes_are_still_judged() {
    let shifting = acting(record().shifting(10));
    let since = ceil(shifting.evidence.since.unwrap());
    let until = since + MINUTE * 4 + Duration::from_secs(20);
    let promoting = Record {
        evidence: Box::new(shifting.evidence.clone().ended(until)),
        ..acting(record().promoting())
    };
    let read = promoting
        .clone()
        .judged(since + MINUTE * 3, verdict(Answer::AsGood));
    assert_eq!(Told::of(&read), Some(Told::NoComparison), "never as good");
    let span = read
        .due(until + MINUTE * 2)
        .expect("the last minute is due");
    assert_eq!(span.through, since + MINUTE * 4);
    let mut seen = pair().both_on_candidate();
    seen.now = until + MINUTE * 5;
    seen.counted = Some(counted(&promoting, &[BAD; 4], seen.now));
    let shut = shut(When::Guard, &seen, &promoting).expect("what settles later still counts");
    assert_eq!(shut.gate, Gate::Verdict);
    let settled = promoting.judged(since + MINUTE * 4, verdict(Answer::AsGood));
    assert_eq!(
        settled.due(until + MINUTE * 99),
        None,
        "nothing more is read"
    );
}

#[test]
fn the_measured_share_is_that_of_the_present_one_and_is_marked_where_it_is_far_from_it() {
    let record = record().shifting(10);
    let of = |minute| {
        let seen = look(&record, &[minute; 4]);
        let (noted, _) = noted(When::Action, &seen.seen(), &record);
        Share::of(&noted).unwrap().to_string()
    };
    assert_eq!(
        of([0.0, 98.0, 0.0, 902.0]),
        "9.8 % measured: 392 of 4000 attempts"
    );
    assert_eq!(
        of([0.0, 300.0, 0.0, 700.0]),
        "30 % measured: 1200 of 4000 attempts, far from the 10 % attained"
    );
}
