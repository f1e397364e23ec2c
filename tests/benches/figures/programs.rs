//! The programs that are measured, built as they are shipped, but for this machine.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use rehearsal_core::live::build::{PROGRAMS, SAMPLE_APP};
use serde_json::Value;

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What stands beside the functions and the application: a function that does nothing.
const FLOOR: &str = "floor";

/// Programs, and a Python with what AWS's Lambda runtime brings.
pub(crate) struct Programs {
    rust: BTreeMap<String, PathBuf>,
    /// The interpreter.
    pub(crate) python: PathBuf,
}

impl Programs {
    /// Builds them; progress appears on standard error.
    pub(crate) fn build() -> anyhow::Result<Self> {
        Ok(Self {
            rust: rust()?,
            python: python()?,
        })
    }

    /// A function of the suite or the application, by package name.
    pub(crate) fn rust(&self, package: &str) -> &Path {
        &self.rust[package]
    }

    /// The function that does nothing.
    pub(crate) fn floor(&self) -> &Path {
        self.rust(FLOOR)
    }

    /// A Python program beside this benchmark.
    pub(crate) fn script(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("benches/python")
            .join(name)
    }
}

/// The functions and the application, each with the profile that it is shipped with.
fn rust() -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let (application, functions): (Vec<_>, Vec<_>) = PROGRAMS
        .into_iter()
        .chain([FLOOR])
        .partition(|package| *package == SAMPLE_APP);
    let mut built = cargo("release", &functions)?;
    built.extend(cargo("service", &application)?);
    Ok(built)
}

fn cargo(profile: &str, packages: &[&str]) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let output = Command::new(cargo)
        .args([
            "build",
            "--locked",
            "--message-format=json-render-diagnostics",
        ])
        .args(["--profile", profile])
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .current_dir(WORKSPACE)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo to build what is measured")?;
    if !output.status.success() {
        bail!(
            "cargo build ended with {}; its messages are above",
            output.status
        );
    }
    let built: BTreeMap<String, PathBuf> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| {
            let name = message["target"]["name"].as_str()?;
            let executable = message["executable"].as_str()?;
            Some((name.to_owned(), PathBuf::from(executable)))
        })
        .collect();
    match packages
        .iter()
        .find(|package| !built.contains_key(**package))
    {
        Some(missing) => bail!("cargo built no program {missing}"),
        None => Ok(built),
    }
}

/// An environment of its own with the packages that `requirements.txt` pins, made at the first run.
fn python() -> anyhow::Result<PathBuf> {
    let home = Path::new(WORKSPACE).join("target/figures-python");
    let python = home.join("bin/python");
    if !python.is_file() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
    }
    run(Command::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(Programs::script("requirements.txt")))?;
    Ok(python)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if status.success() {
        Ok(())
    } else {
        bail!("{command:?} ended with {status}; its messages are above")
    }
}
