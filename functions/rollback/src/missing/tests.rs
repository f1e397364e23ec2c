use canary::fixtures::{at, record};

use super::*;

fn lacking(what: &str) -> Lacking {
    Lacking {
        what: what.to_owned(),
        why: "not allowed".to_owned(),
    }
}

/// What becomes of a list that is there since second 500.
fn after(what: &[&str], lacking: &[Lacking], saw_everything: bool, now: Timestamp) -> News {
    let mut rolling_back = record().rolling_back().rollback().unwrap().clone();
    let missing = what.iter().map(|what| Missing {
        what: (*what).to_owned(),
        why: "not allowed".to_owned(),
        since: at(500),
        told: at(500),
    });
    rolling_back.missing = missing.collect();
    update(&rolling_back, lacking, saw_everything, now)
}

fn names(news: &News) -> Vec<&str> {
    news.missing.iter().map(|it| it.what.as_str()).collect()
}

#[test]
fn what_is_refused_for_the_first_time_is_said_to_be() {
    let first = after(&[], &[lacking("a")], true, at(500));
    assert!(first.is_new && first.is_first, "{first:?}");
    let again = after(&["a"], &[lacking("a")], true, at(560));
    assert!(!again.is_new && !again.is_first, "{again:?}");
}

#[test]
fn what_has_come_through_is_dropped_and_what_was_not_tried_stays() {
    let news = after(&["a", "b"], &[lacking("b")], true, at(600));
    assert_eq!(
        (names(&news), news.is_new, news.is_first),
        (vec!["b"], true, false)
    );
    let news = after(&["a", "b"], &[lacking("b")], false, at(600));
    assert_eq!((names(&news), news.is_new), (vec!["a", "b"], false));
    let news = after(&["a"], &[lacking("a"), lacking("b")], true, at(600));
    assert_eq!(
        (names(&news), news.is_new, news.is_first),
        (vec!["a", "b"], true, true)
    );
}
