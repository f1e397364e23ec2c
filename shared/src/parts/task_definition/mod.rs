//! Task definitions of ECS: what runs, what is to run, and what that changes.
//!
//! On raw JSON, so that a field that is newer than this program is kept as well.

mod asked;
mod candidate;
mod difference;
mod digests;
mod file;
mod fit;
mod images;
mod request;
mod source;
mod wanted;
mod words;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    clock::Timestamp,
    names::{ContainerName, Image, ReleaseId, TaskDefinitionArn},
};

pub use asked::Asked;
pub use candidate::{Candidate, Registration};
pub use digests::Digests;
pub use request::Request;
pub use source::{NamedImages, Source, Whole};
pub use wanted::Wanted;
pub use words::Reason;

/// The tag that names the release a task definition was registered for.
const RELEASE_TAG: &str = "canary:release";

/// The tag that tells one attempt of a release from the next.
const BEGAN_TAG: &str = "canary:began";

/// What a release adds to the tags of the stable definition.
const RELEASE_TAGS: [&str; 2] = [RELEASE_TAG, BEGAN_TAG];

/// What `DescribeTaskDefinition` answers and `RegisterTaskDefinition` does not take: the difference
/// between `ecs.TaskDefinition` and `ecs.RegisterTaskDefinitionRequest` in botocore 1.44.
const ANSWER_ONLY: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// A task definition, as `DescribeTaskDefinition` answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition(pub Value);

impl Definition {
    /// The names of its containers.
    #[must_use]
    pub fn containers(&self) -> Vec<String> {
        let names = self
            .container_definitions()
            .iter()
            .filter_map(|container| container["name"].as_str());
        names.map(str::to_owned).collect()
    }

    /// The digests of its images, as far as they are named by digest.
    #[must_use]
    pub fn digests(&self) -> BTreeMap<ContainerName, String> {
        let images = images_of(self.container_definitions());
        let images = images.into_iter().filter_map(|(name, image)| {
            let digest = image.digest()?.to_owned();
            Some((name, digest))
        });
        images.collect()
    }

    /// Whether it was registered by this attempt of the release.
    #[must_use]
    pub fn is_of(&self, release: &ReleaseId, began: Timestamp) -> bool {
        let tags = self.0["tags"].as_array();
        let has = |key: &str, value: &str| {
            tags.is_some_and(|tags| {
                tags.iter()
                    .any(|tag| tag["key"] == key && tag["value"] == value)
            })
        };
        has(RELEASE_TAG, release.as_str()) && has(BEGAN_TAG, &began.to_string())
    }

    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> Option<TaskDefinitionArn> {
        TaskDefinitionArn::try_from(self.0["taskDefinition"]["taskDefinitionArn"].as_str()?).ok()
    }

    /// `FAMILY:REVISION`.
    #[must_use]
    pub fn short(&self) -> String {
        self.arn()
            .map_or_else(String::new, |arn| arn.short().to_owned())
    }

    /// `ACTIVE`, or something else.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.0["taskDefinition"]["status"].as_str()
    }

    /// The input of `RegisterTaskDefinition` that gives it once more.
    #[must_use]
    pub fn once_more(&self) -> String {
        let mut input = self.input();
        let tags: Vec<_> = self.kept_tags().collect();
        if !tags.is_empty() {
            input["tags"] = json!(tags);
        }
        input.to_string()
    }

    /// The input of `RegisterTaskDefinition`, without tags.
    #[must_use]
    pub fn input(&self) -> Value {
        let mut input = self.0["taskDefinition"].clone();
        if let Some(fields) = input.as_object_mut() {
            fields.retain(|name, value| !ANSWER_ONLY.contains(&name.as_str()) && !value.is_null());
        }
        input
    }

    /// Tags that are nobody's but the user's.
    pub fn kept_tags(&self) -> impl Iterator<Item = &Value> {
        tags(&self.0)
    }

    fn container_definitions(&self) -> &[Value] {
        self.0["taskDefinition"]["containerDefinitions"]
            .as_array()
            .map_or(&[], Vec::as_slice)
    }
}

/// Containers with their images. One that names neither tag nor digest has none.
fn images_of(containers: &[Value]) -> BTreeMap<ContainerName, Image> {
    let named = containers.iter().filter_map(|container| {
        let name = ContainerName::try_from(container["name"].as_str()?).ok()?;
        let image = Image::try_from(container["image"].as_str()?).ok()?;
        Some((name, image))
    });
    named.collect()
}

/// Tags that are nobody's but the user's. Keys that begin with `aws:` are AWS's own and cannot be given back.
fn tags(of: &Value) -> impl Iterator<Item = &Value> {
    let tags = of["tags"].as_array().into_iter().flatten();
    tags.filter(|tag| {
        let key = tag["key"].as_str().unwrap_or_default();
        !key.starts_with("aws:") && !RELEASE_TAGS.contains(&key)
    })
}
