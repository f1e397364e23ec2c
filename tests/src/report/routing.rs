//! The panels of what stands between the work and the versions: an alias, or task sets.

use super::{
    chart::Canvas,
    panels::{Sample, names, open, version_classes},
    svg::{self, Pile},
};
use crate::{
    story::Steps,
    world::journal::{Set, Share},
};

/// The weights of the versions behind the alias.
pub(super) fn versions(canvas: &mut Canvas<'_>) {
    let title = "Weights of the versions behind the alias, in percent";
    let steps = &canvas.story.shares;
    let percent = |shares: &Vec<Share>, label: &str| {
        let own = shares.iter().filter(|share| share.label == label);
        own.map(|share| share.percent).sum()
    };
    pile(canvas, title, &[0.0, 50.0, 100.0], steps, percent);
}

/// The scales of the task sets, those that are on their way out left out.
pub(super) fn sets(canvas: &mut Canvas<'_>) {
    let title = "Scales of the task sets, in percent of the service's tasks";
    let steps = &canvas.story.sets;
    let percent = |sets: &Vec<Set>, label: &str| {
        let own = sets
            .iter()
            .filter(|set| set.label == label && set.status != "DRAINING");
        own.map(|set| set.scale).sum()
    };
    pile(canvas, title, &[0.0, 100.0, 200.0], steps, percent);
}

/// What each version has, one on top of the other.
fn pile<T>(
    canvas: &mut Canvas<'_>,
    title: &str,
    ticks: &[f64],
    steps: &Steps<T>,
    percent: impl Fn(&T, &str) -> f64,
) {
    let story = canvas.story;
    let versions = story.versions();
    let scale = open(canvas, title, 60.0, ticks, "");
    let piles: Vec<Pile> = steps
        .spans(story.now)
        .map(|(from, until, step)| Pile {
            from: canvas.x(from),
            until: canvas.x(until),
            layers: versions.iter().map(|label| percent(step, label)).collect(),
        })
        .collect();
    let classes = version_classes(versions.len());
    canvas.shapes += &svg::stack(&piles, &classes, |percent| scale.y(percent));
    let legend: Vec<_> = classes
        .into_iter()
        .zip(&versions)
        .map(|(class, label)| (scale.bottom, Sample::Area(class), (*label).to_owned()))
        .collect();
    names(canvas, scale, &legend);
}
