//! Invocations that their caller waits for: `Invoke`.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    events::invoke_async,
    faults,
    invocation::{Begin, Ended, Invocation, Purpose, begin, run_name},
    names::{self, Named},
    routing,
};
use crate::world::{Fault, World, service::Called};

/// No invocation takes longer. AWS: "Lambda quotas".
const LONGEST: Duration = Duration::from_mins(15);
/// Answers that are kept for callers who have gone.
const KEPT: usize = 1000;

/// An invocation that has ended, for its caller.
#[derive(Debug)]
pub(super) struct Answered {
    id: String,
    version: String,
    how: Ended,
}

/// `Invoke`. The request id of the call is that of the invocation, so that a call that waits finds it again.
pub(super) fn call(world: &mut World, called: &Called<'_>) -> Result<Value, Fault> {
    let input = called.input;
    if let Some(answer) = called.request_id.and_then(|id| answered(world, id)) {
        return Ok(answer);
    }
    if let Some(version) = running(world, called) {
        return Ok(waiting(&version));
    }
    faults::refuse_others(
        input,
        &["FunctionName", "Qualifier", "InvocationType", "Payload"],
    )?;
    let named = Named::of_call(world, input)?;
    let versions = names::versions(world, &named.name)?;
    if routing::version(versions, named.qualifier.as_deref()).is_none() {
        return Err(faults::no_function(world, &named));
    }
    let payload = payload(input)?;
    match input["InvocationType"].as_str() {
        Some("DryRun") => Ok(json!({ "StatusCode": 204 })),
        Some("Event") => {
            invoke_async(world, &named.arn(world), payload, "invoke");
            Ok(json!({ "StatusCode": 202 }))
        }
        _ => {
            let route = routing::route(world, &named)?;
            let id = called.request_id.map(str::to_owned);
            let id = id.unwrap_or_else(|| world.uuid());
            let what = Begin {
                id,
                named: &named,
                route,
                payload,
                attempt: 1,
                copy: 1,
                source: "invoke",
            };
            let begun = begin(world, what, Purpose::Answer);
            Ok(waiting(&begun.version))
        }
    }
}

/// How long a call waits for the end of its invocation.
pub(super) fn waits(world: &World, called: &Called<'_>, _: &Value) -> Duration {
    match running(world, called) {
        Some(_) => LONGEST,
        None => Duration::ZERO,
    }
}

/// The invocation has ended.
pub(super) fn ended(world: &mut World, invocation: Invocation, how: Ended) {
    let answers = &mut world.functions.answers;
    answers.push_back(Answered {
        id: invocation.id,
        version: invocation.version,
        how,
    });
    if answers.len() > KEPT {
        answers.pop_front();
    }
}

/// The version that a call's invocation runs, as long as it does.
fn running(world: &World, called: &Called<'_>) -> Option<String> {
    let run = run_name(called.request_id?, 1, 1);
    let running = world.functions.running.get(&run)?;
    Some(running.invocation.version.clone())
}

fn waiting(version: &str) -> Value {
    json!({ "StatusCode": 200, "ExecutedVersion": version })
}

/// The answer to a call whose invocation has ended. AWS: API reference, `Invoke`: an error of the function is no error of the
/// call.
fn answered(world: &mut World, id: &str) -> Option<Value> {
    let answers = &mut world.functions.answers;
    let place = answers.iter().position(|answer| answer.id == id)?;
    let Answered { version, how, .. } = answers.remove(place)?;
    let mut told = waiting(&version);
    let body = match how {
        Ended::Answer(answer) => answer,
        Ended::Error(error) => {
            told["FunctionError"] = json!("Unhandled");
            match error.split_once(": ") {
                Some((kind, message)) if !kind.contains(' ') => {
                    json!({ "errorType": kind, "errorMessage": message })
                }
                _ => json!({ "errorMessage": error }),
            }
        }
    };
    told["Payload"] = json!(BASE64_STANDARD.encode(body.to_string()));
    Some(told)
}

/// The event; an empty one is `{}`.
fn payload(input: &Value) -> Result<Value, Fault> {
    let Some(given) = input["Payload"].as_str().filter(|given| !given.is_empty()) else {
        return Ok(json!({}));
    };
    let bytes = BASE64_STANDARD.decode(given).unwrap_or_default();
    serde_json::from_slice(&bytes).map_err(|error| {
        let message = format!(
            "Could not parse request body into json: line {}, column {}",
            error.line(),
            error.column()
        );
        Fault::new("InvalidRequestContentException", message)
    })
}
