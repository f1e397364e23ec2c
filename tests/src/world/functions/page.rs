//! Lists that are answered page by page.

use serde_json::{Value, json};

use super::faults;
use crate::world::Fault;

/// The page of a list that is asked for, and the marker of the next one.
///
/// # Errors
/// `InvalidParameterValueException`: the marker is none.
pub(super) fn of(
    items: Vec<Value>,
    input: &Value,
    most: usize,
) -> Result<(Vec<Value>, Option<String>), Fault> {
    let from: usize = match input["Marker"].as_str() {
        None | Some("") => 0,
        Some(marker) => marker
            .parse()
            .map_err(|_| faults::invalid("Invalid marker."))?,
    };
    let asked = input["MaxItems"].as_u64();
    let size = asked.and_then(|asked| usize::try_from(asked).ok());
    let size = size.unwrap_or(most).min(most);
    let rest = items.len().saturating_sub(from);
    let next = (rest > size).then(|| (from + size).to_string());
    Ok((items.into_iter().skip(from).take(size).collect(), next))
}

/// An answer with the marker of the next page, if there is one.
pub(super) fn answer(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        answer["NextMarker"] = json!(next);
    }
    answer
}
