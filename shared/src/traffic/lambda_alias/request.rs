//! What an action asks to release: an image, a version, or the package that is its first input artifact.

use serde::Deserialize;

use super::{FunctionCode, Source, package};
use crate::{
    aws::{Account, LookError, functions::Package},
    input::{BadInput, Fields, USER_PARAMETERS},
    job::Artifact,
    names::{Image, Version, VersionNumber},
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// The first input artifact, as it is: what CodePipeline's own Lambda action deploys (AWS, "AWS Lambda deploy action reference").
    Package,
    /// An image.
    Image(Image),
    /// A version that is published already.
    Published(VersionNumber),
}

/// The same as people write it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    image: Option<Image>,
    version: Option<VersionNumber>,
}

impl Request {
    /// Reads it as people write it.
    pub(super) fn read(source: &'static str, fields: &Fields) -> Result<Self, BadInput> {
        match fields.read(source)? {
            Input {
                image: Some(_),
                version: Some(_),
            } => {
                let problem =
                    "given beside version, which has its image already; leave one of them out";
                Err(BadInput::field(source, "image", problem))
            }
            Input {
                image: Some(image), ..
            } => Ok(Self::Image(image)),
            Input {
                version: Some(version),
                ..
            } => Ok(Self::Published(version)),
            Input { .. } => Ok(Self::Package),
        }
    }

    /// What it names, and what a package's program is built for, where that can be told.
    pub(super) async fn source(
        &self,
        account: &Account,
        inputs: &[Artifact],
    ) -> Result<(Source, Option<&'static str>), LookError> {
        match (self, inputs.first()) {
            (Self::Published(version), _) => {
                let version = Version::from(version);
                Ok((Source::Published { version }, None))
            }
            (Self::Image(image), _) => {
                let digest = match image.in_ecr() {
                    Some(in_ecr) => account.digest(&in_ecr).await?,
                    None => image.digest().map(str::to_owned),
                };
                let image = image.clone();
                match digest {
                    Some(digest) => Ok((Source::Code(FunctionCode::Image { image, digest }), None)),
                    None => Err(no_digest(&image).into()),
                }
            }
            (Self::Package, Some(artifact)) => {
                let read = account.package(artifact).await?;
                let at = Package {
                    bucket: artifact.bucket.clone(),
                    key: artifact.key.clone(),
                    version: read.version,
                };
                let built_for = read.bytes.as_deref().and_then(package::built_for);
                let sha256 = read.sha256;
                Ok((
                    Source::Code(FunctionCode::Package { at, sha256 }),
                    built_for,
                ))
            }
            (Self::Package, None) => Err(nothing().into()),
        }
    }
}

fn no_digest(image: &Image) -> BadInput {
    let problem = format!(
        "nobody can tell what the tag of {image} means now: there is no such image, or the function's role may not call \
         ecr:DescribeImages on its repository. Name the image by its digest, or grant that"
    );
    BadInput::field(USER_PARAMETERS, "image", problem)
}

fn nothing() -> BadInput {
    let problem = "missing, and the action has no input artifact: give an image or a version, or the package as the first input artifact";
    BadInput::field(USER_PARAMETERS, "version", problem)
}
