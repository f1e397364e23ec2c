//! Paths into an item: `a.b[0]`.

use std::fmt;

use super::super::{item::Item, value::AttributeValue};

/// The name of an attribute and what leads from there into its document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Path {
    pub(in super::super) attribute: String,
    pub(in super::super) inside: Vec<Element>,
}

/// A step into a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Element {
    Name(String),
    Index(usize),
}

impl Path {
    /// The value at this place of an item.
    pub(in super::super) fn of<'a>(&self, item: &'a Item) -> Option<&'a AttributeValue> {
        let whole = item.get(&self.attribute);
        self.inside
            .iter()
            .try_fold(whole?, |value, element| match (value, element) {
                (AttributeValue::M(members), Element::Name(name)) => members.get(name),
                (AttributeValue::L(members), Element::Index(index)) => members.get(*index),
                _ => None,
            })
    }
}

/// Checks that no path leads to or through where another leads.
///
/// # Errors
/// What AWS says about it (dynalite, `db/updateParser.pegjs`).
pub(super) fn check_overlaps<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), String> {
    let mut before: Vec<&Path> = Vec::new();
    for path in paths {
        for other in &before {
            if let Some(how) = clash(other, path) {
                return Err(format!(
                    "Two document paths {how} with each other; must remove or rewrite one of these paths; path one: {other}, path two: {path}"
                ));
            }
        }
        before.push(path);
    }
    Ok(())
}

fn clash(one: &Path, two: &Path) -> Option<&'static str> {
    if one.attribute != two.attribute {
        return None;
    }
    for (one, two) in one.inside.iter().zip(&two.inside) {
        match (one, two) {
            (Element::Name(_), Element::Index(_)) | (Element::Index(_), Element::Name(_)) => {
                return Some("conflict");
            }
            _ if one != two => return None,
            _ => {}
        }
    }
    Some("overlap")
}

/// As AWS writes it: `[a, b, [0]]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}", self.attribute)?;
        for element in &self.inside {
            match element {
                Element::Name(name) => write!(f, ", {name}")?,
                Element::Index(index) => write!(f, ", [{index}]")?,
            }
        }
        f.write_str("]")
    }
}
