//! The tables below the drawing.

use std::collections::BTreeMap;

use super::{
    Text, clock, each,
    panels::status_class,
    took,
    work::{self, words, workers},
};
use crate::{
    brief::brief,
    clock::Moment,
    stage::Runs,
    story::{Execution, Rollback, Story},
    verdict::Verdict,
};

/// A table; cells are markup already.
pub(super) fn table(class: &str, heads: &[&str], rows: &[Vec<String>]) -> String {
    let heads = each(heads, |head| {
        format!(r#"<th scope="col">{}</th>"#, Text(head))
    });
    let rows = each(rows, |row| {
        let cells = each(row, |cell| format!("<td>{cell}</td>"));
        format!("<tr>{cells}</tr>\n")
    });
    format!(
        "<div class=\"wide\"><table class=\"{class}\"><thead><tr>{heads}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n"
    )
}

/// The checks one by one.
pub(super) fn checks(verdict: &Verdict) -> String {
    let rows: Vec<_> = verdict
        .checks
        .iter()
        .map(|check| {
            let status = if check.passed {
                r#"<span class="status good">holds</span>"#
            } else {
                r#"<span class="status bad">fails</span>"#
            };
            vec![
                status.to_owned(),
                Text(&check.name).to_string(),
                Text(&check.expected).to_string(),
                Text(&check.found).to_string(),
            ]
        })
        .collect();
    table("checks", &["", "Check", "Expected", "Found"], &rows)
}

/// The actions of every execution.
pub(super) fn actions(story: &Story) -> String {
    let several = story.executions.len() > 1;
    story
        .executions
        .iter()
        .map(|execution| {
            let heading = if several {
                format!(
                    "<h3>{} <code>{}</code> {}</h3>",
                    Text(&execution.pipeline),
                    Text(&execution.id),
                    Text(&execution.state)
                )
            } else {
                String::new()
            };
            heading + &actions_of(story, execution)
        })
        .collect()
}

fn actions_of(story: &Story, execution: &Execution) -> String {
    let rows: Vec<_> = execution
        .actions
        .iter()
        .map(|action| {
            vec![
                format!(
                    r#"<span class="quiet">{}</span> {}"#,
                    Text(&action.stage),
                    Text(&action.name)
                ),
                format!(
                    r#"<span class="status {}">{}</span>"#,
                    status_class(&action.status),
                    Text(&action.status)
                ),
                clock(action.started.since(story.began)),
                took(action.duration(story.now)),
                Text(&brief(action.summary.as_deref().unwrap_or(""))).to_string(),
            ]
        })
        .collect();
    let heads = ["Action", "Status", "Start", "Took", "Last summary"];
    table("actions", &heads, &rows)
}

/// What the rollback did and why, or that it did nothing.
pub(super) fn rollback(story: &Story) -> String {
    let Some(rollback) = &story.rollback else {
        let times = match story.rollback_invocations.len() {
            0 => "The rollback function was not invoked.".to_owned(),
            1 => "The rollback function was invoked once and changed nothing.".to_owned(),
            times => {
                format!("The rollback function was invoked {times} times and changed nothing.")
            }
        };
        return format!("<p>{times}</p>") + &invocation_errors(story);
    };
    let cause = rollback.reason.as_ref().map_or_else(String::new, |reason| {
        format!(
            " It gave this cause:</p><blockquote>{}</blockquote><p>",
            Text(&brief(reason))
        )
    });
    let rows = rollback_steps(story, rollback);
    let invoked = clock(rollback.invoked.since(story.began));
    format!(
        "<p>Invoked by <b>{}</b> at {invoked}.{cause}</p>",
        Text(&rollback.source)
    ) + &table("steps", &["Time", "After", "What"], &rows)
        + &invocation_errors(story)
}

/// What the rollback changed and what came of it, in order.
fn rollback_steps(story: &Story, rollback: &Rollback) -> Vec<Vec<String>> {
    let mut steps: Vec<(Moment, String)> = rollback
        .writes
        .iter()
        .map(|write| {
            let refused = write.fault.as_ref().map_or_else(String::new, |fault| {
                format!(r#" <span class="status bad">{}</span>"#, Text(fault))
            });
            let what = format!(
                r#"<code>{}</code> <span class="quiet">{}</span>{refused}"#,
                Text(&write.operation),
                Text(&write.brief)
            );
            (write.at, what)
        })
        .collect();
    let (stable, runs) = (story.stable(), story.cast.traffic.runs());
    let reached = [
        (
            story.weight_back(),
            format!("{} has no weight any more", story.candidate()),
        ),
        (
            rollback.candidate_gone,
            if runs == Runs::Function {
                format!("the alias invokes {} no more", story.candidate())
            } else {
                format!("no task of {} runs any more", story.candidate())
            },
        ),
        (
            rollback.restored,
            match runs {
                Runs::Services => format!("both services run {stable} as they should"),
                Runs::TaskSets => format!("the task set of {stable} is PRIMARY and has all tasks"),
                Runs::Function => format!("the alias invokes {stable} alone"),
            },
        ),
    ];
    for (at, what) in reached {
        if let Some(at) = at {
            steps.push((at, format!("<b>{}</b>", Text(&what))));
        }
    }
    steps.sort_by_key(|(at, _)| *at);
    steps
        .into_iter()
        .map(|(at, what)| {
            vec![
                clock(at.since(story.began)),
                took(at.since(rollback.invoked)),
                what,
            ]
        })
        .collect()
}

fn invocation_errors(story: &Story) -> String {
    story
        .rollback_invocations
        .iter()
        .filter_map(|invocation| {
            let error = invocation.error.as_ref()?;
            Some(format!(
                "<p>Attempt {} at {} ended with an error: {}</p>",
                invocation.attempt,
                clock(invocation.at.since(story.began)),
                Text(error)
            ))
        })
        .collect()
}

/// The versions: where they run at the end and what they did.
pub(super) fn versions(story: &Story) -> String {
    let words = words(story.cast.traffic);
    let done = story.done();
    let places = work::places(story);
    let rows: Vec<_> = workers(story)
        .into_iter()
        .map(|worker| {
            let total = story.traffic.total(worker.label);
            let mut row = vec![
                format!(
                    r#"<i class="swatch {}"></i>{}"#,
                    worker.class,
                    Text(worker.name)
                ),
                worker.role.to_owned(),
            ];
            row.extend(places.iter().map(|place| (place.has)(worker.label)));
            row.extend([done(total).to_string(), total.failed.to_string()]);
            row
        })
        .collect();
    let mut heads = vec!["Version", "Role"];
    heads.extend(places.iter().map(|place| place.head.as_str()));
    heads.extend([words.done_head, "Failed"]);
    table("numbers versions", &heads, &rows)
}

/// AWS calls by who made them.
pub(super) fn calls(story: &Story) -> String {
    let rows: Vec<_> = story
        .calls
        .iter()
        .map(|(principal, calls)| {
            vec![
                Text(principal).to_string(),
                counted(&calls.writes),
                counted(&calls.reads),
                counted(&calls.refused),
            ]
        })
        .collect();
    table("calls", &["Caller", "Changes", "Reads", "Refused"], &rows)
}

/// `total` and the parts it consists of.
fn counted(counts: &BTreeMap<String, u32>) -> String {
    let total: u32 = counts.values().sum();
    let parts = each(counts, |(what, count)| {
        format!("<li><b>{count}</b> {}</li>", Text(what))
    });
    format!("{total}<ul>{parts}</ul>")
}
