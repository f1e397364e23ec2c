//! `cargo run -p rehearsal`: builds the workspace's programs, then becomes the rehearsal, `rehearsal-core`.
//!
//! Cargo chooses the features of a dependency by what is built together. The rehearsal and the programs that it starts are
//! therefore built in one go: one after the other, a quarter of their dependencies would be compiled twice. That is why
//! this program has none.

use std::{
    env,
    ffi::OsString,
    fmt, io,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Command, ExitCode, ExitStatus, Stdio},
};

/// The workspace that this was built from.
const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");

/// The program that plays.
const CORE: &str = "rehearsal-core";

/// As the rehearsal's own for one that did not take place.
const NO_REHEARSAL: u8 = 2;

/// Why there is no rehearsal.
enum Problem {
    /// Where this program is cannot be told.
    Place(io::Error),
    /// Cargo could not be started.
    Cargo(OsString, io::Error),
    /// Cargo failed; it has said why.
    Build(ExitStatus),
    /// What Cargo has built could not be started.
    Core(PathBuf, io::Error),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(error) => write!(f, "cannot tell where this program is: {error}"),
            Self::Cargo(cargo, error) => write!(
                f,
                "cannot run {} to build the functions, the sample application and the rehearsal: {error}",
                cargo.display()
            ),
            Self::Build(status) => {
                write!(
                    f,
                    "the build ended with {status}; cargo's messages are above"
                )
            }
            Self::Core(path, error) => write!(
                f,
                "cannot start {}: {error}. It is built beside this program, unless cargo was told another place with \
                 --target or --profile: leave those out",
                path.display()
            ),
        }
    }
}

fn main() -> ExitCode {
    match build().and_then(become_core) {
        Ok(never) => match never {},
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::from(NO_REHEARSAL)
        }
    }
}

/// Builds all programs into the folder of this one. Cargo's progress appears on standard error. Answers the rehearsal.
fn build() -> Result<PathBuf, Problem> {
    let own = env::current_exe().map_err(Problem::Place)?;
    let core = own.with_file_name(CORE);
    if !core.exists() {
        eprintln!(
            "Building the rehearsal, the four functions and the sample application: minutes the first time, seconds later."
        );
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command
        .args([
            "build",
            "--workspace",
            "--bins",
            "--manifest-path",
            MANIFEST,
        ])
        .stdin(Stdio::null());
    // What Cargo tells this program of its package. Build scripts read it (ring's does): the next build from outside would run them again,
    // and all behind them.
    for (name, _) in env::vars_os() {
        let is_package =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(is_package) {
            command.env_remove(name);
        }
    }
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let status = command
        .status()
        .map_err(|error| Problem::Cargo(cargo, error))?;
    if status.success() {
        Ok(core)
    } else {
        Err(Problem::Build(status))
    }
}

/// Takes its place: signals reach it, and its exit status is that of `cargo run`.
fn become_core(core: PathBuf) -> Result<std::convert::Infallible, Problem> {
    let error = Command::new(&core).args(env::args_os().skip(1)).exec();
    Err(Problem::Core(core, error))
}
