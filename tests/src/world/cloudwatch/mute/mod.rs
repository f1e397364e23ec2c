//! Alarm mute rules: for a while alarms change state, but take no action.
//!
//! AWS: `CloudWatch` user guide, "Alarm Mute Rules" and "How alarm mute rules work": actions of all states are muted;
//! when the last window ends, also because a rule was changed or deleted, and the alarm is still in the state whose
//! actions were muted, the actions that it has then are taken.

mod cron;
mod schedule;

use serde_json::{Map, Value, json};

use super::{
    alarm::{Alarm, State},
    api::strings,
    notify, refuse_others, validation,
};
use crate::{
    clock::Moment,
    world::{self, Fault, World},
};
use schedule::Schedule;
pub(super) use schedule::Window;

/// The parameters of `PutAlarmMuteRule` that exist here.
const KNOWN: [&str; 6] = [
    "Name",
    "Description",
    "Rule",
    "MuteTargets",
    "StartDate",
    "ExpireDate",
];
/// AWS: API reference, `ListAlarmMuteRules`.
const PAGE: usize = 50;

#[derive(Debug)]
pub(super) struct MuteRule {
    arn: String,
    /// As it was put.
    document: Map<String, Value>,
    schedule: Schedule,
    start: Option<Moment>,
    expire: Option<Moment>,
    updated: Moment,
}

impl MuteRule {
    fn targets(&self, alarm: &str) -> bool {
        let targets = self.document.get("MuteTargets");
        let names = targets.and_then(|targets| strings(&targets["AlarmNames"]));
        names.is_some_and(|names| names.contains(&alarm))
    }

    /// The window that a moment lies in, within the dates of the rule.
    fn window(&self, now: Moment) -> Option<Window> {
        let Window { start, end } = self.schedule.window(now)?;
        let start = self.start.map_or(start, |earliest| start.max(earliest));
        let end = self.expire.map_or(end, |latest| end.min(latest));
        (start <= now && now < end).then_some(Window { start, end })
    }

    /// AWS: user guide, "Mute Rule Status".
    fn status(&self, now: Moment) -> &'static str {
        let expired = self.expire.is_some_and(|expire| expire <= now);
        if expired || self.schedule.is_over(now) {
            "EXPIRED"
        } else if self.window(now).is_some() {
            "ACTIVE"
        } else {
            "SCHEDULED"
        }
    }

    fn summary(&self, now: Moment) -> Map<String, Value> {
        let kind = if self.schedule.is_once() {
            "ONE_TIME"
        } else {
            "RECURRING"
        };
        let mut summary = Map::new();
        let mut set = |member: &str, value: Value| summary.insert(member.to_owned(), value);
        set("AlarmMuteRuleArn", json!(self.arn));
        if let Some(expire) = self.expire {
            set("ExpireDate", json!(expire.epoch_seconds()));
        }
        set("Status", json!(self.status(now)));
        set("MuteType", json!(kind));
        let updated = self.updated.epoch_seconds();
        set("LastUpdatedTimestamp", json!(updated));
        summary
    }
}

/// `PutAlarmMuteRule`. A one-time rule takes no dates beside its expression: so says the documentation of Terraform's
/// resource; AWS's own says nothing of it.
pub(super) fn put(world: &mut World, input: &Value) -> Result<(), Fault> {
    refuse_others(input, &KNOWN)?;
    let schedule = Schedule::parse(&input["Rule"]["Schedule"])?;
    let date = |member: &str| world::schedule::date(&input[member]);
    let (start, expire) = (date("StartDate"), date("ExpireDate"));
    if schedule.is_once() && (start.is_some() || expire.is_some()) {
        return Err(validation(
            "StartDate and ExpireDate must not be given with an at() expression.",
        ));
    }
    let alarms = &world.cloudwatch.alarms;
    let mut missing = strings(&input["MuteTargets"]["AlarmNames"]).unwrap_or_default();
    missing.retain(|name| !alarms.contains_key(*name));
    if !missing.is_empty() {
        return Err(validation(format!(
            "MuteTargets names alarms that do not exist: {}.",
            missing.join(", ")
        )));
    }
    let name = input["Name"].as_str().unwrap_or_default();
    let rule = MuteRule {
        arn: world.arn("cloudwatch", &format!("alarm-mute-rule:{name}")),
        document: input.as_object().cloned().unwrap_or_default(),
        schedule,
        start,
        expire,
        updated: world.now,
    };
    let rules = &mut world.cloudwatch.mute_rules;
    rules.insert(name.to_owned(), rule);
    unmute_due(world);
    Ok(())
}

/// `GetAlarmMuteRule`.
pub(super) fn get(world: &World, input: &Value) -> Result<Value, Fault> {
    let name = input["AlarmMuteRuleName"].as_str().unwrap_or_default();
    let rule = world.cloudwatch.mute_rules.get(name);
    let rule = rule.ok_or_else(|| not_found(&format!("alarm mute rule {name}")))?;
    let mut found = rule.document.clone();
    found.extend(rule.summary(world.now));
    Ok(Value::Object(found))
}

/// `ListAlarmMuteRules`, in the order of their names. AWS models `ResourceNotFoundException` for it, and an alarm is
/// all that its input can name.
pub(super) fn list(world: &World, input: &Value) -> Result<Value, Fault> {
    let (now, alarm) = (world.now, input["AlarmName"].as_str());
    if let Some(alarm) = alarm
        && !world.cloudwatch.alarms.contains_key(alarm)
    {
        return Err(not_found(&format!("alarm {alarm}")));
    }
    let statuses = strings(&input["Statuses"]);
    let after = input["NextToken"].as_str();
    let rules = &world.cloudwatch.mute_rules;
    if after.is_some_and(|token| !rules.contains_key(token)) {
        return Err(super::bad_token());
    }
    let wanted = |(name, rule): &(&String, &MuteRule)| {
        alarm.is_none_or(|alarm| rule.targets(alarm))
            && statuses
                .as_ref()
                .is_none_or(|statuses| statuses.contains(&rule.status(now)))
            && after.is_none_or(|token| name.as_str() > token)
    };
    let mut found = rules.iter().filter(wanted).peekable();
    let page = super::page(input, PAGE);
    let (mut summaries, mut last) = (Vec::new(), None);
    while summaries.len() < page
        && let Some((name, rule)) = found.next()
    {
        summaries.push(Value::Object(rule.summary(now)));
        last = Some(name);
    }
    let mut answer = json!({ "AlarmMuteRuleSummaries": summaries });
    if found.peek().is_some() {
        answer["NextToken"] = json!(last);
    }
    Ok(answer)
}

/// `DeleteAlarmMuteRule`. AWS: API reference: to delete what does not exist succeeds, and what the rule has muted is
/// unmuted at once.
pub(super) fn delete(world: &mut World, input: &Value) {
    let name = input["AlarmMuteRuleName"].as_str().unwrap_or_default();
    world.cloudwatch.mute_rules.remove(name);
    unmute_due(world);
}

/// The mute rule that is active for an alarm, by ARN, and its window; of several the one that ends last.
pub(super) fn active<'a>(world: &'a World, alarm: &str) -> Option<(&'a str, Window)> {
    let rules = world.cloudwatch.mute_rules.values();
    rules
        .filter(|rule| rule.targets(alarm))
        .filter_map(|rule| Some((rule.arn.as_str(), rule.window(world.now)?)))
        .max_by_key(|(_, window)| window.end)
}

/// Takes the actions of the state that an alarm is in, or keeps in mind that they were muted.
pub(super) fn act(world: &mut World, name: &str, previous: State) {
    let muted = active(world, name).is_some();
    let Some(alarm) = world.cloudwatch.alarms.get_mut(name) else {
        return;
    };
    if muted {
        alarm.muted_since = Some(previous);
    } else {
        alarm.muted_since = None;
        notify::act(world, name, &previous);
    }
}

/// Takes the actions that were muted and are not any more.
pub(super) fn unmute_due(world: &mut World) {
    let waits = |alarm: &&Alarm| {
        alarm.muted_since.is_some()
            && alarm.state.suppressed.is_none()
            && active(world, &alarm.name).is_none()
    };
    let alarms = world.cloudwatch.alarms.values();
    let due: Vec<String> = alarms.filter(waits).map(|it| it.name.clone()).collect();
    for name in due {
        let alarm = world.cloudwatch.alarms.get_mut(&name);
        if let Some(previous) = alarm.and_then(|alarm| alarm.muted_since.take()) {
            notify::act(world, &name, &previous);
        }
    }
}

/// AWS: API reference, `ResourceNotFoundException`.
fn not_found(what: &str) -> Fault {
    Fault::with_status(
        "ResourceNotFoundException",
        format!("There is no {what}."),
        404,
    )
}
