//! What an action asks to release, in its parameters and its input artifacts.

use serde::Deserialize;

use super::{Definition, NamedImages, Source, Whole, file, images, source::no_image};
use crate::{
    aws::{Account, LookError},
    input::{BadInput, Fields},
    job::Artifact,
    names::{ContainerName, Image, TaskDefinitionArn},
};

/// A whole definition, an image, or the file that names images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The candidate's image; without it, `imagedefinitions.json` of the first input artifact.
    image: Option<Image>,
    /// A whole definition in place of the stable one with another image.
    whole: Option<Named>,
    /// The container whose image is replaced; without it, the only container there is, or the one
    /// that `imagedefinitions.json` names.
    container: Option<ContainerName>,
}

/// Where a whole definition is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    /// A file of an input artifact, by its path in that.
    File(String),
    /// Registered already, by CDK, Terraform or an earlier action.
    Revision(TaskDefinitionArn),
}

/// [`Request`] as people write it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    image: Option<Image>,
    task_definition: Option<String>,
    container: Option<ContainerName>,
}

impl Request {
    /// Reads it as people write it.
    ///
    /// # Errors
    /// What they have written makes no sense.
    pub fn read(source: &'static str, fields: &Fields) -> Result<Self, BadInput> {
        let Input {
            image,
            task_definition,
            container,
        } = fields.read(source)?;
        let bad = |field, problem: &str| Err(BadInput::field(source, field, problem));
        let whole = task_definition
            .map(|text| named(source, text))
            .transpose()?;
        match &whole {
            Some(_) if container.is_some() => {
                return bad(
                    "container",
                    "given beside taskDefinition, whose containers all have their images; leave it out",
                );
            }
            Some(Named::Revision(_)) if image.is_some() => {
                return bad(
                    "image",
                    "given beside a taskDefinition that is registered already, with its images; leave it out",
                );
            }
            _ => {}
        }
        Ok(Self {
            image,
            whole,
            container,
        })
    }

    /// Reads what it names.
    pub(crate) async fn source(
        &self,
        account: &Account,
        inputs: &[Artifact],
    ) -> Result<Source, LookError> {
        let container = self.container.clone();
        match (&self.whole, &self.image, inputs.first()) {
            (Some(Named::Revision(arn)), _, _) => {
                let definition = account.task_definition(arn.as_str()).await?;
                Ok(Source::Whole(Whole::Revision(Definition(definition))))
            }
            (Some(Named::File(name)), image, _) => {
                let read = inputs.iter().map(|input| account.artifact(input));
                let artifacts = futures_util::future::try_join_all(read).await?;
                let image = image
                    .clone()
                    .map_or_else(|| detail_of(&artifacts), |it| Ok(Some(it)))?;
                let text = file::find(name, &artifacts)?;
                Ok(Source::Whole(file::read(name, &text, image.as_ref())?))
            }
            (None, Some(image), _) => Ok(Source::Images(NamedImages::Parameter {
                image: image.clone(),
                container,
            })),
            (None, None, Some(input)) => {
                let images = images::images(&account.artifact(input).await?)?;
                Ok(Source::Images(NamedImages::Artifact { images, container }))
            }
            (None, None, None) => Err(no_image().into()),
        }
    }
}

fn named(source: &'static str, text: String) -> Result<Named, BadInput> {
    let bad = |problem| Err(BadInput::field(source, "taskDefinition", problem));
    if text.starts_with("arn:") {
        return TaskDefinitionArn::try_from(text.as_str())
            .map(Named::Revision)
            .or_else(|wrong| bad(wrong.to_string()));
    }
    if text.is_empty() || text.starts_with('/') {
        return bad(format!(
            "{text:?} is neither a file of an input artifact, such as taskdef.json, nor the ARN of a revision"
        ));
    }
    Ok(Named::File(text))
}

/// The image that one of the artifacts names.
fn detail_of(artifacts: &[Vec<u8>]) -> Result<Option<Image>, BadInput> {
    let details = artifacts.iter().map(|zip| images::detail(zip));
    let details: Vec<_> = details.collect::<Result<_, _>>()?;
    Ok(details.into_iter().flatten().next())
}
