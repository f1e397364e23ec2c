use std::time::Duration;

use canary::fixtures::{at, record};

use super::*;

fn lacking(what: &str) -> Lacking {
    Lacking {
        what: what.to_owned(),
        why: "not allowed".to_owned(),
    }
}

/// What becomes of a list of which people heard at second 500.
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
fn what_is_refused_is_told_at_once_and_then_every_hour_and_after_a_day_every_day() {
    let first = after(&[], &[lacking("a")], true, at(500));
    assert!(first.is_new && first.is_told, "{first:?}");
    let hour = Duration::from_hours(1);
    let rows = [
        (Duration::from_mins(59), false),
        (hour, true),
        (hour * 23, true),
        (hour * 24 + Duration::from_secs(1), true),
    ];
    for (later, told) in rows {
        let news = after(&["a"], &[lacking("a")], true, at(500) + later);
        assert_eq!((news.is_told, news.is_new), (told, told), "{later:?}");
    }
    let old = Missing {
        told: at(500) + hour * 25,
        ..first.missing[0].clone()
    };
    assert!(!old.is_due(at(500) + hour * 48));
    assert!(old.is_due(at(500) + hour * 49));
}

#[test]
fn what_has_come_through_is_dropped_and_what_was_not_tried_stays() {
    let news = after(&["a", "b"], &[lacking("b")], true, at(600));
    assert_eq!(
        (names(&news), news.is_new, news.is_told),
        (vec!["b"], true, false)
    );
    let news = after(&["a", "b"], &[lacking("b")], false, at(600));
    assert_eq!((names(&news), news.is_new), (vec!["a", "b"], false));
    let news = after(&["a"], &[lacking("a"), lacking("b")], true, at(600));
    assert_eq!(
        (names(&news), news.is_new, news.is_told),
        (vec!["a", "b"], true, true)
    );
}
