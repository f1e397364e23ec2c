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
