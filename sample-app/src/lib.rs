#![doc = include_str!("../README.md")]

use std::ffi::OsString;
use std::fmt::Display;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;
use std::time::SystemTime;

use aws_config::BehaviorVersion;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use tokio::net::TcpListener;
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use consumer::{Consumer, Drained, Limits};
use drain::Budget;
use health::Heartbeat;
use metadata::Identity;
use metrics::{FLUSH_INTERVAL, Metrics, Origin};
use queue::Queue;
use serve::Served;
use serve::answers::Answers;
use settings::{Settings, SettingsError};
use work::Work;

mod batch;
pub mod consumer;
pub mod drain;
pub mod handler;
pub mod health;
pub mod lambda;
pub mod metadata;
pub mod metrics;
pub mod queue;
pub mod serve;
pub mod settings;
pub mod telemetry;
pub mod work;

/// Something is wrong with how the process was started (sysexits: `EX_CONFIG`).
const BAD_CONFIGURATION: u8 = 78;

/// Why the consumer or the HTTP service did not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Heartbeat(#[from] health::NotWritable),
    #[error(
        "the AWS Region is not set. Allowed: its code in the environment variable AWS_REGION, which ECS sets on Fargate."
    )]
    NoRegion,
    #[error(transparent)]
    Identity(#[from] metadata::NoIdentity),
    #[error("the handlers of SIGTERM and SIGINT cannot be installed: {0}.")]
    Signals(std::io::Error),
    #[error(
        "no request can be taken at {address} (environment variable LISTEN): {source}. Allowed: an address of this machine with a port that is free."
    )]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error(transparent)]
    Version(#[from] hyper::header::InvalidHeaderValue),
}

impl StartError {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Settings(_) | Self::Heartbeat(_) | Self::NoRegion | Self::Version(_) => {
                ExitCode::from(BAD_CONFIGURATION)
            }
            Self::Identity(_) | Self::Signals(_) | Self::Listen { .. } => ExitCode::FAILURE,
        }
    }
}

/// Does what the command line asks for, until SIGTERM or SIGINT: without arguments consume, with
/// `serve` answer HTTP requests. With `--health` after it, say whether the consumer that uses the same
/// `HEALTH_FILE`, or the HTTP service with the same `LISTEN`, is alive.
pub async fn start(arguments: impl Iterator<Item = String>) -> ExitCode {
    let arguments: Vec<String> = arguments.collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => consume().await,
        ["--health"] => health(),
        ["serve"] => serve().await,
        ["serve", "--health"] => serving_health().await,
        _ => {
            eprintln!(
                "the arguments are not known. Found: `{}`. Allowed: none, to consume the queue, serve, to answer HTTP requests, or --health after either.",
                arguments.join(" ")
            );
            ExitCode::from(BAD_CONFIGURATION)
        }
    }
}

fn health() -> ExitCode {
    let path = match settings::health_file(&environment) {
        Ok(path) => path,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    let age = health::check(&path, now());
    told(age.map(|age| format!("healthy, the last heartbeat is {} s old", age.as_secs())))
}

async fn serving_health() -> ExitCode {
    let listen = match serve::settings::listen(&environment) {
        Ok(listen) => listen,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    let checked = serve::health::check(&http(), listen).await;
    told(checked.map(|()| "healthy".to_owned()))
}

/// What a health check says, and answers to whoever runs it.
fn told<E: Display>(checked: Result<String, E>) -> ExitCode {
    match checked {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> ExitCode {
    telemetry::start();
    ended(run_service().await.map(|served| served.abandoned == 0))
}

/// How the program ends after its work: well if nothing was abandoned.
fn ended(is_complete: Result<bool, StartError>) -> ExitCode {
    match is_complete {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            tracing::error!("{error}");
            error.exit_code()
        }
    }
}

async fn run_service() -> Result<Served, StartError> {
    // First, as for the consumer.
    let mut stop = pin!(stop_signal().map_err(StartError::Signals)?);
    let settings = serve::settings::Settings::read(&environment)?;
    let started = async {
        let identity = identity().await?;
        let answers = Answers::new(&settings.answers, &identity.service)?;
        // Last, so that nobody is let in who could not be answered.
        let address = settings.listen;
        let cannot_listen = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        Ok::<_, StartError>((identity, answers, listener, address))
    };
    let (identity, answers, listener, address) = select! {
        () = &mut stop => return Ok(Served::default()),
        started = started => started?,
    };
    tracing::info!(
        service = identity.service,
        revision = identity.revision,
        version = settings.answers.app_version,
        family = identity.family,
        task = identity.task,
        cluster = identity.cluster,
        listen = %address,
        "started"
    );

    let drain = Budget::of(settings.stop_timeout).work;
    let served = serve::serve(listener, answers, drain, stop).await;
    tracing::info!(
        finished = served.finished,
        abandoned = served.abandoned,
        "stopped"
    );
    Ok(served)
}

async fn consume() -> ExitCode {
    telemetry::start();
    ended(run().await.map(|drained| drained.abandoned == 0))
}

async fn run() -> Result<Drained, StartError> {
    // First, since the kernel ignores a SIGTERM that process 1 of a container does not handle.
    let mut stop = pin!(stop_signal().map_err(StartError::Signals)?);
    let settings = Settings::read(&environment)?;
    let heartbeat = Heartbeat::claim(settings.health_file.clone())?;

    let started = async {
        let identity = identity().await?;
        let https = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(https)
            .timeout_config(queue::timeouts())
            .load()
            .await;
        if config.region().is_none() {
            return Err(StartError::NoRegion);
        }
        Ok((identity, aws_sdk_sqs::Client::new(&config)))
    };
    let (identity, client) = select! {
        () = &mut stop => return Ok(Drained::default()),
        started = started => started?,
    };
    tracing::info!(
        service = identity.service,
        revision = identity.revision,
        version = settings.app_version,
        family = identity.family,
        task = identity.task,
        cluster = identity.cluster,
        queue = settings.queue_url,
        concurrency = settings.concurrency,
        "started"
    );

    let drained = consume_with(&settings, &identity, client, heartbeat, stop).await;
    tracing::info!(
        finished = drained.finished,
        handed_back = drained.handed_back,
        abandoned = drained.abandoned,
        "stopped"
    );
    Ok(drained)
}

async fn consume_with(
    settings: &Settings,
    identity: &Identity,
    client: aws_sdk_sqs::Client,
    heartbeat: Heartbeat,
    stop: impl Future<Output = ()>,
) -> Drained {
    let budget = Budget::of(settings.stop_timeout);
    let limits = Limits {
        concurrency: settings.concurrency,
        visibility_timeout: settings.visibility_timeout,
        work_timeout: settings.work_timeout,
        budget,
    };
    let url = settings.queue_url.clone();
    let queue = Queue::new(client, url, settings.visibility_timeout);
    let origin = Origin::task(identity, &settings.app_version);
    let metrics = Metrics::new(origin, now, telemetry::print);
    let work = Work::new(settings.demo.clone(), settings.death_percent);
    let consumer = Consumer::new(queue, work, limits, metrics.clone(), heartbeat);

    let drained = select! {
        drained = consumer.run(stop) => drained,
        never = flush_regularly(&metrics) => match never {},
    };
    metrics.flush();
    drained
}

async fn flush_regularly(metrics: &Metrics) -> std::convert::Infallible {
    let mut ticks = interval(FLUSH_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        metrics.flush();
    }
}

async fn identity() -> Result<Identity, StartError> {
    let Some(endpoint) = environment(metadata::ENDPOINT) else {
        tracing::warn!(
            "{} is not set: this is not an ECS task. It calls its service `{}`.",
            metadata::ENDPOINT,
            metadata::UNKNOWN
        );
        return Ok(Identity::outside_of_ecs());
    };
    let identity = metadata::ask(&http(), &endpoint.to_string_lossy()).await?;
    if identity.service == metadata::UNKNOWN {
        tracing::warn!(
            task = identity.task,
            "this task belongs to no service. It calls its service `{}`.",
            metadata::UNKNOWN
        );
    }
    Ok(identity)
}

/// The SDK's own HTTP client.
fn http() -> SharedHttpConnector {
    let http = aws_smithy_http_client::Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build();
    SharedHttpConnector::new(http)
}

/// Completes at SIGTERM, as ECS sends, or SIGINT, as a terminal does.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the outermost function, the one that reads the clock"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
