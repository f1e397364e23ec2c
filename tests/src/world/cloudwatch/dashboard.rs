//! Dashboards: which metrics they show.
//!
//! AWS: `CloudWatch` API reference, "Dashboard body structure and syntax".

use std::collections::BTreeSet;

use serde_json::Value;

use super::validation;
use crate::world::{Fault, World};

/// A metric that a dashboard shows: namespace, name, and dimensions as names and values in turn.
pub type Shown = Vec<String>;

/// Creates a dashboard, or replaces the one of that name.
///
/// # Errors
/// `ValidationException` for a widget of an unknown type, a metric that is written wrongly, and an alarm
/// that does not exist.
pub fn put_dashboard(world: &mut World, name: &str, body: &Value) -> Result<(), Fault> {
    let widgets = body["widgets"]
        .as_array()
        .ok_or_else(|| validation("the dashboard's body has no list of widgets"))?;
    let mut shown = BTreeSet::new();
    for widget in widgets {
        let properties = &widget["properties"];
        let title = &properties["title"];
        match widget["type"].as_str() {
            Some("metric") => shown.extend(metrics(&properties["metrics"]).map_err(|problem| {
                validation(format!("widget {title} of dashboard {name}: {problem}"))
            })?),
            Some("alarm") => check_alarms(world, &properties["alarms"])?,
            Some("log" | "text") => {}
            _ => {
                return Err(validation(format!(
                    "widget {title} of dashboard {name} is of type {}, which is not known here",
                    widget["type"]
                )));
            }
        }
    }
    world.cloudwatch.dashboards.insert(name.to_owned(), shown);
    Ok(())
}

/// Whether there is a dashboard of that name.
#[must_use]
pub fn has_dashboard(world: &World, name: &str) -> bool {
    world.cloudwatch.dashboards.contains_key(name)
}

/// Deletes a dashboard. One that is not there is passed over.
pub fn delete_dashboard(world: &mut World, name: &str) {
    world.cloudwatch.dashboards.remove(name);
}

/// What a dashboard shows.
#[must_use]
pub fn shown(world: &World, dashboard: &str) -> BTreeSet<Shown> {
    let dashboards = &world.cloudwatch.dashboards;
    dashboards.get(dashboard).cloned().unwrap_or_default()
}

fn check_alarms(world: &World, arns: &Value) -> Result<(), Fault> {
    for arn in arns.as_array().into_iter().flatten() {
        let known = world
            .cloudwatch
            .alarms
            .values()
            .any(|alarm| *arn == alarm.arn);
        if !known {
            return Err(validation(format!("there is no alarm {arn}")));
        }
    }
    Ok(())
}

/// The metrics of a widget. `.` repeats a part of the metric before, `...` all that come in between.
fn metrics(listed: &Value) -> Result<Vec<Shown>, String> {
    let mut found: Vec<Shown> = Vec::new();
    for metric in listed.as_array().into_iter().flatten() {
        let parts: Vec<&str> = metric
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        // Only an object: an expression over other metrics.
        if !parts.is_empty() {
            let whole = repeated(&parts, found.last())?;
            found.push(whole);
        }
    }
    Ok(found)
}

fn repeated(parts: &[&str], before: Option<&Shown>) -> Result<Shown, String> {
    let nothing = || format!("{parts:?} repeats what is not there");
    let mut whole = Shown::new();
    for (index, part) in parts.iter().enumerate() {
        match *part {
            "." => whole.push(
                before
                    .and_then(|b| b.get(index))
                    .ok_or_else(nothing)?
                    .clone(),
            ),
            "..." => {
                let before = before.ok_or_else(nothing)?;
                let left = parts.len() - index - 1;
                let end = before.len().checked_sub(left).ok_or_else(nothing)?;
                whole.extend(
                    before
                        .get(whole.len()..end)
                        .ok_or_else(nothing)?
                        .iter()
                        .cloned(),
                );
            }
            other => whole.push(other.to_owned()),
        }
    }
    if whole.len() < 2 || !whole.len().is_multiple_of(2) {
        return Err(format!(
            "{parts:?} is not a namespace, a name, and pairs of dimensions"
        ));
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dots_repeat_what_stands_before() {
        let listed = json!([
            [{ "expression": "100 * a" }],
            ["AWS/ECS", "CPUUtilization", "ClusterName", "c", "ServiceName", "one", { "id": "a" }],
            ["...", "two", { "label": "canary" }],
            [".", "MemoryUtilization", ".", ".", ".", "."],
        ]);
        let found = metrics(&listed).unwrap();
        let of = |name: &str, service: &str| {
            ["AWS/ECS", name, "ClusterName", "c", "ServiceName", service].map(str::to_owned)
        };
        assert_eq!(
            found,
            [
                of("CPUUtilization", "one"),
                of("CPUUtilization", "two"),
                of("MemoryUtilization", "two"),
            ]
        );
    }

    #[test]
    fn a_metric_that_repeats_nothing_or_lacks_a_value_is_refused() {
        for listed in [json!([["..."]]), json!([["AWS/SQS", "Age", "QueueName"]])] {
            assert!(metrics(&listed).is_err(), "{listed}");
        }
    }
}
