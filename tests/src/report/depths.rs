//! The panels of queues.

use super::{
    chart::Canvas,
    panels::{Sample, names, open},
    svg::{self, Pile},
};

/// The depth of the queue and of its dead-letter queue.
pub(super) fn depths(canvas: &mut Canvas<'_>) {
    let story = canvas.story;
    let queues = [
        (&story.cast.queue, "Messages waiting in", "waiting", 64.0),
        (&story.cast.dead_letters, "Dead letters in", "failed", 40.0),
    ];
    for (queue, title, class, height) in queues {
        let Some(steps) = story.depths.get(queue) else {
            continue;
        };
        let max = steps.iter().map(|(_, depth)| depth.visible).max();
        let ticks = svg::ticks(f64::from(max.unwrap_or(0)).max(1.0));
        let ticks = [0.0, ticks[ticks.len() - 1]];
        let scale = open(canvas, &format!("{title} {queue}"), height, &ticks, "");
        let piles: Vec<Pile> = steps
            .spans(story.now)
            .map(|(from, until, depth)| Pile {
                from: canvas.x(from),
                until: canvas.x(until),
                layers: vec![f64::from(depth.visible)],
            })
            .collect();
        canvas.shapes += &svg::stack(&piles, &[class.to_owned()], |value| scale.y(value));
        let now = story.depth(queue).visible;
        let legend = (
            scale.y(f64::from(now)),
            Sample::Area(class.to_owned()),
            format!("{now} at the end"),
        );
        names(canvas, scale, &[legend]);
    }
}
