//! Image definitions of input artifacts: `imagedefinitions.json`, as the ECS deploy action reads it, and `imageDetail.json`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    artifact::{FIRST, file, names},
    input::{self, BadInput},
    item::Images,
    names::{ContainerName, Image},
};

/// The file's name, at the root of the artifact
/// (AWS: "Image definitions file reference", `CodePipeline` User Guide).
pub(super) const FILE: &str = "imagedefinitions.json";

/// The file of an image alone, as builds and the source action for Amazon ECR write it
/// (AWS: "Image definitions file reference", `CodePipeline` User Guide).
pub(super) const DETAIL: &str = "imageDetail.json";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    name: ContainerName,
    image_uri: Image,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(rename = "ImageURI")]
    image_uri: Image,
}

/// Reads the images out of a zipped artifact.
pub(super) fn images(zip: &[u8]) -> Result<Images, BadInput> {
    let Some(text) = file(zip, FILE)? else {
        let names = names(zip)?;
        let problem = if names.iter().any(|name| name == DETAIL) {
            format!(
                "has no {FILE} at its root, but {DETAIL}, which says for no container what it is; write {FILE}, \
                 [{{\"name\": \"CONTAINER\", \"imageUri\": \"IMAGE\"}}], or release a whole task definition (taskDefinition), whose \
                 placeholder it fills"
            )
        } else {
            let some = names.len().min(5);
            format!(
                "has no {FILE} at its root; it has {}",
                names[..some].join(", ")
            )
        };
        return Err(BadInput::field(FIRST, "", problem));
    };
    let definitions: Vec<Definition> = input::parse(FILE, &text)?;
    if definitions.is_empty() {
        let problem =
            "the list is empty; allowed is [{\"name\": \"CONTAINER\", \"imageUri\": \"IMAGE\"}]";
        return Err(BadInput::field(FILE, "", problem));
    }
    let mut images = BTreeMap::new();
    for (at, definition) in definitions.into_iter().enumerate() {
        let problem = format!("container {} appears twice", definition.name);
        if images
            .insert(definition.name, definition.image_uri)
            .is_some()
        {
            return Err(BadInput::field(FILE, format!("[{at}].name"), problem));
        }
    }
    Ok(Images(images))
}

/// The image that `imageDetail.json` names, if an artifact has one.
pub(super) fn detail(zip: &[u8]) -> Result<Option<Image>, BadInput> {
    let Some(text) = file(zip, DETAIL)? else {
        return Ok(None);
    };
    Ok(Some(input::parse::<Detail>(DETAIL, &text)?.image_uri))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn zipped(name: &str, text: impl AsRef<[u8]>) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_ref()).unwrap();
        zip.finish().unwrap().into_inner()
    }

    const LIST: &str = r#"[{"name": "app", "imageUri": "orders:v2"}]"#;

    #[test]
    fn an_image_without_its_container_is_told_by_the_names_of_both_files() {
        let detail =
            r#"{"ImageSizeInBytes": "44728918", "ImageURI": "orders:v2", "ImageTags": ["v2"]}"#;
        let zip = zipped(DETAIL, detail);
        let error = images(&zip).unwrap_err().to_string();
        let expected = "the first input artifact: has no imagedefinitions.json at its root, but imageDetail.json, which";
        assert!(error.starts_with(expected), "{error}");
        assert_eq!(super::detail(&zip).unwrap().unwrap().as_str(), "orders:v2");
        assert_eq!(super::detail(&zipped(FILE, LIST)), Ok(None));
    }

    #[test]
    fn every_container_of_the_file_gets_its_image() {
        let text = r#"[{"name": "proxy", "imageUri": "proxy:7"}, {"name": "app", "imageUri": "orders:v2"}]"#;
        let images = images(&zipped(FILE, text)).unwrap();
        assert_eq!(images.to_string(), "app orders:v2, proxy proxy:7");
    }

    #[test]
    fn a_bad_artifact_says_what_is_wrong_and_where() {
        let cases = [
            (
                b"<html>".to_vec(),
                "the first input artifact: is no zip file that can be read",
            ),
            (
                zipped("out/imagedefinitions.json", "[]"),
                "the first input artifact: has no imagedefinitions.json at its root; it has out/imagedefinitions.json",
            ),
            (
                zipped(FILE, "{"),
                "imagedefinitions.json is not valid JSON: EOF",
            ),
            (
                zipped(FILE, "[]"),
                "imagedefinitions.json: the list is empty",
            ),
            (
                zipped(FILE, r#"[{"name": "app"}]"#),
                "imagedefinitions.json: field [0]: missing field `imageUri`",
            ),
            (
                zipped(
                    FILE,
                    r#"[{"name": "app", "imageUri": "https://registry/orders:v2"}]"#,
                ),
                "imagedefinitions.json: field [0].imageUri: \"https://registry/orders:v2\" is not an image with a tag or a digest; \
                 REPOSITORY:TAG or REPOSITORY@sha256:DIGEST without https://",
            ),
            (
                zipped(FILE, r#"[{"name": "app", "imageUri": "orders"}]"#),
                "imagedefinitions.json: field [0].imageUri: \"orders\" is not an image with a tag",
            ),
            (
                zipped(
                    FILE,
                    r#"[{"name": "a", "imageUri": "o:1"}, {"name": "a", "imageUri": "o:2"}]"#,
                ),
                "imagedefinitions.json: field [1].name: container a appears twice",
            ),
        ];
        for (zip, expected) in cases {
            let error = images(&zip).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{expected}\n{error}");
        }
    }
}
