//! Amazon ECR: repositories of any account and Region, with their images and tags.
//!
//! An image is its digest, its media type and its tags: there are no layers, and digests are made up. So there is no
//! `BatchGetImage`, whose answer is the manifest that a digest is the hash of.

mod describe;
mod needs;
mod provision;
mod reference;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt::Write, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::{
    Fault, World, iam,
    service::{Endpoint, Reach, Service},
    tagging, unknown_operation,
};
use crate::clock::Moment;

pub use reference::{Reference, Repository};

/// What a push of one platform makes.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// What names a manifest for each of several platforms.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../../models/ecr.json")),
    reach: Reach::Everywhere,
    call: |world, it| call(world, it.region, it.operation, it.input),
    needs: needs::needs,
    resources: provision::RESOURCES,
    ..Service::new("ecr")
};

/// Repositories with their images.
#[derive(Debug, Default)]
pub struct Ecr {
    repositories: BTreeMap<Repository, Content>,
    /// How many images were pushed: every one is another.
    pushes: u64,
}

/// Whether a tag may be moved to another image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tags {
    /// AWS's default.
    Mutable,
    /// A tag stays where it is.
    Immutable,
}

/// An image as it can be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// `sha256:` and 64 digits.
    pub digest: String,
    /// For example [`MANIFEST`] or [`INDEX`].
    pub media_type: &'static str,
}

#[derive(Debug)]
struct Content {
    tags: Tags,
    /// In the order in which they were pushed.
    images: Vec<Stored>,
}

#[derive(Debug)]
struct Stored {
    image: Image,
    tags: Vec<String>,
    pushed: Moment,
}

impl Stored {
    fn is_tagged(&self, tag: &str) -> bool {
        self.tags.iter().any(|it| it == tag)
    }
}

/// A digest that is made up from some words: the same one every time.
#[must_use]
pub fn made_up_digest(words: &str) -> String {
    let mut hex = String::from("sha256:");
    for part in ["first", "second"] {
        for byte in Md5::digest(format!("{part} half of {words}")) {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
    }
    hex
}

/// Creates an empty repository.
///
/// # Errors
/// `RepositoryAlreadyExistsException`.
pub fn create(world: &mut World, repository: &Repository, tags: Tags) -> Result<(), Fault> {
    if world.ecr.repositories.contains_key(repository) {
        // The words are those of metaps/genova#164.
        let Repository { name, registry, .. } = repository;
        return Err(Fault::new(
            "RepositoryAlreadyExistsException",
            format!(
                "The repository with name '{name}' already exists in the registry with id '{registry}'"
            ),
        ));
    }
    let images = Vec::new();
    let content = Content { tags, images };
    world.ecr.repositories.insert(repository.clone(), content);
    Ok(())
}

/// Says from now on whether tags of a repository may move.
///
/// # Errors
/// `RepositoryNotFoundException`.
pub fn set_tags(world: &mut World, repository: &Repository, tags: Tags) -> Result<(), Fault> {
    content_mut(world, repository)?.tags = tags;
    Ok(())
}

/// Deletes a repository, and with `force` its images.
///
/// # Errors
/// `RepositoryNotFoundException`, `RepositoryNotEmptyException`.
pub fn delete(world: &mut World, repository: &Repository, force: bool) -> Result<(), Fault> {
    if !force && !content(world, repository)?.images.is_empty() {
        let Repository { name, registry, .. } = repository;
        return Err(Fault::new(
            "RepositoryNotEmptyException",
            format!(
                "The repository with name '{name}' in registry with id '{registry}' cannot be deleted because it still contains images"
            ),
        ));
    }
    content(world, repository)?;
    world.ecr.repositories.remove(repository);
    iam::remove_resource_policy(world, &repository.arn());
    tagging::forget(world, &repository.arn());
    Ok(())
}

/// Puts the policy of a repository in place of the one it has. It says who of other accounts may do what; its
/// statements have no `Resource`. AWS: ECR user guide, "Private repository policies".
///
/// # Errors
/// `RepositoryNotFoundException`; `MalformedPolicyDocument` as for [`iam::put_resource_policy`].
pub fn put_policy(
    world: &mut World,
    repository: &Repository,
    document: &Value,
) -> Result<(), Fault> {
    content(world, repository)?;
    iam::put_repository_policy(world, &repository.arn(), document)
}

/// Pushes a new image of one platform under a tag; answers its digest. The image that had the tag loses it.
///
/// # Errors
/// As [`put_image`].
pub fn push(world: &mut World, repository: &Repository, tag: &str) -> Result<String, Fault> {
    let image = next_image(world, MANIFEST);
    put_image(world, repository, &image, Some(tag))?;
    Ok(image.digest)
}

/// Pushes a new image of so many platforms under a tag, as `docker buildx` does: a manifest without a tag for each,
/// and an index, whose digest is answered.
///
/// # Errors
/// As [`put_image`].
pub fn push_index(
    world: &mut World,
    repository: &Repository,
    tag: &str,
    platforms: usize,
) -> Result<String, Fault> {
    for _ in 0..platforms {
        let manifest = next_image(world, MANIFEST);
        put_image(world, repository, &manifest, None)?;
    }
    let index = next_image(world, INDEX);
    put_image(world, repository, &index, Some(tag))?;
    Ok(index.digest)
}

fn next_image(world: &mut World, media_type: &'static str) -> Image {
    world.ecr.pushes += 1;
    Image {
        digest: made_up_digest(&format!("push {}", world.ecr.pushes)),
        media_type,
    }
}

/// Puts an image into a repository and gives it a tag, as `PutImage` does; one that is there already gets the tag only.
///
/// # Errors
/// `RepositoryNotFoundException`; `ImageTagAlreadyExistsException` where tags cannot be moved;
/// `ImageAlreadyExistsException` where nothing would change.
pub fn put_image(
    world: &mut World,
    repository: &Repository,
    image: &Image,
    tag: Option<&str>,
) -> Result<(), Fault> {
    let now = world.now;
    let content = content_mut(world, repository)?;
    if let Some(holder) = tag.and_then(|tag| content.images.iter().find(|it| it.is_tagged(tag))) {
        refuse_move(
            repository,
            content.tags,
            holder,
            image,
            tag.unwrap_or_default(),
        )?;
    }
    for stored in &mut content.images {
        stored.tags.retain(|it| Some(it.as_str()) != tag);
    }
    let images = &mut content.images;
    let place = images
        .iter()
        .position(|stored| stored.image.digest == image.digest)
        .unwrap_or_else(|| {
            images.push(Stored {
                image: image.clone(),
                tags: Vec::new(),
                pushed: now,
            });
            images.len() - 1
        });
    images[place].tags.extend(tag.map(str::to_owned));
    Ok(())
}

/// The words are those of aws/containers-roadmap#862, and of moto's `ImageAlreadyExistsException`.
fn refuse_move(
    repository: &Repository,
    tags: Tags,
    holder: &Stored,
    image: &Image,
    tag: &str,
) -> Result<(), Fault> {
    let Repository { name, registry, .. } = repository;
    let digest = &image.digest;
    if holder.image.digest == *digest {
        Err(Fault::new(
            "ImageAlreadyExistsException",
            format!(
                "Image with digest '{digest}' and tag '{tag}' already exists in the repository with name '{name}' in registry with id '{registry}'"
            ),
        ))
    } else if tags == Tags::Immutable {
        Err(Fault::new(
            "ImageTagAlreadyExistsException",
            format!(
                "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the repository is immutable."
            ),
        ))
    } else {
        Ok(())
    }
}

/// Deletes an image with its tags, as a lifecycle policy does.
///
/// # Errors
/// `RepositoryNotFoundException`.
pub fn delete_image(world: &mut World, repository: &Repository, digest: &str) -> Result<(), Fault> {
    let content = content_mut(world, repository)?;
    content
        .images
        .retain(|stored| stored.image.digest != digest);
    Ok(())
}

/// The digest of the image that a reference names; `None` if there is none.
#[must_use]
pub fn resolve(world: &World, reference: &Reference) -> Option<String> {
    let content = world.ecr.repositories.get(&reference.repository)?;
    let found = content
        .images
        .iter()
        .find(|stored| match &reference.digest {
            Some(digest) => stored.image.digest == *digest,
            None => stored.is_tagged(&reference.tag),
        });
    found.map(|stored| stored.image.digest.clone())
}

/// An API call in a Region.
///
/// # Errors
/// The fault that AWS would answer with.
pub fn call(
    world: &mut World,
    region: &str,
    operation: &str,
    input: &Value,
) -> Result<Value, Fault> {
    match operation {
        "DeleteRepository" => {
            let repository = asked(world, region, input);
            delete(world, &repository, input["force"] == true)?;
            Ok(json!({ "repository": described(&repository) }))
        }
        "DescribeImages" => describe::images(world, region, input),
        "GetAuthorizationToken" => Ok(authorization(world, region)),
        _ => Err(unknown_operation(SERVICE.name, operation)),
    }
}

fn described(repository: &Repository) -> Value {
    json!({
        "repositoryArn": repository.arn(),
        "registryId": repository.registry,
        "repositoryName": repository.name,
        "repositoryUri": repository.uri(),
    })
}

/// A token for user `AWS`, twelve hours long. Nothing here takes it: images are not pulled over HTTP.
fn authorization(world: &World, region: &str) -> Value {
    let account = &world.identity.account;
    json!({ "authorizationData": [{
        "authorizationToken": BASE64_STANDARD.encode("AWS:made-up-password-of-the-local-account"),
        "expiresAt": (world.now + Duration::from_hours(12)).epoch_seconds(),
        "proxyEndpoint": format!("https://{account}.dkr.ecr.{region}.amazonaws.com"),
    }] })
}

/// The repository that a request in a Region is about; without `registryId` it is the account's own.
#[must_use]
pub fn asked(world: &World, region: &str, input: &Value) -> Repository {
    let given = |member: &str| input[member].as_str();
    Repository {
        registry: given("registryId")
            .unwrap_or(&world.identity.account)
            .to_owned(),
        region: region.to_owned(),
        name: given("repositoryName").unwrap_or_default().to_owned(),
    }
}

fn content<'a>(world: &'a World, repository: &Repository) -> Result<&'a Content, Fault> {
    let found = world.ecr.repositories.get(repository);
    found.ok_or_else(|| no_repository(repository))
}

fn content_mut<'a>(
    world: &'a mut World,
    repository: &Repository,
) -> Result<&'a mut Content, Fault> {
    let found = world.ecr.repositories.get_mut(repository);
    found.ok_or_else(|| no_repository(repository))
}

/// The words are those of turbot/steampipe-plugin-aws#1938.
fn no_repository(repository: &Repository) -> Fault {
    let Repository { name, registry, .. } = repository;
    Fault::new(
        "RepositoryNotFoundException",
        format!(
            "The repository with name '{name}' does not exist in the registry with id '{registry}'"
        ),
    )
}
