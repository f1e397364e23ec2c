//! The query protocol: form fields in, XML out.
//!
//! A field's name is the path to a value: `Targets.member.2.Port`, `MessageAttributes.entry.1.Name`.
//! Fields are read by the operation's model; what fits no shape goes on as it is, for the checker to
//! say so. Lists and maps are never flattened here.
//! AWS: Smithy 2.0, "AWS query protocol".

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    answer::escaped,
    model::{Kind, Member, Model, Shape},
    rest_xml::percent_decoded,
};
use crate::{clock::Moment, world::Fault};

/// Of requests.
pub(super) const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// The fields of a form as a tree: what has the same path up to a dot is one node.
#[derive(Debug, Default)]
struct Node {
    text: Option<String>,
    parts: BTreeMap<String, Node>,
}

/// The operation that a form asks for, if it is in the version of the model.
pub(super) fn operation(model: &Model, body: &[u8]) -> Option<String> {
    let mut fields = Node::read(body).ok()?;
    let mut take = |name: &str| fields.parts.remove(name)?.text;
    let version = take("Version")?;
    take("Action").filter(|_| version == model.metadata.api_version)
}

/// The input of an operation.
///
/// # Errors
/// The form is none.
pub(super) fn input(model: &Model, operation: &str, body: &[u8]) -> Result<Value, String> {
    let mut fields = Node::read(body)?;
    for own in ["Action", "Version"] {
        fields.parts.remove(own);
    }
    let shape = model.operation(operation).and_then(|it| it.input.as_ref());
    Ok(match shape.and_then(|name| model.shape(name)) {
        Some(shape) => Value::Object(structure(model, shape, fields)),
        None => fields.untyped(),
    })
}

/// The answer to an operation.
pub(super) fn output(model: &Model, operation: &str, output: &Value, request_id: &str) -> String {
    let shape = model.operation(operation).and_then(|it| it.output.as_ref());
    let result = shape.map_or_else(String::new, |shape| {
        element(&format!("{operation}Result"), &xml(model, shape, output))
    });
    let id = element("RequestId", request_id);
    let content = format!("{result}{}", element("ResponseMetadata", &id));
    document(Some(model), &format!("{operation}Response"), &content)
}

/// An error document; `code` is the error's name in this protocol.
pub(super) fn error(model: Option<&Model>, code: &str, fault: &Fault, request_id: &str) -> String {
    let error = [
        element("Type", side(fault)),
        element("Code", &escaped(code)),
        element("Message", &escaped(&fault.message)),
    ];
    let id = element("RequestId", request_id);
    let content = format!("{}{id}", element("Error", &error.concat()));
    document(model, "ErrorResponse", &content)
}

/// Whose fault it is.
pub(super) fn side(fault: &Fault) -> &'static str {
    if fault.status < 500 {
        "Sender"
    } else {
        "Receiver"
    }
}

impl Node {
    fn read(body: &[u8]) -> Result<Self, String> {
        let body = std::str::from_utf8(body).map_err(|_| "the form is not UTF-8")?;
        let mut root = Self::default();
        for field in body.split('&').filter(|field| !field.is_empty()) {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let decoded = |text: &str| percent_decoded(&text.replace('+', " "));
            let name = decoded(name);
            let node = name.split('.').fold(&mut root, |node, part| {
                node.parts.entry(part.to_owned()).or_default()
            });
            if node.text.replace(decoded(value)).is_some() {
                return Err(format!("the form has the field {name} twice"));
            }
        }
        if root.is_torn() {
            return Err("the form has a field both with a value and with parts".to_owned());
        }
        Ok(root)
    }

    /// Whether something in it has both a value and parts.
    fn is_torn(&self) -> bool {
        self.text.is_some() && !self.parts.is_empty() || self.parts.values().any(Self::is_torn)
    }

    /// What it looks like without a model.
    fn untyped(self) -> Value {
        let parts = self.parts.into_iter();
        self.text.map_or_else(
            || Value::Object(parts.map(|(name, part)| (name, part.untyped())).collect()),
            Value::String,
        )
    }

    /// The parts of a list or map in their order; the node itself if it is none. `within` is
    /// `member` or `entry`. A field without a value is an empty one.
    fn numbered(mut self, within: &str) -> Result<Vec<Self>, Self> {
        if self.text.as_deref() == Some("") {
            return Ok(Vec::new());
        }
        let number = |name: &String| name.parse::<usize>();
        let is_one = self.parts.len() == 1
            && self.parts.get(within).is_some_and(|all| {
                all.text.is_none() && all.parts.keys().all(|it| number(it).is_ok())
            });
        if !is_one {
            return Err(self);
        }
        let all = self.parts.remove(within).unwrap_or_default();
        let mut numbered: Vec<_> = all.parts.into_iter().collect();
        numbered.sort_by_key(|(name, _)| number(name).unwrap_or_default());
        Ok(numbered.into_iter().map(|(_, part)| part).collect())
    }
}

fn structure(model: &Model, shape: &Shape, node: Node) -> Map<String, Value> {
    let parts = node.parts.into_iter();
    parts
        .map(|(wire, part)| {
            let is_it = |(name, member): &(&String, &Member)| wire_name(name, member) == wire;
            match shape.members.iter().find(is_it) {
                Some((name, member)) => (name.clone(), typed(model, member, part)),
                None => (wire, part.untyped()),
            }
        })
        .collect()
}

fn typed(model: &Model, member: &Member, node: Node) -> Value {
    let Some(shape) = model.shape(&member.shape) else {
        return node.untyped();
    };
    match shape.kind {
        Kind::Structure if node.text.is_none() => Value::Object(structure(model, shape, node)),
        Kind::List => list(model, shape, node),
        Kind::Map => map(model, shape, node),
        kind => match node.untyped() {
            Value::String(text) => scalar(kind, text),
            other => other,
        },
    }
}

fn list(model: &Model, shape: &Shape, node: Node) -> Value {
    let Some(member) = &shape.member else {
        return node.untyped();
    };
    match node.numbered(wire_name("member", member)) {
        Ok(items) => items
            .into_iter()
            .map(|item| typed(model, member, item))
            .collect(),
        Err(node) => node.untyped(),
    }
}

fn map(model: &Model, shape: &Shape, node: Node) -> Value {
    let (Some(key), Some(value)) = (&shape.key, &shape.value) else {
        return node.untyped();
    };
    match node.numbered("entry") {
        Ok(entries) => entries
            .into_iter()
            .map(|mut entry| {
                let mut take = |name| entry.parts.remove(name).unwrap_or_default();
                let name = take(wire_name("key", key)).text.unwrap_or_default();
                (name, typed(model, value, take(wire_name("value", value))))
            })
            .collect(),
        Err(node) => node.untyped(),
    }
}

/// A text that is no such scalar stays text.
fn scalar(kind: Kind, text: String) -> Value {
    let read = match kind {
        Kind::Integer | Kind::Long => text.parse::<i64>().ok().map(Value::from),
        Kind::Double => text.parse::<f64>().ok().map(Value::from),
        Kind::Boolean => text.parse::<bool>().ok().map(Value::from),
        Kind::Timestamp => OffsetDateTime::parse(&text, &Rfc3339)
            .ok()
            .map(|at| Value::from(at.unix_timestamp())),
        Kind::String | Kind::Blob | Kind::Structure | Kind::List | Kind::Map => None,
    };
    read.unwrap_or(Value::String(text))
}

fn wire_name<'a>(name: &'a str, member: &'a Member) -> &'a str {
    member.location_name.as_deref().unwrap_or(name)
}

/// A checked value as the content of its element.
fn xml(model: &Model, shape: &str, value: &Value) -> String {
    let Some(shape) = model.shape(shape) else {
        return String::new();
    };
    let one = |name: &str, member: &Member, value: &Value| {
        let content = xml(model, &member.shape, value);
        element(wire_name(name, member), &content)
    };
    match (value, &shape.member, &shape.key, &shape.value) {
        (Value::Array(items), Some(member), ..) => items
            .iter()
            .map(|item| one("member", member, item))
            .collect(),
        (Value::Object(entries), _, Some(key), Some(value)) => entries
            .iter()
            .map(|(name, entry)| {
                let name = one("key", key, &Value::String(name.clone()));
                element("entry", &format!("{name}{}", one("value", value, entry)))
            })
            .collect(),
        (Value::Object(members), ..) => members
            .iter()
            .filter_map(|(name, value)| Some(one(name, shape.members.get(name)?, value)))
            .collect(),
        (Value::Number(seconds), ..) if shape.kind == Kind::Timestamp => timestamp(seconds),
        (Value::String(text), ..) => escaped(text),
        (other, ..) => other.to_string(),
    }
}

fn timestamp(seconds: &serde_json::Number) -> String {
    let since_epoch = Duration::try_from_secs_f64(seconds.as_f64().unwrap_or_default());
    (Moment(0) + since_epoch.unwrap_or_default()).iso_millis()
}

fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}

fn document(model: Option<&Model>, name: &str, content: &str) -> String {
    let namespace = model.and_then(|model| model.metadata.xml_namespace.as_deref());
    let namespace = namespace.unwrap_or_default();
    format!("<{name} xmlns=\"{namespace}\">{content}</{name}>")
}

#[cfg(test)]
mod tests;
