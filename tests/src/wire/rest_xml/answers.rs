//! Carries an operation out, and what is answered.

use std::fmt::Write as _;

use hyper::body::Bytes;
use serde_json::Value;

use super::Asked;
use crate::{
    wire::answer::escaped,
    world::{
        Fault, World,
        s3::{self, Deleted, Listed, Object},
    },
};

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
const XML: &str = "application/xml";
/// AWS: API reference, `ListObjectVersions`, `MaxKeys`.
const PAGE: usize = 1000;

/// What is answered, beside what every answer says.
#[derive(Debug, Default)]
pub(in crate::wire) struct Answer {
    pub(in crate::wire) headers: Vec<(&'static str, String)>,
    /// `None`: `binary/octet-stream`.
    pub(in crate::wire) content_type: Option<&'static str>,
    /// A client that asks with HEAD gets its length alone.
    pub(in crate::wire) body: Bytes,
}

/// Carries an operation out.
pub(in crate::wire) fn carry_out(world: &mut World, asked: &Asked) -> Result<Answer, Fault> {
    let (bucket, key) = (asked.text("Bucket"), asked.text("Key"));
    match asked.operation {
        "GetObject" | "HeadObject" => Ok(object(found(world, asked)?, true)),
        "PutObject" => {
            s3::put(world, bucket, key, asked.body.to_vec())?;
            Ok(object(world.s3.object(bucket, key)?, false))
        }
        "DeleteObject" => {
            let version = asked.input["VersionId"].as_str();
            let deleted = s3::delete(world, bucket, key, version)?;
            let mut answer = Answer::default();
            answer
                .headers
                .extend(version_header(deleted.version.as_deref()));
            if deleted.is_marker {
                answer
                    .headers
                    .push(("x-amz-delete-marker", "true".to_owned()));
            }
            Ok(answer)
        }
        "DeleteObjects" => delete_all(world, asked),
        "ListObjectVersions" => list(world, asked),
        "GetBucketLocation" => {
            world.s3.versions(bucket, "")?;
            let region = &world.identity.region;
            Ok(document("LocationConstraint", region))
        }
        _ => {
            world.s3.versions(bucket, "")?;
            let region = world.identity.region.clone();
            Ok(Answer {
                headers: vec![("x-amz-bucket-region", region)],
                ..Answer::default()
            })
        }
    }
}

fn found<'a>(world: &'a World, asked: &Asked) -> Result<&'a Object, Fault> {
    let (bucket, key) = (asked.text("Bucket"), asked.text("Key"));
    match asked.input["VersionId"].as_str() {
        Some(version) => world.s3.version(bucket, key, version),
        None => world.s3.object(bucket, key),
    }
}

fn object(object: &Object, with_body: bool) -> Answer {
    let mut headers = vec![("etag", format!("\"{}\"", object.etag))];
    headers.extend(version_header(object.version.as_deref()));
    Answer {
        headers,
        content_type: None,
        body: if with_body {
            Bytes::copy_from_slice(&object.body)
        } else {
            Bytes::new()
        },
    }
}

fn version_header(version: Option<&str>) -> Option<(&'static str, String)> {
    version.map(|version| ("x-amz-version-id", version.to_owned()))
}

fn delete_all(world: &mut World, asked: &Asked) -> Result<Answer, Fault> {
    let delete = &asked.input["Delete"];
    let mut content = String::new();
    for wanted in delete["Objects"].as_array().into_iter().flatten() {
        let key = wanted["Key"].as_str().unwrap_or_default();
        let version = wanted["VersionId"].as_str();
        let deleted = s3::delete(world, asked.text("Bucket"), key, version)?;
        if delete["Quiet"] != Value::Bool(true) {
            content += &element("Deleted", &told(key, version, &deleted));
        }
    }
    Ok(document("DeleteResult", &content))
}

fn told(key: &str, version: Option<&str>, deleted: &Deleted) -> String {
    let mut told = element("Key", &escaped(key));
    if let Some(version) = version {
        told += &element("VersionId", &escaped(version));
    }
    if deleted.is_marker {
        told += &element("DeleteMarker", "true");
        let marker = deleted.version.as_deref().unwrap_or_default();
        told += &element("DeleteMarkerVersionId", &escaped(marker));
    }
    told
}

fn list(world: &World, asked: &Asked) -> Result<Answer, Fault> {
    let most = match asked.input["MaxKeys"].as_str() {
        None => PAGE,
        Some(most) => most.parse::<usize>().map_err(|_| {
            Fault::new(
                "InvalidArgument",
                "Provided max-keys not an integer or within integer range",
            )
        })?,
    };
    let all = world
        .s3
        .versions(asked.text("Bucket"), asked.text("Prefix"))?;
    let (after, version) = (asked.text("KeyMarker"), asked.text("VersionIdMarker"));
    let start = match (after, version) {
        ("", _) => 0,
        (key, "") => all.iter().take_while(|it| it.key.as_str() <= key).count(),
        (key, version) => {
            let marked = all
                .iter()
                .position(|it| it.key == key && it.version == version);
            marked.map_or(0, |marked| marked + 1)
        }
    };
    let page: Vec<&Listed> = all[start..].iter().take(most.min(PAGE)).collect();
    let encodes = asked.text("EncodingType") == "url";
    let key = |key: &str| {
        if encodes {
            percent_encoded(key)
        } else {
            escaped(key)
        }
    };
    let truncated = start + page.len() < all.len();
    let mut content = element("Name", asked.text("Bucket"));
    content += &element("Prefix", &key(asked.text("Prefix")));
    content += &element("MaxKeys", &most.to_string());
    content += &element("IsTruncated", &truncated.to_string());
    if encodes {
        content += &element("EncodingType", "url");
    }
    if let Some(last) = page.last().filter(|_| truncated) {
        content += &element("NextKeyMarker", &key(&last.key));
        content += &element("NextVersionIdMarker", &last.version);
    }
    for listed in page {
        content += &shown(listed, &key(&listed.key));
    }
    Ok(document("ListVersionsResult", &content))
}

fn shown(listed: &Listed, key: &str) -> String {
    let mut content = element("Key", key);
    content += &element("VersionId", &listed.version);
    content += &element("IsLatest", &listed.is_latest.to_string());
    content += &element("LastModified", &listed.at.iso_millis());
    match &listed.content {
        Some((etag, size)) => {
            content += &element("ETag", &format!("&quot;{etag}&quot;"));
            content += &element("Size", &size.to_string());
            content += &element("StorageClass", "STANDARD");
            element("Version", &content)
        }
        None => element("DeleteMarker", &content),
    }
}

fn document(name: &str, content: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"{NAMESPACE}\">{content}</{name}>"
    );
    Answer {
        content_type: Some(XML),
        body: body.into(),
        ..Answer::default()
    }
}

fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
