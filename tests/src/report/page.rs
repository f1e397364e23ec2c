//! The page around the drawing and the tables.

use super::{Text, chart, each, evidence, figures, tables, work};
use crate::{
    story::{Outcome, Story},
    verdict::Verdict,
};

const STYLE: &str = include_str!("style.css");

/// The report as one HTML document.
#[must_use]
pub fn html(story: &Story, verdict: &Verdict) -> String {
    let cast = &story.cast;
    let title = format!(
        "{}: {} to {}, {}",
        cast.primary,
        cast.stable,
        story.candidate(),
        verdict.scenario
    );
    let sections = [
        ("Timeline", chart::chart(story)),
        ("Evidence", evidence::section(story)),
        ("Checks", tables::checks(verdict)),
        ("Pipeline actions", tables::actions(story)),
        ("Rollback", tables::rollback(story)),
        ("Versions", tables::versions(story)),
        ("AWS calls", tables::calls(story)),
    ];
    let sections = each(sections, |(heading, body)| {
        let class = heading.to_lowercase().replace(' ', "-");
        format!("<section class=\"{class}\"><h2>{heading}</h2>{body}</section>\n")
    });
    format!(
        concat!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
            "<meta name=\"color-scheme\" content=\"light dark\">",
            "<title>{title}</title>\n<style>\n{style}</style></head>\n<body><main>\n",
            "{header}{verdict}{figures}{sections}{footer}</main></body></html>\n"
        ),
        title = Text(&title),
        style = STYLE,
        header = header(story, verdict),
        verdict = verdict_card(story, verdict),
        figures = key_figures(story),
        sections = sections,
        footer = footer(story),
    )
}

fn header(story: &Story, verdict: &Verdict) -> String {
    let cast = &story.cast;
    let execution = story.execution().map_or_else(String::new, |execution| {
        format!(
            "<div><dt>Execution</dt><dd><code>{}</code></dd></div>",
            Text(&execution.id)
        )
    });
    format!(
        concat!(
            "<header><p class=\"kind\">Canary release, rehearsed</p>",
            "<h1>{primary} <span class=\"from\">{stable}</span> <span class=\"arrow\">→</span> {candidate}</h1>",
            "<dl><div><dt>Scenario</dt><dd>{scenario}</dd></div>",
            "<div><dt>Pipeline</dt><dd>{pipeline}</dd></div>{execution}",
            "<div><dt>Began</dt><dd>{began}</dd></div></dl></header>\n"
        ),
        primary = Text(&cast.primary),
        stable = Text(&cast.stable),
        candidate = Text(story.candidate()),
        scenario = Text(&verdict.scenario),
        pipeline = Text(&cast.pipeline),
        execution = execution,
        began = story.began.iso_seconds(),
    )
}

fn verdict_card(story: &Story, verdict: &Verdict) -> String {
    let (class, sign, word) = if verdict.passed {
        ("good", "✓", "Passed")
    } else {
        ("bad", "✕", "Failed")
    };
    let checks = verdict.checks.iter().filter(|check| !check.passed);
    let failing = each(checks, |check| {
        format!(
            "<li><b>{}</b>: expected {}, found {}</li>",
            Text(&check.name),
            Text(&check.expected),
            Text(&check.found)
        )
    });
    let failing = if failing.is_empty() {
        failing
    } else {
        format!("<ul>{failing}</ul>")
    };
    format!(
        concat!(
            "<div class=\"verdict {class}\"><span class=\"sign\" aria-hidden=\"true\">{sign}</span>",
            "<div><p class=\"word\">{word}</p><p>{outcome} {held} of {all} checks hold.</p>{failing}</div></div>\n"
        ),
        class = class,
        sign = sign,
        word = word,
        outcome = Text(&outcome(story)),
        held = verdict.held(),
        all = verdict.checks.len(),
        failing = failing,
    )
}

/// What became of the candidate, as a sentence.
fn outcome(story: &Story) -> String {
    let (stable, candidate) = (story.stable(), story.candidate());
    match story.outcome() {
        Outcome::Open => format!("The release of {candidate} had not ended."),
        Outcome::Released => format!("{candidate} was released."),
        Outcome::RollingBack if is_rolled_back(story) => {
            format!("{candidate} was rolled back, but for what somebody else has set.")
        }
        Outcome::RollingBack => {
            format!("{candidate} was being rolled back, and not all is restored.")
        }
        Outcome::RolledBack => format!("{candidate} was rolled back to {stable}."),
        Outcome::Ended => {
            let state = story.execution().map_or("", |execution| &execution.state);
            format!("The pipeline ended {state}; nothing was rolled back.")
        }
    }
}

/// Whether that is over, as the record says.
fn is_rolled_back(story: &Story) -> bool {
    let record = story.record();
    record.is_some_and(|record| record.phase == "RolledBack")
}

fn key_figures(story: &Story) -> String {
    let figures = each(figures::figures(story), |figure| {
        format!(
            "<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>",
            Text(&figure.name),
            Text(&figure.value),
            Text(&figure.detail)
        )
    });
    format!("<dl class=\"figures\">{figures}</dl>\n")
}

fn footer(story: &Story) -> String {
    let words = work::words(story.cast.traffic);
    format!(
        concat!(
            "<footer>Drawn from the journal of the local account. Times are minutes and seconds since {}. ",
            "The attained share is the candidate’s part of {}, the measured one ",
            "its part of {} in the last {} seconds.</footer>\n"
        ),
        story.began.iso_seconds(),
        words.attained_of,
        words.measured_of,
        crate::story::WINDOW,
    )
}
