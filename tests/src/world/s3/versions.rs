//! Versions of objects, and deleting them.
//!
//! AWS: S3 user guide, "How S3 Versioning works": without versioning what is put takes the place of what was there;
//! with it a deletion without a version only adds a marker.

use super::{Bucket, Fault, Object, S3, Version};
use crate::{clock::Moment, world::World};

/// A version as `ListObjectVersions` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The object's key.
    pub key: String,
    /// Its id; `null` for one without.
    pub version: String,
    /// Whether it is the newest of its key.
    pub is_latest: bool,
    /// MD5 and bytes; `None` for a delete marker.
    pub content: Option<(String, usize)>,
    /// When it was put.
    pub at: Moment,
}

/// What became of a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deleted {
    /// The id of the marker that was added, or of the version that is gone.
    pub version: Option<String>,
    /// Whether that is a delete marker.
    pub is_marker: bool,
}

impl Bucket {
    /// Adds the newest version of a key.
    pub(super) fn add(&mut self, key: &str, version: Version) {
        let versions = self.objects.entry(key.to_owned()).or_default();
        if version.id.is_none() {
            versions.retain(|other| other.id.is_some());
        }
        versions.push(version);
    }
}

impl S3 {
    /// A version of an object; `null` is the one without an id.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchVersion`; `MethodNotAllowed` for a delete marker.
    pub fn version(&self, bucket: &str, key: &str, id: &str) -> Result<&Object, Fault> {
        let versions = self.bucket(bucket)?.objects.get(key);
        let found = versions
            .into_iter()
            .flatten()
            .find(|version| shown(version) == id);
        let found = found.ok_or_else(|| {
            Fault::with_status(
                "NoSuchVersion",
                "The specified version does not exist.",
                404,
            )
        })?;
        found.object.as_ref().ok_or_else(|| {
            let message = "The specified method is not allowed against this resource.";
            Fault::with_status("MethodNotAllowed", message, 405)
        })
    }

    /// All versions of the keys that begin so, by key, the newest of each first.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub fn versions(&self, bucket: &str, prefix: &str) -> Result<Vec<Listed>, Fault> {
        let objects = self.bucket(bucket)?.objects.iter();
        let wanted = objects.filter(|(key, _)| key.starts_with(prefix));
        Ok(wanted
            .flat_map(|(key, versions)| {
                let newest = versions.len() - 1;
                let listed = versions.iter().enumerate().rev();
                listed.map(move |(index, version)| Listed {
                    key: key.clone(),
                    version: shown(version).to_owned(),
                    is_latest: index == newest,
                    content: version
                        .object
                        .as_ref()
                        .map(|object| (object.etag.clone(), object.body.len())),
                    at: version.at,
                })
            })
            .collect())
    }

    /// `DeleteBucket`.
    ///
    /// # Errors
    /// `NoSuchBucket`; `BucketNotEmpty`, as long as there is a version or a marker.
    pub fn delete_bucket(&mut self, bucket: &str) -> Result<(), Fault> {
        if !self.bucket(bucket)?.objects.is_empty() {
            let message = "The bucket you tried to delete is not empty";
            return Err(Fault::with_status("BucketNotEmpty", message, 409));
        }
        self.buckets.remove(bucket);
        Ok(())
    }
}

/// Deletes a version for good, or without one hides the object: by a marker, where the bucket has versioning.
///
/// # Errors
/// `NoSuchBucket`.
pub fn delete(
    world: &mut World,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> Result<Deleted, Fault> {
    world.s3.puts += 1;
    let marker = format!("EXAMPLE{:025}", world.s3.puts);
    let (now, from) = (world.now, world.s3.bucket_mut(bucket)?);
    if version.is_none() && from.versioned {
        let version = Version {
            id: Some(marker.clone()),
            object: None,
            at: now,
        };
        from.add(key, version);
        return Ok(Deleted {
            version: Some(marker),
            is_marker: true,
        });
    }
    let id = version.unwrap_or("null");
    let mut deleted = Deleted {
        version: version.map(str::to_owned),
        is_marker: false,
    };
    if let Some(versions) = from.objects.get_mut(key) {
        let found = versions.iter().find(|other| shown(other) == id);
        deleted.is_marker = found.is_some_and(|found| found.object.is_none());
        versions.retain(|other| shown(other) != id);
        if versions.is_empty() {
            from.objects.remove(key);
        }
    }
    Ok(deleted)
}

fn shown(version: &Version) -> &str {
    version.id.as_deref().unwrap_or("null")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{stage::identity, world::s3::put};

    fn world() -> World {
        let mut world = World::new(identity(), Moment(1_790_000_000_000), 1);
        world.s3.create_bucket("source");
        world.s3.set_versioning("source", true).unwrap();
        world
    }

    fn listed(world: &World) -> Vec<(String, bool)> {
        let versions = world.s3.versions("source", "").unwrap().into_iter();
        versions.map(|it| (it.key, it.content.is_some())).collect()
    }

    #[test]
    fn a_bucket_is_empty_only_when_the_last_marker_is_gone() {
        let mut world = world();
        put(&mut world, "source", "a", b"1".to_vec()).unwrap();
        put(&mut world, "source", "a", b"2".to_vec()).unwrap();
        let marker = delete(&mut world, "source", "a", None).unwrap();
        assert!(marker.is_marker);
        assert_eq!(
            world.s3.object("source", "a").unwrap_err().code,
            "NoSuchKey"
        );
        let a = |content| ("a".to_owned(), content);
        assert_eq!(listed(&world), [a(false), a(true), a(true)]);
        for version in world.s3.versions("source", "").unwrap() {
            let fault = world.s3.delete_bucket("source").unwrap_err();
            assert_eq!(fault.code, "BucketNotEmpty");
            delete(&mut world, "source", "a", Some(&version.version)).unwrap();
        }
        world.s3.delete_bucket("source").unwrap();
    }

    #[test]
    fn a_version_that_was_replaced_can_still_be_read() {
        let mut world = world();
        put(&mut world, "source", "a", b"1".to_vec()).unwrap();
        let first = world
            .s3
            .object("source", "a")
            .unwrap()
            .version
            .clone()
            .unwrap();
        put(&mut world, "source", "a", b"2".to_vec()).unwrap();
        assert_eq!(world.s3.version("source", "a", &first).unwrap().body, b"1");
        let fault = world.s3.version("source", "a", "null").unwrap_err();
        assert_eq!(fault.code, "NoSuchVersion");
    }

    #[test]
    fn without_versioning_what_is_deleted_is_gone() {
        let mut world = world();
        world.s3.set_versioning("source", false).unwrap();
        put(&mut world, "source", "a", b"1".to_vec()).unwrap();
        put(&mut world, "source", "a", b"2".to_vec()).unwrap();
        assert_eq!(listed(&world).len(), 1);
        delete(&mut world, "source", "a", None).unwrap();
        world.s3.delete_bucket("source").unwrap();
    }
}
