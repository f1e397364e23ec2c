//! The drawing: what happened over one shared time axis.

use super::{
    COLOURS, clock, each,
    labels::{Placed, rows, shortened, width},
    panels, svg, work,
};
use crate::{
    clock::Moment,
    story::{AlarmState, Story},
};

/// Width of the drawing in its own pixels; the page scales it.
const WIDTH: f64 = 960.0;
/// Left edge of the time axis; numbers are left of it.
pub(super) const LEFT: f64 = 44.0;
/// Right edge of the time axis; names of lines are right of it.
pub(super) const RIGHT: f64 = 836.0;
/// Height of a row of text.
const ROW: f64 = 16.0;

/// A drawing that grows downwards.
pub(super) struct Canvas<'a> {
    pub(super) story: &'a Story,
    /// Areas and lines.
    pub(super) shapes: String,
    /// Text, above everything else.
    pub(super) words: String,
    /// Where the next panel begins.
    pub(super) y: f64,
}

impl Canvas<'_> {
    /// Where a time is on the axis.
    pub(super) fn x(&self, at: Moment) -> f64 {
        self.x_of(at.since(self.story.began).as_secs_f64())
    }

    /// Where a second since the beginning is on the axis.
    pub(super) fn x_of(&self, second: f64) -> f64 {
        let all = self.story.elapsed().as_secs_f64().max(1.0);
        LEFT + (RIGHT - LEFT) * (second / all).min(1.0)
    }
}

/// Something worth a vertical line.
struct Mark {
    at: Moment,
    kind: &'static str,
    text: String,
}

/// The whole drawing.
pub(super) fn chart(story: &Story) -> String {
    let mut canvas = Canvas {
        story,
        shapes: String::new(),
        words: String::new(),
        y: 0.0,
    };
    let marks = marks(story);
    let lines = draw_marks(&mut canvas, &marks);
    let top = canvas.y;
    panels::pipeline(&mut canvas);
    work::panels(&mut canvas);
    let bottom = canvas.y;
    let back = alarm_bands(&canvas, top, bottom) + &time_axis(&canvas, top, bottom);
    let lines: String = lines
        .iter()
        .map(|(kind, x, from)| svg::line(&format!("mark {kind}"), (*x, *from), (*x, bottom)))
        .collect();
    format!(
        concat!(
            r#"<svg viewBox="0 0 {width} {height:.0}" role="img" aria-label="Timeline of the release">"#,
            "<defs>{hatches}</defs>{back}{shapes}{lines}{words}</svg>"
        ),
        width = WIDTH,
        height = bottom + 24.0,
        hatches = hatches(),
        back = back,
        lines = lines,
        shapes = canvas.shapes,
        words = canvas.words,
    )
}

/// Hatchings for what failed: by whomever, and in each of the versions' colours.
fn hatches() -> String {
    let of_versions = (0..COLOURS).map(|index| (format!("hatch-v{index}"), format!("v{index}")));
    let of_all = ("hatch".to_owned(), "hatch-ground".to_owned());
    each([of_all].into_iter().chain(of_versions), |(id, ground)| {
        format!(
            concat!(
                r#"<pattern id="{id}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">"#,
                r#"<rect class="{ground}" width="5" height="5"/><path class="hatch-line" d="M0 0V5"/></pattern>"#
            ),
            id = id,
            ground = ground,
        )
    })
}

/// Writes the labels and leaves the lines, as (kind, x, upper end), to be drawn over the panels.
fn draw_marks(canvas: &mut Canvas<'_>, marks: &[Mark]) -> Vec<(&'static str, f64, f64)> {
    let places: Vec<(f64, f64)> = marks
        .iter()
        .map(|mark| (canvas.x(mark.at), width(&mark.text) + 5.0))
        .collect();
    let labels = rows(&places, WIDTH);
    let mut lines = Vec::new();
    for ((mark, (x, _)), Placed { row, before }) in marks.iter().zip(&places).zip(&labels) {
        let y = ROW * f64::from(*row);
        let (class, x_text) = if *before {
            ("label before", x - 5.0)
        } else {
            ("label", x + 5.0)
        };
        canvas.words += &svg::text(
            &format!("{class} {}", mark.kind),
            (x_text, y + 12.0),
            &mark.text,
        );
        lines.push((mark.kind, *x, y + 2.0));
    }
    let last = labels.iter().map(|label| label.row + 1).max().unwrap_or(0);
    canvas.y = ROW * f64::from(last) + 8.0;
    lines
}

/// What gets a line and a label, in order.
fn marks(story: &Story) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut mark = |at, kind, text: String| {
        marks.push(Mark {
            at,
            kind,
            text: shortened(&text, 44),
        });
    };
    for execution in &story.executions {
        let pipeline = &execution.pipeline;
        mark(execution.started, "plain", format!("{pipeline} started"));
        if let Some(ended) = execution.ended {
            mark(ended, "plain", format!("{pipeline} {}", execution.state));
        }
    }
    for (at, text) in &story.told {
        mark(*at, "told", text.clone());
    }
    for (at, percent) in story.asked.iter() {
        if let Some(percent) = percent {
            mark(*at, "plain", format!("{percent} % asked"));
        }
    }
    for (alarm, states) in &story.alarms {
        let mut fired = false;
        for (at, state) in states.iter() {
            if state.is_firing() {
                mark(*at, "alarm", format!("alarm {alarm} fires"));
            } else if fired {
                mark(*at, "calm", format!("alarm {alarm} {}", state.state));
            }
            fired |= state.is_firing();
        }
    }
    if let Some(rollback) = &story.rollback {
        let source = &rollback.source;
        mark(
            rollback.invoked,
            "alarm",
            format!("rollback invoked by {source}"),
        );
        if let Some(at) = story.weight_back() {
            mark(at, "calm", format!("no weight on {}", story.candidate()));
        }
        if let Some(at) = rollback.candidate_gone {
            let left = if story.cast.traffic.has_tasks() {
                "task left"
            } else {
                "behind the alias"
            };
            mark(at, "calm", format!("no {} {left}", story.candidate()));
        }
        if let Some(at) = rollback.restored {
            mark(at, "calm", format!("rolled back to {}", story.stable()));
        }
    }
    marks.sort_by_key(|mark| mark.at);
    marks
}

/// The times in which an alarm fires.
fn alarm_bands(canvas: &Canvas<'_>, top: f64, bottom: f64) -> String {
    canvas
        .story
        .alarms
        .values()
        .flat_map(|states| states.spans(canvas.story.now))
        .filter(|(_, _, state): &(_, _, &AlarmState)| state.is_firing())
        .map(|(from, until, _)| {
            let (from, until) = (canvas.x(from), canvas.x(until));
            svg::rect("firing", (from, top), (until - from, bottom - top))
        })
        .collect()
}

/// Round times every so often, over all panels, named below them.
fn time_axis(canvas: &Canvas<'_>, top: f64, bottom: f64) -> String {
    const ROUND: [u64; 10] = [5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
    let all = canvas.story.elapsed().as_secs();
    let step = ROUND
        .into_iter()
        .find(|step| all / step <= 10)
        .unwrap_or(6 * 3600);
    let mut out = String::new();
    let mut second = 0;
    while second <= all {
        let time = std::time::Duration::from_secs(second);
        let x = canvas.x_of(time.as_secs_f64());
        out += &svg::line("grid", (x, top), (x, bottom));
        out += &svg::text("tick middle", (x, bottom + 16.0), &clock(time));
        second += step;
    }
    out
}
