//! Amazon S3: buckets with objects and their versions.

mod needs;
mod provision;
mod versions;

use std::{collections::BTreeMap, fmt::Write as _};

use md5::{Digest, Md5};
use serde_json::json;

use super::{
    Fault, World, events,
    service::{Endpoint, Service},
};
use crate::clock::Moment;

pub use versions::{Deleted, Listed, delete};

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::RestXml,
    denied: ("AccessDenied", 403),
    needs: needs::needs,
    resources: provision::RESOURCES,
    ..Service::new("s3")
};

/// Buckets by name.
#[derive(Debug, Default)]
pub struct S3 {
    buckets: BTreeMap<String, Bucket>,
    /// How many objects were put; what is put later has the higher number.
    puts: u64,
}

#[derive(Debug, Default)]
struct Bucket {
    versioned: bool,
    notifies: bool,
    /// By key, the oldest first; never empty.
    objects: BTreeMap<String, Vec<Version>>,
}

/// What was put under a key, or a delete marker.
#[derive(Debug)]
struct Version {
    /// `None`: put, or deleted, without versioning; its id is `null`.
    id: Option<String>,
    /// `None`: a delete marker.
    object: Option<Object>,
    at: Moment,
}

/// An object as it was put last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its content.
    pub body: Vec<u8>,
    /// Its MD5, in hexadecimal digits, without quotes.
    pub etag: String,
    /// Its version, if it was put into a bucket with versioning.
    pub version: Option<String>,
}

impl S3 {
    /// Creates a bucket, without versioning and without events.
    pub fn create_bucket(&mut self, bucket: &str) {
        self.buckets.entry(bucket.to_owned()).or_default();
    }

    /// Whether there is a bucket of that name.
    #[must_use]
    pub fn has_bucket(&self, bucket: &str) -> bool {
        self.buckets.contains_key(bucket)
    }

    /// `PutBucketVersioning`: whether objects that are put from now on get a version.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub fn set_versioning(&mut self, bucket: &str, on: bool) -> Result<(), Fault> {
        self.bucket_mut(bucket)?.versioned = on;
        Ok(())
    }

    /// `EventBridgeConfiguration` of `PutBucketNotificationConfiguration`: whether `EventBridge` hears of objects that
    /// are put from now on.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub fn set_notifying(&mut self, bucket: &str, on: bool) -> Result<(), Fault> {
        self.bucket_mut(bucket)?.notifies = on;
        Ok(())
    }

    /// Gets an object's content.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchKey`.
    pub fn get(&self, bucket: &str, key: &str) -> Result<&[u8], Fault> {
        self.object(bucket, key)
            .map(|object| object.body.as_slice())
    }

    /// An object.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchKey`.
    pub fn object(&self, bucket: &str, key: &str) -> Result<&Object, Fault> {
        let versions = self.bucket(bucket)?.objects.get(key);
        let newest = versions.and_then(|versions| versions.last());
        let object = newest.and_then(|newest| newest.object.as_ref());
        object.ok_or_else(|| {
            Fault::with_status("NoSuchKey", "The specified key does not exist.", 404)
        })
    }

    fn bucket(&self, bucket: &str) -> Result<&Bucket, Fault> {
        self.buckets.get(bucket).ok_or_else(no_such_bucket)
    }

    fn bucket_mut(&mut self, bucket: &str) -> Result<&mut Bucket, Fault> {
        self.buckets.get_mut(bucket).ok_or_else(no_such_bucket)
    }
}

/// Puts an object, and tells `EventBridge` if the bucket does.
///
/// # Errors
/// `NoSuchBucket`.
pub fn put(world: &mut World, bucket: &str, key: &str, body: Vec<u8>) -> Result<(), Fault> {
    world.s3.puts += 1;
    let number = world.s3.puts;
    let to = world.s3.bucket_mut(bucket)?;
    let object = Object {
        etag: etag(&body),
        version: to.versioned.then(|| format!("EXAMPLE{number:025}")),
        body,
    };
    let notifies = to.notifies;
    let version = Version {
        id: object.version.clone(),
        object: Some(object.clone()),
        at: world.now,
    };
    to.add(key, version);
    if notifies {
        announce(world, bucket, key, &object, number);
    }
    Ok(())
}

/// AWS: S3 user guide, "`EventBridge` event message structure".
fn announce(world: &mut World, bucket: &str, key: &str, object: &Object, number: u64) {
    let mut detail = json!({
        "version": "0",
        "bucket": { "name": bucket },
        "object": {
            "key": key,
            "size": object.body.len(),
            "etag": object.etag,
            "sequencer": format!("{number:016X}"),
        },
        "request-id": format!("EXAMPLE{number:09}"),
        "requester": world.identity.account,
        "source-ip-address": "192.0.2.1",
        "reason": "PutObject",
    });
    if let Some(version) = &object.version {
        detail["object"]["version-id"] = json!(version);
    }
    let resources = [format!("arn:aws:s3:::{bucket}")];
    events::emit(world, "aws.s3", "Object Created", &resources, &detail);
}

/// The `ETag` of an object uploaded in one part: its MD5, here without quotes.
#[must_use]
pub fn etag(body: &[u8]) -> String {
    let digest = Md5::digest(body);
    digest.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn no_such_bucket() -> Fault {
    Fault::with_status("NoSuchBucket", "The specified bucket does not exist", 404)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Moment, world::Identity};

    fn world() -> World {
        let identity = Identity {
            account: "111122223333".to_owned(),
            region: "eu-central-1".to_owned(),
        };
        let mut world = World::new(identity, Moment(1_790_000_000_000), 1);
        world.s3.create_bucket("source");
        world
    }

    #[test]
    fn every_put_into_a_bucket_with_versioning_is_another_version() {
        let mut world = world();
        put(&mut world, "source", "a", b"1".to_vec()).unwrap();
        assert_eq!(world.s3.object("source", "a").unwrap().version, None);
        world.s3.set_versioning("source", true).unwrap();
        let mut version = |body: &[u8]| {
            put(&mut world, "source", "a", body.to_vec()).unwrap();
            let object = world.s3.object("source", "a").unwrap();
            assert_eq!(object.body, body);
            object.version.clone().expect("a version")
        };
        assert_ne!(version(b"2"), version(b"2"));
    }

    #[test]
    fn an_etag_is_the_md5() {
        assert_eq!(etag(b"hello"), "5d41402abc4b2a76b9719d911017c592");
    }

    #[test]
    fn a_bucket_that_is_not_there_takes_nothing() {
        let mut world = world();
        let fault = put(&mut world, "nowhere", "a", Vec::new()).unwrap_err();
        assert_eq!((fault.code.as_str(), fault.status), ("NoSuchBucket", 404));
    }
}
