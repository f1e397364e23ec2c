//! Where the candidate comes from, as people have named it.

use std::{collections::BTreeMap, fmt};

use crate::{
    input::{BadInput, USER_PARAMETERS},
    item::Images,
    names::{ContainerName, Image, TaskDefinitionArn},
};
use serde_json::Value;

use super::{Definition, Reason, images::FILE};

/// Where the candidate comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// The stable definition, with other images.
    Images(NamedImages),
    /// A definition of its own.
    Whole(Whole),
}

/// Images for the stable definition.
#[derive(Debug, Clone, PartialEq)]
pub enum NamedImages {
    /// An image in `UserParameters`.
    Parameter {
        /// The image.
        image: Image,
        /// The container that is to run it; `None` for the only one there is.
        container: Option<ContainerName>,
    },
    /// `imagedefinitions.json` of the first input artifact.
    Artifact {
        /// What the file names.
        images: Images,
        /// The only container of it that is meant; `None` for all.
        container: Option<ContainerName>,
    },
}

/// A whole definition.
#[derive(Debug, Clone, PartialEq)]
pub enum Whole {
    /// A file of an input artifact, with its images in place.
    File {
        /// The file's name.
        name: String,
        /// The input of `RegisterTaskDefinition`.
        input: Value,
    },
    /// A revision that is registered already.
    Revision(Definition),
}

impl Whole {
    /// The input of `RegisterTaskDefinition`.
    pub(super) fn input(&self) -> Value {
        match self {
            Self::File { input, .. } => input.clone(),
            Self::Revision(definition) => definition.input(),
        }
    }
}

impl NamedImages {
    /// The images, each for a container that the stable definition has.
    pub(super) fn beside(
        &self,
        stable: &Definition,
        stable_arn: &TaskDefinitionArn,
    ) -> Result<Images, Reason> {
        let containers = stable.containers();
        let which_container = || Reason::WhichContainer {
            task_definition: stable_arn.clone(),
            containers: containers.clone(),
        };
        let (images, source_name) = match self {
            Self::Parameter { image, container } => {
                let only = || match containers.as_slice() {
                    [only] => ContainerName::try_from(only.as_str()).ok(),
                    _ => None,
                };
                let container = container.clone().or_else(only);
                let container = container.ok_or_else(which_container)?;
                (one(container, image.clone()), USER_PARAMETERS)
            }
            Self::Artifact {
                images,
                container: Some(container),
            } => {
                let image = images.0.get(container).ok_or_else(|| Reason::NoImage {
                    container: container.to_string(),
                    images: images.to_string(),
                })?;
                (one(container.clone(), image.clone()), USER_PARAMETERS)
            }
            Self::Artifact {
                images,
                container: None,
            } => (images.clone(), FILE),
        };
        let is_there = |name: &ContainerName| containers.iter().any(|it| it == name.as_str());
        match images.0.keys().find(|name| !is_there(name)) {
            Some(unknown) => Err(Reason::NoContainer {
                container: unknown.to_string(),
                task_definition: stable_arn.clone(),
                containers,
                source_name,
            }),
            None => Ok(images),
        }
    }
}

fn one(container: ContainerName, image: Image) -> Images {
    Images(BTreeMap::from([(container, image)]))
}

/// `taskdef.json (UserParameters: field taskDefinition)`, as people have named it.
impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, .. } => f.write_str(name)?,
            Self::Revision(definition) => f.write_str(&definition.short())?,
        }
        write!(f, " ({USER_PARAMETERS}: field taskDefinition)")
    }
}

/// The answer when neither parameter nor artifact names an image.
pub(super) fn no_image() -> BadInput {
    let problem =
        format!("missing, and the action has no input artifact with {FILE}; give one of the two");
    BadInput::field(USER_PARAMETERS, "image", problem)
}
