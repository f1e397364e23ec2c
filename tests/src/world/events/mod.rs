//! Amazon `EventBridge`: rules with patterns or schedules, and what they deliver.
//!
//! There is one bus, the default one. Targets are functions. `EventBridge` delivers at least once and
//! in no promised order; [`Delivery`] says how badly.

mod pattern;
mod schedule;

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fault, World, functions};
use crate::clock::Moment;
use pattern::Pattern;
use schedule::Rate;

/// How long a second delivery is held back, so that events in between overtake it.
const HELD_BACK: Duration = Duration::from_secs(5);

/// Rules, schedules and how honestly events are delivered.
#[derive(Debug, Default)]
pub struct Events {
    /// What goes wrong with deliveries.
    pub delivery: Delivery,
    rules: Vec<Rule>,
    held: Vec<Held>,
}

/// What goes wrong with the delivery of events (rule targets and alarm actions; schedules are exact).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Every event once, in order.
    #[default]
    Exact,
    /// Every event twice, the second one later and out of order.
    Twice,
    /// No event at all.
    Lost,
}

#[derive(Debug)]
struct Rule {
    name: String,
    enabled: bool,
    trigger: Trigger,
    targets: Vec<Target>,
}

#[derive(Debug)]
enum Trigger {
    Pattern(Pattern),
    Schedule { rate: Rate, next: Moment },
}

/// A second delivery that is still to come. Its payload stays out of `Debug` like that of an
/// [`Invocation`](functions::Invocation).
struct Held {
    due: Moment,
    function: String,
    payload: Value,
    source: String,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held")
            .field("due", &self.due)
            .field("function", &self.function)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// The members of `PutRule` that exist here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RuleInput {
    name: String,
    event_pattern: Option<Value>,
    schedule_expression: Option<String>,
    #[serde(default)]
    state: RuleState,
    #[serde(default, rename = "Description")]
    _description: String,
}

#[derive(Default, Deserialize, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum RuleState {
    #[default]
    Enabled,
    Disabled,
}

/// The members of a target that exist here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Target {
    #[serde(rename = "Id")]
    _id: String,
    /// A function's ARN.
    arn: String,
    /// JSON text that the function gets instead of the event.
    input: Option<String>,
}

/// Creates or replaces a rule from input as `PutRule` takes it and a list of targets as `PutTargets`
/// takes it: `[{"Id", "Arn", "Input"?}]`, with function ARNs.
///
/// `EventPattern` may be JSON text, as in the API, or an object, as in templates. A schedule runs
/// for the first time one period after its creation.
///
/// # Errors
/// `ValidationException`, `InvalidEventPatternException`; both also for what exists on AWS but not
/// here.
pub fn put_rule(world: &mut World, input: &Value, targets: &Value) -> Result<(), Fault> {
    let input: RuleInput = serde_json::from_value(input.clone())
        .map_err(|error| invalid(&format!("rule: {error}")))?;
    let name = input.name;
    let targets: Vec<Target> = serde_json::from_value(targets.clone())
        .map_err(|error| invalid(&format!("targets of rule {name}: {error}")))?;
    for target in &targets {
        check_target(world, &name, target)?;
    }
    let trigger = match (input.event_pattern, input.schedule_expression) {
        (Some(pattern), None) => Trigger::Pattern(Pattern::parse(&name, &pattern)?),
        (None, Some(expression)) => {
            let rate = Rate::parse(&name, &expression)?;
            let next = world.now + world.paced(rate.period());
            Trigger::Schedule { rate, next }
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(invalid(&format!(
                "rule {name}: exactly one of EventPattern and ScheduleExpression is supported"
            )));
        }
    };
    world.events.rules.retain(|rule| rule.name != name);
    world.events.rules.push(Rule {
        name,
        enabled: input.state == RuleState::Enabled,
        trigger,
        targets,
    });
    Ok(())
}

fn check_target(world: &World, rule: &str, target: &Target) -> Result<(), Fault> {
    if !target.arn.starts_with(&world.arn("lambda", "function:")) {
        return Err(invalid(&format!(
            "rule {rule}: target {} is not a function of this account and Region",
            target.arn
        )));
    }
    match &target.input {
        Some(text) if serde_json::from_str::<Value>(text).is_err() => Err(invalid(&format!(
            "rule {rule}: Input of target {} is not JSON",
            target.arn
        ))),
        _ => Ok(()),
    }
}

fn invalid(message: &str) -> Fault {
    Fault::new("ValidationException", message)
}

/// An AWS service emits an event: `detail-type`, `source`, resources and detail; the envelope is
/// filled in here.
pub fn emit(
    world: &mut World,
    source: &str,
    detail_type: &str,
    resources: &[String],
    detail: &Value,
) {
    let event = envelope(world, source, detail_type, resources, detail);
    let targets: Vec<Target> = world
        .events
        .rules
        .iter()
        .filter(|rule| rule.enabled)
        .filter(
            |rule| matches!(&rule.trigger, Trigger::Pattern(pattern) if pattern.matches(&event)),
        )
        .flat_map(|rule| rule.targets.clone())
        .collect();
    for target in targets {
        let payload = target.payload(&event);
        deliver(world, &target.arn, &payload, "events");
    }
}

impl Target {
    fn payload(&self, event: &Value) -> Value {
        self.input
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_else(|| event.clone())
    }
}

/// The envelope of every event. AWS: `EventBridge` user guide, "Events".
fn envelope(
    world: &mut World,
    source: &str,
    detail_type: &str,
    resources: &[String],
    detail: &Value,
) -> Value {
    json!({
        "version": "0",
        "id": world.uuid(),
        "detail-type": detail_type,
        "source": source,
        "account": world.identity.account,
        "time": world.now.iso_seconds(),
        "region": world.identity.region,
        "resources": resources,
        "detail": detail,
    })
}

/// Delivers an event to a function, by name or ARN, as honestly as [`Events::delivery`] says.
/// `source` is [`Invocation::source`](functions::Invocation::source).
pub fn deliver(world: &mut World, function: &str, payload: &Value, source: &str) {
    match world.events.delivery {
        Delivery::Exact => functions::invoke_async(world, function, payload.clone(), source),
        Delivery::Twice => {
            let due = world.now + HELD_BACK;
            world.events.held.push(Held {
                due,
                function: function.to_owned(),
                payload: payload.clone(),
                source: source.to_owned(),
            });
            functions::invoke_async(world, function, payload.clone(), source);
        }
        Delivery::Lost => {}
    }
}

/// Runs schedules that are due, delivers what was held back.
///
/// When more than one period has passed since the last tick, a schedule runs once.
pub fn tick(world: &mut World) {
    release(world);
    let now = world.now;
    for index in 0..world.events.rules.len() {
        let rule = &world.events.rules[index];
        let Trigger::Schedule { rate, next } = &rule.trigger else {
            continue;
        };
        if *next > now {
            continue;
        }
        let (rate, missed) = (*rate, *next);
        let (name, targets) = (rule.name.clone(), rule.targets.clone());
        let enabled = rule.enabled;
        let next = rate.after(missed, now, world.pace);
        world.events.rules[index].trigger = Trigger::Schedule { rate, next };
        if enabled {
            run_schedule(world, &name, &targets);
        }
    }
}

/// AWS: `EventBridge` user guide, the event that a scheduled rule sends.
fn run_schedule(world: &mut World, rule: &str, targets: &[Target]) {
    let resources = [world.arn("events", &format!("rule/{rule}"))];
    let event = envelope(
        world,
        "aws.events",
        "Scheduled Event",
        &resources,
        &json!({}),
    );
    for target in targets {
        let payload = target.payload(&event);
        functions::invoke_async(world, &target.arn, payload, "schedule");
    }
}

/// Once the oldest held copy is due, all of them come, the newest first.
fn release(world: &mut World) {
    let due = world.events.held.iter().any(|held| held.due <= world.now);
    if due {
        for held in std::mem::take(&mut world.events.held).into_iter().rev() {
            functions::invoke_async(world, &held.function, held.payload, &held.source);
        }
    }
}

#[cfg(test)]
mod tests;
