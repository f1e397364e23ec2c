//! The candidate's task definition: the stable one with the image replaced, everything else kept.
//!
//! On raw JSON, so that a field that is newer than this program is kept as well.

use std::collections::BTreeMap;

use canary::{
    artifact::{FILE, Images},
    clock::Timestamp,
    decision::Refusal,
    input::BadInput,
    names::{ContainerName, Image, ReleaseId, TaskDefinitionArn},
    parameters::{self, USER_PARAMETERS},
};
use serde_json::{Value, json};

/// The tag that names the release a task definition was registered for.
pub const RELEASE_TAG: &str = "canary:release";

/// The tag that tells one attempt of a release from the next.
pub const BEGAN_TAG: &str = "canary:began";

/// What a release adds to the tags of the stable definition.
pub const RELEASE_TAGS: [&str; 2] = [RELEASE_TAG, BEGAN_TAG];

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

/// The stable task definition, as `DescribeTaskDefinition` answers it.
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

    /// Whether its containers run these images already.
    #[must_use]
    pub fn runs(&self, images: &Images) -> bool {
        images.0.iter().all(|(name, image)| {
            self.container_definitions().iter().any(|container| {
                container["name"] == name.as_str() && container["image"] == image.as_str()
            })
        })
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

    /// The input of `RegisterTaskDefinition` for the candidate.
    #[must_use]
    pub fn candidate(&self, images: &Images, release: &ReleaseId, began: Timestamp) -> String {
        let mut input = self.input();
        input["tags"] = self.tags(release, began);
        for container in input["containerDefinitions"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            let name = container["name"]
                .as_str()
                .and_then(|name| ContainerName::try_from(name).ok());
            if let Some(image) = name.and_then(|name| images.0.get(&name)) {
                container["image"] = json!(image);
            }
        }
        input.to_string()
    }

    /// Without tags.
    fn input(&self) -> Value {
        let mut input = self.0["taskDefinition"].clone();
        if let Some(fields) = input.as_object_mut() {
            fields.retain(|name, value| !ANSWER_ONLY.contains(&name.as_str()) && !value.is_null());
        }
        input
    }

    /// The stable tags and ours.
    fn tags(&self, release: &ReleaseId, began: Timestamp) -> Value {
        let ours = [
            json!({"key": RELEASE_TAG, "value": release}),
            json!({"key": BEGAN_TAG, "value": began.to_string()}),
        ];
        self.kept_tags().cloned().chain(ours).collect()
    }

    /// Tags that are nobody's but the user's. Keys that begin with `aws:` are AWS's own and cannot be given back.
    pub(crate) fn kept_tags(&self) -> impl Iterator<Item = &Value> {
        let tags = self.0["tags"].as_array().into_iter().flatten();
        tags.filter(|tag| {
            let key = tag["key"].as_str().unwrap_or_default();
            !key.starts_with("aws:") && !RELEASE_TAGS.contains(&key)
        })
    }

    fn container_definitions(&self) -> &[Value] {
        self.0["taskDefinition"]["containerDefinitions"]
            .as_array()
            .map_or(&[], Vec::as_slice)
    }
}

/// Where the candidate's images come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `UserParameters`.
    Parameter(Image),
    /// `imagedefinitions.json` of the first input artifact.
    Artifact(Images),
}

/// The images that the candidate shall run, each for a container that the stable definition has.
pub fn images(
    source: &Source,
    parameters: &parameters::DeployCanary,
    stable: &Definition,
    stable_arn: &TaskDefinitionArn,
) -> Result<Images, Refusal> {
    let containers = stable.containers();
    let no_container = |container: &ContainerName, source_name| Refusal::NoContainer {
        container: container.to_string(),
        task_definition: stable_arn.short().to_owned(),
        containers: containers.clone(),
        source_name,
    };
    let which_container = || Refusal::WhichContainer {
        task_definition: stable_arn.short().to_owned(),
        containers: containers.clone(),
    };
    let images = match (source, &parameters.container) {
        (Source::Parameter(image), Some(container)) => one(container.clone(), image.clone()),
        (Source::Parameter(image), None) => match containers.as_slice() {
            [only] => match ContainerName::try_from(only.as_str()) {
                Ok(only) => one(only, image.clone()),
                Err(_) => return Err(which_container()),
            },
            _ => return Err(which_container()),
        },
        (Source::Artifact(images), None) => images.clone(),
        (Source::Artifact(images), Some(container)) => {
            let image = images.0.get(container).ok_or_else(|| Refusal::NoImage {
                container: container.to_string(),
                images: images.to_string(),
            })?;
            one(container.clone(), image.clone())
        }
    };
    let source_name = match (source, &parameters.container) {
        (Source::Artifact(_), None) => FILE,
        _ => USER_PARAMETERS,
    };
    match images
        .0
        .keys()
        .find(|name| !containers.iter().any(|there| there == name.as_str()))
    {
        Some(unknown) => Err(no_container(unknown, source_name)),
        None => Ok(images),
    }
}

fn one(container: ContainerName, image: Image) -> Images {
    Images(BTreeMap::from([(container, image)]))
}

/// The answer when neither parameter nor artifact names an image.
#[must_use]
pub fn no_image() -> BadInput {
    let problem =
        format!("missing, and the action has no input artifact with {FILE}; give one of the two");
    BadInput::field(USER_PARAMETERS, "image", problem)
}
