//! AWS Lambda: functions and their asynchronous invocations.
//!
//! An event is accepted, then run; while it ends with a function error it is run again, up to the
//! function's own number of retries, one and two minutes later. What still fails then, or would be
//! tried again only after the event has grown too old, is kept in [`Functions::dead`].
//! AWS: Lambda developer guide, "How Lambda handles errors and retries with asynchronous
//! invocation".

mod invoker;
mod provision;

use std::{collections::BTreeMap, fmt, time::Duration};

use serde_json::Value;

use super::{Effect, Fault, Principal, World, cloudwatch, iam, journal::What, service::Service};
use crate::clock::Moment;

pub use invoker::{Invoker, invoke_for};

/// How long Lambda waits before the second and the third attempt at an event. AWS: same page.
const RETRY_DELAYS: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(2)];

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    tick,
    resources: provision::RESOURCES,
    ..Service::new("lambda")
};

/// Functions and the invocations that wait.
#[derive(Debug, Default)]
pub struct Functions {
    /// Whether every event is run twice, as Lambda's at-least-once delivery may do without any
    /// error: two runs with one id.
    pub deliver_twice: bool,
    /// The last attempts at events that Lambda has given up, oldest first.
    pub dead: Vec<Invocation>,
    by_name: BTreeMap<String, Function>,
    events: Vec<Event>,
}

/// A function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The program in its package.
    pub program: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Megabytes.
    pub memory: u32,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
    /// `MaximumRetryAttempts` of its `EventInvokeConfig`, 0 to 2.
    pub retries: u8,
    /// `MaximumEventAgeInSeconds`.
    pub event_age: Duration,
    /// The ARN of the role that it acts as.
    pub role: Option<String>,
}

impl Function {
    /// A function with a program of its own name and Lambda's defaults. AWS: API reference,
    /// `CreateFunction` and `PutFunctionEventInvokeConfig`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            program: name.to_owned(),
            timeout: Duration::from_secs(3),
            memory: 128,
            environment: BTreeMap::new(),
            retries: 2,
            event_age: Duration::from_hours(6),
            role: None,
        }
    }
}

/// One attempt to run a function.
#[derive(Clone, PartialEq)]
pub struct Invocation {
    /// The request id: the same for every attempt at one event.
    pub id: String,
    /// This very run: what [`ended`] takes. Differs between attempts and between duplicates.
    pub run: String,
    /// The function's name.
    pub function: String,
    /// The event. Events of pipeline jobs carry credentials.
    pub payload: Value,
    /// From 1.
    pub attempt: u8,
    /// `codepipeline`, `alarm`, `events`, `schedule`, `sns`, `hand`.
    pub source: String,
}

/// Without the payload, which may carry credentials.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("id", &self.id)
            .field("run", &self.run)
            .field("function", &self.function)
            .field("attempt", &self.attempt)
            .field("source", &self.source)
            .finish_non_exhaustive()
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

/// An event that Lambda has accepted and not yet done with.
#[derive(Debug)]
struct Event {
    accepted: Moment,
    /// When the attempt began.
    began: Moment,
    /// The attempt that runs, or the one before the next.
    attempt: Invocation,
    /// When to try again; `None` while an attempt runs.
    again: Option<Moment>,
}

/// Creates a function, or replaces the one of that name. From now on it acts as its role.
///
/// # Errors
/// `InvalidParameterValueException`: Lambda cannot assume the role, or there is none where
/// [`Iam::strict`](iam::Iam::strict) wants one.
pub fn create_function(world: &mut World, function: Function) -> Result<(), Fault> {
    let refused = |reason: &str| {
        Fault::new(
            "InvalidParameterValueException",
            format!(
                "The role defined for the function {} cannot be assumed by Lambda: {reason}",
                function.name
            ),
        )
    };
    let principal = Principal(function.name.clone());
    match &function.role {
        Some(role) => iam::assume(world, &principal, role, iam::LAMBDA, None)
            .map_err(|fault| refused(&fault.message))?,
        None if world.iam.strict => return Err(refused("there is none")),
        None => {}
    }
    world
        .functions
        .by_name
        .insert(function.name.clone(), function);
    Ok(())
}

/// Deletes a function. What runs goes on to its end. One that is not there is passed over.
pub fn delete_function(world: &mut World, name: &str) {
    world.functions.by_name.remove(name);
}

/// The ARN of a function by name or ARN.
#[must_use]
pub fn arn(world: &World, function: &str) -> String {
    if function.starts_with("arn:") {
        function.to_owned()
    } else {
        world.arn("lambda", &format!("function:{function}"))
    }
}

/// The function of that name.
#[must_use]
pub fn function<'a>(world: &'a World, name: &str) -> Option<&'a Function> {
    world.functions.by_name.get(name)
}

/// The environment of a function, to change it as `UpdateFunctionConfiguration` does.
pub fn environment<'a>(
    world: &'a mut World,
    name: &str,
) -> Option<&'a mut BTreeMap<String, String>> {
    let function = world.functions.by_name.get_mut(name)?;
    Some(&mut function.environment)
}

/// Invokes a function asynchronously by name or ARN (no alias, no version).
///
/// A function that does not exist is noted in the journal; whoever asked learns nothing, as those
/// who invoke asynchronously on AWS do not wait for it.
pub fn invoke_async(world: &mut World, function: &str, payload: Value, source: &str) {
    let name = name(world, function);
    if !world.functions.by_name.contains_key(name) {
        world.note(What::Told(format!(
            "{source} invoked {function}, which does not exist"
        )));
        return;
    }
    let id = world.uuid();
    let copies = if world.functions.deliver_twice { 2 } else { 1 };
    for (copy, payload) in (1_u8..).zip(std::iter::repeat_n(payload, copies)) {
        let attempt = Invocation {
            run: run_name(&id, 1, &copy.to_string()),
            id: id.clone(),
            function: name.to_owned(),
            payload,
            attempt: 1,
            source: source.to_owned(),
        };
        let accepted = world.now;
        world.functions.events.push(Event {
            accepted,
            began: accepted,
            attempt: attempt.clone(),
            again: None,
        });
        begin(world, attempt);
    }
}

/// An attempt ended: `run` is [`Invocation::run`]. Errors are tried again after one and two minutes;
/// a run that is unknown or has ended is ignored.
pub fn ended(world: &mut World, run: &str, how: Ended) {
    let Some(index) = world
        .functions
        .events
        .iter()
        .position(|event| event.attempt.run == run && event.again.is_none())
    else {
        return;
    };
    let Event { attempt, began, .. } = &world.functions.events[index];
    let (attempt, began) = (attempt.clone(), *began);
    let error = match how {
        Ended::Answer(_) => None,
        Ended::Error(message) => Some(message),
    };
    world.note(What::Returned {
        function: attempt.function.clone(),
        invocation: attempt.id.clone(),
        error: error.clone(),
    });
    let took = world.now.since(began).as_secs_f64() * 1000.0;
    measure(world, &attempt.function, "Duration", took, began);
    if error.is_none() {
        world.functions.events.remove(index);
        return;
    }
    measure(world, &attempt.function, "Errors", 1.0, began);
    let again = next_attempt(world, &world.functions.events[index]);
    world.functions.events[index].again = again;
    if again.is_none() {
        world.functions.events.remove(index);
        measure(
            world,
            &attempt.function,
            "AsyncEventsDropped",
            1.0,
            world.now,
        );
        world.functions.dead.push(attempt);
    }
}

/// When the event is to be tried again after a failed attempt; `None` to give it up.
fn next_attempt(world: &World, event: &Event) -> Option<Moment> {
    let function = function(world, &event.attempt.function)?;
    if event.attempt.attempt > function.retries {
        return None;
    }
    let delay = RETRY_DELAYS.get(usize::from(event.attempt.attempt - 1))?;
    let again = world.now + world.paced(*delay);
    (again.since(event.accepted) <= world.paced(function.event_age)).then_some(again)
}

/// Starts the retries that are due.
pub fn tick(world: &mut World) {
    let now = world.now;
    let mut due = Vec::new();
    for event in &mut world.functions.events {
        if event.again.is_some_and(|again| again <= now) {
            let copy = event.attempt.run.rsplit('.').next().unwrap_or_default();
            let next = event.attempt.attempt + 1;
            event.attempt.run = run_name(&event.attempt.id, next, copy);
            event.attempt.attempt = next;
            event.again = None;
            event.began = now;
            due.push(event.attempt.clone());
        }
    }
    for attempt in due {
        begin(world, attempt);
    }
}

/// The name of a function by name or ARN.
fn name<'a>(world: &World, function: &'a str) -> &'a str {
    let prefix = world.arn("lambda", "function:");
    function.strip_prefix(&prefix).unwrap_or(function)
}

/// `REQUEST-ID.ATTEMPT.COPY`
fn run_name(id: &str, attempt: u8, copy: &str) -> String {
    format!("{id}.{attempt}.{copy}")
}

/// A metric of a function. AWS: "Types of metrics for Lambda functions": those of an invocation count for the time at which it began.
fn measure(world: &mut World, function: &str, name: &str, value: f64, at: Moment) {
    let of = [("FunctionName", function)];
    cloudwatch::publish(world, "AWS/Lambda", name, &of, value, at);
}

fn begin(world: &mut World, attempt: Invocation) {
    measure(world, &attempt.function, "Invocations", 1.0, world.now);
    world.note(What::Invoked {
        function: attempt.function.clone(),
        invocation: attempt.id.clone(),
        attempt: attempt.attempt,
        source: attempt.source.clone(),
    });
    world.outbox.push(Effect::Invoke(attempt));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::world::Identity;

    fn world(retries: u8, event_age: Duration) -> World {
        let identity = Identity {
            account: "111122223333".to_owned(),
            region: "eu-central-1".to_owned(),
        };
        let mut world = World::new(identity, Moment(1_790_000_000_000), 1);
        create_function(
            &mut world,
            Function {
                retries,
                event_age,
                ..Function::new("rollback")
            },
        )
        .expect("a function");
        world
    }

    fn invoked(world: &mut World) -> Vec<Invocation> {
        world
            .outbox
            .drain(..)
            .map(|effect| match effect {
                Effect::Invoke(invocation) => invocation,
                other => panic!("not an invocation: {other:?}"),
            })
            .collect()
    }

    fn fail(world: &mut World, run: &str) {
        ended(world, run, Ended::Error("panicked".to_owned()));
    }

    fn after(world: &mut World, seconds: u64) -> Vec<Invocation> {
        world.now = world.now + Duration::from_secs(seconds);
        tick(world);
        invoked(world)
    }

    #[test]
    fn an_error_is_tried_again_after_one_and_after_two_minutes_with_the_same_id() {
        let mut world = world(2, Duration::from_hours(6));
        invoke_async(&mut world, "rollback", json!({"n": 1}), "hand");
        let first = invoked(&mut world).remove(0);
        fail(&mut world, &first.run);
        assert_eq!(after(&mut world, 59), []);
        let second = after(&mut world, 1).remove(0);
        assert_eq!((second.attempt, &second.id), (2, &first.id));
        assert_eq!(second.payload, json!({"n": 1}));
        fail(&mut world, &second.run);
        assert_eq!(after(&mut world, 119), []);
        let third = after(&mut world, 1).remove(0);
        fail(&mut world, &third.run);
        assert_eq!(after(&mut world, 3600), []);
        assert_eq!(world.functions.dead, [third]);
    }

    #[test]
    fn an_answer_ends_an_event() {
        let mut world = world(2, Duration::from_hours(6));
        invoke_async(&mut world, "rollback", json!({}), "hand");
        let first = invoked(&mut world).remove(0);
        ended(&mut world, &first.run, Ended::Answer(Value::Null));
        fail(&mut world, &first.run);
        assert_eq!(after(&mut world, 3600), []);
        assert_eq!(world.functions.dead, []);
    }

    #[test]
    fn an_event_that_would_be_too_old_is_given_up() {
        let mut world = world(2, Duration::from_mins(1));
        invoke_async(&mut world, "rollback", json!({}), "hand");
        let first = invoked(&mut world).remove(0);
        world.now = world.now + Duration::from_secs(10);
        fail(&mut world, &first.run);
        assert_eq!(world.functions.dead, [first]);
    }

    #[test]
    fn a_duplicate_has_the_same_id_and_ends_by_itself() {
        let mut world = world(1, Duration::from_hours(6));
        world.functions.deliver_twice = true;
        invoke_async(&mut world, "rollback", json!({}), "hand");
        let runs = invoked(&mut world);
        assert_eq!(runs[0].id, runs[1].id);
        assert_ne!(runs[0].run, runs[1].run);
        ended(&mut world, &runs[0].run, Ended::Answer(Value::Null));
        fail(&mut world, &runs[1].run);
        let again = after(&mut world, 60);
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].attempt, 2);
    }

    #[test]
    fn a_function_is_found_by_its_arn_and_a_missing_one_is_noted() {
        let mut world = world(0, Duration::from_hours(6));
        let arn = world.arn("lambda", "function:rollback");
        invoke_async(&mut world, &arn, json!({}), "alarm");
        assert_eq!(invoked(&mut world)[0].function, "rollback");
        invoke_async(&mut world, "nobody", json!({}), "alarm");
        assert_eq!(invoked(&mut world), []);
        assert!(matches!(
            &world.journal.last().expect("an entry").what,
            What::Told(text) if text.contains("nobody")
        ));
    }

    #[test]
    fn the_payload_does_not_show_in_debug() {
        let mut world = world(0, Duration::from_hours(6));
        invoke_async(&mut world, "rollback", json!({"key": "hush"}), "hand");
        let shown = format!("{world:?}");
        assert!(shown.contains("rollback"));
        assert!(!shown.contains("hush"));
    }
}
