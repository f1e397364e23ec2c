//! What is released, as people have named it.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::names::{ContainerName, Image};

/// What is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Item {
    /// Images, each for a container.
    Images(Images),
    /// Anything else, in words: `package orders/17 (bucket artifacts)`, `version 8`.
    Named(String),
}

/// Images by the container they are for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Images(pub BTreeMap<ContainerName, Image>);

/// `repo/orders:v2`, or `app repo/orders:v2, proxy repo/proxy:7` for more than one.
impl fmt::Display for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (1, Some(only)) = (self.0.len(), self.0.values().next()) {
            return only.fmt(f);
        }
        let told: Vec<_> = self
            .0
            .iter()
            .map(|(container, image)| format!("{container} {image}"))
            .collect();
        f.write_str(&told.join(", "))
    }
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
