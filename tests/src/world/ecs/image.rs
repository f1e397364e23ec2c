//! Container images: digests and version labels.

use std::collections::BTreeMap;

use super::super::{
    World,
    ecr::{self, Reference},
};

/// The digest of the image that a task is to run: what its name means, unless another task has found that before. Outside
/// of ECR it is its own if it is named by digest, else one made up from its name, the same one every time.
///
/// The error is a stopped task's reason, in the words of cloudnativedaysjp/dreamkast-infra#4567 and, where a digest was
/// found before, of aws/containers-roadmap#2493.
pub(super) fn digest_of(
    world: &World,
    image: &str,
    found_before: Option<&str>,
) -> Result<String, String> {
    let Some(mut reference) = Reference::of(image) else {
        let own = image.split_once('@').map(|(_, digest)| digest.to_owned());
        return Ok(own.unwrap_or_else(|| ecr::made_up_digest(image)));
    };
    let mut name = image.to_owned();
    if let (None, Some(digest)) = (&reference.digest, found_before) {
        name = format!("{image}@{digest}");
        reference.digest = Some(digest.to_owned());
    }
    ecr::resolve(world, &reference).ok_or_else(|| {
        format!(
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {name}: {name}: not found"
        )
    })
}

/// What the account was told of an image, by the digest that it has or as it is named.
pub(super) fn told<'a, T>(
    by_image: &'a BTreeMap<String, T>,
    image: &str,
    digest: Option<&str>,
) -> Option<&'a T> {
    let by_digest = digest.map(|digest| format!("{}@{digest}", repository(image)));
    by_digest
        .and_then(|name| by_image.get(&name))
        .or_else(|| by_image.get(image))
}

/// The version label of an image: what the account was told, else its tag, else the first twelve
/// digits of its digest.
pub(super) fn label_of(
    labels: &BTreeMap<String, String>,
    image: &str,
    digest: Option<&str>,
) -> String {
    if let Some(label) = told(labels, image, digest) {
        return label.clone();
    }
    if let Some((_, digest)) = image.split_once('@') {
        let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
        return hex.chars().take(12).collect();
    }
    tag(image).unwrap_or("latest").to_owned()
}

/// An image's name without tag and digest.
fn repository(image: &str) -> &str {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    tag(name).map_or(name, |tag| &name[..name.len() - tag.len() - 1])
}

/// The tag of an image that is not named by digest; the colon of a port is no tag's.
fn tag(image: &str) -> Option<&str> {
    let name = image.rsplit_once('/').map_or(image, |(_, name)| name);
    name.split_once(':').map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Moment, world::Identity};

    #[test]
    fn an_image_is_labelled_by_what_the_account_was_told_or_by_its_own_name() {
        let digest = "registry:5000/app@sha256:0123456789abcdef0123456789abcdef";
        let labels = BTreeMap::from([("app@sha256:feed".to_owned(), "v2".to_owned())]);
        assert_eq!(label_of(&labels, "app@sha256:feed", None), "v2");
        assert_eq!(label_of(&labels, digest, None), "0123456789ab");
        assert_eq!(label_of(&labels, "registry:5000/app:v1", None), "v1");
        assert_eq!(label_of(&labels, "registry:5000/app", None), "latest");
    }

    #[test]
    fn what_a_tag_means_is_labelled_by_its_digest() {
        let told = [("registry:5000/app@sha256:feed", "v2"), ("app:blue", "v3")];
        let labels = told.map(|(image, label)| (image.to_owned(), label.to_owned()));
        let labels = BTreeMap::from(labels);
        let label = |image, digest| label_of(&labels, image, Some(digest));
        assert_eq!(label("registry:5000/app:latest", "sha256:feed"), "v2");
        assert_eq!(label("registry:5000/app", "sha256:feed"), "v2");
        assert_eq!(label("registry:5000/app:latest", "sha256:beef"), "latest");
        assert_eq!(label("app:blue", "sha256:beef"), "v3");
    }

    #[test]
    fn the_digest_of_a_tag_outside_of_ecr_is_well_formed_and_stable() {
        let identity = Identity {
            account: "111122223333".to_owned(),
            region: "eu-central-1".to_owned(),
        };
        let world = World::new(identity, Moment(0), 1);
        let digest = |image| digest_of(&world, image, None).unwrap();
        assert_eq!(digest("app:v1").len(), "sha256:".len() + 64);
        assert_eq!(digest("app:v1"), digest("app:v1"));
        assert_ne!(digest("app:v1"), digest("app:v2"));
    }
}
