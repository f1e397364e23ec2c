//! A function's process with the Runtime API that it asks for work, as AWS Lambda runs it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use http::{HeaderMap, HeaderValue};
use rehearsal_core::live::functions::runtime_api::{Report, Said, Work, serve_to};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use crate::usage;

/// How long a function may take for anything: longer than any does, so that nothing waits for ever.
const PATIENCE: Duration = Duration::from_mins(1);

const REQUEST_ID: &str = "bbbbbbbb-cccc-4ddd-8eee-ffffffffffff";

/// What is run, and all of its environment but the address of the Runtime API.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) directory: PathBuf,
    pub(crate) environment: BTreeMap<String, String>,
}

/// A process that waits for its next event. Dropping it ends it.
pub(crate) struct Process {
    child: Child,
    said: mpsc::UnboundedReceiver<Said>,
    waiting: oneshot::Sender<Work>,
    output: PathBuf,
    /// The Runtime API, which ends with this value.
    api: JoinSet<()>,
}

/// One event and its answer.
pub(crate) struct Answered {
    /// When the event was handed out.
    pub(crate) began: Instant,
    /// From then until the answer.
    pub(crate) took: Duration,
    /// The answer.
    pub(crate) answer: Value,
}

impl Process {
    /// Starts a process; answers also how long it took until it asked for its first event.
    ///
    /// # Errors
    /// It cannot be started, or it does not ask. Then the error shows what it has printed.
    pub(crate) async fn start(program: &Program) -> anyhow::Result<(Self, Duration)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?.to_string();
        let (tell, mut said) = mpsc::unbounded_channel();
        let mut api = JoinSet::new();
        api.spawn(serve_to(listener, tell));
        let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figures-function.log");
        let printed = File::create(&output)
            .with_context(|| format!("cannot write to {}", output.display()))?;
        let began = Instant::now();
        let mut child = Command::new(&program.path)
            .args(&program.arguments)
            .current_dir(&program.directory)
            .env_clear()
            .envs(&program.environment)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .stdin(Stdio::null())
            .stdout(printed.try_clone()?)
            .stderr(printed)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.path.display()))?;
        match next(&mut child, &mut said).await {
            Ok(waiting) => {
                let process = Self {
                    child,
                    said,
                    waiting,
                    output,
                    api,
                };
                Ok((process, began.elapsed()))
            }
            Err(problem) => Err(problem.context(printed_to(&output))),
        }
    }

    /// Hands out an event and waits for its answer, and then until the process asks for more.
    ///
    /// # Errors
    /// The function fails. Then the error shows what it has printed.
    pub(crate) async fn invoke(mut self, event: &Value) -> anyhow::Result<(Self, Answered)> {
        let work = work(event)?;
        let began = Instant::now();
        // If nobody waits any more, nothing is answered either.
        let _ = self.waiting.send(work);
        let (answer, took) = match answer(&mut self.child, &mut self.said, began).await {
            Ok(answered) => answered,
            Err(problem) => return Err(problem.context(printed_to(&self.output))),
        };
        self.waiting = next(&mut self.child, &mut self.said).await?;
        let answered = Answered {
            began,
            took,
            answer,
        };
        Ok((self, answered))
    }

    /// CPU time of all threads that it has now.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        usage::cpu(self.id()?, None)
    }

    /// The most memory that it has had resident, in MB.
    pub(crate) fn peak_memory(&self) -> anyhow::Result<f64> {
        usage::peak_memory(self.id()?)
    }

    /// What it has printed so far, for an error.
    pub(crate) fn printed(&self) -> String {
        printed_to(&self.output)
    }

    /// Ends the process.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("cannot end a function")?;
        self.api.shutdown().await;
        Ok(())
    }

    fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("the function has ended")
    }
}

async fn next(
    child: &mut Child,
    said: &mut mpsc::UnboundedReceiver<Said>,
) -> anyhow::Result<oneshot::Sender<Work>> {
    match hear(child, said).await? {
        Said::Next(waiting) => Ok(waiting),
        Said::InitError(error) => bail!("the function cannot start: {error}"),
        Said::Ended { .. } => bail!("the function answers an event that it did not get"),
    }
}

async fn answer(
    child: &mut Child,
    said: &mut mpsc::UnboundedReceiver<Said>,
    began: Instant,
) -> anyhow::Result<(Value, Duration)> {
    match hear(child, said).await? {
        Said::Ended { how, accepted, .. } => {
            let took = began.elapsed();
            // The runtime need not wait for the verdict.
            let _ = accepted.send(true);
            match how {
                Report::Answer(answer) => Ok((answer, took)),
                Report::Error(error) => bail!("the function failed: {error}"),
            }
        }
        Said::InitError(error) => bail!("the function cannot start: {error}"),
        Said::Next(_) => bail!("the function asks for an event before it has answered this one"),
    }
}

async fn hear(child: &mut Child, said: &mut mpsc::UnboundedReceiver<Said>) -> anyhow::Result<Said> {
    tokio::select! {
        biased;
        said = said.recv() => said.context("the Runtime API ended"),
        ended = child.wait() => bail!("the function ended with {}", ended?),
        () = tokio::time::sleep(PATIENCE) => bail!("the function has said nothing for a minute"),
    }
}

/// An event as the runtime gets it. AWS: "Using the Lambda runtime API for custom runtimes", the headers of the next
/// invocation.
fn work(event: &Value) -> anyhow::Result<Work> {
    let deadline = rehearsal_core::cli::now() + Duration::from_secs(30);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", REQUEST_ID.to_owned()),
        ("lambda-runtime-deadline-ms", deadline.0.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:111122223333:function:measured".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            format!("Root=1-{:08x}-{:024x};Sampled=0", deadline.0 / 1000, 1),
        ),
    ] {
        headers.insert(name, HeaderValue::try_from(value)?);
    }
    Ok(Work {
        headers,
        event: event.to_string(),
    })
}

fn printed_to(output: &Path) -> String {
    match fs::read_to_string(output) {
        Ok(printed) => format!("it has printed:\n{printed}"),
        Err(error) => format!("what it has printed cannot be read: {error}"),
    }
}
