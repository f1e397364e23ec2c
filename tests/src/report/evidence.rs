//! What the counts of both versions say: over time, and minute by minute.

use std::time::Duration;

use canary::evidence::Counts;

use super::{
    Text,
    chart::{Canvas, LEFT, RIGHT},
    clock,
    labels::width,
    panels::{Sample, Scale, names, open},
    svg::{self, Pile},
    tables::table,
};
use crate::story::{Minute, Story};

const MINUTE: Duration = Duration::from_mins(1);

/// The evidence over time, with the line at what it takes, and the attempts that it is made of. Nothing where nothing was compared.
pub(super) fn panels(canvas: &mut Canvas<'_>) {
    if canvas.story.minutes.is_empty() {
        return;
    }
    evidence(canvas);
    attempts(canvas);
}

/// Above what is enough there is half as much room again.
const ROOM: f64 = 1.5;

/// On a scale on which every factor is a step.
fn evidence(canvas: &mut Canvas<'_>) {
    let story = canvas.story;
    let needed = story.minutes.last().map_or(1.0, |minute| minute.needed);
    let way = |evidence: f64| (evidence.ln() / needed.ln()).clamp(0.0, ROOM);
    let title = format!(
        "Evidence of {}, minute by minute, and what is enough",
        story.candidates_in_words()
    );
    canvas.words += &svg::text("title", (LEFT, canvas.y + 13.0), &title);
    let top = canvas.y + 22.0;
    let scale = Scale::new(top, top + 84.0, ROOM);
    let ticks = std::iter::successors(Some(1.0), |tick| Some(tick * 10.0));
    for tick in ticks.take_while(|tick| way(*tick) < ROOM) {
        let y = scale.y(way(tick));
        canvas.shapes += &svg::line("grid", (LEFT, y), (RIGHT, y));
        canvas.words += &svg::text("tick end", (LEFT - 7.0, y + 4.0), &format!("{tick}"));
    }
    let line = scale.y(1.0);
    canvas.shapes += &svg::line("line enough", (LEFT, line), (RIGHT, line));
    let mut legend = vec![(line, Sample::Line("enough"), "enough".to_owned())];
    let mut draw = |class, name: &str, of: fn(&Minute) -> f64| {
        let steps = story.minutes.iter().map(|minute| {
            let (from, until) = (minute.began, minute.began + MINUTE);
            let height = scale.y(way(of(minute)));
            (canvas.x(from), canvas.x(until), Some(height))
        });
        let steps: Vec<_> = steps.collect();
        let last = steps.last().and_then(|(_, _, height)| *height);
        legend.push((last.unwrap_or(line), Sample::Line(class), name.to_owned()));
        canvas.shapes += &svg::steps(class, steps);
    };
    draw("as-good", "as good", |minute| minute.as_good);
    draw("worse", "worse", |minute| minute.worse);
    canvas.y = scale.bottom + 16.0;
    names(canvas, scale, &legend);
}

/// Attempts and failures of every minute, as `CloudWatch` has counted them.
fn attempts(canvas: &mut Canvas<'_>) {
    let story = canvas.story;
    let piles: Vec<Pile> = story.minutes.iter().map(|it| pile(canvas, it)).collect();
    let highest = piles.iter().map(|pile| pile.layers.iter().sum());
    let ticks = svg::ticks(highest.fold(1.0, f64::max));
    let title = "Attempts by the minute as CloudWatch counts them, failures hatched";
    let scale = open(canvas, title, 84.0, &ticks, "");
    let classes = ["v0", "failing v0", "v1", "failing v1"].map(str::to_owned);
    canvas.shapes += &svg::stack(&piles, &classes, |value| scale.y(value));
    for (minute, pile) in story.minutes.iter().zip(&piles) {
        let label = format!("{} failed", of(minute.canary));
        if width(&label) < pile.until - pile.from {
            canvas.words += &svg::text("label", (pile.from + 4.0, scale.top + 12.0), &label);
        }
    }
    let legend = [
        (
            scale.bottom,
            Sample::Area("v0".to_owned()),
            story.stable().to_owned(),
        ),
        (
            scale.bottom,
            Sample::Area("v1".to_owned()),
            story.candidate().to_owned(),
        ),
    ];
    names(canvas, scale, &legend);
}

fn pile(canvas: &Canvas<'_>, minute: &Minute) -> Pile {
    let layers = [minute.primary, minute.canary]
        .into_iter()
        .flat_map(|it| [it.attempts.saturating_sub(it.failures), it.failures].map(number));
    Pile {
        from: canvas.x(minute.began),
        until: canvas.x(minute.began + MINUTE),
        layers: layers.collect(),
    }
}

/// What the release record has kept, and the minutes that it is made of.
pub(super) fn section(story: &Story) -> String {
    let Some(evidence) = story.evidence() else {
        return "<p>No canary has had a share.</p>".to_owned();
    };
    let measured = evidence.measured.as_deref().unwrap_or("nothing measured");
    let kept = format!(
        "<p>The release record has kept: <b>{}</b>. {}. At the last share: {}.</p>",
        Text(evidence.answer),
        Text(&evidence.said),
        Text(measured)
    );
    if story.minutes.is_empty() {
        return kept;
    }
    let heads = [
        "Minute",
        "Asked",
        "Attained",
        "Measured",
        "Attempts of the canary",
        "Failed",
        "Attempts of the primary",
        "Failed",
        "Evidence that it is worse",
    ];
    let rows: Vec<_> = story
        .minutes
        .iter()
        .map(|minute| row(story, minute))
        .collect();
    kept + &table("numbers minutes", &heads, &rows)
}

fn row(story: &Story, minute: &Minute) -> Vec<String> {
    let percent =
        |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |it| format!("{it:.0} %"));
    let asked = |at| story.asked.at(at).copied().flatten().map(f64::from);
    let attained = |at| story.attained.at(at).copied().flatten();
    let ends = [minute.began, minute.began + MINUTE];
    let began = clock(minute.began.since(story.began));
    let mut row = vec![
        began,
        change(ends.map(|at| percent(asked(at)))),
        change(ends.map(|at| percent(attained(at)))),
        percent(minute.share()),
    ];
    for counts in [minute.canary, minute.primary] {
        row.push(counts.attempts.to_string());
        row.push(failed(counts));
    }
    row.push(format!("{} of {:.0}", digits(minute.worse), minute.needed));
    row
}

/// `10 % → 50 %`, or one of them where both are the same.
fn change([from, to]: [String; 2]) -> String {
    if from == to {
        to
    } else {
        format!("{from} → {to}")
    }
}

/// `12 (5.0 %)`
fn failed(counts: Counts) -> String {
    match counts.attempts {
        0 => "–".to_owned(),
        attempts => format!(
            "{} ({:.1} %)",
            counts.failures,
            100.0 * number(counts.failures) / number(attempts)
        ),
    }
}

/// Evidence with the digits that tell.
fn digits(evidence: f64) -> String {
    if evidence >= 10.0 {
        format!("{evidence:.0}")
    } else {
        format!("{evidence:.1}")
    }
}

fn of(counts: Counts) -> String {
    format!("{} of {}", counts.failures, counts.attempts)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a rehearsal")]
fn number(count: u64) -> f64 {
    count as f64
}
