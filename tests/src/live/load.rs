//! Sends requests to a load balancer, as its clients would, and counts what becomes of them.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt,
    net::SocketAddr,
    num::NonZeroU32,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{
    clock::Moment,
    wire::Account,
    world::{World, journal::What},
};

/// The header in which the application names its version.
pub const VERSION_HEADER: &str = "x-version";

/// The version that failures without [`VERSION_HEADER`] count for: those that no task has answered.
pub const NO_VERSION: &str = "none";

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often the counts go to the journal.
const NOTE_EVERY: Duration = Duration::from_secs(1);

/// How many failures are kept in words.
const KEPT_FAILURES: usize = 5;

/// What became of all requests so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Requests that were sent, those in flight too.
    pub sent: u64,
    /// Requests that came back with an answer, whatever its status.
    pub answered: u64,
    /// Requests with an answer other than a success (2xx), with half an answer, or with none.
    pub failed: u64,
    /// The first few failures: when, what, and by whom.
    pub first_failures: Vec<String>,
}

/// A load generator for one address. Clones share their count.
#[derive(Clone)]
pub struct Load {
    account: Account,
    uri: Uri,
    every: Duration,
    client: Client<HttpConnector, Empty<Bytes>>,
    totals: Arc<Mutex<Totals>>,
}

impl fmt::Debug for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load")
            .field("uri", &self.uri)
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}

/// What became of one request.
struct Outcome {
    version: Option<String>,
    result: Result<(), Failed>,
}

enum Failed {
    Status(StatusCode),
    Broken(String),
    Late,
}

/// Requests of one version since the last note.
#[derive(Default)]
struct Tally {
    processed: u32,
    failed: u32,
}

impl Load {
    /// A generator of `rate` requests a second for a path.
    ///
    /// # Errors
    /// If the path is none.
    pub fn new(
        account: Account,
        address: SocketAddr,
        rate: NonZeroU32,
        path: &str,
    ) -> Result<Self, http::Error> {
        Ok(Self {
            account,
            uri: Uri::builder()
                .scheme("http")
                .authority(address.to_string())
                .path_and_query(path)
                .build()?,
            every: Duration::from_secs(1) / rate.get(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            totals: Arc::default(),
        })
    }

    /// What became of all requests so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.lock().clone()
    }

    /// Sends requests until `stop` completes, then waits for what is in flight. Each second it notes in
    /// the journal what came back, by version.
    ///
    /// Requests leave at their rate, however long answers take: a slow service gets no fewer of them.
    /// They share connections, as many as are needed.
    pub async fn generate(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut departures = interval(self.every);
        let mut notes = interval(NOTE_EVERY);
        notes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut in_flight = JoinSet::new();
        let mut tallies = Tallies::begun(self.account.now());
        let mut stopped = false;
        while !stopped || !in_flight.is_empty() {
            tokio::select! {
                () = &mut stop, if !stopped => stopped = true,
                _ = departures.tick(), if !stopped => {
                    self.lock().sent += 1;
                    in_flight.spawn(send(self.client.clone(), self.uri.clone()));
                }
                Some(ended) = in_flight.join_next() => {
                    super::propagate_panic(ended.map(|outcome| {
                        tallies.add(&outcome);
                        self.add(outcome);
                    }));
                }
                _ = notes.tick() => self.account.with(|world| tallies.note(world)),
            }
        }
        self.account.with(|world| tallies.note(world));
    }

    fn add(&self, outcome: Outcome) {
        let now = self.account.now();
        let mut totals = self.lock();
        if matches!(outcome.result, Ok(()) | Err(Failed::Status(_))) {
            totals.answered += 1;
        }
        if let Err(failed) = outcome.result {
            totals.failed += 1;
            if totals.first_failures.len() < KEPT_FAILURES {
                let words = in_words(now, &failed, outcome.version.as_deref());
                totals.first_failures.push(words);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came back since the last note, by version.
struct Tallies {
    since: Moment,
    versions: BTreeMap<String, Tally>,
}

impl Tallies {
    fn begun(since: Moment) -> Self {
        Self {
            since,
            versions: BTreeMap::new(),
        }
    }

    fn add(&mut self, outcome: &Outcome) {
        let version = outcome.version.as_deref().unwrap_or(NO_VERSION);
        let tally = self.versions.entry(version.to_owned()).or_default();
        match outcome.result {
            Ok(()) => tally.processed += 1,
            Err(_) => tally.failed += 1,
        }
    }

    fn note(&mut self, world: &mut World) {
        let over = world.now.since(self.since);
        self.since = world.now;
        for (version, tally) in std::mem::take(&mut self.versions) {
            world.note(What::Messages {
                version,
                processed: tally.processed,
                failed: tally.failed,
                over,
            });
        }
    }
}

async fn send(client: Client<HttpConnector, Empty<Bytes>>, uri: Uri) -> Outcome {
    let mut version = None;
    let result = timeout(PATIENCE, async {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        let answer = client.request(request).await.map_err(broken)?;
        let header = answer.headers().get(VERSION_HEADER);
        version = header.and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let status = answer.status();
        discard(answer.into_body()).await.map_err(broken)?;
        if status.is_success() {
            Ok(())
        } else {
            Err(Failed::Status(status))
        }
    })
    .await
    .unwrap_or(Err(Failed::Late));
    Outcome { version, result }
}

async fn discard(mut body: Incoming) -> Result<(), hyper::Error> {
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(())
}

fn broken(error: impl Error) -> Failed {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    Failed::Broken(words)
}

fn in_words(at: Moment, failed: &Failed, version: Option<&str>) -> String {
    let by = match version {
        Some(version) => format!("from version {version}"),
        None => "from the load balancer".to_owned(),
    };
    let at = at.iso_millis();
    match failed {
        Failed::Status(status) => format!("{at}: status {} {by}", status.as_u16()),
        Failed::Broken(words) => format!("{at}: no whole answer {by}: {words}"),
        Failed::Late => format!("{at}: no answer {by} within {} s", PATIENCE.as_secs()),
    }
}

#[cfg(test)]
mod tests;
