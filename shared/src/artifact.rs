//! Files of input artifacts.

use std::{
    fmt,
    io::{Cursor, Read},
};

use crate::input::BadInput;

/// What messages call the artifact that an action is given first.
pub const FIRST: &str = "the first input artifact";

/// The largest file that is read. AWS limits image definitions to 100 KB.
const MOST_BYTES: u64 = 100 * 1024;

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

    const TEXT: &str = r#"[{"name": "app"}]"#;

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_file_and_utf_16_is_named() {
        let read = |bytes: Vec<u8>| file(&zipped("list.json", bytes), "list.json");
        let marked = |mark: &[u8], text: &[u8]| [mark, text].concat();
        let text = read(marked("\u{feff}".as_bytes(), TEXT.as_bytes()));
        assert_eq!(text.unwrap().as_deref(), Some(TEXT));
        let little: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            marked(&[0xff, 0xfe], &little),
            marked(&[0xfe, 0xff], &big),
            little,
            big,
        ] {
            let error = read(bytes).unwrap_err().to_string();
            assert_eq!(
                error,
                "list.json: is UTF-16, and has to be UTF-8; in Windows PowerShell, Out-File -Encoding utf8 writes that"
            );
        }
        let error = read(vec![b'[', 0xc3, 0x28]).unwrap_err();
        assert_eq!(error.to_string(), "list.json: is not UTF-8");
    }
}
