//! Dashboards: which metrics they show, and what they compute of them.
//!
//! AWS: `CloudWatch` API reference, "Dashboard body structure and syntax".

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{queries::Queries, search::Search, validation};
use crate::world::{Fault, World};

/// A metric that a dashboard shows: namespace, name, and dimensions as names and values in turn.
pub type Shown = Vec<String>;

/// A graph.
#[derive(Debug)]
pub(super) struct Graph {
    title: String,
    shown: Vec<Shown>,
    /// What `GetMetricData` has to be asked to draw it.
    queries: Vec<Value>,
    searches: Vec<Search>,
}

/// Creates a dashboard, or replaces the one of that name.
///
/// # Errors
/// `ValidationException` for a widget of an unknown type, a metric that is written wrongly, an expression that cannot be
/// computed, and an alarm that does not exist.
pub fn put_dashboard(world: &mut World, name: &str, body: &Value) -> Result<(), Fault> {
    let widgets = body["widgets"]
        .as_array()
        .ok_or_else(|| validation("the dashboard's body has no list of widgets"))?;
    let mut graphs = Vec::new();
    for widget in widgets {
        let properties = &widget["properties"];
        let title = &properties["title"];
        match widget["type"].as_str() {
            Some("metric") => graphs.push(graph(properties).map_err(|problem| {
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
    world.cloudwatch.dashboards.insert(name.to_owned(), graphs);
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
    let graphs = world.cloudwatch.dashboards.get(dashboard);
    let graphs = graphs.into_iter().flatten();
    graphs.flat_map(|graph| graph.shown.clone()).collect()
}

/// How many metrics each search of a dashboard finds now, by the title of its graph.
#[must_use]
pub fn found(world: &World, dashboard: &str) -> Vec<(String, usize)> {
    let graphs = world.cloudwatch.dashboards.get(dashboard);
    let graphs = graphs.into_iter().flatten();
    let count = |search: &Search| {
        let keys = world.cloudwatch.store.keys();
        keys.filter(|key| search.finds(key)).count()
    };
    graphs
        .flat_map(|graph| {
            graph
                .searches
                .iter()
                .map(|it| (graph.title.clone(), count(it)))
        })
        .collect()
}

/// What `GetMetricData` has to be asked to draw the graph of a dashboard whose title begins like this.
#[must_use]
pub fn queries(world: &World, dashboard: &str, title: &str) -> Option<Vec<Value>> {
    let graphs = world.cloudwatch.dashboards.get(dashboard)?;
    let graph = graphs.iter().find(|it| it.title.starts_with(title))?;
    Some(graph.queries.clone())
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

/// A graph. `.` repeats a part of the metric before, `...` all that come in between.
fn graph(properties: &Value) -> Result<Graph, String> {
    let mut shown: Vec<Shown> = Vec::new();
    let (mut queries, mut searches) = (Vec::new(), Vec::new());
    let mut computes = false;
    for (index, listed) in properties["metrics"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let listed = listed.as_array().map_or(&[][..], Vec::as_slice);
        let options = listed.last().filter(|it| it.is_object());
        let option = |name: &str| options.map_or(&Value::Null, |it| &it[name]);
        let expression = option("expression").as_str();
        if let Some(search) = expression.filter(|it| Search::is_one(it)) {
            searches.push(Search::parse(search)?);
            continue;
        }
        let given = option("id").as_str().map(str::to_owned);
        let mut query = json!({
            "Id": given.unwrap_or_else(|| format!("graphed{index}")),
            "ReturnData": option("visible").as_bool().unwrap_or(true),
        });
        let parts: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
        if parts.is_empty() {
            query["Expression"] = option("expression").clone();
            computes = true;
        } else {
            let whole = repeated(&parts, shown.last())?;
            let or_all = |name: &str| match option(name) {
                Value::Null => properties[name].clone(),
                own => own.clone(),
            };
            query["MetricStat"] = json!({
                "Metric": metric(&whole), "Period": or_all("period"), "Stat": or_all("stat"),
            });
            shown.push(whole);
        }
        queries.push(query);
    }
    // Others may have percentiles, which can only be shown here.
    if computes {
        Queries::parse("metrics", &queries).map_err(|fault| fault.message)?;
    }
    Ok(Graph {
        title: properties["title"].as_str().unwrap_or_default().to_owned(),
        shown,
        queries,
        searches,
    })
}

fn metric(shown: &[String]) -> Value {
    let dimensions = shown[2..].chunks(2);
    let dimensions = dimensions.map(|pair| json!({ "Name": pair[0], "Value": pair[1] }));
    json!({
        "Namespace": shown[0],
        "MetricName": shown[1],
        "Dimensions": dimensions.collect::<Vec<_>>(),
    })
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
    use super::*;

    fn drawn(listed: &Value) -> Result<Graph, String> {
        graph(&json!({ "title": "one", "period": 60, "stat": "Sum", "metrics": listed }))
    }

    #[test]
    fn dots_repeat_what_stands_before() {
        let listed = json!([
            [{ "expression": "100 * a" }],
            ["AWS/ECS", "CPUUtilization", "ClusterName", "c", "ServiceName", "one", { "id": "a" }],
            ["...", "two", { "label": "canary" }],
            [".", "MemoryUtilization", ".", ".", ".", "."],
        ]);
        let found = drawn(&listed).unwrap().shown;
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
            assert!(drawn(&listed).is_err(), "{listed}");
        }
    }

    #[test]
    fn an_expression_that_cannot_be_computed_is_refused() {
        let age = json!(["AWS/SQS", "Age", "QueueName", "orders", { "id": "age" }]);
        for (expression, named) in [("2 * old", "old"), ("RATE(age)", "RATE"), ("2 +", "ends")] {
            let listed = json!([[{ "expression": expression }], age]);
            let problem = drawn(&listed).unwrap_err();
            assert!(problem.contains(named), "{problem}");
        }
        let listed = json!([[{ "expression": "2 * age" }], age]);
        assert_eq!(drawn(&listed).unwrap().queries.len(), 2);
    }
}
