//! Asynchronous invocations.
//!
//! An event is accepted, then run; while it ends with a function error it is run again, up to the
//! function's own number of retries, one and two minutes later. What still fails then, or would be
//! tried again only after the event has grown too old, is kept in [`Functions::dead`](super::Functions::dead).
//! AWS: Lambda developer guide, "How Lambda handles errors and retries with asynchronous
//! invocation".

use std::time::Duration;

use serde_json::Value;

use super::{
    function::{DEFAULT_EVENT_AGE, DEFAULT_RETRIES, function},
    invocation::{Begin, Ended, Invocation, Purpose, begin},
    metrics,
    names::Named,
    routing,
    version::LATEST,
};
use crate::{
    clock::Moment,
    world::{World, journal::What},
};

/// How long Lambda waits before the second and the third attempt at an event. AWS: same page.
const RETRY_DELAYS: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(2)];

/// An event that Lambda has accepted and not yet done with.
#[derive(Debug)]
pub(super) struct Event {
    id: String,
    accepted: Moment,
    named: Named,
    source: String,
    /// The attempt that runs, or the next.
    attempt: u8,
    /// Which of the deliveries of the event.
    copy: u8,
}

/// An event that is to be tried again.
#[derive(Debug)]
pub(super) struct Waiting {
    at: Moment,
    event: Event,
    /// The attempt that has failed.
    last: Invocation,
}

/// Invokes a function, a version or an alias asynchronously by name or ARN.
///
/// One that does not exist is noted in the journal; whoever asked learns nothing, as those
/// who invoke asynchronously on AWS do not wait for it.
pub fn invoke_async(world: &mut World, function: &str, payload: Value, source: &str) {
    let named = Named::parse(world, function);
    let versions = world.functions.by_name.get(&named.name);
    let qualifier = named.qualifier.as_deref();
    if versions.is_none_or(|versions| routing::version(versions, qualifier).is_none()) {
        world.note(What::Told(format!(
            "{source} invoked {function}, which does not exist"
        )));
        return;
    }
    let id = world.uuid();
    let copies = if world.functions.deliver_twice { 2 } else { 1 };
    for (copy, payload) in (1_u8..).zip(std::iter::repeat_n(payload, copies)) {
        let event = Event {
            id: id.clone(),
            accepted: world.now,
            named: named.clone(),
            source: source.to_owned(),
            attempt: 1,
            copy,
        };
        run(world, event, payload);
    }
}

/// Starts the attempts that are due.
pub(super) fn retry(world: &mut World) {
    let now = world.now;
    let events = &mut world.functions.events;
    let due: Vec<Waiting> = events.extract_if(.., |it| it.at <= now).collect();
    for Waiting { event, last, .. } in due {
        run(world, event, last.payload);
    }
}

fn run(world: &mut World, event: Event, payload: Value) {
    let route = match routing::route(world, &event.named) {
        Ok(route) => route,
        Err(fault) => {
            let resource = event.named.resource();
            let source = &event.source;
            return world.note(What::Told(format!(
                "{source} invoked {resource}, which cannot run: {}",
                fault.message
            )));
        }
    };
    let named = event.named.clone();
    let source = event.source.clone();
    let what = Begin {
        id: event.id.clone(),
        named: &named,
        route,
        payload,
        attempt: event.attempt,
        copy: event.copy,
        source: &source,
    };
    world.note(What::Invoked {
        function: named.name.clone(),
        invocation: event.id.clone(),
        attempt: event.attempt,
        source: source.clone(),
    });
    begin(world, what, Purpose::Event(event));
}

/// An attempt at an event ended.
pub(super) fn ended(world: &mut World, event: Event, invocation: Invocation, how: Ended) {
    let error = match how {
        Ended::Answer(_) => None,
        Ended::Error(message) => Some(message),
    };
    let has_failed = error.is_some();
    world.note(What::Returned {
        function: invocation.function.clone(),
        invocation: invocation.id.clone(),
        error,
    });
    if !has_failed {
        return;
    }
    if let Some(at) = next_attempt(world, &event) {
        world.functions.events.push(Waiting {
            at,
            event: Event {
                attempt: event.attempt + 1,
                ..event
            },
            last: invocation,
        });
    } else {
        metrics::dropped(world, &invocation.function);
        world.functions.dead.push(invocation);
    }
}

/// When the event is to be tried again after a failed attempt; `None` to give it up. Only `$LATEST` has an
/// `EventInvokeConfig` here.
fn next_attempt(world: &World, event: &Event) -> Option<Moment> {
    let function = function(world, &event.named.name)?;
    let (retries, age) = match event.named.qualifier.as_deref() {
        None | Some(LATEST) => (function.retries, function.event_age),
        Some(_) => (DEFAULT_RETRIES, DEFAULT_EVENT_AGE),
    };
    if event.attempt > retries {
        return None;
    }
    let delay = RETRY_DELAYS.get(usize::from(event.attempt - 1))?;
    let again = world.now + world.paced(*delay);
    (again.since(event.accepted) <= world.paced(age)).then_some(again)
}
