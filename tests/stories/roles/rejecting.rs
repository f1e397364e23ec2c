//! The code can only reject: IAM cannot tell the two answers to an approval apart.
//!
//! That no story's functions ever approve is checked at the end of each, where its
//! [`Play`](crate::play::Play) is dropped.

use std::{fs, path::Path};

use super::repository;

/// The sources' lines of code that hold a text, with what else they hold.
fn lines_with(text: &str, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            lines_with(text, &path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let source = fs::read_to_string(&path).expect("it can be read");
            let code = source
                .lines()
                .map(str::trim)
                .filter(|line| !line.starts_with("//"));
            found.extend(code.filter(|line| line.contains(text)).map(str::to_owned));
        }
    }
}

fn lines_of_code(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["shared/src", "functions"] {
        lines_with(text, &repository(folder), &mut found);
    }
    found
}

#[test]
fn the_code_knows_no_approval() {
    assert_eq!(lines_of_code("Approved"), [""; 0]);
    let statuses = lines_of_code("ApprovalStatus");
    assert!(!statuses.is_empty(), "the code rejects");
    for line in statuses {
        let status = line
            .split_once("ApprovalStatus")
            .map_or("", |(_, rest)| rest);
        let names_the_type = line.starts_with("use ") || status.starts_with([',', '}']);
        assert!(names_the_type || status.starts_with("::Rejected"), "{line}");
    }
}
