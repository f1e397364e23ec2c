//! Where labels go so that none covers another.

/// Width of a character of a label, in pixels; generous, for the font is the reader's.
const CHARACTER: f64 = 6.3;

/// How wide a text is at most.
pub(super) fn width(text: &str) -> f64 {
    f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX)) * CHARACTER
}

/// At most so many characters of a text.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}

/// A label beside a vertical line.
#[derive(Debug, PartialEq)]
pub(super) struct Placed {
    /// Row, from 0 at the top.
    pub(super) row: u32,
    /// Whether the text ends at the line instead of starting there, for want of space.
    pub(super) before: bool,
}

/// Rows for labels at `(x, width)`, sorted by x, so that no label covers another. Each later label
/// is below those that reach its line, so that the lines, which go down, cross no text.
pub(super) fn rows(labels: &[(f64, f64)], right: f64) -> Vec<Placed> {
    const GAP: f64 = 10.0;
    let mut spans: Vec<(f64, f64, u32)> = Vec::new();
    let mut placed = Vec::new();
    for &(x, width) in labels {
        let before = x + width > right;
        let (from, until) = if before {
            (x - width, x)
        } else {
            (x, x + width)
        };
        let row = spans
            .iter()
            .filter(|(other, end, _)| *other < until + GAP && from < *end + GAP)
            .map(|(_, _, row)| row + 1)
            .max()
            .unwrap_or(0);
        spans.push((from, until, row));
        placed.push(Placed { row, before });
    }
    placed
}

/// Moves heights apart, in their order, until they are `gap` from each other; none leaves
/// `top..bottom` if there is space for all.
pub(super) fn spread(heights: &[f64], gap: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|&a, &b| heights[a].total_cmp(&heights[b]));
    let mut spread = heights.to_vec();
    let mut least = top;
    for &index in &order {
        spread[index] = spread[index].max(least);
        least = spread[index] + gap;
    }
    let mut most = bottom;
    for &index in order.iter().rev() {
        spread[index] = spread[index].min(most);
        most = spread[index] - gap;
    }
    spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_goes_below_those_that_reach_its_line() {
        let placed = rows(
            &[(0.0, 50.0), (20.0, 50.0), (100.0, 50.0), (290.0, 50.0)],
            300.0,
        );
        let rows: Vec<_> = placed.iter().map(|label| label.row).collect();
        assert_eq!(rows, [0, 1, 0, 0]);
        assert!(placed[3].before);
    }

    #[test]
    fn line_labels_are_kept_apart_and_inside() {
        let spread = spread(&[98.0, 99.0, 10.0], 14.0, (0.0, 100.0));
        assert_eq!(spread, [86.0, 100.0, 10.0]);
    }

    #[test]
    fn long_texts_are_cut_at_characters() {
        assert_eq!(shortened("größer als erlaubt", 7), "größer…");
    }
}
