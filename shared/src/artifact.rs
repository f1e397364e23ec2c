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
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| no_zip(&error))?;
    if bytes.len() as u64 > MOST_BYTES {
        let problem = format!("more than {MOST_BYTES} bytes; that is no list of images");
        return Err(BadInput::field(FILE, "", problem));
    }
    text(bytes)
}

/// UTF-8, with or without a byte order mark: some editors and Windows PowerShell write one.
fn text(mut bytes: Vec<u8>) -> Result<String, BadInput> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let wrong = |problem| Err(BadInput::field(FILE, "", problem));
    // With a byte order mark, or a list's bracket in two bytes.
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'[', 0, ..] | [0, b'[', ..] = bytes[..] {
        return wrong(
            "is UTF-16, and has to be UTF-8; in Windows PowerShell, Out-File -Encoding utf8 writes that",
        );
    }
    if bytes.starts_with(MARK) {
        bytes.drain(..MARK.len());
    }
    String::from_utf8(bytes).or_else(|_| wrong("is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

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
    fn a_byte_order_mark_is_no_part_of_the_list_and_utf_16_is_named() {
        let marked = images(&zipped(FILE, format!("\u{feff}{LIST}"))).unwrap();
        assert_eq!(marked.to_string(), "orders:v2");
        let little: Vec<u8> = LIST.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = LIST.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: [u8; 2], text: &[u8]| [&mark, text].concat();
        for text in [
            marked([0xff, 0xfe], &little),
            marked([0xfe, 0xff], &big),
            little,
            big,
        ] {
            let error = images(&zipped(FILE, text)).unwrap_err().to_string();
            assert_eq!(
                error,
                "imagedefinitions.json: is UTF-16, and has to be UTF-8; in Windows PowerShell, Out-File -Encoding utf8 writes that"
            );
        }
        let error = images(&zipped(FILE, [b'[', 0xc3, 0x28])).unwrap_err();
        assert_eq!(error.to_string(), "imagedefinitions.json: is not UTF-8");
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
                "imagedefinitions.json: field [1].name: container a is there twice",
            ),
        ];
        for (zip, expected) in cases {
            let error = images(&zip).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{expected}\n{error}");
        }
    }
}
