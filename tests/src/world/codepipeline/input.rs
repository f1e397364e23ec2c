//! Reading inputs that have been checked against the service's model.

use serde_json::Value;

/// A required string.
pub(super) fn text<'a>(input: &'a Value, member: &str) -> &'a str {
    input[member].as_str().unwrap_or_default()
}

/// An optional string.
pub(super) fn optional_text(input: &Value, member: &str) -> Option<String> {
    input[member].as_str().map(str::to_owned)
}
