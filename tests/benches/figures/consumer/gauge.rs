//! What a consumer achieves in a stretch of time, as the queue sees it.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rehearsal_core::{
    wire::{Account, Interference},
    world::journal::Call,
};

use crate::usage;

/// From the first delete to the beginning of the stretch: connections are open then, and all slots in use.
const WARM_UP: Duration = Duration::from_millis(200);
/// The stretch goes on to the first delete after this.
const STRETCH: Duration = Duration::from_secs(1);
/// A consumer that takes longer than this to start and do all that does not work.
const PATIENCE: Duration = Duration::from_secs(30);

/// The threads whose CPU time counts.
pub(super) enum Threads {
    /// All of a process.
    Of(u32),
    /// Those of this process with that name.
    Named(&'static str),
}

/// What was achieved.
pub(super) struct Achieved {
    /// Messages deleted per second.
    pub(super) per_second: f64,
    /// Milliseconds of CPU time, user and system, per 1000 messages.
    pub(super) cpu: f64,
}

/// A point of the stretch.
struct Point {
    at: Instant,
    cpu: Duration,
}

/// Measures one stretch at an account's queue that somebody consumes.
pub(super) fn measure(account: &Account, threads: Threads) -> anyhow::Result<Achieved> {
    let measured = watch(account, threads);
    match measured.recv_timeout(PATIENCE) {
        Ok(achieved) => achieved.context("the CPU time cannot be read"),
        Err(RecvTimeoutError::Timeout) => {
            bail!(
                "no stretch of work within {PATIENCE:?}: the consumer failed or ran out of messages"
            )
        }
        Err(RecvTimeoutError::Disconnected) => bail!("the account has ended"),
    }
}

/// Reads clock and CPU time in the course of the very calls that begin and end the stretch.
fn watch(account: &Account, threads: Threads) -> Receiver<anyhow::Result<Achieved>> {
    let (tell, measured) = channel();
    let mut first = None;
    let mut begin: Option<Point> = None;
    let mut deleted = 0;
    let mut told = false;
    account.set_interference(Box::new(move |call| {
        let messages = deletes(call);
        if messages == 0 || told {
            return Interference::None;
        }
        let now = Instant::now();
        let due = now - *first.get_or_insert(now) >= WARM_UP;
        let read = || threads.cpu().map(|cpu| Point { at: now, cpu });
        let outcome = match &begin {
            None if !due => return Interference::None,
            None => read().map(|point| {
                begin = Some(point);
                None
            }),
            Some(begin) => {
                deleted += messages;
                if now - begin.at < STRETCH {
                    return Interference::None;
                }
                read().map(|end| Some(achieved(begin, &end, deleted)))
            }
        };
        if let Some(outcome) = outcome.transpose() {
            told = true;
            // Whoever measures may have given up.
            let _ = tell.send(outcome);
        }
        Interference::None
    }));
    measured
}

fn achieved(begin: &Point, end: &Point, messages: u32) -> Achieved {
    let messages = f64::from(messages);
    Achieved {
        per_second: messages / (end.at - begin.at).as_secs_f64(),
        cpu: end.cpu.saturating_sub(begin.cpu).as_secs_f64() * 1e6 / messages,
    }
}

/// How many messages a call deletes.
fn deletes(call: &Call) -> u32 {
    if call.operation != "DeleteMessageBatch" {
        return 0;
    }
    let entries = call.input["Entries"].as_array();
    entries.map_or(0, |entries| {
        u32::try_from(entries.len()).unwrap_or(u32::MAX)
    })
}

impl Threads {
    /// What they have used so far.
    fn cpu(&self) -> anyhow::Result<Duration> {
        match self {
            Self::Of(process) => usage::cpu(*process, None),
            Self::Named(name) => usage::cpu(std::process::id(), Some(name)),
        }
    }
}
