//! The body of `DeleteObjects`.

use serde_json::{Value, json};

use crate::world::Fault;

/// AWS: API reference, `DeleteObjects`.
const MOST: usize = 1000;

/// The objects to delete, as the API names them.
///
/// # Errors
/// `MalformedXML`: no object, or too many.
pub(super) fn read(body: &[u8]) -> Result<Value, Fault> {
    let malformed = || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Fault::new("MalformedXML", message)
    };
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let mut objects = Vec::new();
    for object in all(text, "Object") {
        let key = all(object, "Key").next().ok_or_else(malformed)?;
        let mut read = json!({ "Key": unescaped(key) });
        if let Some(version) = all(object, "VersionId").next() {
            read["VersionId"] = unescaped(version).into();
        }
        objects.push(read);
    }
    if objects.is_empty() || objects.len() > MOST {
        return Err(malformed());
    }
    let quiet = all(text, "Quiet").next() == Some("true");
    Ok(json!({ "Objects": objects, "Quiet": quiet }))
}

/// The contents of the elements of that name.
fn all<'t>(text: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&open)?;
        let (content, after) = after.split_once(&close)?;
        rest = after;
        Some(content)
    })
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let (entity, after) = after.split_once(';').unwrap_or((after, ""));
        let number = entity.strip_prefix('#');
        let number = number.and_then(|number| match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        });
        plain.extend(match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => number.and_then(char::from_u32),
        });
        rest = after;
    }
    plain + rest
}
