//! Amazon S3: input artifacts.

use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};

use super::{Account, AwsError, LookError};
use crate::{input::BadInput, job::Artifact};

/// The largest artifact that is read; the ECS deploy action takes up to 100 MB, but an artifact that holds
/// image definitions is a few hundred bytes.
const MOST_BYTES: i64 = 16 * 1024 * 1024;

impl Account {
    /// The bytes of an input artifact, opened with the job's own credentials: the function's role
    /// needs no access to the artifact bucket.
    pub async fn artifact(&self, artifact: &Artifact) -> Result<Vec<u8>, LookError> {
        const ACTION: &str = "s3:GetObject";
        let resource = format!(
            "input artifact {} (bucket {})",
            artifact.name, artifact.bucket
        );
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
        let answer = aws_sdk_s3::Client::from_conf(config.build())
            .get_object()
            .bucket(&artifact.bucket)
            .key(&artifact.key)
            .send()
            .await
            .map_err(|error| AwsError::of(ACTION, &resource, &error))?;
        if let Some(bytes) = answer.content_length().filter(|bytes| *bytes > MOST_BYTES) {
            let problem = format!(
                "has {bytes} bytes; give the build's artifact with imagedefinitions.json, at most {MOST_BYTES}"
            );
            return Err(BadInput::field("the first input artifact", "", problem).into());
        }
        let body = answer.body.collect().await;
        let bytes =
            body.map_err(|error| AwsError::unusable(ACTION, &resource, error.to_string()))?;
        Ok(bytes.to_vec())
    }
}
