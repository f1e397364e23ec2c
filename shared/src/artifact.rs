//! Files of input artifacts: `imagedefinitions.json`, as the ECS deploy action reads it, and those of whole task definitions.

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

/// The file of an image alone, as builds and the source action for Amazon ECR write it
/// (AWS: "Image definitions file reference", `CodePipeline` User Guide).
pub const DETAIL: &str = "imageDetail.json";

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

#[derive(Deserialize)]
struct Detail {
    #[serde(rename = "ImageURI")]
    image_uri: Image,
}

/// Reads the images out of a zipped artifact.
pub fn images(zip: &[u8]) -> Result<Images, BadInput> {
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

/// The image that `imageDetail.json` names, if an artifact has one.
pub fn detail(zip: &[u8]) -> Result<Option<Image>, BadInput> {
    let Some(text) = file(zip, DETAIL)? else {
        return Ok(None);
    };
    Ok(Some(input::parse::<Detail>(DETAIL, &text)?.image_uri))
}

const FIRST: &str = "the first input artifact";

fn opened(zip: &[u8]) -> Result<zip::ZipArchive<Cursor<&[u8]>>, BadInput> {
    zip::ZipArchive::new(Cursor::new(zip)).map_err(|error| no_zip(&error))
}

fn no_zip(problem: &dyn fmt::Display) -> BadInput {
    let problem = format!("is no zip file that can be read ({problem})");
    BadInput::field(FIRST, "", problem)
}

/// The names of all files of an artifact.
pub fn names(zip: &[u8]) -> Result<Vec<String>, BadInput> {
    let archive = opened(zip)?;
    let names = archive.file_names();
    Ok(names
        .filter_map(|name| Some(name.ok()?.into_owned()))
        .collect())
}

/// A file of a zipped artifact, if it has it.
pub fn file(zip: &[u8], name: &str) -> Result<Option<String>, BadInput> {
    let mut archive = opened(zip)?;
    let file = match archive.by_name(name) {
        Ok(file) => file,
        Err(zip::result::ZipError::FileNotFound) => return Ok(None),
        Err(other) => return Err(no_zip(&other)),
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| no_zip(&error))?;
    if bytes.len() as u64 > MOST_BYTES {
        let problem =
            format!("more than {MOST_BYTES} bytes; no file that is read here has so many");
        return Err(BadInput::field(name.to_owned(), "", problem));
    }
    text(name, bytes).map(Some)
}

/// UTF-8, with or without a byte order mark: some editors and Windows PowerShell write one.
fn text(name: &str, mut bytes: Vec<u8>) -> Result<String, BadInput> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let wrong = |problem| Err(BadInput::field(name.to_owned(), "", problem));
    // With a byte order mark, or the first bracket in two bytes.
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'[' | b'{', 0, ..] | [0, b'[' | b'{', ..] =
        bytes[..]
    {
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
                "imagedefinitions.json: field [1].name: container a is there twice",
            ),
        ];
        for (zip, expected) in cases {
            let error = images(&zip).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{expected}\n{error}");
        }
    }
}
