//! The rows and lines that depend on how work reaches the versions.

use ratatui::{
    style::{Style, Stylize},
    text::{Line, Span},
};

use super::{
    lines::Tone,
    panel::{name, version_style},
};
use crate::{
    live::load::NO_VERSION,
    stage::{ALIAS, Runs, Work},
    story::{Cast, Health, Story},
};

/// Over how many seconds rates are taken.
const RATE_SECONDS: u32 = 5;
/// The application tells its counts every so many seconds: later ones are not complete.
const TOLD_AFTER: u64 = 5;

/// What something has come to: subject, state, text, tone.
pub(super) type Progress = (String, &'static str, String, Tone);

/// The rows of the panel: what the versions have done, and where the work comes from.
pub(super) fn rows(story: &Story) -> [Line<'static>; 2] {
    let source = match story.cast.traffic.work() {
        Work::Messages => queues(story),
        Work::Requests => groups(story),
    };
    [done(story), source]
}

/// What runs the versions: the tasks of both services, or of one and its task sets, or the alias and what is behind it.
pub(super) fn runs(story: &Story) -> [Line<'static>; 2] {
    let Cast {
        primary, canary, ..
    } = &story.cast;
    match story.cast.traffic.runs() {
        Runs::Services => [primary, canary].map(|service| tasks(story, service)),
        Runs::TaskSets => [tasks(story, primary), sets(story)],
        Runs::Function => [alias(story), version(story)],
    }
}

/// What there is to tell of task sets and targets.
pub(super) fn states(story: &Story) -> Vec<Progress> {
    let mut told = match story.cast.traffic.work() {
        Work::Messages => Vec::new(),
        Work::Requests => targets(story),
    };
    let sets: Vec<_> = story.sets_now().iter().map(ToString::to_string).collect();
    if !sets.is_empty() {
        let subject = format!("task sets of {}", story.cast.primary);
        told.push((subject, "scales", sets.join("; "), Tone::Plain));
    }
    told
}

/// The weights of a rule, if it is the one that is about both versions: `90 primary, 10 canary`.
pub(super) fn weights_text(story: &Story, groups: &[(String, u32)]) -> Option<String> {
    let both = &story.cast.groups;
    let names = both.iter().zip(story.cast.names_of_groups());
    let is_there = |name: &String| groups.iter().any(|(group, _)| group == name);
    let words = groups.iter().map(|(group, weight)| {
        let known = names.clone().find(|(known, _)| *known == group);
        let name = known.map_or(group.as_str(), |(_, name)| name);
        format!("{weight} {name}")
    });
    both.iter()
        .all(is_there)
        .then(|| words.collect::<Vec<_>>().join(", "))
}

/// One dot per running task, in the colour of its version.
fn tasks(story: &Story, service: &str) -> Line<'static> {
    let tasks = story.tasks(service);
    let mut spans = vec![name("tasks"), Span::from(format!("{service:<20} "))];
    for (index, version) in story.versions().into_iter().enumerate() {
        let count = tasks.of(version);
        if count > 0 {
            let dots = "■".repeat(usize::try_from(count.min(20)).unwrap_or(20));
            spans.push(Span::styled(dots, version_style(index)));
            spans.push(Span::from(format!(" {version} {count}  ")));
        }
    }
    let (running, desired) = (tasks.total(), tasks.desired);
    spans.push(Span::from(format!("({running} of {desired} desired)")).dim());
    Line::from(spans)
}

/// The task sets: scale, tasks and which of them the service shows as its own.
fn sets(story: &Story) -> Line<'static> {
    let mut spans = vec![name("task sets")];
    let versions = story.versions();
    for set in story.sets_now() {
        let index = versions.iter().position(|label| *label == set.label);
        let style = version_style(index.unwrap_or(versions.len()));
        spans.push(Span::styled("■ ", style));
        spans.push(Span::from(format!("{set}   ")));
    }
    Line::from(spans)
}

/// The share of each version behind the alias, a square for every five percent.
fn alias(story: &Story) -> Line<'static> {
    let mut spans = vec![name("alias"), Span::from(format!("{ALIAS:<6} "))];
    for (index, label) in story.versions().into_iter().enumerate() {
        let percent = story.weight_of(label);
        if percent > 0.0 {
            let squares = std::iter::successors(Some(5.0), |at| Some(at + 5.0));
            let squares = squares.take_while(|at| *at <= percent.max(5.0)).count();
            spans.push(Span::styled("■".repeat(squares), version_style(index)));
            spans.push(Span::from(format!(" {label} {percent} %  ")));
        }
    }
    Line::from(spans)
}

/// The numbers of the versions behind the alias.
fn version(story: &Story) -> Line<'static> {
    let shares = story.shares.last().into_iter().flatten();
    let numbers = shares.map(|share| format!("{} is version {}   ", share.label, share.version));
    let mut spans = vec![name("versions")];
    spans.extend(numbers.map(Span::from));
    Line::from(spans)
}

fn done(story: &Story) -> Line<'static> {
    let second = story.elapsed().as_secs();
    let until = second.saturating_sub(TOLD_AFTER);
    let from = until.saturating_sub(u64::from(RATE_SECONDS));
    let count = story.done();
    let mut spans = vec![name(story.cast.traffic.work().name())];
    for (index, version) in story.versions().into_iter().enumerate() {
        let lately = count(story.traffic.sum(version, from, until));
        let total = story.traffic.total(version);
        spans.push(Span::styled("■ ", version_style(index)));
        spans.push(Span::from(format!(
            "{version} {:.1}/s, {} in all   ",
            f64::from(lately) / f64::from(RATE_SECONDS),
            count(total)
        )));
        if total.failed > 0 {
            spans.push(Span::from(format!("{} failed   ", total.failed)).red());
        }
    }
    let untaken = story.traffic.total(NO_VERSION).failed;
    if untaken > 0 {
        spans.push(Span::from(format!("no task {untaken} failed")).red());
    }
    Line::from(spans)
}

fn queues(story: &Story) -> Line<'static> {
    let queue = story.depth(&story.cast.queue);
    let dead = story.depth(&story.cast.dead_letters).visible;
    Line::from(vec![
        name("queue"),
        Span::from(format!(
            "{} waiting, {} in flight   ",
            queue.visible, queue.in_flight
        )),
        Span::styled(format!("dead letters {dead}"), alarming(dead > 0)),
    ])
}

/// How many dead letters there are, where there is a queue for them.
pub(super) fn dead_letters(story: &Story) -> Option<Progress> {
    let queue = &story.cast.dead_letters;
    let depth = story.depths.get(queue)?.last()?.visible;
    let (text, tone) = match depth {
        0 => ("no dead letters".to_owned(), Tone::Plain),
        1 => ("1 dead letter".to_owned(), Tone::Bad),
        more => (format!("{more} dead letters"), Tone::Bad),
    };
    Some((queue.clone(), "depth", text, tone))
}

fn groups(story: &Story) -> Line<'static> {
    let mut spans = vec![name("groups")];
    let names_of = story.cast.names_of_groups();
    for (index, group) in story.cast.groups.iter().enumerate() {
        let weight = story.weights.last().map(|weights| weights[index]);
        let weight = weight.map_or("–".to_owned(), |weight| weight.to_string());
        let health = story.health(group);
        spans.push(Span::from(format!("{} weight {weight}, ", names_of[index])));
        spans.push(Span::styled(
            format!("{} of {} healthy   ", health.healthy, health.total()),
            alarming(health.ailing > 0),
        ));
    }
    Line::from(spans)
}

fn targets(story: &Story) -> Vec<Progress> {
    let told = story.cast.groups.iter().filter_map(|group| {
        let health = story.targets.get(group)?.last()?;
        let tone = if health.ailing > 0 {
            Tone::Bad
        } else {
            Tone::Plain
        };
        let subject = format!("targets of {group}");
        Some((subject, "health", health_text(health), tone))
    });
    told.collect()
}

/// `4 healthy, 1 initial`
fn health_text(health: &Health) -> String {
    let Health {
        healthy,
        initial,
        ailing,
    } = health;
    let others = [(initial, "initial"), (ailing, "unhealthy")];
    let others = others.into_iter().filter(|(count, _)| **count > 0);
    let all = [(healthy, "healthy")].into_iter().chain(others);
    let words: Vec<_> = all
        .map(|(count, state)| format!("{count} {state}"))
        .collect();
    words.join(", ")
}

fn alarming(is: bool) -> Style {
    if is {
        Style::new().red().bold()
    } else {
        Style::new()
    }
}
