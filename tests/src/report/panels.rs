//! The panels of the drawing, each over the same time axis.

use super::{
    chart::{Canvas, LEFT, RIGHT},
    colour,
    labels::{shortened, spread, width},
    svg::{self, Pile},
    took,
};
use crate::{
    stage::Runs,
    story::{Action, Steps},
};

/// Where the values of a panel are.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) top: f64,
    pub(super) bottom: f64,
    max: f64,
}

impl Scale {
    /// From 0 at the bottom to a value at the top.
    pub(super) fn new(top: f64, bottom: f64, max: f64) -> Self {
        Self { top, bottom, max }
    }

    /// Where a value is.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * value / self.max
    }
}

/// The sample of a line or area before its name.
pub(super) enum Sample {
    Line(&'static str),
    Area(String),
}

/// Opens a panel: its title, its ticks.
pub(super) fn open(
    canvas: &mut Canvas<'_>,
    title: &str,
    height: f64,
    ticks: &[f64],
    unit: &str,
) -> Scale {
    canvas.words += &svg::text("title", (LEFT, canvas.y + 13.0), title);
    let top = canvas.y + 22.0;
    let scale = Scale::new(top, top + height, ticks.last().copied().unwrap_or(1.0));
    for &tick in ticks {
        let y = scale.y(tick);
        canvas.shapes += &svg::line("grid", (LEFT, y), (RIGHT, y));
        canvas.words += &svg::text("tick end", (LEFT - 7.0, y + 4.0), &format!("{tick}{unit}"));
    }
    canvas.y = scale.bottom + 16.0;
    scale
}

/// Names at the right, as close to the heights they belong to as they fit.
pub(super) fn names(canvas: &mut Canvas<'_>, scale: Scale, names: &[(f64, Sample, String)]) {
    let heights: Vec<f64> = names.iter().map(|(height, _, _)| *height).collect();
    let spread = spread(
        &heights,
        16.0,
        (scale.top + 5.0, scale.bottom.max(scale.top + 40.0)),
    );
    for ((_, sample, name), y) in names.iter().zip(spread) {
        canvas.shapes += &match sample {
            Sample::Line(class) => svg::line(
                &format!("line {class}"),
                (RIGHT + 8.0, y),
                (RIGHT + 24.0, y),
            ),
            Sample::Area(class) => svg::rect(
                &format!("area {class}"),
                (RIGHT + 10.0, y - 6.0),
                (12.0, 12.0),
            ),
        };
        canvas.words += &svg::text("name", (RIGHT + 30.0, y + 4.0), name);
    }
}

/// One bar per action, in the order of the executions.
pub(super) fn pipeline(canvas: &mut Canvas<'_>) {
    const HEIGHT: f64 = 20.0;
    canvas.words += &svg::text("title", (LEFT, canvas.y + 13.0), "Pipeline actions");
    canvas.y += 22.0;
    let actions = canvas.story.executions.iter().flat_map(|e| &e.actions);
    for action in actions {
        let (from, until) = (
            canvas.x(action.started),
            canvas.x(action.ended.unwrap_or(canvas.story.now)),
        );
        let y = canvas.y;
        canvas.shapes += &svg::line("start", (from, y), (from, y + HEIGHT));
        canvas.shapes += &svg::rect(
            &format!("bar {}", status_class(&action.status)),
            (from, y + 3.0),
            ((until - from).max(2.0), HEIGHT - 6.0),
        );
        let label = bar_label(action, canvas);
        let (class, x) = if until + 6.0 + width(&label) > RIGHT + 118.0 {
            ("label before", from - 6.0)
        } else {
            ("label", until + 6.0)
        };
        canvas.words += &svg::text(class, (x, y + 14.0), &label);
        canvas.y += HEIGHT;
    }
    canvas.y += 14.0;
}

fn bar_label(action: &Action, canvas: &Canvas<'_>) -> String {
    let name = shortened(&action.name, 32);
    let took = took(action.duration(canvas.story.now));
    match action.status.as_str() {
        "Succeeded" => format!("{name}, {took}"),
        other => format!("{name}, {took}, {other}"),
    }
}

/// The class of an action's status.
pub(super) fn status_class(status: &str) -> &'static str {
    match status {
        "Succeeded" => "good",
        "InProgress" => "open",
        _ => "bad",
    }
}

/// The share as asked, attained and measured.
pub(super) fn share(canvas: &mut Canvas<'_>) {
    let story = canvas.story;
    let title = format!("Share of {} in percent", story.candidates_in_words());
    let scale = open(canvas, &title, 110.0, &[0.0, 25.0, 50.0, 75.0, 100.0], "");
    let asked = on_axis(canvas, &story.asked, |asked| asked.map(f64::from), scale);
    let attained = on_axis(canvas, &story.attained, |attained| *attained, scale);
    let measured: Vec<_> = (0..=story.elapsed().as_secs())
        .map(|second| {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a rehearsal is shorter than 2^52 s"
            )]
            let at = second as f64;
            let share = story.measured_at(second);
            let y = share.map(|share| scale.y(share));
            (canvas.x_of(at), canvas.x_of(at + 1.0), y)
        })
        .collect();

    let mut legend = Vec::new();
    for (class, name, line) in [
        ("attained", "attained", attained),
        ("measured", "measured", measured),
        ("asked", "asked", asked),
    ] {
        if let Some(height) = line.iter().rev().find_map(|(_, _, height)| *height) {
            legend.push((height, Sample::Line(class), name.to_owned()));
            canvas.shapes += &svg::steps(class, line);
        }
    }
    names(canvas, scale, &legend);
}

/// Running tasks of both services, to one scale, and their desired counts.
pub(super) fn tasks(canvas: &mut Canvas<'_>) {
    let story = canvas.story;
    let versions = story.versions();
    let highest = |steps: &Steps<crate::story::Tasks>| {
        let counts = steps
            .iter()
            .map(|(_, tasks)| tasks.total().max(tasks.desired));
        f64::from(counts.max().unwrap_or(1).max(1))
    };
    let all = story.services.values().map(highest).fold(1.0, f64::max);
    let unit = (90.0 / all).min(14.0);
    let services = match story.cast.traffic.runs() {
        Runs::TaskSets => vec![(&story.cast.primary, "")],
        Runs::Services | Runs::Function => vec![
            (&story.cast.primary, " (primary)"),
            (&story.cast.canary, " (canary)"),
        ],
    };
    for (service, role) in services {
        let Some(steps) = story.services.get(service) else {
            continue;
        };
        let ticks = match svg::ticks(highest(steps)) {
            ticks if unit < 10.0 => ticks,
            ticks => vec![0.0, ticks[ticks.len() - 1]],
        };
        let height = unit * ticks[ticks.len() - 1];
        let title = format!("Running tasks of {service}{role}");
        let scale = open(canvas, &title, height, &ticks, "");
        let piles: Vec<Pile> = steps
            .spans(story.now)
            .map(|(from, until, tasks)| Pile {
                from: canvas.x(from),
                until: canvas.x(until),
                layers: versions.iter().map(|v| f64::from(tasks.of(v))).collect(),
            })
            .collect();
        canvas.shapes += &svg::stack(&piles, &version_classes(versions.len()), |v| scale.y(v));
        let desired = on_axis(canvas, steps, |tasks| Some(f64::from(tasks.desired)), scale);
        let height = desired.last().and_then(|(_, _, height)| *height);
        canvas.shapes += &svg::steps("desired", desired);
        let legend = (
            height.unwrap_or(scale.top),
            Sample::Line("desired"),
            "desired".to_owned(),
        );
        names(canvas, scale, &[legend]);
    }
}

/// Steps in pixels.
pub(super) fn on_axis<T>(
    canvas: &Canvas<'_>,
    steps: &Steps<T>,
    value: impl Fn(&T) -> Option<f64>,
    scale: Scale,
) -> Vec<(f64, f64, Option<f64>)> {
    steps
        .spans(canvas.story.now)
        .map(|(from, until, step)| {
            let height = value(step).map(|value| scale.y(value));
            (canvas.x(from), canvas.x(until), height)
        })
        .collect()
}

/// The classes of the colours of so many versions.
pub(super) fn version_classes(count: usize) -> Vec<String> {
    (0..count)
        .map(|index| format!("v{}", colour(index)))
        .collect()
}
