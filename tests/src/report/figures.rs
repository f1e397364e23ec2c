//! The figures that are asked for first.

use super::{
    clock, took,
    work::{words, workers},
};
use crate::{clock::Moment, stage::Work, story::Story};

/// A figure: what it is, how much, and what it is made of.
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) detail: String,
}

/// The key figures of a release; of a rollback first how fast it was.
pub(super) fn figures(story: &Story) -> Vec<Figure> {
    let mut figures = rollback(story);
    figures.extend(duration(story));
    figures.extend(share(story));
    figures.push(done(story));
    figures.push(failed(story));
    figures.push(calls(story));
    figures
}

fn figure(name: impl Into<String>, value: String, detail: String) -> Figure {
    Figure {
        name: name.into(),
        value,
        detail,
    }
}

fn rollback(story: &Story) -> Vec<Figure> {
    let Some(rollback) = &story.rollback else {
        return Vec::new();
    };
    let (from, since) = match alarm_before(story, rollback.invoked) {
        Some(fired) if rollback.source == "alarm" => (fired, "after the alarm"),
        _ => (rollback.invoked, "after the invocation"),
    };
    let after =
        |at: Option<Moment>| at.map_or_else(|| "never".to_owned(), |at| took(at.since(from)));
    let weight_back =
        (story.cast.traffic.work() == Work::Requests).then(|| match story.weight_back() {
            Some(at) if at == rollback.invoked => figure(
                "Weight back",
                "none".to_owned(),
                format!("{} had no weight", story.candidate()),
            ),
            at => figure("Weight back", after(at), since.to_owned()),
        });
    let ends = if story.cast.traffic.has_tasks() {
        "stopped"
    } else {
        "has no weight"
    };
    let tasks = [
        figure(
            format!("{} {ends}", story.candidate()),
            after(rollback.candidate_gone),
            since.to_owned(),
        ),
        figure("Restored", after(rollback.restored), since.to_owned()),
    ];
    weight_back.into_iter().chain(tasks).collect()
}

/// When the alarm fired that came last before.
fn alarm_before(story: &Story, before: Moment) -> Option<Moment> {
    story
        .alarms
        .values()
        .flat_map(crate::story::Steps::iter)
        .filter(|(at, state)| state.is_firing() && *at <= before)
        .map(|(at, _)| *at)
        .max()
}

fn duration(story: &Story) -> Option<Figure> {
    let execution = story.execution()?;
    let ended = execution.ended.unwrap_or(story.now);
    let (from, until) = (
        clock(execution.started.since(story.began)),
        clock(ended.since(story.began)),
    );
    Some(figure(
        "Pipeline execution",
        took(ended.since(execution.started)),
        format!("{from} to {until}"),
    ))
}

fn share(story: &Story) -> Option<Figure> {
    let asked: Vec<String> = story
        .asked
        .iter()
        .filter_map(|(_, percent)| percent.map(|percent| percent.to_string()))
        .collect();
    let highest = story
        .attained
        .iter()
        .filter_map(|(_, share)| *share)
        .fold(0.0, f64::max);
    (!asked.is_empty()).then(|| {
        figure(
            format!("Highest share of {}", story.candidate()),
            format!("{highest:.0} %"),
            format!("asked {} %", asked.join(", ")),
        )
    })
}

fn done(story: &Story) -> Figure {
    let count = story.done();
    let (all, parts) = by_worker(story, |label| count(story.traffic.total(label)));
    let name = words(story.cast.traffic).done;
    figure(name, all.to_string(), parts.join(", "))
}

fn failed(story: &Story) -> Figure {
    let (all, parts) = by_worker(story, |label| story.traffic.total(label).failed);
    let name = format!("{} failed", words(story.cast.traffic).work);
    let detail = match story.cast.traffic.work() {
        Work::Messages => dead_letters(story),
        Work::Requests if parts.is_empty() => {
            let done = story.done();
            let (all, _) = by_worker(story, |label| done(story.traffic.total(label)));
            format!("of {all}")
        }
        Work::Requests => parts.join(", "),
    };
    figure(name, all.to_string(), detail)
}

/// A sum, and its parts by who they are of: `v1 301`.
fn by_worker(story: &Story, count: impl Fn(&str) -> u32) -> (u32, Vec<String>) {
    let counts = workers(story).into_iter().map(|worker| {
        let count = count(worker.label);
        (count, format!("{} {count}", worker.name))
    });
    let some: Vec<_> = counts.filter(|(count, _)| *count > 0).collect();
    let all = some.iter().map(|(count, _)| count).sum();
    (all, some.into_iter().map(|(_, part)| part).collect())
}

fn dead_letters(story: &Story) -> String {
    let depths = story.depths.get(&story.cast.dead_letters);
    let most = depths
        .into_iter()
        .flat_map(crate::story::Steps::iter)
        .map(|(_, depth)| depth.visible)
        .max()
        .unwrap_or(0);
    let now = story.depth(&story.cast.dead_letters).visible;
    if most == 0 {
        "no dead letters".to_owned()
    } else {
        format!("dead letters: {most} at most, {now} at the end")
    }
}

fn calls(story: &Story) -> Figure {
    let sum = |calls: &std::collections::BTreeMap<String, u32>| calls.values().sum::<u32>();
    let writes: u32 = story.calls.values().map(|calls| sum(&calls.writes)).sum();
    let reads: u32 = story.calls.values().map(|calls| sum(&calls.reads)).sum();
    let refused: u32 = story.calls.values().map(|calls| sum(&calls.refused)).sum();
    figure(
        "AWS calls",
        (writes + reads).to_string(),
        format!("{writes} changes, {refused} refused"),
    )
}
