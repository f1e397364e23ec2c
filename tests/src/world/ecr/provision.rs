//! Amazon ECR: repositories of images.

use serde::Deserialize;
use serde_json::Value;

use super::{Tags, create, delete, put_policy, set_tags};
use crate::{
    provision::{
        Existing, ResourceType, Tagged, Update, bad, created, name_of, properties, refused,
        unless_gone,
    },
    template::{Created, Refused, Resource},
    world::{Fault, World, iam},
};

pub(super) const RESOURCES: &[ResourceType] = &[ResourceType {
    update: Update::InPlace(|world, resource, _| change(world, resource)),
    delete: delete_repository,
    named_by: Some("RepositoryName"),
    tagged: Tagged::Arn,
    ..ResourceType::new("AWS::ECR::Repository", repository)
}];

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
fn change(world: &mut World, resource: &Resource<'_>) -> Result<(), Refused> {
    let given: Repository = properties::parse(resource)?;
    let name = name_of(resource, given.name.as_deref()).to_ascii_lowercase();
    let repository = super::Repository::here(world, &name);
    set_tags(world, &repository, given.tags()?).map_err(|fault| refused(&fault))?;
    if let Some(policy) = &given.policy {
        return put_policy(world, &repository, policy)
            .map_err(|fault| bad("RepositoryPolicyText", fault.message));
    }
    iam::remove_resource_policy(world, &repository.arn());
    Ok(())
}

/// `AWS::ECR::Repository`: `Ref` is the name.
fn repository(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let given: Repository = properties::parse(resource)?;
    let tags = given.tags()?;
    let name = name_of(resource, given.name.as_deref()).to_ascii_lowercase();
    let repository = super::Repository::here(world, &name);
    create(world, &repository, tags).map_err(|fault| refused(&fault))?;
    if let Some(policy) = &given.policy {
        put_policy(world, &repository, policy)
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

fn delete_repository(world: &mut World, it: &Existing<'_>) -> Result<(), Fault> {
    let repository = super::Repository::here(world, it.reference);
    let empties = &it.properties["EmptyOnDelete"];
    let force = *empties == true || *empties == "true";
    let done = delete(world, &repository, force);
    unless_gone(done, "RepositoryNotFoundException")
}
