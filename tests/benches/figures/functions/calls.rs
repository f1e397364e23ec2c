//! The AWS calls of one look, and what their times tell.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::bail;
use rehearsal_core::{
    wire::{Account, Interference},
    world::journal::{Call, What},
};

/// One AWS call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// When it reached the account, half its time after it was made.
    at: Instant,
    /// Whether it changes something other than that people are told.
    is_write: bool,
    /// Whether it is the answer to CodePipeline.
    is_report: bool,
}

/// Notes the calls that an account gets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder {
    arrivals: Arc<Mutex<Vec<Arrival>>>,
}

/// The calls of one look.
#[derive(Debug, Clone)]
pub(crate) struct Calls {
    /// When the function got its event.
    began: Instant,
    arrivals: Vec<Arrival>,
}

impl Recorder {
    /// From now on nothing that is written to the account changes it, so that the same look can be had again and again.
    pub(crate) fn watch(account: &Account) -> Self {
        let recorder = Self::default();
        let arrivals = Arc::clone(&recorder.arrivals);
        account.set_interference(Box::new(move |call| {
            let arrival = Arrival::of(call);
            arrivals
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(arrival);
            if call.is_write() {
                Interference::Pretend
            } else {
                Interference::None
            }
        }));
        recorder
    }

    /// The calls since the last time, of a look that began then.
    ///
    /// # Errors
    /// If the account has refused one of them.
    pub(crate) fn take(&self, account: &Account, began: Instant) -> anyhow::Result<Calls> {
        let journal = account.with(|world| std::mem::take(&mut world.journal));
        for entry in &journal {
            if let What::Called(call) = &entry.what
                && let Some(fault) = &call.fault
            {
                bail!(
                    "{} was refused {} with {fault}",
                    call.principal.0,
                    call.operation
                );
            }
        }
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Calls {
            began,
            arrivals: std::mem::take(&mut arrivals),
        })
    }
}

impl Arrival {
    fn of(call: &Call) -> Self {
        let is_report = call.operation.starts_with("PutJob");
        Self {
            at: Instant::now(),
            is_write: call.is_write() && !is_report && call.service != "sns",
            is_report,
        }
    }
}

impl Calls {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.arrivals.len()
    }

    /// Sequential round trips before CodePipeline is answered, or all if it is not, where a call takes so long.
    pub(crate) fn trips_before_report(&self, latency: Duration) -> usize {
        trips(
            self.arrivals
                .iter()
                .filter(|arrival| !arrival.is_report)
                .map(|arrival| arrival.at),
            latency,
        )
    }

    /// When the first write reached the account, after the look began, and after how many round trips.
    pub(crate) fn first_write(&self, latency: Duration) -> Option<(Duration, usize)> {
        let first = self.writes().min()?;
        let before = self
            .arrivals
            .iter()
            .map(|arrival| arrival.at)
            .filter(|at| *at + latency <= first);
        Some((first - self.began, trips(before, latency)))
    }

    /// When the next write after the record reached the account, after the look began.
    pub(crate) fn second_write(&self) -> Option<Duration> {
        let mut writes: Vec<_> = self.writes().collect();
        writes.sort_unstable();
        Some(*writes.get(1)? - self.began)
    }

    /// When the last write reached the account, after the look began.
    pub(crate) fn last_write(&self) -> Option<Duration> {
        Some(self.writes().max()? - self.began)
    }

    /// Round trips from the first write to the last, which is not counted itself.
    pub(crate) fn trips_of_writes(&self, latency: Duration) -> usize {
        trips(self.writes(), latency).saturating_sub(1)
    }

    fn writes(&self) -> impl Iterator<Item = Instant> {
        self.arrivals
            .iter()
            .filter(|arrival| arrival.is_write)
            .map(|arrival| arrival.at)
    }
}

/// The most calls of which each was made after the answer to the one before: a call that follows from another reaches the
/// account a whole round trip after it.
fn trips(arrivals: impl Iterator<Item = Instant>, latency: Duration) -> usize {
    let mut arrivals: Vec<Instant> = arrivals.collect();
    arrivals.sort_unstable();
    let mut free = None;
    let mut trips = 0;
    for at in arrivals {
        if free.is_none_or(|free| at >= free) {
            trips += 1;
            free = Some(at + latency);
        }
    }
    trips
}
