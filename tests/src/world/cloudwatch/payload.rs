//! What is told about a transition.
//!
//! AWS: `CloudWatch` user guide, "Alarm events and `EventBridge`", "Invoke a Lambda function from an
//! alarm", "Notify users on alarm changes".

use serde_json::{Map, Value, json};

use super::{
    alarm::{Alarm, State, Watches},
    definition::Watched,
    metric::Metrics,
    metrics::Statistic,
    mute::Window,
};
use crate::world::World;

/// The `detail` of the `EventBridge` event.
pub(super) fn event_detail(alarm: &Alarm, previous: &State) -> Value {
    json!({
        "alarmName": alarm.name,
        "configuration": configuration(alarm),
        "previousState": state(previous),
        "state": state(&alarm.state),
    })
}

/// What an event says of the mute rule that was active.
pub(super) fn mute_detail(by: &str, window: Window) -> Value {
    json!({
        "mutedByArn": by,
        "muteWindowStart": window.start.iso_offset(),
        "muteWindowEnd": window.end.iso_offset(),
    })
}

/// What a function gets that is itself the action.
pub(super) fn direct(world: &World, alarm: &Alarm, previous: &State) -> Value {
    json!({
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn,
        "accountId": world.identity.account,
        "time": alarm.state.updated.iso_offset(),
        "region": world.identity.region,
        "alarmData": {
            "alarmName": alarm.name,
            "state": state(&alarm.state),
            "previousState": state(previous),
            "configuration": configuration(alarm),
        },
    })
}

pub(super) fn subject(world: &World, alarm: &Alarm) -> String {
    let region = region_name(&world.identity.region);
    format!(
        "{}: \"{}\" in {region}",
        alarm.state.value.name(),
        alarm.name
    )
}

/// What a topic gets that is an action. A composite alarm has its rule and the alarms that are the reason in place of a
/// trigger.
pub(super) fn message(world: &World, alarm: &Alarm, previous: &State) -> Value {
    let put = |member: &str| alarm.document.get(member).cloned().unwrap_or_default();
    let mut message = json!({
        "AlarmName": alarm.name,
        "AlarmDescription": put("AlarmDescription"),
        "AWSAccountId": world.identity.account,
        "AlarmConfigurationUpdatedTimestamp": alarm.configured.iso_offset(),
        "NewStateValue": alarm.state.value.name(),
        "NewStateReason": alarm.state.reason,
        "StateChangeTime": alarm.state.updated.iso_offset(),
        "Region": region_name(&world.identity.region),
        "AlarmArn": alarm.arn,
        "OldStateValue": previous.value.name(),
        "OKActions": put("OKActions"),
        "AlarmActions": put("AlarmActions"),
        "InsufficientDataActions": put("InsufficientDataActions"),
    });
    match &alarm.watches {
        Watches::Metrics(metrics) => message["Trigger"] = trigger(alarm, metrics),
        Watches::Alarms(_) => {
            message["AlarmRule"] = put("AlarmRule");
            message["TriggeringChildren"] = triggering_children(&alarm.state);
        }
    }
    message
}

/// In the form of a message that was published.
fn triggering_children(state: &State) -> Value {
    let data = state.data.as_deref().map(serde_json::from_str::<Value>);
    let data = data.and_then(Result::ok).unwrap_or_default();
    let alarms = data["triggeringAlarms"].as_array();
    let child = |alarm: &Value| {
        let state = &alarm["state"];
        json!({
            "Arn": alarm["arn"],
            "State": { "Value": state["value"], "Timestamp": state["timestamp"] },
        })
    };
    alarms.into_iter().flatten().map(child).collect()
}

fn trigger(alarm: &Alarm, metrics: &Metrics) -> Value {
    let definition = &metrics.definition;
    let treatment = alarm.document.get("TreatMissingData");
    let mut trigger = json!({
        "Period": definition.period,
        "EvaluationPeriods": definition.evaluation_periods,
        "DatapointsToAlarm": definition.needed(),
        "ComparisonOperator": alarm.document.get("ComparisonOperator"),
        "Threshold": definition.threshold,
        "TreatMissingData": treatment.and_then(Value::as_str).unwrap_or("missing"),
        "EvaluateLowSampleCountPercentile": "",
    });
    if let Watched::Metric(series) = &definition.watched {
        trigger["MetricName"] = json!(series.key.name);
        trigger["Namespace"] = json!(series.key.namespace);
        trigger["StatisticType"] = json!("Statistic");
        trigger["Statistic"] = json!(shouted(series.statistic));
        trigger["Unit"] = Value::Null;
        trigger["Dimensions"] = sns_dimensions(alarm.document.get("Dimensions"));
    } else {
        let queries = alarm.document.get("Metrics").and_then(Value::as_array);
        let queries = queries.into_iter().flatten().map(|query| {
            let mut query = query.clone();
            if let Some(metric) = query.pointer_mut("/MetricStat/Metric") {
                metric["Dimensions"] = sns_dimensions(metric.get("Dimensions"));
            }
            query
        });
        trigger["Metrics"] = queries.collect();
    }
    trigger
}

/// SNS messages write dimensions in lower case.
fn sns_dimensions(list: Option<&Value>) -> Value {
    let list = list.and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .map(|it| json!({ "value": it["Value"], "name": it["Name"] }))
        .collect()
}

fn shouted(statistic: Statistic) -> &'static str {
    match statistic {
        Statistic::SampleCount => "SAMPLE_COUNT",
        Statistic::Average => "AVERAGE",
        Statistic::Sum => "SUM",
        Statistic::Minimum => "MINIMUM",
        Statistic::Maximum => "MAXIMUM",
    }
}

fn state(state: &State) -> Value {
    let mut value = json!({ "value": state.value.name(), "reason": state.reason });
    if let Some(data) = &state.data {
        value["reasonData"] = json!(data);
    }
    value["timestamp"] = json!(state.updated.iso_offset());
    if let Some(by) = state.suppressed {
        value["actionsSuppressedBy"] = json!(by.name());
        value["actionsSuppressedReason"] = json!(by.reason());
    }
    value
}

/// The alarm's configuration in camel case, with its dimensions as an object.
fn configuration(alarm: &Alarm) -> Value {
    let mut configuration = Map::new();
    let mut take = |member: &str, name: &str| {
        if let Some(value) = alarm.document.get(member) {
            configuration.insert(name.to_owned(), value.clone());
        }
    };
    take("AlarmDescription", "description");
    match &alarm.watches {
        Watches::Metrics(metrics) => {
            let listed = metrics_of(alarm, metrics);
            configuration.insert("metrics".to_owned(), listed);
        }
        Watches::Alarms(_) => {
            take("AlarmRule", "alarmRule");
            take("ActionsSuppressor", "actionsSuppressor");
            take("ActionsSuppressorWaitPeriod", "actionsSuppressorWaitPeriod");
            take(
                "ActionsSuppressorExtensionPeriod",
                "actionsSuppressorExtensionPeriod",
            );
        }
    }
    Value::Object(configuration)
}

fn metrics_of(alarm: &Alarm, metrics: &Metrics) -> Value {
    match &metrics.definition.watched {
        Watched::Metric(series) => json!([{
            "id": metrics.id,
            "metricStat": {
                "metric": {
                    "namespace": series.key.namespace,
                    "name": series.key.name,
                    "dimensions": series.key.dimensions,
                },
                "period": metrics.definition.period,
                "stat": series.statistic.name(),
            },
            "returnData": true,
        }]),
        Watched::Math { .. } => {
            let queries = alarm.document.get("Metrics").and_then(Value::as_array);
            queries.into_iter().flatten().map(query).collect()
        }
    }
}

fn query(item: &Value) -> Value {
    let mut query = Map::new();
    for (member, name) in [
        ("Id", "id"),
        ("Expression", "expression"),
        ("Label", "label"),
    ] {
        if let Some(value) = item.get(member) {
            query.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(stat) = item.get("MetricStat") {
        let dimensions: Map<String, Value> = super::data::dimensions(&stat["Metric"]["Dimensions"])
            .map(|(name, value)| (name, Value::String(value)))
            .collect();
        let stat = json!({
            "metric": {
                "namespace": stat["Metric"]["Namespace"],
                "name": stat["Metric"]["MetricName"],
                "dimensions": dimensions,
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
        });
        query.insert("metricStat".to_owned(), stat);
    }
    let returned = item["ReturnData"].as_bool().unwrap_or(true);
    query.insert("returnData".to_owned(), json!(returned));
    Value::Object(query)
}

/// The name that SNS messages give a Region.
fn region_name(region: &str) -> &str {
    match region {
        "us-east-1" => "US East (N. Virginia)",
        "us-east-2" => "US East (Ohio)",
        "us-west-2" => "US West (Oregon)",
        "eu-west-1" => "EU (Ireland)",
        "eu-central-1" => "EU (Frankfurt)",
        "ap-southeast-2" => "Asia Pacific (Sydney)",
        other => other,
    }
}
