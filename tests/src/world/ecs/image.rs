//! Container images: digests and version labels.

use std::{collections::BTreeMap, fmt::Write};

use md5::{Digest, Md5};

/// The digest of an image: its own if it is named by digest, else one made up from its name, the
/// same one every time.
pub(super) fn digest_of(image: &str) -> String {
    if let Some((_, digest)) = image.split_once('@') {
        return digest.to_owned();
    }
    let mut hex = String::from("sha256:");
    for part in ["first", "second"] {
        for byte in Md5::digest(format!("{part} half of {image}")) {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
    }
    hex
}

/// The version label of an image: what the account was told, else its tag, else the first twelve
/// digits of its digest.
pub(super) fn label_of(labels: &BTreeMap<String, String>, image: &str) -> String {
    if let Some(label) = labels.get(image) {
        return label.clone();
    }
    if let Some((_, digest)) = image.split_once('@') {
        let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
        return hex.chars().take(12).collect();
    }
    let name = image.rsplit_once('/').map_or(image, |(_, name)| name);
    name.split_once(':')
        .map_or("latest", |(_, tag)| tag)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_labelled_by_what_the_account_was_told_or_by_its_own_name() {
        let digest = "registry:5000/app@sha256:0123456789abcdef0123456789abcdef";
        let labels = BTreeMap::from([("app@sha256:feed".to_owned(), "v2".to_owned())]);
        assert_eq!(label_of(&labels, "app@sha256:feed"), "v2");
        assert_eq!(label_of(&labels, digest), "0123456789ab");
        assert_eq!(label_of(&labels, "registry:5000/app:v1"), "v1");
        assert_eq!(label_of(&labels, "registry:5000/app"), "latest");
    }

    #[test]
    fn the_digest_of_a_tag_is_well_formed_and_stable() {
        let digest = digest_of("app:v1");
        assert_eq!(digest.len(), "sha256:".len() + 64);
        assert_eq!(digest, digest_of("app:v1"));
        assert_ne!(digest, digest_of("app:v2"));
    }
}
