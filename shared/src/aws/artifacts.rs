//! Amazon S3: input artifacts.

use aws_sdk_s3::{
    config::{Credentials, SharedCredentialsProvider},
    operation::get_object::GetObjectOutput,
};
use aws_smithy_types::base64;
use sha2::{Digest, Sha256};

use super::{Account, AwsError, LookError};
use crate::{input::BadInput, job::Artifact};

/// The largest artifact that is read; the ECS deploy action takes up to 100 MB, but an artifact that holds
/// image definitions is a few hundred bytes.
const MOST_BYTES: i64 = 16 * 1024 * 1024;

/// The largest package that is kept to be looked into; of larger ones only the digest is told.
const MOST_KEPT: usize = 24 * 1024 * 1024;

const ACTION: &str = "s3:GetObject";

/// A package, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The SHA-256 of its bytes, in base64.
    pub sha256: String,
    /// The version of the object, if the bucket keeps versions.
    pub version: Option<String>,
    /// Its bytes, unless they are too many.
    pub bytes: Option<Vec<u8>>,
}

impl Account {
    /// The bytes of an input artifact, opened with the job's own credentials: the function's role
    /// needs no access to the artifact bucket.
    pub async fn artifact(&self, artifact: &Artifact) -> Result<Vec<u8>, LookError> {
        let answer = self.open(artifact).await?;
        if let Some(bytes) = answer.content_length().filter(|bytes| *bytes > MOST_BYTES) {
            let problem = format!(
                "has {bytes} bytes; give the build's artifact with imagedefinitions.json, at most {MOST_BYTES}"
            );
            return Err(BadInput::field("the first input artifact", "", problem).into());
        }
        let body = answer.body.collect().await;
        let bytes = body
            .map_err(|error| AwsError::unusable(ACTION, resource(artifact), error.to_string()))?;
        Ok(bytes.to_vec())
    }

    /// An input artifact that is a package, whatever its size: it is read once, piece by piece.
    pub async fn package(&self, artifact: &Artifact) -> Result<Packed, LookError> {
        let mut answer = self.open(artifact).await?;
        let (mut digest, mut bytes) = (Sha256::new(), Some(Vec::new()));
        while let Some(piece) = answer.body.next().await {
            let piece = piece.map_err(|error| {
                AwsError::unusable(ACTION, resource(artifact), error.to_string())
            })?;
            digest.update(&piece);
            bytes = bytes.filter(|kept| kept.len() + piece.len() <= MOST_KEPT);
            if let Some(kept) = &mut bytes {
                kept.extend_from_slice(&piece);
            }
        }
        Ok(Packed {
            sha256: base64::encode(digest.finalize()),
            version: answer.version_id,
            bytes,
        })
    }

    async fn open(&self, artifact: &Artifact) -> Result<GetObjectOutput, AwsError> {
        let mut config = aws_sdk_s3::config::Builder::from(&self.config);
        if let Some(secrets) = &artifact.credentials {
            let credentials = Credentials::new(
                &secrets.access_key_id,
                &secrets.secret_access_key,
                Some(secrets.session_token.clone()),
                None,
                "CodePipelineJob",
            );
            config = config.credentials_provider(SharedCredentialsProvider::new(credentials));
        }
        aws_sdk_s3::Client::from_conf(config.build())
            .get_object()
            .bucket(&artifact.bucket)
            .key(&artifact.key)
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, resource(artifact), &error))
    }
}

fn resource(artifact: &Artifact) -> String {
    format!(
        "input artifact {} (bucket {})",
        artifact.name, artifact.bucket
    )
}
