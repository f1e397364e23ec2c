//! The panel of an alias.

use super::{
    chart::Canvas,
    panels::{Sample, names, open, version_classes},
    svg::{self, Pile},
};

/// The weights of the versions behind the alias.
pub(super) fn versions(canvas: &mut Canvas<'_>) {
    let story = canvas.story;
    let versions = story.versions();
    let title = "Weights of the versions behind the alias, in percent";
    let scale = open(canvas, title, 60.0, &[0.0, 50.0, 100.0], "");
    let piles: Vec<Pile> = story
        .shares
        .spans(story.now)
        .map(|(from, until, shares)| {
            let percent = |label: &&str| {
                let own = shares.iter().filter(|share| share.label == **label);
                own.map(|share| share.percent).sum()
            };
            Pile {
                from: canvas.x(from),
                until: canvas.x(until),
                layers: versions.iter().map(percent).collect(),
            }
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
