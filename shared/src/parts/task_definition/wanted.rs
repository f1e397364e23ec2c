//! The candidate's task definition: the stable one with the image replaced and everything else kept, or one of its own.

use std::{collections::BTreeMap, fmt};

use crate::{
    artifact::{FILE, Images},
    clock::Timestamp,
    decision::Refusal,
    input::BadInput,
    names::{ContainerName, Image, ReleaseId, TaskDefinitionArn},
    parameters::{self, USER_PARAMETERS},
};
use serde_json::{Value, json};

use super::{BEGAN_TAG, Definition, Digests, RELEASE_TAG, images_of, tags};

/// Where the candidate comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// An image in `UserParameters`: the stable definition with that.
    Parameter(Image),
    /// `imagedefinitions.json` of the first input artifact: the same.
    Artifact(Images),
    /// A file of an input artifact, with its images in place: a definition of its own.
    File {
        /// The file's name.
        name: String,
        /// The input of `RegisterTaskDefinition`.
        input: Value,
    },
    /// A revision that is registered already.
    Revision(Definition),
}

/// What is to be released: everything that its tasks would run.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The images, by container: those that are replaced, or all of a definition of its own.
    pub images: Images,
    /// The input of `RegisterTaskDefinition`, with these images, without our tags.
    pub input: Value,
    /// Whether these are only some of its images, and the rest is the stable definition's.
    is_in_part: bool,
    /// The revision, if it is registered already.
    pub revision: Option<TaskDefinitionArn>,
}

impl Wanted {
    /// What a source asks for, beside what the primary runs.
    pub fn of(
        source: &Source,
        parameters: &parameters::DeployCanary,
        stable: &Definition,
        stable_arn: &TaskDefinitionArn,
    ) -> Result<Self, Refusal> {
        let (input, revision) = match source {
            Source::Parameter(_) | Source::Artifact(_) => {
                let images = images(source, parameters, stable, stable_arn)?;
                let mut input = stable.input();
                input["tags"] = stable.kept_tags().cloned().collect();
                let wanted = Self {
                    images: Images::default(),
                    input,
                    is_in_part: true,
                    revision: None,
                };
                return Ok(wanted.running(images));
            }
            Source::File { input, .. } => (input.clone(), None),
            Source::Revision(definition) => (definition.input(), definition.arn()),
        };
        let containers = input["containerDefinitions"].as_array();
        Ok(Self {
            images: Images(images_of(containers.map_or(&[], Vec::as_slice))),
            input,
            is_in_part: false,
            revision,
        })
    }

    /// Whether a container's image is known to run already. Where only some are replaced the others stay.
    #[must_use]
    pub fn runs(&self, container: &str, digests: &Digests) -> bool {
        let is_named = self.images.0.keys().any(|name| name.as_str() == container);
        digests.is_running(container) || !is_named && self.is_in_part
    }

    /// The same with its images by their digests, where those are known; what is registered already stays.
    #[must_use]
    pub fn with(self, digests: &Digests) -> Self {
        if self.revision.is_some() {
            return self;
        }
        let pinned = digests.pinned(&self.images);
        self.running(pinned)
    }

    fn running(mut self, images: Images) -> Self {
        let containers = self.input["containerDefinitions"].as_array_mut();
        for container in containers.into_iter().flatten() {
            let name = container["name"].as_str();
            let name = name.and_then(|name| ContainerName::try_from(name).ok());
            if let Some(image) = name.and_then(|name| images.0.get(&name)) {
                container["image"] = json!(image);
            }
        }
        self.images = images;
        self
    }

    /// The input of `RegisterTaskDefinition` for one attempt of a release.
    #[must_use]
    pub fn definition(&self, release: &ReleaseId, began: Timestamp) -> String {
        let ours = [
            json!({"key": RELEASE_TAG, "value": release}),
            json!({"key": BEGAN_TAG, "value": began.to_string()}),
        ];
        let mut input = self.input.clone();
        let kept = self.kept_tags().cloned();
        input["tags"] = kept.chain(ours).collect();
        input.to_string()
    }

    /// Tags that are nobody's but the user's.
    pub fn kept_tags(&self) -> impl Iterator<Item = &Value> {
        tags(&self.input)
    }
}

/// `taskdef.json (taskDefinition)`, as people have named it.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(image) => write!(f, "{image} ({USER_PARAMETERS}: field image)"),
            Self::Artifact(_) => f.write_str(FILE),
            Self::File { name, .. } => {
                write!(f, "{name} ({USER_PARAMETERS}: field taskDefinition)")
            }
            Self::Revision(definition) => {
                write!(
                    f,
                    "{} ({USER_PARAMETERS}: field taskDefinition)",
                    definition.short()
                )
            }
        }
    }
}

/// The images that the candidate shall run, each for a container that the stable definition has.
fn images(
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
        (Source::File { .. } | Source::Revision(_), _) => Images::default(),
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
