//! `DescribeAlarms`.

use serde_json::{Value, json};

use super::{alarm::Alarm, api::strings, composite, validation};
use crate::world::{Fault, World};

/// AWS: at most 100 alarms in an answer (API reference, `DescribeAlarms`); 50 unless told otherwise.
const PAGE: usize = 50;
/// What may stand beside `ChildrenOfAlarmName` or `ParentsOfAlarmName`.
const BESIDE: [&str; 2] = ["MaxRecords", "NextToken"];
/// AWS: API reference, `DescribeAlarms`: what is told of children and of parents.
const OF_CHILDREN: [&str; 4] = [
    "AlarmName",
    "AlarmArn",
    "StateValue",
    "StateUpdatedTimestamp",
];
const OF_PARENTS: [&str; 2] = ["AlarmName", "AlarmArn"];

/// Alarms in the order of their names. A name that does not exist is simply not in the answer.
pub(super) fn describe_alarms(world: &World, input: &Value) -> Result<Value, Fault> {
    if let Some((names, members)) = relatives(world, input)? {
        let wanted = |alarm: &Alarm| names.contains(&alarm.name);
        return answer(world, input, PAGE, wanted, |alarm| {
            let mut described = alarm.described();
            if let Some(document) = described.as_object_mut() {
                document.retain(|member, _| members.contains(&member.as_str()));
            }
            described
        });
    }
    let names = strings(&input["AlarmNames"]);
    let prefix = input["AlarmNamePrefix"].as_str();
    if names.is_some() && prefix.is_some() {
        return Err(validation(
            "AlarmNames and AlarmNamePrefix must not be given together.",
        ));
    }
    // AWS: without `AlarmTypes` only metric alarms, even if others were named.
    let types = strings(&input["AlarmTypes"]).unwrap_or_else(|| vec!["MetricAlarm"]);
    let (state, action) = (input["StateValue"].as_str(), input["ActionPrefix"].as_str());
    let wanted = |alarm: &Alarm| {
        types.contains(&alarm.kind())
            && names
                .as_ref()
                .is_none_or(|names| names.contains(&alarm.name.as_str()))
            && prefix.is_none_or(|prefix| alarm.name.starts_with(prefix))
            && state.is_none_or(|state| alarm.state.value.name() == state)
            && action.is_none_or(|prefix| alarm.all_actions().any(|it| it.starts_with(prefix)))
    };
    let page = PAGE.max(names.as_ref().map_or(0, Vec::len));
    answer(world, input, page, wanted, Alarm::described)
}

/// Alarms by name, and the members that an answer has of them.
type Relatives = (Vec<String>, &'static [&'static str]);

/// The children or parents that are asked for, of both kinds.
fn relatives(world: &World, input: &Value) -> Result<Option<Relatives>, Fault> {
    let asked = ["ChildrenOfAlarmName", "ParentsOfAlarmName"].map(|member| input[member].as_str());
    let (member, names, told): (_, Vec<String>, &[&str]) = match asked {
        [None, None] => return Ok(None),
        [Some(parent), _] => {
            let alarm = world.cloudwatch.alarms.get(parent);
            let children = alarm.and_then(Alarm::composite);
            let children = children.map(|composite| composite.rule.alarms());
            let children = children.into_iter().flatten().map(str::to_owned);
            ("ChildrenOfAlarmName", children.collect(), &OF_CHILDREN)
        }
        [None, Some(child)] => (
            "ParentsOfAlarmName",
            composite::parents(world, child),
            &OF_PARENTS,
        ),
    };
    let mut members = input.as_object().into_iter().flatten();
    let other = members.find(|(name, value)| {
        !value.is_null() && *name != member && !BESIDE.contains(&name.as_str())
    });
    match other {
        None => Ok(Some((names, told))),
        Some((other, _)) => Err(validation(format!(
            "{other} must not be given together with {member}."
        ))),
    }
}

/// One page of the wanted alarms, metric and composite ones in lists of their own.
fn answer(
    world: &World,
    input: &Value,
    page: usize,
    wanted: impl Fn(&Alarm) -> bool,
    described: impl Fn(&Alarm) -> Value,
) -> Result<Value, Fault> {
    let alarms = &world.cloudwatch.alarms;
    let after = input["NextToken"].as_str();
    if after.is_some_and(|token| !alarms.contains_key(token)) {
        return Err(super::bad_token());
    }
    let mut found = alarms
        .values()
        .filter(|alarm| after.is_none_or(|token| alarm.name.as_str() > token) && wanted(alarm))
        .peekable();
    let page = super::page(input, page);
    let (mut metric, mut composite, mut last) = (Vec::new(), Vec::new(), None);
    while metric.len() + composite.len() < page
        && let Some(alarm) = found.next()
    {
        match alarm.composite() {
            None => metric.push(described(alarm)),
            Some(_) => composite.push(described(alarm)),
        }
        last = Some(&alarm.name);
    }
    let mut answer = json!({ "MetricAlarms": metric, "CompositeAlarms": composite });
    if found.peek().is_some() {
        answer["NextToken"] = json!(last);
    }
    Ok(answer)
}
