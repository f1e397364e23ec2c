//! Amazon ECR: repositories of images.

use serde::Deserialize;
use serde_json::Value;

use super::{bad, created, name_of, properties, refused};
use crate::{
    template::{Created, Refused, Resource},
    world::{
        World,
        ecr::{self, Tags},
        iam,
    },
};

/// Nothing here scans, encrypts or expires images.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Repository {
    #[serde(rename = "RepositoryName")]
    name: Option<String>,
    image_tag_mutability: Option<String>,
    #[serde(rename = "RepositoryPolicyText")]
    policy: Option<Value>,
    #[serde(rename = "EmptyOnDelete")]
    _empty_on_delete: Option<Value>,
    #[serde(rename = "EncryptionConfiguration")]
    _encryption: Option<Value>,
    #[serde(rename = "ImageScanningConfiguration")]
    _scanning: Option<Value>,
    #[serde(rename = "LifecyclePolicy")]
    _lifecycle: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

impl Repository {
    fn tags(&self) -> Result<Tags, Refused> {
        match self.image_tag_mutability.as_deref() {
            None | Some("MUTABLE") => Ok(Tags::Mutable),
            Some("IMMUTABLE") => Ok(Tags::Immutable),
            Some(other) => {
                let message = format!("the local account knows MUTABLE and IMMUTABLE, not {other}");
                Err(bad("ImageTagMutability", message))
            }
        }
    }
}

/// Changes a repository of the same name.
pub(super) fn change(world: &mut World, resource: &Resource<'_>) -> Result<(), Refused> {
    let given: Repository = properties::parse(resource)?;
    let name = name_of(resource, given.name.as_deref()).to_ascii_lowercase();
    let repository = ecr::Repository::here(world, &name);
    ecr::set_tags(world, &repository, given.tags()?).map_err(|fault| refused(&fault))?;
    if let Some(policy) = &given.policy {
        return ecr::put_policy(world, &repository, policy)
            .map_err(|fault| bad("RepositoryPolicyText", fault.message));
    }
    iam::remove_resource_policy(world, &repository.arn());
    Ok(())
}

/// `AWS::ECR::Repository`: `Ref` is the name.
pub(super) fn repository(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let given: Repository = properties::parse(resource)?;
    let tags = given.tags()?;
    let name = name_of(resource, given.name.as_deref()).to_ascii_lowercase();
    let repository = ecr::Repository::here(world, &name);
    ecr::create(world, &repository, tags).map_err(|fault| refused(&fault))?;
    if let Some(policy) = &given.policy {
        ecr::put_policy(world, &repository, policy)
            .map_err(|fault| bad("RepositoryPolicyText", fault.message))?;
    }
    Ok(created(
        name,
        [
            ("Arn", repository.arn().into()),
            ("RepositoryUri", repository.uri().into()),
        ],
    ))
}
