//! Where images are, and how task definitions name them.

use crate::world::World;

/// The tag of an image that is named without one.
const LATEST: &str = "latest";

/// A repository: every account has a registry in every Region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repository {
    /// The account, twelve digits: `registryId`.
    pub registry: String,
    /// For example `eu-central-1`.
    pub region: String,
    /// For example `team/orders`.
    pub name: String,
}

/// What names an image of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where it is.
    pub repository: Repository,
    /// Its tag.
    pub tag: String,
    /// Its digest, which counts more than the tag.
    pub digest: Option<String>,
}

impl Repository {
    /// One of the account's own, in its own Region.
    #[must_use]
    pub fn here(world: &World, name: &str) -> Self {
        Self {
            registry: world.identity.account.clone(),
            region: world.identity.region.clone(),
            name: name.to_owned(),
        }
    }

    /// What the names of its images begin with. AWS: ECR user guide, "Amazon ECR private registry".
    #[must_use]
    pub fn uri(&self) -> String {
        let Self {
            registry,
            region,
            name,
        } = self;
        format!("{registry}.dkr.ecr.{region}.amazonaws.com/{name}")
    }

    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        let Self {
            registry,
            region,
            name,
        } = self;
        format!("arn:aws:ecr:{region}:{registry}:repository/{name}")
    }
}

impl Reference {
    /// Reads the name of an image; `None` if it is not one of ECR.
    #[must_use]
    pub fn of(image: &str) -> Option<Self> {
        let (host, path) = image.split_once('/')?;
        let host = host.strip_suffix(".amazonaws.com")?;
        let (registry, region) = host.split_once(".dkr.ecr.")?;
        let is_account = registry.len() == 12 && registry.bytes().all(|it| it.is_ascii_digit());
        if !is_account {
            return None;
        }
        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => (path, Some(digest.to_owned())),
            None => (path, None),
        };
        let (name, tag) = path.split_once(':').unwrap_or((path, LATEST));
        Some(Self {
            repository: Repository {
                registry: registry.to_owned(),
                region: region.to_owned(),
                name: name.to_owned(),
            },
            tag: tag.to_owned(),
            digest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rest: &str) -> Option<(String, String, Option<String>)> {
        let image = format!("222233334444.dkr.ecr.us-east-1.amazonaws.com/{rest}");
        let read = Reference::of(&image)?;
        assert_eq!(read.repository.registry, "222233334444");
        assert_eq!(read.repository.region, "us-east-1");
        Some((read.repository.name, read.tag, read.digest))
    }

    #[test]
    fn an_image_is_named_by_tag_by_digest_or_by_both() {
        let named = |name: &str, tag: &str, digest: Option<&str>| {
            Some((name.to_owned(), tag.to_owned(), digest.map(str::to_owned)))
        };
        assert_eq!(read("app:v1"), named("app", "v1", None));
        assert_eq!(read("team/app"), named("team/app", "latest", None));
        let digest = Some("sha256:12");
        assert_eq!(read("app@sha256:12"), named("app", "latest", digest));
        assert_eq!(read("app:v1@sha256:12"), named("app", "v1", digest));
    }

    #[test]
    fn other_registries_are_not_ecr() {
        for image in [
            "app:v1",
            "registry:5000/app:v1",
            "public.ecr.aws/nginx/nginx:1",
            "team.dkr.ecr.us-east-1.amazonaws.com/app:v1",
        ] {
            assert_eq!(Reference::of(image), None, "{image}");
        }
    }

    #[test]
    fn the_names_of_images_begin_with_the_uri_of_their_repository() {
        let repository = Repository {
            registry: "222233334444".to_owned(),
            region: "us-east-1".to_owned(),
            name: "team/app".to_owned(),
        };
        let read = Reference::of(&format!("{}:v1", repository.uri()));
        assert_eq!(read.unwrap().repository, repository);
    }
}
