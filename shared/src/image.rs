//! Container images: where they are, and by which digest.

use crate::names::Image;

/// An image of Amazon ECR: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG` (user guide, "Amazon ECR private registry"; the
/// domains for FIPS, for IPv6 and of China differ).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InEcr<'a> {
    /// The account whose registry it is.
    pub account: &'a str,
    /// The Region of the registry.
    pub region: &'a str,
    /// The repository, namespaces included.
    pub repository: &'a str,
    /// The tag.
    pub tag: &'a str,
}

impl Image {
    /// Its digest, if it is named by one.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.as_str().split_once('@').map(|(_, digest)| digest)
    }

    /// The same by its digest, in place of the tag.
    #[must_use]
    pub fn by_digest(&self, digest: &str) -> Option<Self> {
        let name = self.as_str();
        let (name, _) = name.split_once('@').unwrap_or((name, ""));
        let name = tag(name).map_or(name, |(name, _)| name);
        Self::try_from(format!("{name}@{digest}").as_str()).ok()
    }

    /// Where ECR has it; `None` for an image of another registry, or by digest.
    #[must_use]
    pub fn in_ecr(&self) -> Option<InEcr<'_>> {
        if self.digest().is_some() {
            return None;
        }
        let (host, rest) = self.as_str().split_once('/')?;
        let (repository, tag) = tag(rest)?;
        let (account, domain) = host.split_once('.')?;
        let domain = domain
            .strip_prefix("dkr.")
            .or_else(|| domain.strip_prefix("dkr-"))?;
        let domain = domain
            .strip_prefix("ecr.")
            .or_else(|| domain.strip_prefix("ecr-fips."))?;
        let (region, suffix) = domain.split_once('.')?;
        let is_aws = suffix.starts_with("amazonaws.")
            || suffix.starts_with("on.aws")
            || suffix.starts_with("on.amazonwebservices.");
        let is_account = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
        (is_aws && is_account).then_some(InEcr {
            account,
            region,
            repository,
            tag,
        })
    }
}

/// A name and its tag. A colon before a slash is the port of a registry.
fn tag(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn image(name: &str) -> Image {
        Image::try_from(name).expect("an image")
    }

    #[test]
    fn an_image_of_ecr_says_account_region_repository_and_tag() {
        for (host, region) in [
            (
                "111122223333.dkr.ecr.eu-central-1.amazonaws.com",
                "eu-central-1",
            ),
            (
                "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn",
                "cn-north-1",
            ),
            (
                "111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
                "us-gov-west-1",
            ),
            ("111122223333.dkr-ecr.us-east-1.on.aws", "us-east-1"),
            ("111122223333.dkr-ecr-fips.us-east-1.on.aws", "us-east-1"),
        ] {
            let image = image(&format!("{host}/team/orders:latest"));
            let expected = InEcr {
                account: "111122223333",
                region,
                repository: "team/orders",
                tag: "latest",
            };
            assert_eq!(image.in_ecr(), Some(expected), "{host}");
        }
    }

    #[test]
    fn what_ecr_cannot_be_asked_for_is_somewhere_else() {
        let by_digest = format!("111122223333.dkr.ecr.eu-central-1.amazonaws.com/orders@{DIGEST}");
        for name in [
            "orders:v2",
            "registry:5000/orders:v2",
            "public.ecr.aws/nginx/nginx:latest",
            "dkr.ecr.eu-central-1.amazonaws.com/orders:v2",
            "111122223333.dkr.ecr.eu-central-1.example.com/orders:v2",
            &by_digest,
        ] {
            assert_eq!(image(name).in_ecr(), None, "{name}");
        }
    }

    #[test]
    fn a_digest_takes_the_place_of_the_tag() {
        for (name, expected) in [
            ("orders:v2", "orders"),
            ("registry:5000/orders:v2", "registry:5000/orders"),
            (&format!("orders:v2@{DIGEST}"), "orders"),
            (
                &format!("registry:5000/orders@{DIGEST}"),
                "registry:5000/orders",
            ),
        ] {
            let by_digest = image(name).by_digest(DIGEST).expect("an image");
            assert_eq!(by_digest.as_str(), format!("{expected}@{DIGEST}"), "{name}");
            assert_eq!(by_digest.digest(), Some(DIGEST));
        }
    }
}
