//! What is released, as people have named it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::artifact::Images;

/// What is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Item {
    /// Images, each for a container.
    Images(Images),
    /// Anything else, in words: `package orders/17 (bucket artifacts)`, `version 8`.
    Named(String),
}

/// Nothing that could be named.
impl Default for Item {
    fn default() -> Self {
        Self::Images(Images::default())
    }
}

impl From<Images> for Item {
    fn from(images: Images) -> Self {
        Self::Images(images)
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Images(images) => images.fmt(f),
            Self::Named(name) => name.fmt(f),
        }
    }
}
