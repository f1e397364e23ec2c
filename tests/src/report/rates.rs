//! The panels of what is done every second, and by whom.

use super::{
    chart::{Canvas, LEFT},
    labels::shortened,
    panels::{Sample, names, open},
    svg::{self, Pile},
    work::{Worker, words, workers},
};
use crate::{live::load::NO_VERSION, story::Bin};

/// Thinner columns than three pixels say nothing.
const MOST_COLUMNS: u64 = 260;

/// What was done per second, by version, failures on top.
pub(super) fn done(canvas: &mut Canvas<'_>) {
    let workers = workers(canvas.story);
    let piles = piles(canvas, &workers, |bins| {
        let failed: f64 = bins.iter().map(|bin| f64::from(bin.failed)).sum();
        let done = bins.iter().map(|bin| f64::from(bin.processed));
        done.chain([failed]).collect()
    });
    let title = format!("{} per second", words(canvas.story.cast.traffic).work);
    let scale = open(canvas, &title, 110.0, &svg::ticks(highest(&piles)), "");
    let mut classes: Vec<_> = workers.iter().map(|worker| worker.class.clone()).collect();
    classes.push("failed".to_owned());
    canvas.shapes += &svg::stack(&piles, &classes, |value| scale.y(value));
    let mut legend = version_names(&workers, scale.bottom);
    if piles.iter().any(|pile| pile.layers.last() > Some(&0.0)) {
        let failed = Sample::Area("failed".to_owned());
        legend.insert(0, (scale.top, failed, "failed".to_owned()));
    }
    names(canvas, scale, &legend);
}

/// Failures per second alone, to a scale of their own, by version.
pub(super) fn failed(canvas: &mut Canvas<'_>) {
    let story = canvas.story;
    let failed = |worker: &Worker<'_>| story.traffic.total(worker.label).failed;
    let mut workers = workers(story);
    workers.retain(|worker| failed(worker) > 0);
    let work = words(story.cast.traffic).work;
    let title = format!("Failed {} per second", work.to_lowercase());
    if workers.is_empty() {
        let scale = open(canvas, &title, 18.0, &[], "");
        let place = (LEFT + 8.0, scale.bottom - 5.0);
        canvas.words += &svg::text("label calm", place, "none failed");
        return;
    }
    let piles = piles(canvas, &workers, |bins| {
        bins.iter().map(|bin| f64::from(bin.failed)).collect()
    });
    let scale = open(canvas, &title, 56.0, &svg::ticks(highest(&piles)), "");
    let class = |worker: &Worker<'_>| format!("failing {}", worker.class);
    let classes: Vec<_> = workers.iter().map(class).collect();
    canvas.shapes += &svg::stack(&piles, &classes, |value| scale.y(value));
    let from_the_top = workers.iter().rev();
    let legend: Vec<_> = from_the_top
        .map(|worker| {
            let name = format!("{}: {}", worker.name, failed(worker));
            let sample = Sample::Area(class(worker));
            (scale.bottom, sample, shortened(&name, 18))
        })
        .collect();
    names(canvas, scale, &legend);
}

/// One pile per stretch of time; `layers` makes them of what every worker did, per second in the end.
fn piles(
    canvas: &Canvas<'_>,
    workers: &[Worker<'_>],
    layers: impl Fn(&[Bin]) -> Vec<f64>,
) -> Vec<Pile> {
    let traffic = &canvas.story.traffic;
    let seconds = canvas.story.elapsed().as_secs() + 1;
    let each = seconds.div_ceil(MOST_COLUMNS);
    let columns = (0..seconds).step_by(usize::try_from(each).unwrap_or(usize::MAX));
    columns
        .map(|from| {
            let until = (from + each).min(seconds);
            let bins: Vec<Bin> = workers
                .iter()
                .map(|worker| traffic.sum(worker.label, from, until))
                .collect();
            #[expect(
                clippy::cast_precision_loss,
                reason = "a rehearsal is shorter than 2^52 s"
            )]
            let (x_from, x_until, length) = (from as f64, until as f64, (until - from) as f64);
            let layers = layers(&bins);
            Pile {
                from: canvas.x_of(x_from),
                until: canvas.x_of(x_until),
                layers: layers.into_iter().map(|sum| sum / length).collect(),
            }
        })
        .collect()
}

/// The greatest height of a pile, 1 at least.
fn highest(piles: &[Pile]) -> f64 {
    let heights = piles.iter().map(|pile| pile.layers.iter().sum());
    heights.fold(1.0, f64::max)
}

/// The names of the versions from the top of the piles down.
fn version_names(workers: &[Worker<'_>], height: f64) -> Vec<(f64, Sample, String)> {
    let versions = workers.iter().filter(|worker| worker.label != NO_VERSION);
    let mut names: Vec<_> = versions
        .map(|worker| {
            let role = match worker.role {
                role @ ("stable" | "candidate") => role,
                _ => "",
            };
            let name = format!("{} {role}", worker.name);
            let sample = Sample::Area(worker.class.clone());
            (height, sample, shortened(name.trim_end(), 15))
        })
        .collect();
    names.reverse();
    names
}
