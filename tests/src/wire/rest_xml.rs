//! Amazon S3 over `restXml`: whole objects and their versions.

mod answers;
mod delete;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use http::{Method, header, request::Parts};
use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use crate::world::Fault;

pub(super) use answers::{Answer, carry_out};

/// An operation that a request asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) operation: &'static str,
    /// What it is about, as the API names it; without the content of an object.
    pub(super) input: Value,
    /// The content of an object that is put.
    body: Bytes,
}

/// An operation, how it is asked for, and which parameters of its query it takes.
struct Known {
    operation: &'static str,
    method: Method,
    /// Whether it is about an object, not a bucket.
    of_object: bool,
    /// The parameter that says it, if the method does not.
    marked: Option<&'static str>,
    /// Names in the query, and in the input.
    takes: &'static [(&'static str, &'static str)],
}

const VERSION: (&str, &str) = ("versionId", "VersionId");

const KNOWN: [Known; 8] = [
    Known::object("GetObject", Method::GET, &[VERSION]),
    Known::object("HeadObject", Method::HEAD, &[VERSION]),
    Known::object("PutObject", Method::PUT, &[]),
    Known::object("DeleteObject", Method::DELETE, &[VERSION]),
    Known::bucket("HeadBucket", Method::HEAD, None, &[]),
    Known::bucket("GetBucketLocation", Method::GET, Some("location"), &[]),
    Known::bucket("DeleteObjects", Method::POST, Some("delete"), &[]),
    Known::bucket(
        "ListObjectVersions",
        Method::GET,
        Some("versions"),
        &[
            ("encoding-type", "EncodingType"),
            ("key-marker", "KeyMarker"),
            ("max-keys", "MaxKeys"),
            ("prefix", "Prefix"),
            ("version-id-marker", "VersionIdMarker"),
        ],
    ),
];

/// Headers that would make it another operation, or only a part of one.
const REFUSED: [&str; 3] = ["range", "x-amz-copy-source", "if-none-match"];

impl Known {
    const fn object(
        operation: &'static str,
        method: Method,
        takes: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            operation,
            method,
            of_object: true,
            marked: None,
            takes,
        }
    }

    const fn bucket(
        operation: &'static str,
        method: Method,
        marked: Option<&'static str>,
        takes: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            operation,
            method,
            of_object: false,
            marked,
            takes,
        }
    }

    /// The input, if a request with this query asks for it.
    fn input(&self, query: &BTreeMap<String, String>) -> Option<Map<String, Value>> {
        if self.marked.is_some_and(|mark| !query.contains_key(mark)) {
            return None;
        }
        let own = query
            .iter()
            .filter(|(name, _)| name.as_str() != "x-id" && self.marked != Some(name.as_str()));
        own.map(|(name, value)| {
            let (_, member) = self.takes.iter().find(|(known, _)| known == name)?;
            Some(((*member).to_owned(), json!(value)))
        })
        .collect()
    }
}

impl Asked {
    /// The operation that a request asks for, path-style or virtual-hosted.
    ///
    /// # Errors
    /// `NotImplemented`: anything else than whole objects and their versions; `MalformedXML`.
    pub(super) fn of(parts: &Parts, body: &Bytes) -> Result<Self, Fault> {
        let (bucket, key) = location(parts);
        let query = query(parts);
        let found = KNOWN
            .iter()
            .filter(|known| known.method == parts.method && known.of_object != key.is_empty())
            .find_map(|known| Some((known.operation, known.input(&query)?)));
        let partly = REFUSED.iter().any(|name| parts.headers.contains_key(*name));
        let chunked = parts.headers.get(header::CONTENT_ENCODING);
        let chunked = chunked.is_some_and(|encoding| encoding == "aws-chunked");
        let (operation, mut input) = found
            .filter(|_| !bucket.is_empty() && !partly && !chunked)
            .ok_or_else(|| not_implemented(parts))?;
        input.insert("Bucket".to_owned(), json!(bucket));
        if !key.is_empty() {
            input.insert("Key".to_owned(), json!(key));
        }
        if operation == "DeleteObjects" {
            input.insert("Delete".to_owned(), delete::read(body)?);
        }
        Ok(Self {
            operation,
            input: Value::Object(input),
            body: body.clone(),
        })
    }

    fn text(&self, member: &str) -> &str {
        self.input[member].as_str().unwrap_or_default()
    }
}

fn not_implemented(parts: &Parts) -> Fault {
    let known = KNOWN.map(|known| known.operation).join(", ");
    Fault::with_status(
        "NotImplemented",
        format!(
            "the local account has only {known} of whole objects, not this {} of {}",
            parts.method, parts.uri
        ),
        501,
    )
}

/// Bucket and key; empty where there is none.
fn location(parts: &Parts) -> (String, String) {
    let path = percent_decoded(parts.uri.path().trim_start_matches('/'));
    match bucket_of_host(parts) {
        Some(bucket) => (bucket.to_owned(), path),
        None => match path.split_once('/') {
            Some((bucket, key)) => (bucket.to_owned(), key.to_owned()),
            None => (path, String::new()),
        },
    }
}

/// The parameters of a request's query.
pub(super) fn query(parts: &Parts) -> BTreeMap<String, String> {
    let query = parts.uri.query().unwrap_or_default();
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    parameters
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .map(|(name, value)| (percent_decoded(name), percent_decoded(value)))
        .collect()
}

/// `BUCKET.s3.REGION.amazonaws.com`; any other host is path-style.
fn bucket_of_host(parts: &Parts) -> Option<&str> {
    let header = || parts.headers.get(header::HOST)?.to_str().ok();
    let host = parts.uri.host().or_else(header)?;
    let (bucket, rest) = host.split_once(".s3.")?;
    rest.ends_with("amazonaws.com").then_some(bucket)
}

/// Text of a URL.
pub(super) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escape.unwrap_or(bytes[at]));
        at += if escape.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
