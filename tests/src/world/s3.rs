//! Amazon S3: buckets with objects.

use std::collections::BTreeMap;

use super::Fault;

/// Objects by bucket and key.
#[derive(Debug, Default)]
pub struct S3 {
    buckets: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
}

impl S3 {
    /// Creates a bucket.
    pub fn create_bucket(&mut self, bucket: &str) {
        self.buckets.entry(bucket.to_owned()).or_default();
    }

    /// Puts an object.
    ///
    /// # Errors
    /// `NoSuchBucket`.
    pub fn put(&mut self, bucket: &str, key: &str, body: Vec<u8>) -> Result<(), Fault> {
        self.bucket(bucket)?;
        self.buckets
            .entry(bucket.to_owned())
            .or_default()
            .insert(key.to_owned(), body);
        Ok(())
    }

    /// Gets an object.
    ///
    /// # Errors
    /// `NoSuchBucket`, `NoSuchKey`.
    pub fn get(&self, bucket: &str, key: &str) -> Result<&[u8], Fault> {
        self.bucket(bucket)?
            .get(key)
            .map(Vec::as_slice)
            .ok_or(Fault {
                code: "NoSuchKey".to_owned(),
                message: "The specified key does not exist.".to_owned(),
                status: 404,
            })
    }

    fn bucket(&self, bucket: &str) -> Result<&BTreeMap<String, Vec<u8>>, Fault> {
        self.buckets.get(bucket).ok_or(Fault {
            code: "NoSuchBucket".to_owned(),
            message: "The specified bucket does not exist".to_owned(),
            status: 404,
        })
    }
}
