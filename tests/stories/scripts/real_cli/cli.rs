//! The AWS CLI: where it is, and how it is called.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const AWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/real_cli/aws.py");

/// The AWS CLI, imported once, and waiting for calls.
pub(super) struct Cli(Child);

impl Cli {
    /// Makes `HOME/bin/aws`, whose pauses are so many times shorter.
    pub(super) fn wait(python: &Path, home: &Path, pace: u32) -> Self {
        let calls = home.join("calls");
        let mut waiting = Command::new(python)
            .args([AWS, "wait"])
            .arg(&calls)
            .arg(pace.to_string())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python");
        let mut said = String::new();
        let output = waiting.stdout.take().expect("its output");
        let read = BufReader::new(output).read_line(&mut said);
        assert!(
            read.is_ok() && said == "waiting\n",
            "the AWS CLI of {} cannot be imported: {said}",
            python.display()
        );
        let (python, calls) = (python.display(), calls.display());
        let text =
            format!("#!/usr/bin/env bash\nexec '{python}' -IS '{AWS}' call '{calls}' \"$@\"\n");
        let program = home.join("bin/aws");
        fs::write(&program, text).expect("a program");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("an executable");
        Self(waiting)
    }
}

impl Drop for Cli {
    /// It ends with its standard input.
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The Python of an AWS CLI version 1; `None`, and why on standard error, where there is none.
///
/// # Panics
/// If the variable `AWS_CLI` names no program of a virtual environment.
pub(super) fn python() -> Option<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let aws = FOUND.get_or_init(find).as_ref()?;
    let python = aws.with_file_name("python3");
    assert!(
        python.is_file(),
        "{} is in no virtual environment: there is no {} beside it",
        aws.display(),
        python.display()
    );
    Some(python)
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
