use super::*;
use crate::{
    story::{
        Cast, Story,
        fixture::{BEGAN, bad, cast, good, told},
    },
    verdict::{Check, Verdict},
};

fn pages() -> [(&'static str, String); 2] {
    [("good", good()), ("bad", bad())]
        .map(|(name, (entries, verdict))| (name, html(&told(&entries), &verdict)))
}

#[test]
fn the_page_loads_nothing_from_anywhere() {
    for (_, page) in pages() {
        for reference in ["http:", "https:", "src=", "href=", "@import", "<script"] {
            assert!(!page.contains(reference), "{reference}");
        }
    }
}

#[test]
fn every_tag_that_is_opened_is_closed() {
    let tag = regex::Regex::new(r"<(/?)([a-z][a-z0-9]*)[^>]*?(/?)>").unwrap();
    for (_, page) in pages() {
        let mut open = Vec::new();
        for found in tag.captures_iter(&page) {
            let (closing, name, empty) = (!found[1].is_empty(), &found[2], !found[3].is_empty());
            if closing {
                assert_eq!(open.pop().as_deref(), Some(name));
            } else if !empty && name != "meta" {
                open.push(name.to_owned());
            }
        }
        assert_eq!(open, Vec::<String>::new());
    }
}

#[test]
fn names_from_outside_cannot_become_markup() {
    let evil = "<script>alert('&\"')</script>";
    let cast = Cast {
        pipeline: evil.to_owned(),
        candidate: evil.to_owned(),
        primary: evil.to_owned(),
        ..cast()
    };
    let verdict = Verdict {
        scenario: evil.to_owned(),
        passed: false,
        checks: vec![Check {
            name: evil.to_owned(),
            expected: evil.to_owned(),
            found: evil.to_owned(),
            passed: false,
        }],
    };
    let page = html(&Story::new(cast, BEGAN), &verdict);
    assert!(!page.contains("<script"));
    assert!(page.contains("&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"));
}

#[test]
fn the_verdict_and_what_became_of_the_candidate_are_said_in_words() {
    let [(_, good), (_, bad)] = pages();
    assert!(
        good.contains(r#"<p class="word">Passed</p><p>v2 was released. 6 of 6 checks hold.</p>"#)
    );
    assert!(bad.contains(
        r#"<p class="word">Failed</p><p>v2 was rolled back to v1. 3 of 4 checks hold.</p>"#
    ));
}

#[test]
fn a_rollback_is_shown_with_its_cause_and_how_fast_it_was() {
    let [_, (_, bad)] = pages();
    assert!(bad.contains("<dt>v2 stopped</dt><dd>2.2 s<small>after the alarm</small>"));
    assert!(bad.contains("<blockquote>alarm orders-dead-letters is in ALARM; 5 dead letters since the release began</blockquote>"));
}

#[test]
fn a_story_without_a_single_entry_has_a_page() {
    let story = Story::new(cast(), BEGAN);
    let page = html(&story, &good().1);
    assert!(page.contains("had not ended"));
    assert!(!page.contains("NaN"));
}

#[test]
fn times_are_minutes_and_seconds() {
    assert_eq!(clock(Duration::from_millis(83_900)), "01:23");
    assert_eq!(took(Duration::from_millis(27_240)), "27.2 s");
    assert_eq!(took(Duration::from_secs(247)), "4 min 07 s");
}

#[test]
fn ticks_are_few_round_numbers_that_reach_the_highest_value() {
    assert_eq!(svg::ticks(1.0), [0.0, 1.0]);
    assert_eq!(svg::ticks(17.0), [0.0, 10.0, 20.0]);
    assert_eq!(svg::ticks(140.0), [0.0, 50.0, 100.0, 150.0]);
}
