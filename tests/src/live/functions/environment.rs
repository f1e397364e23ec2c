//! One execution environment: a function's process and the Runtime API it talks to.

use std::{io, net::Ipv4Addr, process::ExitStatus, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use super::runtime_api::{Report, Said, Work, serve_to};
use crate::{
    live::process::{Keeper, Lines, Process, Program},
    world::functions::Ended,
};

/// A process whose runtime has asked for an invocation. Dropping it ends the process.
pub(super) struct Environment {
    process: Process,
    said: mpsc::UnboundedReceiver<Said>,
    /// Where the runtime waits for its next invocation, when it does.
    waiting: Option<oneshot::Sender<Work>>,
    /// The Runtime API, which ends with this value.
    _api: JoinSet<()>,
}

impl Environment {
    /// Starts a process and waits until its runtime asks for an invocation, for `limit` at most.
    /// `program` is complete but for the address of the Runtime API.
    ///
    /// # Errors
    /// With Lambda's words for what went wrong.
    pub(super) async fn start(
        program: Program,
        keeper: &Keeper,
        lines: &Lines,
        limit: Duration,
    ) -> Result<Self, String> {
        let mut environment = Self::launch(program, keeper, lines)
            .await
            .map_err(|error| format!("cannot start the function's process: {error}"))?;
        match environment.listen(None, &mut None, limit).await {
            Ok(()) => Ok(environment),
            Err(problem) => {
                environment.discard().await;
                Err(problem)
            }
        }
    }

    async fn launch(mut program: Program, keeper: &Keeper, lines: &Lines) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?.to_string();
        program
            .environment
            .insert("AWS_LAMBDA_RUNTIME_API".into(), address.into());
        let (tell, said) = mpsc::unbounded_channel();
        let mut api = JoinSet::new();
        api.spawn(serve_to(listener, tell));
        Ok(Self {
            process: keeper.spawn(&program, lines)?,
            said,
            waiting: None,
            _api: api,
        })
    }

    /// Whether the process still runs and waits for an invocation.
    pub(super) fn is_ready(&mut self) -> bool {
        self.waiting
            .as_ref()
            .is_some_and(|waits| !waits.is_closed())
            && self.process.is_running()
    }

    /// Runs one invocation, for `limit` at most. Answers how it ended and, if it can take another
    /// one, the environment.
    pub(super) async fn invoke(
        mut self,
        request_id: &str,
        work: Work,
        limit: Duration,
    ) -> (Ended, Option<Self>) {
        // If the runtime is gone, so will be its process: `listen` notices.
        let _ = self.waiting.take().map(|waits| waits.send(work));
        let mut report = None;
        let went = self.listen(Some(request_id), &mut report, limit).await;
        let ended = match (report, &went) {
            // Lambda has passed the answer on by the time the process fails after it.
            (Some(Report::Answer(answer)), _) => Ended::Answer(answer),
            (Some(Report::Error(error)), _) => Ended::Error(error),
            (None, Err(problem)) => Ended::Error(problem.clone()),
            (None, Ok(())) => Ended::Error(
                "the runtime asked for an invocation before it had answered this one".to_owned(),
            ),
        };
        if went.is_ok() {
            (ended, Some(self))
        } else {
            self.discard().await;
            (ended, None)
        }
    }

    /// Waits until the runtime asks for its next invocation; on the way takes its report on the one
    /// of `request_id`.
    async fn listen(
        &mut self,
        request_id: Option<&str>,
        report: &mut Option<Report>,
        limit: Duration,
    ) -> Result<(), String> {
        tokio::select! {
            biased;
            next = next(&mut self.said, request_id, report) => {
                self.waiting = Some(next?);
                Ok(())
            }
            status = self.process.ended() => Err(exited(status)),
            () = tokio::time::sleep(limit) => Err(format!(
                "Task timed out after {:.2} seconds",
                limit.as_secs_f64()
            )),
        }
    }

    /// Ends the process and waits until it has ended.
    async fn discard(mut self) {
        self.process.kill();
        // A process that cannot be waited for cannot be helped either; dropping it is all there is.
        let _ = self.process.ended().await;
    }
}

async fn next(
    said: &mut mpsc::UnboundedReceiver<Said>,
    current: Option<&str>,
    report: &mut Option<Report>,
) -> Result<oneshot::Sender<Work>, String> {
    while let Some(said) = said.recv().await {
        match said {
            Said::Next(waits) => return Ok(waits),
            Said::InitError(error) => return Err(error),
            Said::Ended {
                request_id,
                how,
                accepted,
            } => {
                let is_current = current == Some(request_id.as_str()) && report.is_none();
                if is_current {
                    *report = Some(how);
                }
                // The runtime may have gone without waiting for the verdict.
                let _ = accepted.send(is_current);
            }
        }
    }
    Err("the Runtime API ended".to_owned())
}

/// Lambda's words for a process that ended.
fn exited(status: io::Result<ExitStatus>) -> String {
    match status.map(|status| (status, status.code())) {
        Ok((_, Some(0))) => "Runtime exited without providing a reason".to_owned(),
        Ok((_, Some(code))) => format!("Runtime exited with error: exit status {code}"),
        Ok((status, None)) => format!("Runtime exited with error: {status}"),
        Err(error) => format!("Runtime exited with error: {error}"),
    }
}
