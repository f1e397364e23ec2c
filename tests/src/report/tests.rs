use canary::evidence::Counts;

use super::*;
use crate::{
    story::{
        Cast, Evidence, Minute, Story,
        fixture::{BEGAN, bad, cast, function, good, http, sets, told},
    },
    verdict::{Check, Verdict},
    world::journal::What,
};

fn pages() -> [(&'static str, String); 2] {
    [("good", good()), ("bad", bad())]
        .map(|(name, (entries, verdict))| (name, html(&told(&entries), &verdict)))
}

fn http_pages() -> [(&'static str, String); 2] {
    [("good", http::good()), ("bad", http::bad())]
        .map(|(name, (entries, verdict))| (name, html(&http::told(&entries), &verdict)))
}

fn function_pages() -> [(&'static str, String); 2] {
    [("good", function::good()), ("bad", function::bad())]
        .map(|(name, (entries, verdict))| (name, html(&function::told(&entries), &verdict)))
}

fn sets_pages() -> [(&'static str, String); 2] {
    [("good", sets::good()), ("bad", sets::bad())]
        .map(|(name, (entries, verdict))| (name, html(&sets::told(&entries), &verdict)))
}

fn all_pages() -> impl Iterator<Item = (&'static str, String)> {
    let pages = pages().into_iter().chain(http_pages());
    pages.chain(function_pages()).chain(sets_pages())
}

/// The titles of the panels, from the top.
fn panels(page: &str) -> Vec<&str> {
    let titles = page.split("<text class=\"title\"").skip(1);
    titles
        .filter_map(|text| text.split(['>', '<']).nth(1))
        .collect()
}

#[test]
fn the_page_loads_nothing_from_anywhere() {
    for (_, page) in all_pages() {
        for reference in ["http:", "https:", "src=", "href=", "@import", "<script"] {
            assert!(!page.contains(reference), "{reference}");
        }
    }
}

#[test]
fn every_tag_that_is_opened_is_closed() {
    let tag = regex::Regex::new(r"<(/?)([a-z][a-z0-9]*)[^>]*?(/?)>").unwrap();
    for (_, page) in all_pages() {
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
fn the_evidence_is_drawn_and_told_minute_by_minute() {
    let (entries, verdict) = good();
    let mut story = told(&entries);
    let counts = |failures, attempts| Counts { attempts, failures };
    let minute = |second: u64, worse| Minute {
        began: BEGAN + Duration::from_secs(second),
        canary: counts(12, 240),
        primary: counts(6, 960),
        worse,
        as_good: 0.1,
        needed: 100.0,
    };
    let without = html(&story, &verdict);
    assert!(!panels(&without).contains(&"Evidence of v2, minute by minute, and what is enough"));
    assert!(without.contains("No canary has had a share."));
    let evidence = Evidence {
        answer: "worse",
        said: "The canary is worse".to_owned(),
        compared: None,
        measured: None,
    };
    story.evidence.push(story.now, Some(evidence));
    story.minutes = vec![minute(10, 8.0), minute(70, 5982.0)];
    let page = html(&story, &verdict);
    assert!(
        page.contains("<b>worse</b>. The canary is worse. At the last share: nothing measured.")
    );
    assert!(panels(&page).contains(&"Evidence of v2, minute by minute, and what is enough"));
    let row = "<td>01:10</td><td>–</td><td>100 %</td><td>20 %</td><td>240</td><td>12 (5.0 %)</td><td>960</td>\
               <td>6 (0.6 %)</td><td>5982 of 100</td>";
    assert!(page.contains(row), "{page}");
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

#[test]
fn behind_a_load_balancer_weights_targets_and_failures_take_the_place_of_queues() {
    let [(_, good), (_, bad)] = http_pages();
    insta::assert_snapshot!(panels(&good).join("\n"), @r"
    Pipeline actions
    Requests per second
    Failed requests per second
    Share of v2 in percent
    Weights of the target groups
    Targets of orders-primary (primary)
    Targets of orders-canary (canary)
    Running tasks of orders (primary)
    Running tasks of orders-canary (canary)
    ");
    assert_eq!(panels(&good), panels(&bad));
    for page in [good, bad] {
        for word in ["essage", "queue", "dead letter", "Processed"] {
            assert!(!page.contains(word), "{word}");
        }
    }
    let [(_, queue), _] = pages();
    insta::assert_snapshot!(panels(&queue).join("\n"), @r"
    Pipeline actions
    Messages per second
    Share of v2 in percent
    Running tasks of orders (primary)
    Running tasks of orders-canary (canary)
    Messages waiting in orders
    ");
}

#[test]
fn a_release_without_a_failed_request_says_so() {
    let [(_, good), (_, bad)] = http_pages();
    assert!(good.contains("<dt>Requests failed</dt><dd>0<small>of 1480</small>"));
    assert!(good.contains(">none failed</text>"));
    assert!(!bad.contains(">none failed</text>"));
}

#[test]
fn failed_requests_are_told_by_version_and_those_that_no_task_answered_apart() {
    let [_, (_, bad)] = http_pages();
    assert!(bad.contains("<dt>Requests failed</dt><dd>26<small>v2 24, no task 2</small>"));
    for class in ["area failing v1", "area failing untaken"] {
        assert!(bad.contains(&format!("<path class=\"{class}\"")), "{class}");
    }
    assert!(!bad.contains("<path class=\"area failing v0\""));
}

#[test]
fn a_rollback_by_weight_is_shown_with_when_the_weight_was_back() {
    let [_, (_, bad)] = http_pages();
    assert!(bad.contains("<dt>Weight back</dt><dd>0.6 s<small>after the alarm</small>"));
    assert!(bad.contains("weights orders-primary 100, orders-canary 0"));
    assert!(bad.contains("<b>v2 has no weight any more</b>"));
}

#[test]
fn of_a_candidate_that_never_had_any_weight_none_is_said_to_be_back() {
    let entries: Vec<_> = http::bad()
        .0
        .into_iter()
        .filter(|entry| !matches!(&entry.what, What::Weights { groups, .. } if groups[1].1 > 0))
        .collect();
    let page = html(&http::told(&entries), &http::bad().1);
    assert!(page.contains("<dt>Weight back</dt><dd>none<small>v2 had no weight</small>"));
}

#[test]
fn what_an_action_changes_at_the_load_balancer_is_among_its_changes() {
    let [(_, good), _] = http_pages();
    let row = good.split("<td>promote-primary</td>").nth(1).unwrap();
    let changes = row.split("</td>").next().unwrap();
    assert!(
        changes.contains("<b>2</b> elasticloadbalancing:ModifyRule"),
        "{changes}"
    );
}

#[test]
fn of_a_function_the_versions_behind_the_alias_take_the_place_of_tasks() {
    for (name, page) in function_pages() {
        let titles = panels(&page);
        let weights = "Weights of the versions behind the alias, in percent";
        assert!(titles.contains(&weights), "{name}: {titles:?}");
        assert!(!titles.iter().any(|it| it.contains("tasks")), "{titles:?}");
        for head in ["Weight at the end", "Errors of these"] {
            assert!(page.contains(head), "{name}: {head}");
        }
    }
    let [_, (_, bad)] = function_pages();
    assert!(bad.contains("the alias invokes v1 alone"), "{bad}");
}

#[test]
fn of_task_sets_there_are_their_scales_and_one_service() {
    for (name, page) in sets_pages() {
        let titles = panels(&page);
        for title in [
            "Scales of the task sets, in percent of the service&#39;s tasks",
            "Running tasks of orders",
            "Weights of the target groups",
        ] {
            assert!(titles.contains(&title), "{name}: {titles:?}");
        }
        assert!(page.contains("Task set at the end"), "{name}");
    }
    let [(_, good), (_, bad)] = sets_pages();
    assert!(good.contains("PRIMARY, 100 %"), "{good}");
    let restored = "the task set of v1 is PRIMARY and has all tasks";
    assert!(bad.contains(restored), "{bad}");
}
