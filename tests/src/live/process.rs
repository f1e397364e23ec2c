//! Processes that never outlive the rehearsal.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::File,
    io::{self, Write},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    task::JoinSet,
};

/// Remembers process groups by what is written to it; at the end of its input, which comes even if
/// the rehearsal is killed, it kills those that are left and removes the directory it is named after.
const KEEPER: &str = r#"
groups=
while read -r what group; do
    rest=
    for each in $groups; do
        [ "$each" = "$group" ] || rest="$rest $each"
    done
    groups=$rest
    [ "$what" = watch ] && groups="$groups $group"
done
for each in $groups; do
    kill -s KILL -- "-$each"
done
rm -rf -- "$0"
"#;

/// Waits for a word on its input before it becomes the program; without one, it ends. So nothing runs
/// that the keeper does not know, even if the rehearsal is killed between the two.
const GATE: &str = r#"read -r go && exec "$@" </dev/null"#;

/// What to run, and all of its environment.
pub(super) struct Program {
    /// A path, or a name on the `PATH` of the environment.
    pub(super) path: OsString,
    pub(super) arguments: Vec<String>,
    pub(super) environment: BTreeMap<OsString, OsString>,
}

/// Where a process's output goes, line by line.
pub(super) type Lines = Arc<dyn Fn(&str) + Send + Sync>;

/// Starts processes and sees to it that they end, at the latest when the rehearsal does.
///
/// Every process leads a group of its own, so that what it starts ends with it, as everything in a
/// container ends with its first process. Dropping a [`Process`] kills its group. Should the
/// rehearsal be killed before it can drop anything, a small shell that waits for the end of its
/// input does it.
#[derive(Clone)]
pub(super) struct Keeper {
    shell: Arc<Mutex<Shell>>,
}

struct Shell {
    child: std::process::Child,
    directory: PathBuf,
}

impl Keeper {
    /// Starts the shell that stands by, and creates a directory for files that end with it.
    pub(super) fn start() -> io::Result<Self> {
        let directory = create_directory()?;
        let child = std::process::Command::new("/bin/sh")
            .args(["-c", KEEPER])
            .arg(&directory)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Its own group: an interrupt typed at the terminal is for the rehearsal alone.
            .process_group(0)
            .spawn()?;
        Ok(Self {
            shell: Arc::new(Mutex::new(Shell { child, directory })),
        })
    }

    /// Starts a process whose standard output and standard error go to `lines`.
    pub(super) fn spawn(&self, program: &Program, lines: &Lines) -> io::Result<Process> {
        let path = Path::new(&program.path);
        if path.is_absolute() && !path.is_file() {
            let message = format!("there is no program {}", path.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        let mut child = Command::new("/bin/sh")
            .args(["-c", GATE, "gate"])
            .arg(path)
            .args(&program.arguments)
            .env_clear()
            .envs(&program.environment)
            .process_group(0)
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let gate = child.stdin.take();
        let leader = child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
            .ok_or_else(|| io::Error::other("a process ended before it had an id"))?;
        let mut output = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            output.spawn(forward(stdout, Arc::clone(lines)));
        }
        if let Some(stderr) = child.stderr.take() {
            output.spawn(forward(stderr, Arc::clone(lines)));
        }
        let process = Process {
            child,
            leader,
            output,
            keeper: self.clone(),
            over: false,
        };
        self.tell("watch", leader)?;
        if let Some(gate) = gate {
            File::from(gate.into_owned_fd()?).write_all(b"go\n")?;
        }
        Ok(process)
    }

    /// A directory for files that end with the processes.
    pub(super) fn directory(&self) -> PathBuf {
        self.lock().directory.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Shell> {
        self.shell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, what: &str, leader: Pid) -> io::Result<()> {
        let mut shell = self.lock();
        let stdin = shell
            .child
            .stdin
            .as_mut()
            .ok_or_else(|| io::Error::other("the keeper of processes has no input"))?;
        stdin.write_all(format!("{what} {leader}\n").as_bytes())
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // The end of its input lets it do its work and end.
        drop(self.child.stdin.take());
        // Nothing can be done in a destructor about a shell that cannot be waited for.
        let _ = self.child.wait();
    }
}

/// A running process and the group it leads. Dropping it kills the group.
pub(super) struct Process {
    child: Child,
    leader: Pid,
    output: JoinSet<()>,
    keeper: Keeper,
    /// Its id may belong to somebody else by now.
    over: bool,
}

impl Process {
    /// Waits until the process has ended, whatever it had started is killed and all its output is
    /// forwarded. May be dropped and called again.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.close();
        while self.output.join_next().await.is_some() {}
        Ok(status)
    }

    /// Whether the process still runs.
    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks the process, not its group, to end: as a container runtime signals the first process.
    pub(super) fn terminate(&self) {
        if self.child.id().is_some() {
            // It may have ended by itself in this moment, which is all that was wanted.
            let _ = kill_process(self.leader, Signal::TERM);
        }
    }

    /// Ends the process and its group at once.
    pub(super) fn kill(&self) {
        if !self.over {
            // An error says that no process of the group is left.
            let _ = kill_process_group(self.leader, Signal::KILL);
        }
    }

    /// Ends what is left of the group, and its surveillance.
    fn close(&mut self) {
        if !self.over {
            self.kill();
            self.over = true;
            // Fails only if the keeper is gone, and then it has nothing to forget.
            let _ = self.keeper.tell("forget", self.leader);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.close();
    }
}

/// The exit code as a container runtime gives it: 128 and the signal's number for a killed process.
pub(super) fn exit_code(status: ExitStatus) -> Option<i32> {
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
}

async fn forward(from: impl AsyncRead + Unpin, lines: Lines) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    // An error ends the output like its end does: the process has closed its side.
    while from.read_until(b'\n', &mut line).await.is_ok_and(|n| n > 0) {
        let end = line.trim_ascii_end().len();
        lines(&String::from_utf8_lossy(&line[..end]));
        line.clear();
    }
}

/// A new directory in the temporary one.
fn create_directory() -> io::Result<PathBuf> {
    static CREATED: AtomicU32 = AtomicU32::new(0);
    let parent = std::env::temp_dir();
    loop {
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("rehearsal-{}-{number}", std::process::id()));
        match std::fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            // Left behind by a process that had the same id.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}
