//! Where the AWS CLI is.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The AWS CLI version 1; `None`, and why on standard error, where there is none.
///
/// # Panics
/// If the variable `AWS_CLI` names no program.
pub(super) fn aws() -> Option<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND.get_or_init(find).clone()
}

fn find() -> Option<PathBuf> {
    if let Some(named) = env::var_os("AWS_CLI") {
        let named = Path::new(WORKSPACE).join(named);
        assert!(
            named.is_file(),
            "AWS_CLI names {}, which is no program",
            named.display()
        );
        return Some(named);
    }
    let of_ci = Path::new(WORKSPACE).join("target/ci-tools/bin/aws");
    if of_ci.is_file() {
        return Some(of_ci);
    }
    match install() {
        Ok(aws) => Some(aws),
        Err(why) => {
            eprintln!(
                "NOT SHOWN: the scripts with the real AWS CLI, which could not be installed: {why}. These stories take \
                 Python 3 with venv and the Python package index once, or an AWS CLI of version 1 in the variable AWS_CLI."
            );
            None
        }
    }
}

/// Installs what `.ci/requirements.txt` pins into an environment of its own.
fn install() -> Result<PathBuf, String> {
    let requirements = fs::read_to_string(Path::new(WORKSPACE).join(".ci/requirements.txt"));
    let requirements = requirements.map_err(|error| format!(".ci/requirements.txt: {error}"))?;
    let pinned = requirements
        .lines()
        .find(|line| line.starts_with("awscli=="))
        .ok_or(".ci/requirements.txt does not pin awscli")?;
    let home = Path::new(WORKSPACE)
        .join("target")
        .join(pinned.replace("==", "-"));
    let aws = home.join("bin/aws");
    if !aws.is_file() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            pinned,
        ];
        run(Command::new(home.join("bin/python")).args(pip))?;
    }
    Ok(aws)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or_default();
    Err(format!(
        "{} ended with {}: {last}",
        command.get_program().display(),
        output.status
    ))
}
