//! Runs ECS tasks: one process per task.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinSet,
};

use super::{
    Image, Images, Report,
    credentials::Credentials,
    health,
    logs::{Line, Logs},
    process::{Keeper, Lines, Process, Program, exit_code},
    told::messages,
};
use crate::{
    clock::Moment,
    wire::{Account, server::METADATA_PATH},
    world::{
        Principal, cloudwatch,
        ecs::{HealthCheck, Signal, TASK_PRINCIPAL, TaskLaunch},
    },
};

/// The principal that all tasks call as: their task role.
pub const TASK: &str = TASK_PRINCIPAL;

/// The tasks' processes. What happens to them is sent as [`Report`]s.
pub(super) struct Tasks {
    setup: Setup,
    signals: BTreeMap<String, UnboundedSender<Signal>>,
}

/// What tasks have in common.
pub(super) struct Setup {
    pub(super) account: Account,
    /// The account's address.
    pub(super) endpoint: String,
    pub(super) keeper: Keeper,
    pub(super) logs: Logs,
    pub(super) images: Images,
    pub(super) reports: UnboundedSender<Report>,
}

impl Tasks {
    pub(super) fn new(setup: Setup) -> Self {
        Self {
            setup,
            signals: BTreeMap::new(),
        }
    }

    /// Starts a task's process and adds what looks after it to `work`.
    pub(super) fn start(&mut self, launch: TaskLaunch, work: &mut JoinSet<()>) {
        let Some(image) = self.setup.images.get(&launch.image) else {
            let reason = format!(
                "CannotPullContainerError: failed to resolve ref {0}: {0}: not found",
                launch.image
            );
            self.report_failed_start(launch.task_arn, reason);
            return;
        };
        let container = Container {
            environment: self.environment(&launch, image),
            directory: image.command.parent().map(Path::to_owned),
        };
        let arguments = if launch.command.is_empty() {
            &image.args
        } else {
            &launch.command
        };
        let program = container.program(image.command.as_os_str(), arguments);
        let process = match self.setup.keeper.spawn(&program, &self.lines(&launch)) {
            Ok(process) => process,
            Err(error) => {
                let reason = format!("CannotStartContainerError: {error}");
                self.report_failed_start(launch.task_arn, reason);
                return;
            }
        };
        self.signals.retain(|_, signals| !signals.is_closed());
        let (send, signals) = mpsc::unbounded_channel();
        self.signals.insert(launch.task_arn.clone(), send);
        let task = Task {
            arn: launch.task_arn,
            process,
            signals,
            health_check: launch.health_check,
            container,
            pace: self.setup.account.with(|world| world.pace),
            keeper: self.setup.keeper.clone(),
            reports: self.setup.reports.clone(),
        };
        work.spawn(task.run());
    }

    /// Sends a signal to a task's process. A task that has ended takes no notice.
    pub(super) fn signal(&self, task_arn: &str, signal: Signal) {
        if let Some(signals) = self.signals.get(task_arn) {
            let _ = signals.send(signal);
        }
    }

    fn report_failed_start(&self, arn: String, reason: String) {
        self.setup.send(Report::TaskExited {
            arn,
            exit_code: None,
            reason: Some(reason),
        });
    }

    /// As in a container, nothing of the rehearsal's own environment is passed on.
    fn environment(&self, launch: &TaskLaunch, image: &Image) -> BTreeMap<OsString, OsString> {
        let region = self
            .setup
            .account
            .with(|world| world.identity.region.clone());
        let id = id(&launch.task_arn);
        let metadata = format!("{}{METADATA_PATH}{id}", self.setup.endpoint);
        let health_file = self.setup.keeper.directory().join(id);
        let mut environment: BTreeMap<OsString, OsString> = BTreeMap::new();
        environment.insert("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into());
        // The task definition overrides the image, and neither what ECS sets.
        for (name, value) in image.environment.iter().chain(&launch.environment) {
            environment.insert(name.into(), value.into());
        }
        for (name, value) in Credentials::of(TASK).environment(&region, &self.setup.endpoint) {
            environment.insert(name.into(), value.into());
        }
        environment.insert("AWS_EXECUTION_ENV".into(), "AWS_ECS_FARGATE".into());
        environment.insert("ECS_CONTAINER_METADATA_URI_V4".into(), metadata.into());
        environment.insert("HEALTH_FILE".into(), health_file.into());
        // Tasks share the network of this machine: each may listen at its own address only.
        if let (Some(address), Some(port)) = (&launch.address, launch.port) {
            environment.insert("LISTEN".into(), format!("{address}:{port}").into());
        }
        environment
    }

    fn lines(&self, launch: &TaskLaunch) -> Lines {
        let account = self.setup.account.clone();
        let logs = self.setup.logs.clone();
        let stream = format!("{}-{}", launch.service, id(&launch.task_arn));
        let flush = Mutex::new(Flush {
            at: account.now(),
            over: Duration::ZERO,
        });
        Arc::new(move |text| {
            account.with(|world| {
                cloudwatch::ingest_log_line(world, text);
                let mut flush = flush.lock().unwrap_or_else(PoisonError::into_inner);
                let next = flush.then(world.now);
                if let Some(messages) = messages(text, next.over) {
                    *flush = next;
                    world.note(messages);
                }
            });
            logs.write(Line {
                principal: Principal(TASK.to_owned()),
                stream: stream.clone(),
                text: text.to_owned(),
            });
        })
    }
}

impl Setup {
    fn send(&self, report: Report) {
        // Nobody listens any more once the rehearsal has ended.
        let _ = self.reports.send(report);
    }
}

/// When a consumer told last how its messages ended, and the time that this was about.
#[derive(Clone, Copy)]
struct Flush {
    at: Moment,
    over: Duration,
}

impl Flush {
    /// A line comes at `now`. There may be several at once, one for each moment of receipt: all are about the same time.
    fn then(self, now: Moment) -> Self {
        let since = now.since(self.at);
        if since < Duration::from_secs(1) {
            return self;
        }
        Self {
            at: now,
            over: since,
        }
    }
}

/// Where a task's commands run.
struct Container {
    environment: BTreeMap<OsString, OsString>,
    /// Where the image's own programs are.
    directory: Option<PathBuf>,
}

impl Container {
    fn program(&self, name: impl Into<OsString>, arguments: &[String]) -> Program {
        Program {
            path: self.find(name.into()),
            arguments: arguments.to_vec(),
            environment: self.environment.clone(),
        }
    }

    /// A bare name is a program of the image if the image has it.
    fn find(&self, program: OsString) -> OsString {
        self.directory
            .as_ref()
            .map(|directory| directory.join(&program))
            .filter(|path| path.is_file())
            .map_or(program, PathBuf::into_os_string)
    }

    /// The command of a health check: `["CMD", program, arguments...]` or `["CMD-SHELL", script]`.
    fn check(&self, command: &[String]) -> Program {
        match command {
            [form, program, arguments @ ..] if form == "CMD" => self.program(program, arguments),
            [form, script @ ..] if form == "CMD-SHELL" => {
                self.program("/bin/sh", &["-c".to_owned(), script.join(" ")])
            }
            // Without a form, the container runtime takes it for a program.
            [program, arguments @ ..] => self.program(program, arguments),
            [] => self.program("", &[]),
        }
    }
}

/// One running task.
struct Task {
    arn: String,
    process: Process,
    signals: UnboundedReceiver<Signal>,
    health_check: Option<HealthCheck>,
    container: Container,
    pace: u32,
    keeper: Keeper,
    reports: UnboundedSender<Report>,
}

impl Task {
    async fn run(self) {
        let Self {
            arn,
            mut process,
            mut signals,
            health_check,
            container,
            pace,
            keeper,
            reports,
        } = self;
        // Nobody listens any more once the rehearsal has ended.
        let report = |report| drop(reports.send(report));
        report(Report::TaskRunning { arn: arn.clone() });
        let health = async {
            match &health_check {
                Some(check) => {
                    let program = container.check(&check.command);
                    let report = |health| {
                        report(Report::TaskHealth {
                            arn: arn.clone(),
                            health,
                        });
                    };
                    health::watch(check, pace, &keeper, &program, report).await
                }
                None => std::future::pending::<Infallible>().await,
            }
        };
        tokio::pin!(health);
        let status = loop {
            tokio::select! {
                status = process.ended() => break status,
                Some(signal) = signals.recv() => match signal {
                    Signal::Term => process.terminate(),
                    Signal::Kill => process.kill(),
                },
                never = &mut health => match never {},
            }
        };
        report(Report::TaskExited {
            arn: arn.clone(),
            exit_code: status.as_ref().ok().and_then(|status| exit_code(*status)),
            reason: status
                .err()
                .map(|error| format!("ContainerRuntimeError: {error}")),
        });
    }
}

/// The id at the end of a task's ARN.
fn id(task_arn: &str) -> &str {
    task_arn.rsplit('/').next().unwrap_or(task_arn)
}

#[cfg(test)]
mod tests;
