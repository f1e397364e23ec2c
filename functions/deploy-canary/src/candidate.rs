//! The candidate's task definition: the stable one with the image replaced, everything else kept.
//!
//! On raw JSON, so that a field that is newer than this program is kept as well.

use std::{collections::BTreeMap, fmt};

use canary::{
    artifact::{FILE, Images},
    clock::Timestamp,
    decision::Refusal,
    input::BadInput,
    names::{ContainerName, Image, ReleaseId, TaskDefinitionArn},
    parameters::{self, USER_PARAMETERS},
};
use serde_json::{Value, json};

use crate::digests::Digests;

/// The tag that names the release a task definition was registered for.
pub const RELEASE_TAG: &str = "canary:release";

/// The tag that tells one attempt of a release from the next.
pub const BEGAN_TAG: &str = "canary:began";

/// What a release adds to the tags of the stable definition.
pub const RELEASE_TAGS: [&str; 2] = [RELEASE_TAG, BEGAN_TAG];

/// What `DescribeTaskDefinition` answers and `RegisterTaskDefinition` does not take: the difference
/// between `ecs.TaskDefinition` and `ecs.RegisterTaskDefinitionRequest` in botocore 1.44.
pub(crate) const ANSWER_ONLY: [&str; 9] = [
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
    pub(crate) fn input(&self) -> Value {
        let mut input = self.0["taskDefinition"].clone();
        if let Some(fields) = input.as_object_mut() {
            fields.retain(|name, value| !ANSWER_ONLY.contains(&name.as_str()) && !value.is_null());
        }
        input
    }

    /// Tags that are nobody's but the user's.
    pub(crate) fn kept_tags(&self) -> impl Iterator<Item = &Value> {
        tags(&self.0)
    }

    fn container_definitions(&self) -> &[Value] {
        self.0["taskDefinition"]["containerDefinitions"]
            .as_array()
            .map_or(&[], Vec::as_slice)
    }
}

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
    pub(crate) fn runs(&self, container: &str, digests: &Digests) -> bool {
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
    pub(crate) fn kept_tags(&self) -> impl Iterator<Item = &Value> {
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
