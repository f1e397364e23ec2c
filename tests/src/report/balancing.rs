//! The panels of load balancing.

use super::{
    chart::Canvas,
    panels::{Sample, Scale, names, on_axis, open},
    svg::{self, Pile},
};
use crate::story::{Health, Steps};

/// The weights of the rule's two target groups.
pub(super) fn weights(canvas: &mut Canvas<'_>) {
    let story = canvas.story;
    let steps = &story.weights;
    let highest = steps.iter().flat_map(|(_, weights)| weights).max().copied();
    let ticks = [0.0, f64::from(highest.unwrap_or(0).max(1))];
    let scale = open(canvas, "Weights of the target groups", 48.0, &ticks, "");
    let one = line(canvas, "of-primary", scale, |[one, _]| *one);
    let other = line(canvas, "of-canary", scale, |[_, other]| *other);
    let names_of = story.cast.names_of_groups();
    let legend: Vec<_> = [
        (one, "of-primary", names_of[0]),
        (other, "of-canary", names_of[1]),
    ]
    .into_iter()
    .filter_map(|(height, class, name)| Some((height?, Sample::Line(class), name.to_owned())))
    .collect();
    names(canvas, scale, &legend);
}

/// Draws one of the weights; answers where its line ends, if it begins.
fn line(
    canvas: &mut Canvas<'_>,
    class: &str,
    scale: Scale,
    weight: impl Fn(&[u32; 2]) -> u32,
) -> Option<f64> {
    let value = |step: &[u32; 2]| Some(f64::from(weight(step)));
    let line = on_axis(canvas, &canvas.story.weights, value, scale);
    let end = line.last().and_then(|(_, _, height)| *height)?;
    canvas.shapes += &svg::steps(class, line);
    Some(end)
}

/// The targets of both groups by their health, to one scale.
pub(super) fn targets(canvas: &mut Canvas<'_>) {
    let story = canvas.story;
    let all = story.targets.values().map(most).fold(1.0, f64::max);
    let unit = (60.0 / all).min(8.0);
    let names_of = story.cast.names_of_groups();
    for (group, name) in story.cast.groups.iter().zip(names_of) {
        let Some(steps) = story.targets.get(group) else {
            continue;
        };
        let ticks = svg::ticks(most(steps));
        let ticks = [0.0, ticks[ticks.len() - 1]];
        let title = if name == group {
            format!("Targets of {group}")
        } else {
            format!("Targets of {group} ({name})")
        };
        let scale = open(canvas, &title, unit * ticks[1], &ticks, "");
        draw(canvas, steps, scale);
    }
}

fn draw(canvas: &mut Canvas<'_>, steps: &Steps<Health>, scale: Scale) {
    let piles: Vec<Pile> = steps
        .spans(canvas.story.now)
        .map(|(from, until, health)| Pile {
            from: canvas.x(from),
            until: canvas.x(until),
            layers: [health.healthy, health.initial, health.ailing]
                .map(f64::from)
                .to_vec(),
        })
        .collect();
    let classes = ["healthy", "initial", "failed"].map(str::to_owned);
    canvas.shapes += &svg::stack(&piles, &classes, |count| scale.y(count));
    let names_of = ["healthy", "initial", "unhealthy"];
    let layers = classes.into_iter().zip(names_of).enumerate();
    let mut legend: Vec<_> = layers
        .filter(|(layer, _)| piles.iter().any(|pile| pile.layers[*layer] > 0.0))
        .map(|(_, (class, name))| (scale.bottom, Sample::Area(class), name.to_owned()))
        .collect();
    legend.reverse();
    names(canvas, scale, &legend);
}

/// Most targets at any time, 1 at least.
fn most(steps: &Steps<Health>) -> f64 {
    let totals = steps.iter().map(|(_, health)| health.total());
    f64::from(totals.max().unwrap_or(0).max(1))
}
