//! `DescribeImages`.

use serde_json::{Value, json};

use super::{Repository, Stored, asked, content};
use crate::world::{Fault, World};

/// AWS: API reference, `DescribeImages`: a page has 100 images unless `maxResults` says otherwise.
const PAGE: usize = 100;

pub(super) fn images(world: &World, region: &str, input: &Value) -> Result<Value, Fault> {
    let repository = asked(world, region, input);
    let all = &content(world, &repository)?.images;
    let shown = |stored: &&Stored| passes(&input["filter"], stored);
    let Some(ids) = input["imageIds"].as_array() else {
        let shown: Vec<_> = all.iter().filter(shown).collect();
        return page(input, &repository, &shown);
    };
    for member in ["nextToken", "maxResults"] {
        if input.get(member).is_some() {
            // AWS: API reference, `DescribeImages`; the words are not documented.
            return Err(invalid(format!(
                "{member} cannot be used when you specify images with imageIds"
            )));
        }
    }
    let mut found: Vec<&Stored> = Vec::new();
    for id in ids {
        found.push(find(all, &repository, id)?);
    }
    let details = found.into_iter().filter(shown);
    let details: Vec<Value> = details.map(|it| detail(&repository, it)).collect();
    Ok(json!({ "imageDetails": details }))
}

/// The image of an identifier by tag, by digest, or by both.
fn find<'a>(all: &'a [Stored], repository: &Repository, id: &Value) -> Result<&'a Stored, Fault> {
    let (digest, tag) = (id["imageDigest"].as_str(), id["imageTag"].as_str());
    if digest.is_none() && tag.is_none() {
        // The words are not documented.
        return Err(invalid("an image needs an imageTag or an imageDigest"));
    }
    let is_meant = |stored: &&Stored| {
        digest.is_none_or(|digest| stored.image.digest == digest)
            && tag.is_none_or(|tag| stored.is_tagged(tag))
    };
    all.iter()
        .find(is_meant)
        .ok_or_else(|| no_image(repository, digest, tag))
}

/// No image was ever archived here. AWS: API reference, `DescribeImagesFilter`.
fn passes(filter: &Value, stored: &Stored) -> bool {
    let status = filter["imageStatus"].as_str().unwrap_or("ACTIVE");
    let tagged = match filter["tagStatus"].as_str() {
        Some("TAGGED") => !stored.tags.is_empty(),
        Some("UNTAGGED") => stored.tags.is_empty(),
        _ => true,
    };
    tagged && ["ACTIVE", "ANY"].contains(&status)
}

fn page(input: &Value, repository: &Repository, all: &[&Stored]) -> Result<Value, Fault> {
    let most = input["maxResults"]
        .as_u64()
        .map_or(Some(PAGE), |most| usize::try_from(most).ok());
    let most = most.unwrap_or(PAGE);
    let from = match input["nextToken"].as_str() {
        None => 0,
        Some(token) => token
            .parse()
            .map_err(|_| invalid("Invalid parameter: nextToken"))?,
    };
    let rest = all.get(from..).unwrap_or_default();
    let details = rest.iter().take(most);
    let details: Vec<Value> = details.map(|it| detail(repository, it)).collect();
    let mut answer = json!({ "imageDetails": details });
    if rest.len() > most {
        answer["nextToken"] = (from + most).to_string().into();
    }
    Ok(answer)
}

/// Without the size, which nothing here has.
fn detail(repository: &Repository, stored: &Stored) -> Value {
    let mut detail = json!({
        "registryId": repository.registry,
        "repositoryName": repository.name,
        "imageDigest": stored.image.digest,
        "imagePushedAt": stored.pushed.epoch_seconds(),
        "imageManifestMediaType": stored.image.media_type,
        "imageStatus": "ACTIVE",
    });
    if !stored.tags.is_empty() {
        detail["imageTags"] = json!(stored.tags);
    }
    detail
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", message)
}

/// The words are those of hashicorp/terraform-provider-aws#35263.
fn no_image(repository: &Repository, digest: Option<&str>, tag: Option<&str>) -> Fault {
    let (digest, tag) = (digest.unwrap_or("null"), tag.unwrap_or("null"));
    let Repository { name, registry, .. } = repository;
    Fault::new(
        "ImageNotFoundException",
        format!(
            "The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the repository with name '{name}' in the registry with id '{registry}'"
        ),
    )
}
