//! `imagedefinitions.json`, as the ECS deploy action reads it from its input artifact.

use std::{
    collections::BTreeMap,
    fmt,
    io::{Cursor, Read},
};

use serde::{Deserialize, Serialize};

use crate::{
    input::{self, BadInput},
    names::{ContainerName, Image},
};

/// The file's name, at the root of the artifact
/// (AWS: "Image definitions file reference", `CodePipeline` User Guide).
pub const FILE: &str = "imagedefinitions.json";

/// The largest file that is read. AWS limits it to 100 KB.
const MOST_BYTES: u64 = 100 * 1024;

/// Images by the container they are for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Images(pub BTreeMap<ContainerName, Image>);

/// `repo/orders:v2`, or `app repo/orders:v2, proxy repo/proxy:7` for more than one.
impl fmt::Display for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (1, Some(only)) = (self.0.len(), self.0.values().next()) {
            return only.fmt(f);
        }
        let told: Vec<_> = self
            .0
            .iter()
            .map(|(container, image)| format!("{container} {image}"))
            .collect();
        f.write_str(&told.join(", "))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    name: ContainerName,
    image_uri: Image,
}

/// Reads the images out of a zipped artifact.
pub fn images(zip: &[u8]) -> Result<Images, BadInput> {
    let text = unzip(zip)?;
    let definitions: Vec<Definition> = input::parse(FILE, &text)?;
    if definitions.is_empty() {
        let problem =
            "the list is empty; allowed is [{\"name\": \"CONTAINER\", \"imageUri\": \"IMAGE\"}]";
        return Err(BadInput::field(FILE, "", problem));
    }
    let mut images = BTreeMap::new();
    for (at, definition) in definitions.into_iter().enumerate() {
        let problem = format!("container {} is there twice", definition.name);
        if images
            .insert(definition.name, definition.image_uri)
            .is_some()
        {
            return Err(BadInput::field(FILE, format!("[{at}].name"), problem));
        }
    }
    Ok(Images(images))
}

fn unzip(zip: &[u8]) -> Result<String, BadInput> {
    let no_zip = |problem: &dyn fmt::Display| {
        BadInput::field(
            "the first input artifact",
            "",
            format!("is no zip file that can be read ({problem})"),
        )
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).map_err(|error| no_zip(&error))?;
    let names: Vec<_> = archive
        .file_names()
        .take(5)
        .filter_map(|name| Some(name.ok()?.into_owned()))
        .collect();
    let file = archive.by_name(FILE).map_err(|error| match error {
        zip::result::ZipError::FileNotFound => {
            let problem = format!("has no {FILE} at its root; it has {}", names.join(", "));
            BadInput::field("the first input artifact", "", problem)
        }
        other => no_zip(&other),
    })?;
    let mut text = String::new();
    file.take(MOST_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| no_zip(&error))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(BadInput::field(
            FILE,
            "",
            format!("more than {MOST_BYTES} bytes; that is no list of images"),
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn zipped(name: &str, text: &str) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
        zip.finish().unwrap().into_inner()
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
                zipped(FILE, r#"[{"name": "app", "imageUri": "orders"}]"#),
                "imagedefinitions.json: field [0].imageUri: \"orders\" is not an image with a tag",
            ),
            (
                zipped(
                    FILE,
                    r#"[{"name": "a", "imageUri": "o:1"}, {"name": "a", "imageUri": "o:2"}]"#,
                ),
                "imagedefinitions.json: field [1].name: container a is there twice",
            ),
        ];
        for (zip, expected) in cases {
            let error = images(&zip).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{expected}\n{error}");
        }
    }
}
