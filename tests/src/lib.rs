#![doc = include_str!("../README.md")]

mod brief;
pub mod cli;
pub mod clock;
pub mod live;
pub mod provision;
pub mod rehearse;
pub mod report;
pub mod scenario;
pub mod stage;
pub mod story;
pub mod template;
pub mod terminal;
pub mod verdict;
pub mod wire;
pub mod world;

use std::path::Path;

/// The folder of the workspace, which is above the package: this one, or `stories`, which builds the unit tests.
fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut above = package.ancestors();
    above
        .find(|folder| folder.join("Cargo.lock").is_file())
        .unwrap_or(package)
}
