//! Finds, or builds, the programs that the rehearsal runs.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tokio::process::Command;

use crate::workspace;

/// The four functions, and the application as a task and as a function, by the programs' names.
pub const PROGRAMS: [&str; 6] = [
    "deploy-canary",
    "shift-weight",
    "promote-primary",
    "rollback",
    SAMPLE_APP,
    SAMPLE_FUNCTION,
];

/// The application as a task.
pub const SAMPLE_APP: &str = "sample-app";
/// The application as a function.
pub const SAMPLE_FUNCTION: &str = "sample-app-lambda";

/// Why there are no programs to run.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo could not be started.
    #[error("cannot run {} to build the functions and the sample application", .cargo.display())]
    Start {
        /// What was run.
        cargo: OsString,
        /// Why not.
        source: io::Error,
    },
    /// Cargo failed; it has said why on standard error.
    #[error("{} build ended with {status}; its messages are above", .cargo.display())]
    Failed {
        /// What was run.
        cargo: OsString,
        /// How it ended.
        status: ExitStatus,
    },
    /// Cargo succeeded without this program.
    #[error("cargo built no program {program} in the workspace {}", workspace().display())]
    NotBuilt {
        /// The package and program.
        program: &'static str,
    },
}

/// A program is not where it should be.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// Where this program is cannot be told.
    #[error("cannot tell where this program is")]
    Here(#[source] io::Error),
    /// It is not beside this one.
    #[error(
        "there is no program {}. `cargo run -p rehearsal` builds it beside this one before it begins",
        .0.display()
    )]
    Program(PathBuf),
}

/// [`PROGRAMS`] by name, which are beside this program: `cargo run -p rehearsal` has built them together.
pub fn beside_this_program() -> Result<BTreeMap<String, PathBuf>, Missing> {
    let here = std::env::current_exe().map_err(Missing::Here)?;
    beside(&here)
}

fn beside(here: &Path) -> Result<BTreeMap<String, PathBuf>, Missing> {
    PROGRAMS
        .into_iter()
        .map(|program| {
            let path = here.with_file_name(program);
            if path.is_file() {
                Ok((program.to_owned(), path))
            } else {
                Err(Missing::Program(path))
            }
        })
        .collect()
}

/// Builds [`PROGRAMS`] with the Cargo that runs the tests, or the one on the `PATH`. Answers the executables by name.
/// Cargo's progress and diagnostics appear on standard error. Dropping the future ends Cargo and what it has started.
///
/// The whole workspace is built with its tests, as `cargo test --workspace` has just done: so nothing is compiled again with other
/// features.
pub async fn build() -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    build_with(&cargo).await
}

async fn build_with(cargo: &OsStr) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let mut command = Command::new(cargo);
    command
        .args(["build", "--message-format=json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(workspace().join("Cargo.toml"))
        .args(["--profile", "test", "--workspace", "--bins", "--tests"]);
    // What Cargo tells the tests of their package. Build scripts read it (ring's does): they and all behind them would be built again.
    for (name, _) in std::env::vars_os() {
        let is_package =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(is_package) {
            command.env_remove(name);
        }
    }
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let start_failed = |source| BuildError::Start {
        cargo: cargo.to_owned(),
        source,
    };
    let running = command.spawn().map_err(start_failed)?;
    let group = Group(running.id());
    let output = running.wait_with_output().await.map_err(start_failed)?;
    group.has_ended();
    if !output.status.success() {
        return Err(BuildError::Failed {
            cargo: cargo.to_owned(),
            status: output.status,
        });
    }
    executables(&String::from_utf8_lossy(&output.stdout))
}

/// Cargo and the compilers it has started. Dropping it ends them.
struct Group(Option<u32>);

impl Group {
    fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let leader = self.0.and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(leader) = leader {
            // An error says that none of them is left.
            let _ = kill_process_group(leader, Signal::TERM);
        }
    }
}

fn executables(messages: &str) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let mut built: BTreeMap<String, PathBuf> = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        // A program's unit tests have its name.
        .filter(|message| message["profile"]["test"] != true)
        .filter_map(|message| {
            let name = message["target"]["name"].as_str()?;
            let executable = message["executable"].as_str()?;
            Some((name.to_owned(), PathBuf::from(executable)))
        })
        .collect();
    PROGRAMS
        .into_iter()
        .map(|program| match built.remove(program) {
            Some(executable) => Ok((program.to_owned(), executable)),
            None => Err(BuildError::NotBuilt { program }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn executables_are_found_among_cargos_other_messages() {
        let artifact = |name: &str, executable: Value| {
            json!({
                "reason": "compiler-artifact",
                "target": { "name": name },
                "executable": executable,
            })
        };
        let mut messages = vec![json!({ "reason": "build-script-executed" })];
        for name in PROGRAMS {
            // A package with a library has two artifacts.
            messages.push(artifact(&name.replace('-', "_"), Value::Null));
            messages.push(artifact(name, format!("/out/{name}").into()));
            let mut tests = artifact(name, format!("/out/deps/{name}-1a2b").into());
            tests["profile"] = json!({ "test": true });
            messages.push(tests);
        }
        let messages: Vec<String> = messages.iter().map(Value::to_string).collect();

        let found = executables(&messages.join("\n")).unwrap();

        assert_eq!(found.len(), PROGRAMS.len());
        assert_eq!(found["rollback"], PathBuf::from("/out/rollback"));
    }

    #[test]
    fn a_program_that_cargo_did_not_build_is_named() {
        let error = executables("").unwrap_err();
        assert!(error.to_string().contains("deploy-canary"), "{error}");
    }

    #[test]
    fn programs_are_found_beside_this_one_and_one_that_is_not_there_is_named() {
        let folder = std::env::temp_dir().join(format!("programs-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let here = folder.join("rehearsal-core");
        for program in PROGRAMS {
            let error = beside(&here).unwrap_err().to_string();
            assert!(error.contains(&format!("{program}. `cargo run")), "{error}");
            std::fs::write(folder.join(program), "a program").unwrap();
        }
        assert_eq!(beside(&here).unwrap()["rollback"], folder.join("rollback"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_failing_build_says_how_cargo_ended() {
        let error = build_with(OsStr::new("false")).await.unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("false build ended with exit status: 1"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_missing_cargo_is_named() {
        let error = build_with(OsStr::new("/nowhere/cargo")).await.unwrap_err();
        assert!(
            error.to_string().starts_with("cannot run /nowhere/cargo"),
            "{error}"
        );
    }
}
