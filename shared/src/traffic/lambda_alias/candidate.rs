//! What is released: a package, an image, or a version that is there.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    aws::{
        function::{Code, Function},
        functions::Package,
    },
    names::{Image, Version},
};

/// What is released.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// Where it comes from.
    pub source: Source,
    /// The code that the function had, unpublished, before the candidate's was put there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Its version, once that is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// How long an invocation of it may take, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
}

/// Where a candidate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// A version that was published before.
    Published {
        /// Which.
        version: Version,
    },
    /// Code that is to be published.
    #[serde(untagged)]
    Code(FunctionCode),
}

/// What Lambda takes for the code of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FunctionCode {
    /// A package.
    Package {
        /// Where it is.
        at: Package,
        /// The SHA-256 of its bytes, in base64: what Lambda calls `CodeSha256`.
        sha256: String,
    },
    /// An image.
    Image {
        /// As it was asked for.
        image: Image,
        /// Its digest.
        digest: String,
    },
}

impl Source {
    /// The code that a version of it runs; `None` where it is a version already.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Code(code) => Some(code.digest()),
            Self::Published { .. } => None,
        }
    }
}

impl FunctionCode {
    /// By which a function is known to have it.
    #[must_use]
    pub fn digest(&self) -> Code {
        match self {
            Self::Package { sha256, .. } => Code::Package(sha256.clone()),
            Self::Image { digest, .. } => Code::Image(digest.clone()),
        }
    }
}

impl Candidate {
    /// What is to be made of a source.
    pub(super) fn of(source: Source) -> Self {
        Self {
            source,
            replaces: None,
            version: None,
            timeout_seconds: None,
        }
    }

    /// Once it is published, as this.
    pub(super) fn published(&self, as_this: &Function) -> Self {
        Self {
            version: Some(as_this.version.clone()),
            timeout_seconds: Some(as_this.timeout.as_secs()),
            ..self.clone()
        }
    }
}

/// `package builds/17.zip (bucket artifacts)`, `image repo/orders:v2`.
impl fmt::Display for FunctionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package { at, .. } => write!(f, "package {} (bucket {})", at.key, at.bucket),
            Self::Image { image, .. } => write!(f, "image {image}"),
        }
    }
}

/// The same, or `version 8`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => code.fmt(f),
            Self::Published { version } => write!(f, "version {version}"),
        }
    }
}
