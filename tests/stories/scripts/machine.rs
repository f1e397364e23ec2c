//! A person's machine: a copy of `infra/` and programs that note how they are called and answer as told.

use std::{
    cell::RefCell,
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

const INFRA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra");

/// What the scripts may use of the machine that the tests run on.
const TOOLS: &[&str] = &[
    "bash", "cat", "cp", "dirname", "grep", "mkdir", "mktemp", "rm", "sed", "sort", "tr",
];

/// Notes the call on one line, then gives the first answer that fits.
const PROGRAM: &str = r#"#!/usr/bin/env bash
call="${0##*/} $*"
printf '%s\n' "${call//$'\n'/ }" >>"$MACHINE/calls"
source "$MACHINE/answers"
"#;

/// Calls that change nothing, by a part of them.
const READS: &[&str] = &[
    "--version",
    "configure get",
    "get-",
    "describe-",
    "list-",
    "wait ",
    "docker info",
    "git ",
];

pub(super) struct Machine {
    home: PathBuf,
    /// The last told comes first.
    answers: RefCell<Vec<String>>,
    region: RefCell<String>,
}

/// How a script ended.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    /// Standard output and standard error.
    pub(super) said: String,
    /// Every call of a program, in order.
    pub(super) calls: Vec<String>,
}

impl Machine {
    /// A machine with everything that is needed, and an AWS account with nothing in it.
    pub(super) fn new() -> Self {
        static MACHINES: AtomicUsize = AtomicUsize::new(0);
        let number = MACHINES.fetch_add(1, Ordering::Relaxed);
        let home = env::temp_dir().join(format!("machine-{}-{number}", std::process::id()));
        fs::create_dir_all(home.join("bin")).expect("a directory for programs");
        clone_infra(&home.join("clone"));
        // What Cargo would build, and what every machine has.
        let sample_app = home.join("clone/target/lambda/sample-app");
        fs::create_dir_all(&sample_app).expect("a directory for the sample application");
        fs::write(sample_app.join("bootstrap"), "program").expect("the sample application");
        fs::write(home.join("certificates"), "certificates").expect("certificates");
        for tool in TOOLS {
            symlink(found(tool), home.join("bin").join(tool)).expect("a link");
        }
        let machine = Self {
            home,
            answers: RefCell::default(),
            region: RefCell::new("eu-central-1".to_owned()),
        };
        for program in ["aws", "cargo", "date", "docker", "git", "sleep"] {
            machine.install(program);
        }
        // No time passes by itself.
        machine.answers("date +%s", "1790960000");
        machine.answers("aws --version", "aws-cli/2.31.0 Python/3.13.7 Linux/6.1");
        machine.fails(
            "StackStatus",
            "An error occurred (ValidationError): Stack with id x does not exist",
        );
        machine
    }

    fn install(&self, program: &str) {
        let path = self.home.join("bin").join(program);
        fs::write(&path, PROGRAM).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("an executable");
    }

    /// A file of `infra/`.
    pub(super) fn template(&self, file: &str) -> String {
        fs::read_to_string(self.home.join("clone/infra").join(file)).expect("a template")
    }

    /// A program is not installed.
    pub(super) fn lacks(&self, program: &str) {
        fs::remove_file(self.home.join("bin").join(program)).expect("a program");
    }

    /// Another `AWS_REGION`; none if empty.
    pub(super) fn moves_to(&self, region: &str) {
        region.clone_into(&mut self.region.borrow_mut());
    }

    /// Calls that contain `part` are answered so from now on.
    pub(super) fn answers(&self, part: &str, text: &str) {
        self.tell(part, text, 0, false);
    }

    /// The next call that contains `part` is answered so, later ones as told before.
    pub(super) fn answers_once(&self, part: &str, text: &str) {
        self.tell(part, text, 0, true);
    }

    /// Calls that contain `part` fail from now on.
    pub(super) fn fails(&self, part: &str, error: &str) {
        self.tell(part, error, 254, false);
    }

    /// The next call that contains `part` fails, later ones are answered as told before.
    pub(super) fn fails_once(&self, part: &str, error: &str) {
        self.tell(part, error, 254, true);
    }

    /// Calls that contain `part` fail with this exit code.
    pub(super) fn tells_code(&self, part: &str, error: &str, code: u8) {
        self.tell(part, error, code, false);
    }

    fn tell(&self, part: &str, text: &str, code: u8, once: bool) {
        let mut answers = self.answers.borrow_mut();
        let used = format!("\"$MACHINE/used-{}\"", answers.len());
        let (unless_used, mark) = if once {
            (format!(" && ! -e {used}"), format!(": >{used}; "))
        } else {
            Default::default()
        };
        let (part, text) = (quoted(part), quoted(text));
        let to = if code == 0 { "" } else { " >&2" };
        answers.push(format!(
            "[[ $call == *{part}*{unless_used} ]] && {{ {mark}printf '%s\\n' {text}{to}; exit {code}; }}\n"
        ));
    }

    /// Runs `infra/SCRIPT` with options; `typed` is what the person types.
    pub(super) fn run(&self, script: &str, options: &[&str], typed: &str) -> Ended {
        let answers: String = self
            .answers
            .borrow()
            .iter()
            .rev()
            .map(String::as_str)
            .collect();
        fs::write(self.home.join("answers"), answers + "exit 0\n").expect("the answers");
        fs::write(self.home.join("calls"), "").expect("the calls");
        fs::write(self.home.join("typed"), typed).expect("the input");
        let output = Command::new(self.home.join("clone/infra").join(script))
            .args(options)
            .env_clear()
            .env("PATH", self.home.join("bin"))
            .env("MACHINE", &self.home)
            .env("TMPDIR", &self.home)
            .env("SSL_CERT_FILE", self.home.join("certificates"))
            .env("AWS_REGION", &*self.region.borrow())
            .stdin(fs::File::open(self.home.join("typed")).expect("the input"))
            .stderr(Stdio::piped())
            .output()
            .expect("the script");
        let calls = fs::read_to_string(self.home.join("calls")).expect("the calls");
        let said = [output.stdout, output.stderr].concat();
        Ended {
            code: output.status.code(),
            said: String::from_utf8_lossy(&said).into_owned(),
            calls: calls.lines().map(str::to_owned).collect(),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // A directory that stays in the temp directory harms nobody.
        let _ = fs::remove_dir_all(&self.home);
    }
}

impl Ended {
    /// The calls that change something.
    pub(super) fn changes(&self) -> Vec<&str> {
        let reads = |call: &str| READS.iter().any(|read| call.contains(read));
        self.calls
            .iter()
            .map(String::as_str)
            .filter(|call| !reads(call))
            .collect()
    }

    /// That it changed things in this order: a part of every call that changes something.
    pub(super) fn assert_changes(&self, expected: &[&str]) {
        let changes = self.changes();
        assert!(
            changes.len() == expected.len()
                && changes
                    .iter()
                    .zip(expected)
                    .all(|(call, part)| call.contains(part)),
            "expected {expected:#?}\nfound    {changes:#?}\nsaid {}",
            self.said
        );
    }

    /// That it ended with this code, changed nothing, and said all of this.
    pub(super) fn assert_refused(&self, code: i32, said: &[&str]) {
        assert_eq!(
            (self.code, self.changes()),
            (Some(code), vec![]),
            "{}",
            self.said
        );
        self.assert_said(said);
    }

    pub(super) fn assert_said(&self, parts: &[&str]) {
        for part in parts {
            assert!(
                self.said.contains(part),
                "expected {part}\nsaid {}",
                self.said
            );
        }
    }
}

/// Copies the scripts and templates of `infra/` into a clone of the repository.
pub(super) fn clone_infra(clone: &Path) {
    for folder in ["", "traffic"] {
        let copies = clone.join("infra").join(folder);
        fs::create_dir_all(&copies).expect("a directory for the scripts");
        for file in fs::read_dir(Path::new(INFRA).join(folder)).expect("infra") {
            let file = file.expect("a file of infra");
            if file.path().is_file() {
                fs::copy(file.path(), copies.join(file.file_name())).expect("a copy");
            }
        }
    }
}

/// The path of a tool.
fn found(tool: &str) -> PathBuf {
    let path = env::var_os("PATH").expect("PATH");
    env::split_paths(&path)
        .map(|directory: PathBuf| directory.join(tool))
        .find(|file: &PathBuf| Path::is_file(file))
        .unwrap_or_else(|| panic!("this machine has no {tool}"))
}

/// As one word of Bash.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
