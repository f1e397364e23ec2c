//! A package, as far as it can be told what it runs on.

use std::io::{Cursor, Read};

/// What the program of a package is built for, as Lambda names it: that of a function with a runtime of its own is `bootstrap`, at its root
/// (AWS, "Building a custom runtime for AWS Lambda"). `None` where there is none, or it is a script.
pub(super) fn built_for(zip: &[u8]) -> Option<&'static str> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).ok()?;
    let mut head = [0; 20];
    archive
        .by_name("bootstrap")
        .ok()?
        .read_exact(&mut head)
        .ok()?;
    machine(&head)
}

/// The `e_machine` of an ELF file (System V ABI, "ELF Header").
fn machine(head: &[u8; 20]) -> Option<&'static str> {
    let is_elf = head.starts_with(b"\x7fELF");
    match (is_elf, u16::from_le_bytes([head[18], head[19]])) {
        (true, 0x3e) => Some("x86_64"),
        (true, 0xb7) => Some("arm64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn package(name: &str, program: &[u8]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(program).unwrap();
        zip.finish().unwrap().into_inner()
    }

    fn program(machine: u8) -> Vec<u8> {
        let mut program = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0".to_vec();
        program.extend([machine, 0]);
        program.extend([0; 100]);
        program
    }

    #[test]
    fn a_programs_architecture_is_read_from_its_head() {
        for (package, told) in [
            (package("bootstrap", &program(0x3e)), Some("x86_64")),
            (package("bootstrap", &program(0xb7)), Some("arm64")),
            (package("bootstrap", &program(0x28)), None),
            (
                package("bootstrap", b"#!/bin/sh\nexec node index.js\n"),
                None,
            ),
            (package("bootstrap", b"short"), None),
            (package("index.py", &program(0x3e)), None),
            (b"no zip".to_vec(), None),
        ] {
            assert_eq!(built_for(&package), told);
        }
    }
}
