//! REST with JSON bodies: the method and the path say the operation, and members are in the path, the query, headers and
//! the body. Smithy: "AWS restJson1 protocol".

use base64::{Engine, prelude::BASE64_STANDARD};
use http::request::Parts;
use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use super::{
    model::{Http, Kind, Location, Member, Model, Shape},
    rest_xml::{percent_decoded, query},
};
use crate::world::Fault;

/// What is written of an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// The name of the operation that a request asks for.
pub(super) fn operation<'a>(model: &'a Model, parts: &Parts) -> Option<&'a str> {
    let asks = |http: &Http| http.method == parts.method.as_str() && labels(http, parts).is_some();
    let mut known = model.operations();
    let found = known.find(|(_, operation)| operation.http.as_ref().is_some_and(asks));
    found.map(|(name, _)| name)
}

/// The input of an operation; `document` is the body as JSON, and what is missing in it comes from elsewhere.
///
/// # Errors
/// `ValidationException`: the query has a parameter that the operation has not.
pub(super) fn input(
    model: &Model,
    operation: &str,
    parts: &Parts,
    body: &Bytes,
    document: impl FnOnce() -> Result<Value, Fault>,
) -> Result<Value, Fault> {
    let Some((http, shape)) = asked(model, operation) else {
        return document();
    };
    let mut input = match &shape.payload {
        Some(_) if body.is_empty() => json!({}),
        Some(payload) => json!({ payload: BASE64_STANDARD.encode(body) }),
        None => document()?,
    };
    let Value::Object(members) = &mut input else {
        return Ok(input);
    };
    for (parameter, value) in query(parts) {
        let (name, kind) = find(model, shape, Location::Query, &parameter).ok_or_else(|| {
            let message = format!("{operation} has no parameter '{parameter}' in its query");
            Fault::new("ValidationException", message)
        })?;
        members.insert(name.to_owned(), typed(kind, value));
    }
    for (name, kind, header) in at(model, shape, Location::Header) {
        let value = parts.headers.get(header).and_then(|it| it.to_str().ok());
        members.extend(value.map(|value| (name.to_owned(), typed(kind, value.to_owned()))));
    }
    for (label, value) in labels(http, parts).unwrap_or_default() {
        if let Some((name, kind)) = find(model, shape, Location::Uri, &label) {
            members.insert(name.to_owned(), typed(kind, value));
        }
    }
    Ok(input)
}

/// The answer with the output of an operation, which fits the model.
pub(super) fn output(model: &Model, operation: &str, output: &Value) -> Answer {
    let found = model.operation(operation);
    let status = found.and_then(|it| Some(it.http.as_ref()?.response_code));
    let shape = found.and_then(|it| model.shape(it.output.as_deref()?));
    let mut answer = Answer {
        status: status.unwrap_or(200),
        ..Answer::default()
    };
    let Some(shape) = shape else {
        return answer;
    };
    let mut rest = Map::new();
    for (name, value) in output.as_object().into_iter().flatten() {
        let member = shape.members.get(name);
        match member.and_then(|member| member.location) {
            Some(Location::StatusCode) => answer.status = whole(value).unwrap_or(answer.status),
            Some(Location::Header) => {
                let header = member.map_or(name.as_str(), |it| on_the_wire(name, it));
                answer.headers.push((header.to_owned(), text(value)));
            }
            _ if shape.payload.as_ref() == Some(name) => answer.body = decoded(value),
            _ => {
                rest.insert(name.clone(), value.clone());
            }
        }
    }
    if shape.payload.is_none() {
        answer.body = Value::Object(rest).to_string().into_bytes();
    }
    answer
}

/// The answer with a fault: its message is in the member that its shape calls so.
pub(super) fn fault(model: Option<&Model>, fault: &Fault) -> Answer {
    let shape = model.and_then(|model| model.shape(&fault.code));
    let mut names = shape.into_iter().flat_map(|shape| shape.members.keys());
    let message = names.find(|name| name.eq_ignore_ascii_case("message"));
    let message = message.map_or("Message", String::as_str);
    let side = if fault.status < 500 { "User" } else { "Server" };
    let mut body = json!({ message: fault.message, "Type": side });
    for (member, value) in &fault.members {
        body[*member] = value.clone();
    }
    Answer {
        status: fault.status,
        headers: vec![("x-amzn-ErrorType".to_owned(), fault.code.clone())],
        body: body.to_string().into_bytes(),
    }
}

/// How an operation is asked for, and the shape of its input.
fn asked<'a>(model: &'a Model, operation: &str) -> Option<(&'a Http, &'a Shape)> {
    let operation = model.operation(operation)?;
    Some((
        operation.http.as_ref()?,
        model.shape(operation.input.as_deref()?)?,
    ))
}

/// The members in the path of a request, if it is that of the operation.
fn labels(http: &Http, parts: &Parts) -> Option<Vec<(String, String)>> {
    let segments = |path: &'_ str| path.trim_end_matches('/').split('/').count();
    let (pattern, path) = (http.request_uri.as_str(), parts.uri.path());
    if segments(pattern) != segments(path) {
        return None;
    }
    let mut labels = Vec::new();
    let path = path.trim_end_matches('/').split('/');
    for (wanted, given) in pattern.trim_end_matches('/').split('/').zip(path) {
        let label = wanted.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        match label {
            Some(label) => labels.push((label.to_owned(), percent_decoded(given))),
            None if wanted == given => {}
            None => return None,
        }
    }
    Some(labels)
}

/// The members that are in some place: name, kind, name on the wire.
fn at<'a>(
    model: &'a Model,
    shape: &'a Shape,
    location: Location,
) -> impl Iterator<Item = (&'a str, Kind, &'a str)> {
    let members = shape.members.iter();
    let there = members.filter(move |(_, member)| member.location == Some(location));
    there.filter_map(|(name, member)| {
        let kind = model.shape(&member.shape)?.kind;
        Some((name.as_str(), kind, on_the_wire(name, member)))
    })
}

/// The member in some place by its name on the wire, and its kind.
fn find<'a>(
    model: &'a Model,
    shape: &'a Shape,
    location: Location,
    wanted: &str,
) -> Option<(&'a str, Kind)> {
    let found = at(model, shape, location).find(|(_, _, it)| *it == wanted);
    found.map(|(name, kind, _)| (name, kind))
}

fn on_the_wire<'a>(name: &'a str, member: &'a Member) -> &'a str {
    member.location_name.as_deref().unwrap_or(name)
}

/// Text as a value of some kind; the check of the input refuses what is none.
fn typed(kind: Kind, text: String) -> Value {
    match kind {
        Kind::Integer | Kind::Long | Kind::Boolean => {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
        _ => Value::String(text),
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn whole(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|status| u16::try_from(status).ok())
}

fn decoded(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap_or_default();
    BASE64_STANDARD.decode(text).unwrap_or_default()
}

#[cfg(test)]
mod tests;
