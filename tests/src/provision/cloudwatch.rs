//! Amazon `CloudWatch`.

use serde::Deserialize;
use serde_json::Value;

use super::{bad, created, name_of, properties, refused};
use crate::{
    template::{Created, Refused, Resource},
    world::{
        World,
        cloudwatch::{self, dashboard},
    },
};

/// `AWS::CloudWatch::Alarm`: `Ref` is the name.
pub(super) fn alarm(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let mut properties = resource.properties.clone();
    let name = name_of(resource, properties["AlarmName"].as_str());
    properties["AlarmName"] = name.clone().into();
    let input = properties::input_of("monitoring", "PutMetricAlarm", &properties)?;
    cloudwatch::put_metric_alarm(world, &input).map_err(|fault| refused(&fault))?;
    let arn = world.arn("cloudwatch", &format!("alarm:{name}"));
    Ok(created(name, [("Arn", arn.into())]))
}

/// `AWS::CloudWatch::CompositeAlarm`: `Ref` is the name.
pub(super) fn composite_alarm(
    world: &mut World,
    resource: &Resource<'_>,
) -> Result<Created, Refused> {
    let mut properties = resource.properties.clone();
    let name = name_of(resource, properties["AlarmName"].as_str());
    properties["AlarmName"] = name.clone().into();
    let input = properties::input_of("monitoring", "PutCompositeAlarm", &properties)?;
    cloudwatch::put_composite_alarm(world, &input).map_err(|fault| refused(&fault))?;
    let arn = world.arn("cloudwatch", &format!("alarm:{name}"));
    Ok(created(name, [("Arn", arn.into())]))
}

/// `AWS::CloudWatch::AlarmMuteRule`: `Ref` is the ARN. Its dates are text, and in the time zone of the schedule.
pub(super) fn alarm_mute_rule(
    world: &mut World,
    resource: &Resource<'_>,
) -> Result<Created, Refused> {
    let mut properties = resource.properties.clone();
    let name = name_of(resource, properties["Name"].as_str());
    properties["Name"] = name.clone().into();
    for date in ["StartDate", "ExpireDate"] {
        if let Some(text) = properties[date].as_str() {
            let moment = cloudwatch::timestamp(text)
                .ok_or_else(|| bad(date, format!("{text} is no date like 2026-10-02T17:04")))?;
            properties[date] = moment.into();
        }
    }
    let input = properties::input_of("monitoring", "PutAlarmMuteRule", &properties)?;
    cloudwatch::put_alarm_mute_rule(world, &input).map_err(|fault| refused(&fault))?;
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
pub(super) fn dashboard(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let dashboard: Dashboard = properties::parse(resource)?;
    let name = name_of(resource, dashboard.dashboard_name.as_deref());
    let body: Value = serde_json::from_str(&dashboard.dashboard_body)
        .map_err(|error| bad("DashboardBody", format!("it is not JSON: {error}")))?;
    dashboard::put_dashboard(world, &name, &body).map_err(|fault| refused(&fault))?;
    Ok(created(name, []))
}
