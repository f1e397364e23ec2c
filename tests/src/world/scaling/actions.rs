//! Scheduled actions: they change the bounds of a scalable target at a time.
//!
//! AWS: Application Auto Scaling user guide, "Scheduled scaling"; API reference. That an action which ran for the last
//! time is still listed is a choice.

use serde_json::{Value, json};

use super::{
    super::{Fault, World, ecs},
    DIMENSION, capacity, check_bounds, keep, not_registered, page,
    schedule::{Bounds, Schedule},
    service_of, target_of, text, validation,
};
use crate::{clock::Moment, world::schedule::date};

/// AWS: at most this many for a scalable target (user guide, "Quotas for Application Auto Scaling").
const MOST: usize = 200;

#[derive(Debug, Clone)]
pub(super) struct Action {
    arn: String,
    /// `Schedule` and `Timezone` as they were put.
    expression: String,
    zone: Option<String>,
    schedule: Schedule,
    bounds: Bounds,
    minimum: Option<u32>,
    maximum: Option<u32>,
    created: Moment,
    next: Option<Moment>,
}

/// Carries out the actions whose time has come. One that falls into a suspension is not made up for. AWS: user guide,
/// "Suspend and resume scaling".
pub fn tick(world: &mut World) {
    let (now, pace) = (world.now, world.pace);
    let mut due = Vec::new();
    for ((resource_id, _), action) in &mut world.scaling.actions {
        if action.next.is_some_and(|next| next <= now) {
            due.push((resource_id.clone(), action.minimum, action.maximum));
            action.next = action
                .schedule
                .next(action.bounds, action.created, now, pace);
        }
    }
    for (resource_id, minimum, maximum) in due {
        // What fails is a failed scaling activity on AWS, and nobody is told.
        let _ = scheduled(world, &resource_id, minimum, maximum);
    }
}

/// Carries out a scheduled action: changes the bounds that it names and pulls the desired count into
/// them, unless scheduled scaling is suspended. Answers the desired count that results.
///
/// AWS: Application Auto Scaling user guide, scheduled scaling.
///
/// # Errors
/// `ObjectNotFoundException` if the service is no scalable target or is gone, `ValidationException`
/// for bounds that contradict each other.
pub fn scheduled(
    world: &mut World,
    resource_id: &str,
    minimum: Option<u32>,
    maximum: Option<u32>,
) -> Result<u32, Fault> {
    let mut target = target_of(world, resource_id)?;
    let (cluster, service) = service_of(resource_id)?;
    let current =
        ecs::desired_count(world, cluster, service).ok_or_else(|| not_registered(resource_id))?;
    if target.suspended.scheduled {
        return Ok(current);
    }
    target.minimum = minimum.unwrap_or(target.minimum);
    target.maximum = maximum.unwrap_or(target.maximum);
    keep(world, resource_id, target)?;
    Ok(ecs::desired_count(world, cluster, service).unwrap_or(current))
}

/// `PutScheduledAction`. An action that exists keeps what is not named, but for start and end.
pub(super) fn put(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let resource_id = text(input, "ResourceId");
    target_of(world, resource_id)?;
    let key = key(input);
    let known = world.scaling.actions.get(&key).cloned();
    let targets = world.scaling.actions.keys();
    if known.is_none() && targets.filter(|(id, _)| id == resource_id).count() >= MOST {
        return Err(Fault::new(
            "LimitExceededException",
            format!("A scalable target has at most {MOST} scheduled actions"),
        ));
    }
    let known = known.as_ref();
    let given = |member: &str| input[member].as_str().map(str::to_owned);
    let expression = given("Schedule").or(known.map(|action| action.expression.clone()));
    let expression = expression
        .ok_or_else(|| validation("Schedule is required when a new scheduled action is put"))?;
    let zone = given("Timezone").or(known.and_then(|action| action.zone.clone()));
    let schedule = Schedule::parse(&expression, zone.as_deref().unwrap_or("UTC"))?;
    let (minimum, maximum) = capacities(&input["ScalableTargetAction"], known)?;
    let bounds = bounds(input)?;
    let (arn, created) = match known {
        Some(action) => (action.arn.clone(), action.created),
        None => (new_arn(world, &key), world.now),
    };
    let next = schedule.next(bounds, created, world.now, world.pace);
    let action = Action {
        arn,
        expression,
        zone,
        schedule,
        bounds,
        minimum,
        maximum,
        created,
        next,
    };
    world.scaling.actions.insert(key, action);
    Ok(json!({}))
}

fn key(input: &Value) -> (String, String) {
    let (id, name) = (
        text(input, "ResourceId"),
        text(input, "ScheduledActionName"),
    );
    (id.to_owned(), name.to_owned())
}

fn new_arn(world: &mut World, (resource_id, name): &(String, String)) -> String {
    let id = world.uuid();
    let path =
        format!("scheduledAction:{id}:resource/ecs/{resource_id}:scheduledActionName/{name}");
    world.arn("autoscaling", &path)
}

/// The capacities that an action sets: at least one.
fn capacities(given: &Value, known: Option<&Action>) -> Result<(Option<u32>, Option<u32>), Fault> {
    let (minimum, maximum) = if given.is_object() {
        (
            capacity(given, "MinCapacity")?,
            capacity(given, "MaxCapacity")?,
        )
    } else {
        known.map_or((None, None), |action| (action.minimum, action.maximum))
    };
    match (minimum, maximum) {
        (None, None) => Err(validation(
            "ScalableTargetAction needs MinCapacity or MaxCapacity or both",
        )),
        (Some(minimum), Some(maximum)) => {
            check_bounds(minimum, maximum).map(|()| (Some(minimum), Some(maximum)))
        }
        one => Ok(one),
    }
}

fn bounds(input: &Value) -> Result<Bounds, Fault> {
    let (start, end) = (date(&input["StartTime"]), date(&input["EndTime"]));
    if start.zip(end).is_some_and(|(start, end)| start >= end) {
        return Err(validation("StartTime must be before EndTime"));
    }
    Ok(Bounds { start, end })
}

/// `DescribeScheduledActions`, in the order of resources and names.
pub(super) fn describe(world: &World, input: &Value) -> Result<Value, Fault> {
    let resource_id = input["ResourceId"].as_str();
    if input.get("ScalableDimension").is_some() && resource_id.is_none() {
        return Err(validation(
            "ResourceId must be given where ScalableDimension is",
        ));
    }
    let most = page(input)?;
    let from = match input["NextToken"].as_str() {
        None => 0,
        Some(token) => token
            .strip_prefix("from-")
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| Fault::new("InvalidNextTokenException", "Invalid token."))?,
    };
    let names = input["ScheduledActionNames"].as_array();
    let mut found = world
        .scaling
        .actions
        .iter()
        .filter(|((id, _), _)| resource_id.is_none_or(|wanted| wanted == id))
        .filter(|((_, name), _)| names.is_none_or(|names| names.contains(&json!(name))))
        .skip(from);
    let listed: Vec<Value> = found.by_ref().take(most).map(render).collect();
    let mut answer = json!({ "ScheduledActions": listed });
    if found.next().is_some() {
        answer["NextToken"] = json!(format!("from-{}", from + most));
    }
    Ok(answer)
}

fn render(((resource_id, name), action): (&(String, String), &Action)) -> Value {
    let mut shown = json!({
        "ScheduledActionName": name,
        "ScheduledActionARN": action.arn,
        "ServiceNamespace": "ecs",
        "Schedule": action.expression,
        "ResourceId": resource_id,
        "ScalableDimension": DIMENSION,
        "ScalableTargetAction": {},
        "CreationTime": action.created.epoch_seconds(),
    });
    if let Some(zone) = &action.zone {
        shown["Timezone"] = json!(zone);
    }
    let times = [
        ("StartTime", action.bounds.start),
        ("EndTime", action.bounds.end),
    ];
    for (member, moment) in times {
        if let Some(moment) = moment {
            shown[member] = json!(moment.epoch_seconds());
        }
    }
    let capacities = [
        ("MinCapacity", action.minimum),
        ("MaxCapacity", action.maximum),
    ];
    for (member, capacity) in capacities {
        if let Some(capacity) = capacity {
            shown["ScalableTargetAction"][member] = json!(capacity);
        }
    }
    shown
}

/// `DeleteScheduledAction`.
pub(super) fn delete(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let key = key(input);
    match world.scaling.actions.remove(&key) {
        Some(_) => Ok(json!({})),
        None => Err(Fault::new(
            "ObjectNotFoundException",
            format!(
                "No scheduled action found for service namespace: ecs, resource ID: {}, scalable dimension: {DIMENSION}, scheduled action name: {}",
                key.0, key.1
            ),
        )),
    }
}

/// A deregistered target's actions are deleted. AWS: API reference, `DeregisterScalableTarget`.
pub(super) fn forget(world: &mut World, resource_id: &str) {
    let actions = &mut world.scaling.actions;
    actions.retain(|(id, _), _| id != resource_id);
}
