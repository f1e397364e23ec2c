//! Carries out effects with real processes on loopback.
//!
//! [`Live`] is the part of AWS that runs other people's programs: AWS Lambda's execution
//! environments, the container agent of ECS, the data plane of load balancers, and the account's HTTP
//! endpoint. It takes the world's effects and reports back what became of them. Every process that it starts ends with it.

pub mod build;
pub mod credentials;
mod forwarder;
pub mod functions;
mod health;
mod http;
pub mod load;
pub mod logs;
mod process;
mod tasks;
#[cfg(test)]
mod testing;
mod told;

use std::{
    collections::BTreeMap,
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    panic::resume_unwind,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
};

use crate::{
    wire::{Account, server},
    world::{
        Effect, World,
        codepipeline::PlayedAction,
        ecs::{self, Health},
        elb::{self, Checked, Probe},
        functions as lambda,
        functions::{Ended, Invocation},
    },
};
use forwarder::Forwarder;
use functions::Functions;
use logs::Logs;
use process::Keeper;
use tasks::Tasks;

pub use tasks::TASK;

/// What a container image, or a function's deployment package, comes down to on one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The program: an image's entry point, a package's `bootstrap`.
    pub command: PathBuf,
    /// Its arguments. A container definition's `command` replaces them.
    pub args: Vec<String>,
    /// Its environment. That of the task definition or function overrides it.
    pub environment: BTreeMap<String, String>,
}

impl Image {
    /// A program without arguments or environment.
    #[must_use]
    pub fn program(command: PathBuf) -> Self {
        Self {
            command,
            args: Vec::new(),
            environment: BTreeMap::new(),
        }
    }
}

/// Images by the reference that task definitions use, or packages by program or, of those that were uploaded, by the SHA-256 digest
/// in Base64.
pub type Images = BTreeMap<String, Image>;

/// Plays a source or build action: it is to call
/// [`action_finished`](crate::world::codepipeline::action_finished), now or later. It must not
/// block.
pub type Play = Box<dyn FnMut(PlayedAction) + Send>;

/// What it takes to go live.
pub struct Setup {
    /// The account. Its time must have begun at the machine's: functions compare their deadline
    /// with the machine's clock.
    pub account: Account,
    /// The account's effects.
    pub effects: UnboundedReceiver<Effect>,
    /// The functions' packages, by program or digest.
    pub packages: Images,
    /// The tasks' images, by reference. A task with another image cannot pull it.
    pub images: Images,
    /// Plays source and build actions.
    pub play: Play,
    /// Where functions and tasks print to.
    pub logs: Logs,
    /// How often the account ticks.
    pub tick: Duration,
}

/// Why the account did not come alive, or did not stay so.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// No port on loopback.
    #[error("cannot listen on loopback")]
    Listen(#[source] io::Error),
    /// No process to end the others, or no directory for their files.
    #[error("cannot start what cleans up: /bin/sh with a directory among the temporary files")]
    Keeper(#[source] io::Error),
    /// No word of an interrupt.
    #[error("cannot listen for SIGINT and SIGTERM")]
    Signals(#[source] io::Error),
    /// The `--logs` directory cannot be written.
    #[error("cannot write the log files")]
    Logs(#[source] io::Error),
    /// The account or its server ended by itself.
    #[error("the local account has ended by itself")]
    Ended,
}

/// Why [`Live::run`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The future it was given is done.
    AsTold,
    /// SIGINT (Ctrl-C) or SIGTERM.
    Interrupted,
}

/// The account, reachable over HTTP, with processes for its functions and tasks.
pub struct Live {
    account: Account,
    effects: UnboundedReceiver<Effect>,
    reports: (UnboundedSender<Report>, UnboundedReceiver<Report>),
    functions: Functions,
    tasks: Tasks,
    forwarder: Arc<Forwarder>,
    play: Play,
    logs: Logs,
    endpoint: String,
    /// Where the load balancers' listeners are, by ARN.
    load_balancers: BTreeMap<String, SocketAddr>,
    /// The account's endpoint and its clockwork, the load balancers: these never end.
    services: JoinSet<()>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Live {
    /// Starts the account: from now on it ticks and answers. Effects are carried out by
    /// [`Live::run`].
    pub async fn start(setup: Setup) -> Result<Self, LiveError> {
        let Setup {
            account,
            effects,
            packages,
            images,
            play,
            logs,
            tick,
        } = setup;
        let keeper = Keeper::start().map_err(LiveError::Keeper)?;
        let (listener, address) = listen().await?;
        let endpoint = format!("http://{address}");
        let reports = unbounded_channel();
        let tasks = Tasks::new(tasks::Setup {
            account: account.clone(),
            endpoint: endpoint.clone(),
            keeper: keeper.clone(),
            logs: logs.clone(),
            images,
            reports: reports.0.clone(),
        });
        let functions = Functions::new(
            account.clone(),
            endpoint.clone(),
            keeper,
            logs.clone(),
            packages,
        );
        let mut services = JoinSet::new();
        services.spawn(server::serve(listener, account.clone()));
        let ticking = account.clone();
        services.spawn(async move { ticking.live(tick).await });
        let forwarder = Arc::new(Forwarder::new(account.clone()));
        let mut load_balancers = BTreeMap::new();
        for (arn, port) in account.with(|world| elb::listeners(world)) {
            let (listener, address) = listen().await?;
            load_balancers.insert(arn.clone(), address);
            services.spawn(forwarder::serve(listener, forwarder.clone(), arn, port));
        }
        Ok(Self {
            account,
            effects,
            reports,
            functions,
            tasks,
            forwarder,
            play,
            logs,
            endpoint,
            load_balancers,
            services,
        })
    }

    /// The account's address, for example `http://127.0.0.1:4566`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Where requests to a load balancer's listener go, instead of its DNS name and port. A listener has
    /// an address if it was there when the account came alive.
    #[must_use]
    pub fn load_balancer(&self, listener_arn: &str) -> Option<SocketAddr> {
        self.load_balancers.get(listener_arn).copied()
    }

    /// Carries out effects until `done`, or until the rehearsal is interrupted. Then every process
    /// is killed.
    pub async fn run(mut self, done: impl Future<Output = ()>) -> Result<Stopped, LiveError> {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(LiveError::Signals)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(LiveError::Signals)?;
        let mut work = JoinSet::new();
        tokio::pin!(done);
        let stopped = loop {
            tokio::select! {
                () = &mut done => break Stopped::AsTold,
                _ = interrupt.recv() => break Stopped::Interrupted,
                _ = terminate.recv() => break Stopped::Interrupted,
                Some(effect) = self.effects.recv() => self.carry_out(effect, &mut work),
                Some(report) = self.reports.1.recv() => {
                    self.account.with(|world| report.deliver(world));
                }
                Some(ended) = work.join_next() => propagate_panic(ended),
                Some(ended) = self.services.join_next() => {
                    propagate_panic(ended);
                    return Err(LiveError::Ended);
                }
            }
            if let Some(failure) = self.logs.take_failure() {
                return Err(LiveError::Logs(failure));
            }
        };
        work.shutdown().await;
        Ok(stopped)
    }

    fn carry_out(&mut self, effect: Effect, work: &mut JoinSet<()>) {
        match effect {
            Effect::Invoke(invocation) => self.invoke(invocation, work),
            Effect::StartTask(launch) => self.tasks.start(launch, work),
            Effect::SignalTask { task_arn, signal } => self.tasks.signal(&task_arn, signal),
            Effect::CheckTarget(probe) => self.check(probe, work),
            Effect::PlayAction(action) => (self.play)(action),
        }
    }

    fn check(&self, probe: Probe, work: &mut JoinSet<()>) {
        let forwarder = self.forwarder.clone();
        let reports = self.reports.0.clone();
        work.spawn(async move {
            let result = forwarder.check(&probe).await;
            // Nobody listens any more once the rehearsal has ended.
            let _ = reports.send(Report::TargetChecked { probe, result });
        });
    }

    fn invoke(&self, invocation: Invocation, work: &mut JoinSet<()>) {
        let found = self
            .account
            .with(|world| lambda::program_of(world, &invocation).cloned());
        let functions = self.functions.clone();
        let reports = self.reports.0.clone();
        work.spawn(async move {
            let how = match found {
                Some(function) => functions.attempt(&function, &invocation).await,
                None => Ended::Error(format!("there is no function {}", invocation.resource())),
            };
            // Nobody listens any more once the rehearsal has ended.
            let _ = reports.send(Report::Invocation {
                run: invocation.run,
                how,
            });
        });
    }
}

/// What became of an effect.
#[derive(Debug)]
enum Report {
    Invocation {
        run: String,
        how: Ended,
    },
    TargetChecked {
        probe: Probe,
        result: Checked,
    },
    TaskRunning {
        arn: String,
    },
    TaskHealth {
        arn: String,
        health: Health,
    },
    TaskExited {
        arn: String,
        exit_code: Option<i32>,
        reason: Option<String>,
    },
}

impl Report {
    fn deliver(self, world: &mut World) {
        match self {
            Self::Invocation { run, how } => lambda::ended(world, &run, how),
            Self::TargetChecked { probe, result } => elb::checked(world, &probe, result),
            Self::TaskRunning { arn } => ecs::task_running(world, &arn),
            Self::TaskHealth { arn, health } => ecs::task_health(world, &arn, health),
            Self::TaskExited {
                arn,
                exit_code,
                reason,
            } => ecs::task_exited(world, &arn, exit_code, reason.as_deref()),
        }
    }
}

async fn listen() -> Result<(TcpListener, SocketAddr), LiveError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .map_err(LiveError::Listen)?;
    let address = listener.local_addr().map_err(LiveError::Listen)?;
    Ok((listener, address))
}

fn propagate_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(failed) = ended
        && failed.is_panic()
    {
        resume_unwind(failed.into_panic());
    }
}

#[cfg(test)]
mod tests;
