//! What is to be released, from the action's parameters and input artifacts.

use canary::{
    artifact,
    aws::{Account, LookError},
    input::BadInput,
    names::Image,
    parameters,
    parts::task_definition::{self, Definition, NamedImages, Source, Whole},
    reconcile::Look,
};

use crate::DeployCanary;

/// A whole definition, an image, or the file that names images.
pub(crate) async fn read(
    account: &Account,
    look: &Look<DeployCanary>,
) -> Result<Source, LookError> {
    let (parameters, inputs) = (&look.parameters, &look.job.inputs);
    let container = parameters.container.clone();
    match (
        &parameters.task_definition,
        &parameters.image,
        inputs.first(),
    ) {
        (Some(parameters::Whole::Revision(arn)), _, _) => {
            let definition = account.task_definition(arn.as_str()).await?;
            Ok(Source::Whole(Whole::Revision(Definition(definition))))
        }
        (Some(parameters::Whole::File(name)), image, _) => {
            let read = inputs.iter().map(|input| account.artifact(input));
            let artifacts = futures_util::future::try_join_all(read).await?;
            let image = image
                .clone()
                .map_or_else(|| detail_of(&artifacts), |it| Ok(Some(it)))?;
            let text = task_definition::find(name, &artifacts)?;
            let whole = task_definition::read(name, &text, image.as_ref())?;
            Ok(Source::Whole(whole))
        }
        (None, Some(image), _) => Ok(Source::Images(NamedImages::Parameter {
            image: image.clone(),
            container,
        })),
        (None, None, Some(input)) => {
            let images = artifact::images(&account.artifact(input).await?)?;
            Ok(Source::Images(NamedImages::Artifact { images, container }))
        }
        (None, None, None) => Err(task_definition::no_image().into()),
    }
}

/// The image that one of the artifacts names.
fn detail_of(artifacts: &[Vec<u8>]) -> Result<Option<Image>, BadInput> {
    let details = artifacts.iter().map(|zip| artifact::detail(zip));
    let details: Vec<_> = details.collect::<Result<_, _>>()?;
    Ok(details.into_iter().flatten().next())
}
