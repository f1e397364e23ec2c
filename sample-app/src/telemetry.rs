//! Log lines: JSON on standard output, one object per line, flat. Message bodies never get there.

use std::error::Error;
use std::io::Write;
use std::panic;

use tracing::Level;

/// Sends events, and panics, to standard output.
pub fn start() {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_max_level(Level::INFO)
        .init();
    // The default hook would print the panic's own message, which may quote a message body.
    panic::set_hook(Box::new(|panicked| {
        let location = panicked.location().map(ToString::to_string);
        tracing::error!(location, "the code panicked");
    }));
}

/// Puts a line onto standard output as it is, and out of this process. For the embedded metric format,
/// which must not be wrapped into another object.
pub fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    // Without standard output there is nobody to tell.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// An error's own words and those of all its causes.
#[must_use]
pub fn in_full(error: &dyn Error) -> String {
    let mut sentences = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        sentences.push(cause.to_string());
        next = cause.source();
    }
    sentences.dedup();
    sentences.join(": ")
}
