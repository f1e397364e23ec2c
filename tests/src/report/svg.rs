//! Shapes of the drawing, as SVG text.

use super::{Text, each};

/// A stretch of the time axis, in pixels, and what is stacked there from the bottom up.
pub(super) struct Pile {
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) layers: Vec<f64>,
}

/// Areas stacked on each other, one path per layer. `y` maps a value to pixels.
pub(super) fn stack(piles: &[Pile], classes: &[String], y: impl Fn(f64) -> f64) -> String {
    let Some(first) = piles.first() else {
        return String::new();
    };
    let mut paths = Vec::new();
    for (layer, class) in classes.iter().enumerate() {
        if piles.iter().all(|pile| pile.layers[layer] <= 0.0) {
            continue;
        }
        let bottom = |pile: &Pile| y(pile.layers[..layer].iter().sum());
        let top = |pile: &Pile| y(pile.layers[..=layer].iter().sum());
        let up = each(piles, |pile| format!("V{:.1}H{:.1}", top(pile), pile.until));
        let back = each(piles.iter().rev(), |pile| {
            format!("V{:.1}H{:.1}", bottom(pile), pile.from)
        });
        let start = format!("M{:.1} {:.1}", first.from, bottom(first));
        paths.push(format!(
            r#"<path class="area {class}" d="{start}{up}{back}Z"/>"#
        ));
    }
    paths.concat()
}

/// A line that keeps its height from step to step and is interrupted where there is no value; the
/// steps are (from, until, height) in pixels.
pub(super) fn steps(
    class: &str,
    steps: impl IntoIterator<Item = (f64, f64, Option<f64>)>,
) -> String {
    let mut path = Vec::new();
    let mut drawing = false;
    for (from, until, height) in steps {
        if let Some(y) = height {
            path.push(if drawing {
                format!("V{y:.1}H{until:.1}")
            } else {
                format!("M{from:.1} {y:.1}H{until:.1}")
            });
        }
        drawing = height.is_some();
    }
    format!(r#"<path class="line {class}" d="{}"/>"#, path.concat())
}

/// A straight line.
pub(super) fn line(class: &str, from: (f64, f64), to: (f64, f64)) -> String {
    format!(
        r#"<path class="{class}" d="M{:.1} {:.1}L{:.1} {:.1}"/>"#,
        from.0, from.1, to.0, to.1
    )
}

/// A rectangle.
pub(super) fn rect(class: &str, at: (f64, f64), size: (f64, f64)) -> String {
    format!(
        r#"<rect class="{class}" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}"/>"#,
        at.0, at.1, size.0, size.1
    )
}

/// A text that starts at a point on its base line.
pub(super) fn text(class: &str, at: (f64, f64), text: &str) -> String {
    format!(
        r#"<text class="{class}" x="{:.1}" y="{:.1}">{}</text>"#,
        at.0,
        at.1,
        Text(text)
    )
}

/// Marks on an axis from 0: the smallest round number that is not below `max`, and the round
/// numbers on the way, four at most.
pub(super) fn ticks(max: f64) -> Vec<f64> {
    let mut magnitude = 1.0;
    let step = loop {
        if let Some(step) = [1.0, 2.0, 5.0]
            .map(|factor| factor * magnitude)
            .into_iter()
            .find(|step| step * 3.0 >= max)
        {
            break step;
        }
        magnitude *= 10.0;
    };
    let mut ticks = vec![0.0, step];
    while ticks[ticks.len() - 1] < max {
        ticks.push(ticks[ticks.len() - 1] + step);
    }
    ticks
}
