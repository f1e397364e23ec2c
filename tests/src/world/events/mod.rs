//! Amazon `EventBridge`: rules with patterns or schedules, and what they deliver.
//!
//! There is one bus, the default one. Targets are functions and pipelines. `EventBridge` delivers at least
//! once and in no promised order; [`Delivery`] says how badly.

mod matcher;
mod pattern;
mod provision;
mod target;
mod text;

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Fault, World, codepipeline,
    functions::{self, Invoker},
    iam,
    journal::What,
    schedule::Rate,
    service::Service,
};
use crate::clock::Moment;
use pattern::Pattern;
use target::{Receiver, Target};

/// How long a second delivery is held back, so that events in between overtake it.
const HELD_BACK: Duration = Duration::from_secs(5);

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    tick,
    resources: provision::RESOURCES,
    ..Service::new("events")
};

/// Rules, schedules and how honestly events are delivered.
#[derive(Debug, Default)]
pub struct Events {
    /// What goes wrong with deliveries.
    pub delivery: Delivery,
    rules: Vec<Rule>,
    held: Vec<Held>,
}

/// What goes wrong with the delivery of events to functions (of rules and of alarm actions; schedules, and what starts
/// a pipeline, are exact).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Every event once, in order.
    #[default]
    Exact,
    /// Every event twice, the second one later and out of order.
    Twice,
    /// Every event once, so much later, and then out of order.
    Late(Duration),
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

/// A delivery that is still to come. Its payload stays out of `Debug` like that of an
/// [`Invocation`](functions::Invocation).
struct Held {
    due: Moment,
    function: String,
    payload: Value,
    invoker: Invoker,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held")
            .field("due", &self.due)
            .field("function", &self.function)
            .field("invoker", &self.invoker)
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

/// Creates or replaces a rule from input as `PutRule` takes it and a list of targets as `PutTargets`
/// takes it: `[{"Id", "Arn", "Input"?, "RoleArn"?, "RetryPolicy"?, "DeadLetterConfig"?}]`, with the ARNs of
/// functions and pipelines.
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
        target.check(world, &name)?;
    }
    let trigger = match (input.event_pattern, input.schedule_expression) {
        (Some(pattern), None) => Trigger::Pattern(Pattern::parse(&pattern)?),
        (None, Some(expression)) => {
            let rate = Rate::parse(&expression).ok_or_else(|| {
                invalid(&format!(
                    "rule {name}: schedule expression {expression} is not rate(N minutes|hours|days)"
                ))
            })?;
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

/// Deletes a rule with its targets. One that is not there is passed over.
pub fn delete_rule(world: &mut World, name: &str) {
    world.events.rules.retain(|rule| rule.name != name);
}

/// Whether there is a rule of that name.
#[must_use]
pub fn has_rule(world: &World, name: &str) -> bool {
    world.events.rules.iter().any(|rule| rule.name == name)
}

/// `EnableRule` and `DisableRule`.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn set_enabled(world: &mut World, rule: &str, enabled: bool) -> Result<(), Fault> {
    let found = world.events.rules.iter_mut().find(|it| it.name == rule);
    let found = found.ok_or_else(|| {
        let message = format!("Rule {rule} does not exist on EventBus default.");
        Fault::new("ResourceNotFoundException", message)
    })?;
    found.enabled = enabled;
    Ok(())
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
    let rules = world.events.rules.iter().filter(|rule| rule.enabled);
    let matching: Vec<(String, Vec<Target>)> = rules
        .filter(
            |rule| matches!(&rule.trigger, Trigger::Pattern(pattern) if pattern.matches(&event)),
        )
        .map(|rule| (rule.name.clone(), rule.targets.clone()))
        .collect();
    for (rule, targets) in matching {
        let invoker = Invoker::rule(rule_arn(world, &rule));
        for target in targets {
            match target.receiver(world) {
                Receiver::Function(arn) => {
                    deliver(world, arn, &target.payload(&event), &invoker);
                }
                Receiver::Pipeline(name) => start(world, name, &rule, target.role()),
            }
        }
    }
}

/// A rule starts a pipeline, with the role of its target.
fn start(world: &mut World, pipeline: &str, rule: &str, with_role: &str) {
    let started_by = rule_arn(world, rule);
    let pipeline_arn = world.arn("codepipeline", pipeline);
    let action = "codepipeline:StartPipelineExecution";
    let allowed = iam::check_trust(world, with_role, "events.amazonaws.com", Some(&started_by))
        .map_err(|fault| fault.message)
        .and_then(|_| {
            iam::authorize_role(world, with_role, action, &pipeline_arn, &[])
                .map_err(|denied| denied.to_string())
        });
    match allowed {
        Ok(()) => codepipeline::start_by_rule(world, pipeline, &started_by),
        Err(problem) => world.note(What::Told(format!(
            "{started_by} started no execution of {pipeline}: {problem}"
        ))),
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

/// Delivers an event to a function, by name or ARN, as honestly as [`Events::delivery`] says. Answers why the function
/// may not be invoked, if it may not.
pub fn deliver(
    world: &mut World,
    function: &str,
    payload: &Value,
    invoker: &Invoker,
) -> Option<String> {
    match world.events.delivery {
        Delivery::Exact => functions::invoke_for(world, function, payload.clone(), invoker),
        Delivery::Twice => {
            hold(world, HELD_BACK, function, payload, invoker);
            functions::invoke_for(world, function, payload.clone(), invoker)
        }
        Delivery::Late(late) => {
            hold(world, late, function, payload, invoker);
            None
        }
        Delivery::Lost => None,
    }
}

fn hold(world: &mut World, late: Duration, function: &str, payload: &Value, invoker: &Invoker) {
    let due = world.now + late;
    world.events.held.push(Held {
        due,
        function: function.to_owned(),
        payload: payload.clone(),
        invoker: invoker.clone(),
    });
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
    let arn = rule_arn(world, rule);
    let resources = [arn.clone()];
    let event = envelope(
        world,
        "aws.events",
        "Scheduled Event",
        &resources,
        &json!({}),
    );
    let invoker = Invoker::schedule(arn);
    for target in targets {
        match target.receiver(world) {
            Receiver::Function(arn) => {
                functions::invoke_for(world, arn, target.payload(&event), &invoker);
            }
            Receiver::Pipeline(name) => start(world, name, rule, target.role()),
        }
    }
}

fn rule_arn(world: &World, rule: &str) -> String {
    world.arn("events", &format!("rule/{rule}"))
}

/// Once the oldest held copy is due, all of them come, the newest first.
fn release(world: &mut World) {
    let due = world.events.held.iter().any(|held| held.due <= world.now);
    if due {
        for held in std::mem::take(&mut world.events.held).into_iter().rev() {
            functions::invoke_for(world, &held.function, held.payload, &held.invoker);
        }
    }
}

#[cfg(test)]
mod tests;
