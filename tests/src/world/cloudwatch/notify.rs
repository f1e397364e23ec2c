//! Whom an alarm tells about a transition: `EventBridge` always, its actions when they are enabled.
//!
//! AWS: `CloudWatch` user guide, "Alarm events and `EventBridge`", "Invoke a Lambda function from an
//! alarm", "Notify users on alarm changes".

use serde_json::{Map, Value, json};

use super::{
    alarm::{Alarm, State},
    definition::Watched,
    metrics::Statistic,
};
use crate::world::{
    World, events,
    functions::Invoker,
    sns::{self, Publisher},
};

/// Tells everybody about the transition that the alarm has just made.
pub(super) fn tell(world: &mut World, name: &str, previous: &State) {
    let Some(alarm) = world.cloudwatch.alarms.get(name) else {
        return;
    };
    let arn = alarm.arn.clone();
    let detail = event_detail(alarm, previous);
    let direct = direct_payload(world, alarm, previous);
    let (subject, message) = (subject(world, alarm), message(world, alarm, previous));
    let actions: Vec<String> = alarm.due_actions().map(str::to_owned).collect();
    events::emit(
        world,
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
        std::slice::from_ref(&arn),
        &detail,
    );
    for action in actions {
        if action.starts_with(&world.arn("lambda", "function:")) {
            events::deliver(world, &action, &direct, &Invoker::alarm(arn.clone()));
        } else {
            let alarm = Publisher::Service {
                name: "cloudwatch.amazonaws.com",
                source_arn: &arn,
            };
            sns::notify(world, alarm, &action, Some(&subject), &message.to_string());
        }
    }
}

/// The `detail` of the `EventBridge` event.
pub(super) fn event_detail(alarm: &Alarm, previous: &State) -> Value {
    json!({
        "alarmName": alarm.name,
        "configuration": configuration(alarm),
        "previousState": state(previous),
        "state": state(&alarm.state),
    })
}

/// What a function gets that is itself the action.
fn direct_payload(world: &World, alarm: &Alarm, previous: &State) -> Value {
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

fn subject(world: &World, alarm: &Alarm) -> String {
    let region = region_name(&world.identity.region);
    format!(
        "{}: \"{}\" in {region}",
        alarm.state.value.name(),
        alarm.name
    )
}

/// What a topic gets that is an action.
fn message(world: &World, alarm: &Alarm, previous: &State) -> Value {
    let put = |member: &str| alarm.document.get(member).cloned().unwrap_or_default();
    json!({
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
        "Trigger": trigger(alarm),
    })
}

fn trigger(alarm: &Alarm) -> Value {
    let definition = &alarm.definition;
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
    value
}

/// The alarm's configuration in camel case, with its dimensions as an object.
fn configuration(alarm: &Alarm) -> Value {
    let mut configuration = Map::new();
    if let Some(description) = alarm.document.get("AlarmDescription") {
        configuration.insert("description".to_owned(), description.clone());
    }
    let metrics = match &alarm.definition.watched {
        Watched::Metric(series) => json!([{
            "id": alarm.metric_id,
            "metricStat": {
                "metric": {
                    "namespace": series.key.namespace,
                    "name": series.key.name,
                    "dimensions": series.key.dimensions,
                },
                "period": alarm.definition.period,
                "stat": series.statistic.name(),
            },
            "returnData": true,
        }]),
        Watched::Math { .. } => {
            let queries = alarm.document.get("Metrics").and_then(Value::as_array);
            queries.into_iter().flatten().map(query).collect()
        }
    };
    configuration.insert("metrics".to_owned(), metrics);
    Value::Object(configuration)
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
