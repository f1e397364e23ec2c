//! Invocations while they run.

use std::fmt;

use serde_json::Value;

use super::{
    events,
    function::Function,
    invoke, metrics,
    names::Named,
    polling::{self, Batch},
    routing::Route,
};
use crate::{
    clock::Moment,
    world::{Effect, World},
};

/// One attempt to run a function.
#[derive(Clone, PartialEq)]
pub struct Invocation {
    /// The request id: the same for every attempt at one event.
    pub id: String,
    /// This very run: what [`ended`] takes. Differs between attempts and between duplicates.
    pub run: String,
    /// The function's name.
    pub function: String,
    /// The version or alias that was asked for, if one was.
    pub qualifier: Option<String>,
    /// The version that runs: `$LATEST` or a number.
    pub version: String,
    /// The event. Events of pipeline jobs carry credentials.
    pub payload: Value,
    /// From 1.
    pub attempt: u8,
    /// `codepipeline`, `alarm`, `events`, `schedule`, `sns`, `hand`, `invoke`, `sqs`.
    pub source: String,
}

/// Without the payload, which may carry credentials.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("id", &self.id)
            .field("run", &self.run)
            .field("function", &self.function)
            .field("qualifier", &self.qualifier)
            .field("version", &self.version)
            .field("attempt", &self.attempt)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl Invocation {
    /// What was invoked, as `FUNCTION:QUALIFIER` or `FUNCTION`.
    #[must_use]
    pub fn resource(&self) -> String {
        let named = Named {
            name: self.function.clone(),
            qualifier: self.qualifier.clone(),
        };
        named.resource()
    }
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub enum Ended {
    /// With an answer.
    Answer(Value),
    /// With a function error: a panic, an `Err`, a crash, a timeout.
    Error(String),
}

/// An invocation that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) invocation: Invocation,
    began: Moment,
    /// Whether an alias has drawn the version.
    is_drawn: bool,
    purpose: Purpose,
}

/// What becomes of its end.
#[derive(Debug)]
pub(super) enum Purpose {
    /// It is tried again if it failed.
    Event(events::Event),
    /// Somebody waits for the answer.
    Answer,
    /// What it has processed is deleted.
    Batch(Batch),
}

/// The version that an invocation runs, as long as the function is there.
#[must_use]
pub fn program_of<'a>(world: &'a World, invocation: &Invocation) -> Option<&'a Function> {
    let versions = world.functions.by_name.get(&invocation.function)?;
    let version = versions.version(&invocation.version)?;
    Some(&version.function)
}

/// What begins.
pub(super) struct Begin<'a> {
    pub(super) id: String,
    pub(super) named: &'a Named,
    pub(super) route: Route,
    pub(super) payload: Value,
    pub(super) attempt: u8,
    pub(super) copy: u8,
    pub(super) source: &'a str,
}

/// Has a version run once.
pub(super) fn begin(world: &mut World, begin: Begin<'_>, purpose: Purpose) -> Invocation {
    let Begin {
        id,
        named,
        route,
        payload,
        attempt,
        copy,
        source,
    } = begin;
    let invocation = Invocation {
        run: run_name(&id, attempt, copy),
        id,
        function: named.name.clone(),
        qualifier: named.qualifier.clone(),
        version: route.version,
        payload,
        attempt,
        source: source.to_owned(),
    };
    let running = Running {
        invocation: invocation.clone(),
        began: world.now,
        is_drawn: route.is_drawn,
        purpose,
    };
    let run = invocation.run.clone();
    world.functions.running.insert(run, running);
    world.outbox.push(Effect::Invoke(invocation.clone()));
    invocation
}

/// `REQUEST-ID.ATTEMPT.COPY`
pub(super) fn run_name(id: &str, attempt: u8, copy: u8) -> String {
    format!("{id}.{attempt}.{copy}")
}

/// An attempt ended: `run` is [`Invocation::run`]. Errors of events are tried again after one and two minutes;
/// a run that is unknown or has ended is ignored.
pub fn ended(world: &mut World, run: &str, how: Ended) {
    let Some(Running {
        invocation,
        began,
        is_drawn,
        purpose,
    }) = world.functions.running.remove(run)
    else {
        return;
    };
    let is_error = matches!(how, Ended::Error(_));
    metrics::ended(world, &invocation, began, is_drawn, is_error);
    match purpose {
        Purpose::Event(event) => events::ended(world, event, invocation, how),
        Purpose::Answer => invoke::ended(world, invocation, how),
        Purpose::Batch(batch) => polling::ended(world, &batch, &how),
    }
}
