//! Amazon S3 over `restXml`: `GetObject` of whole objects.

use http::{header, request::Parts};

use crate::world::Fault;

/// Where an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) bucket: String,
    pub(super) key: String,
}

impl Location {
    /// The object that a request asks for, path-style or virtual-hosted.
    ///
    /// # Errors
    /// `NotImplemented`: anything that is not a plain `GetObject` of all of an object.
    pub(super) fn of(parts: &Parts) -> Result<Self, Fault> {
        let plain = parts
            .uri
            .query()
            .is_none_or(|query| query == "x-id=GetObject");
        if parts.method != http::Method::GET || !plain || parts.headers.contains_key(header::RANGE)
        {
            return Err(not_implemented(parts));
        }
        let path = percent_decoded(parts.uri.path().trim_start_matches('/'));
        let (bucket, key) = match bucket_of_host(parts) {
            Some(bucket) => (bucket.to_owned(), path),
            None => path
                .split_once('/')
                .map(|(bucket, key)| (bucket.to_owned(), key.to_owned()))
                .unwrap_or_default(),
        };
        if bucket.is_empty() || key.is_empty() {
            return Err(not_implemented(parts));
        }
        Ok(Self { bucket, key })
    }
}

fn not_implemented(parts: &Parts) -> Fault {
    Fault::with_status(
        "NotImplemented",
        format!(
            "the local account has only GetObject of whole objects, not this {} of {}",
            parts.method,
            parts.uri.path()
        ),
        501,
    )
}

/// `BUCKET.s3.REGION.amazonaws.com`; any other host is path-style.
fn bucket_of_host(parts: &Parts) -> Option<&str> {
    let header = || parts.headers.get(header::HOST)?.to_str().ok();
    let host = parts.uri.host().or_else(header)?;
    let (bucket, rest) = host.split_once(".s3.")?;
    rest.ends_with("amazonaws.com").then_some(bucket)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn location(uri: &str, host: &str) -> Result<Location, Fault> {
        let request = http::Request::get(uri)
            .header("host", host)
            .body(())
            .unwrap();
        Location::of(&request.into_parts().0)
    }

    #[test]
    fn both_address_styles_lead_to_the_object() {
        let wanted = Location {
            bucket: "artifacts".to_owned(),
            key: "orders/Build Out/x.zip".to_owned(),
        };
        let path = "/artifacts/orders/Build%20Out/x.zip?x-id=GetObject";
        assert_eq!(location(path, "127.0.0.1:4566"), Ok(wanted.clone()));
        let path = "/orders/Build%20Out/x.zip?x-id=GetObject";
        assert_eq!(
            location(path, "artifacts.s3.eu-central-1.amazonaws.com"),
            Ok(wanted)
        );
    }

    #[test]
    fn anything_but_a_whole_object_is_not_implemented() {
        for uri in ["/bucket", "/", "/b/k?versionId=3", "/b?list-type=2"] {
            assert_eq!(
                location(uri, "127.0.0.1").unwrap_err().code,
                "NotImplemented",
                "{uri}"
            );
        }
        let request = http::Request::get("/b/k")
            .header("range", "bytes=0-1")
            .body(())
            .unwrap();
        assert!(Location::of(&request.into_parts().0).is_err());
        let request = http::Request::put("/b/k").body(()).unwrap();
        assert!(Location::of(&request.into_parts().0).is_err());
    }

    #[test]
    fn a_broken_escape_stays_as_it_is() {
        assert_eq!(percent_decoded("100%/%zz%41%"), "100%/%zzA%");
    }
}
