//! Amazon `CloudWatch`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    SERVICE, call, dashboard, has_alarm, put_alarm_mute_rule, put_composite_alarm,
    put_metric_alarm, timestamp,
};
use crate::{
    provision::{Existing, ResourceType, Tagged, bad, created, name_of, properties, refused},
    template::{Created, Refused, Resource},
    world::{Fault, World},
};

pub(super) const RESOURCES: &[ResourceType] = &[
    ResourceType {
        named_by: Some("AlarmName"),
        exists: has_alarm,
        tagged: Tagged::Arn,
        delete: delete_alarm,
        ..ResourceType::new("AWS::CloudWatch::Alarm", alarm)
    },
    ResourceType {
        named_by: Some("Name"),
        delete: delete_mute_rule,
        ..ResourceType::new("AWS::CloudWatch::AlarmMuteRule", alarm_mute_rule)
    },
    ResourceType {
        named_by: Some("AlarmName"),
        exists: has_alarm,
        tagged: Tagged::Arn,
        delete: delete_alarm,
        ..ResourceType::new("AWS::CloudWatch::CompositeAlarm", composite_alarm)
    },
    ResourceType {
        named_by: Some("DashboardName"),
        exists: dashboard::has_dashboard,
        delete: |world, it| {
            dashboard::delete_dashboard(world, it.reference);
            Ok(())
        },
        ..ResourceType::new("AWS::CloudWatch::Dashboard", put_dashboard)
    },
];

/// `AWS::CloudWatch::Alarm`: `Ref` is the name.
fn alarm(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let mut properties = resource.properties.clone();
    let name = name_of(resource, properties["AlarmName"].as_str());
    properties["AlarmName"] = name.clone().into();
    let input = properties::input_of(SERVICE.name, "PutMetricAlarm", &properties)?;
    put_metric_alarm(world, &input).map_err(|fault| refused(&fault))?;
    let arn = world.arn("cloudwatch", &format!("alarm:{name}"));
    Ok(created(name, [("Arn", arn.into())]))
}

/// `AWS::CloudWatch::CompositeAlarm`: `Ref` is the name.
fn composite_alarm(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let mut properties = resource.properties.clone();
    let name = name_of(resource, properties["AlarmName"].as_str());
    properties["AlarmName"] = name.clone().into();
    let input = properties::input_of(SERVICE.name, "PutCompositeAlarm", &properties)?;
    put_composite_alarm(world, &input).map_err(|fault| refused(&fault))?;
    let arn = world.arn("cloudwatch", &format!("alarm:{name}"));
    Ok(created(name, [("Arn", arn.into())]))
}

/// `AWS::CloudWatch::AlarmMuteRule`: `Ref` is the ARN. Its dates are text, and in the time zone of the schedule.
fn alarm_mute_rule(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let mut properties = resource.properties.clone();
    let name = name_of(resource, properties["Name"].as_str());
    properties["Name"] = name.clone().into();
    for date in ["StartDate", "ExpireDate"] {
        if let Some(text) = properties[date].as_str() {
            let moment = timestamp(text)
                .ok_or_else(|| bad(date, format!("{text} is no date like 2026-10-02T17:04")))?;
            properties[date] = moment.into();
        }
    }
    let input = properties::input_of(SERVICE.name, "PutAlarmMuteRule", &properties)?;
    put_alarm_mute_rule(world, &input).map_err(|fault| refused(&fault))?;
    let arn = world.arn("cloudwatch", &format!("alarm-mute-rule:{name}"));
    Ok(created(arn.clone(), [("Arn", arn.into())]))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Dashboard {
    dashboard_name: Option<String>,
    dashboard_body: String,
}

/// `AWS::CloudWatch::Dashboard`: `Ref` is the name.
fn put_dashboard(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let dashboard: Dashboard = properties::parse(resource)?;
    let name = name_of(resource, dashboard.dashboard_name.as_deref());
    let body: Value = serde_json::from_str(&dashboard.dashboard_body)
        .map_err(|error| bad("DashboardBody", format!("it is not JSON: {error}")))?;
    dashboard::put_dashboard(world, &name, &body).map_err(|fault| refused(&fault))?;
    Ok(created(name, []))
}

fn delete_alarm(world: &mut World, it: &Existing<'_>) -> Result<(), Fault> {
    let alarms = json!({ "AlarmNames": [it.reference] });
    call(world, "DeleteAlarms", &alarms).map(|_| ())
}

fn delete_mute_rule(world: &mut World, it: &Existing<'_>) -> Result<(), Fault> {
    let name = it.reference.rsplit(':').next().unwrap_or_default();
    let rule = json!({ "AlarmMuteRuleName": name });
    call(world, "DeleteAlarmMuteRule", &rule).map(|_| ())
}
