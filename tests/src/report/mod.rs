//! A rehearsal as one page that can be handed on: HTML with its style and drawing inside, nothing
//! to load, nothing to run.

mod balancing;
mod chart;
mod depths;
mod evidence;
mod figures;
mod labels;
mod page;
mod panels;
mod rates;
mod routing;
mod svg;
mod tables;
mod work;

use std::{fmt, time::Duration};

pub use page::html;

/// Text between tags or in a quoted attribute.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut plain = self.0;
        while let Some(index) = plain.find(['&', '<', '>', '"', '\'']) {
            let (before, rest) = plain.split_at(index);
            f.write_str(before)?;
            f.write_str(match rest.as_bytes()[0] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            plain = &rest[1..];
        }
        f.write_str(plain)
    }
}

/// The markup of all items, one after the other.
fn each<T>(items: impl IntoIterator<Item = T>, markup: impl Fn(T) -> String) -> String {
    items.into_iter().map(markup).collect()
}

/// Time since the beginning, `mm:ss`.
fn clock(since_start: Duration) -> String {
    let seconds = since_start.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// How long something took: `27.2 s`, `4 min 07 s`.
fn took(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// How many colours there are for versions.
const COLOURS: usize = 4;

/// The place of a version among the colours: stable, candidate, two for others.
fn colour(index: usize) -> usize {
    if index < 2 {
        index
    } else {
        2 + index % (COLOURS - 2)
    }
}

#[cfg(test)]
mod tests;
