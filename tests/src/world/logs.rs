//! Amazon `CloudWatch` Logs: groups, into which nobody writes here.

use super::{World, service::Service};
use crate::{
    provision::{ResourceType, Tagged, created, name_of, properties},
    template::{Created, Refused, Resource},
};

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    resources: &[ResourceType {
        named_by: Some("LogGroupName"),
        tagged: Tagged::Arn,
        ..ResourceType::new("AWS::Logs::LogGroup", group)
    }],
    ..Service::new("logs")
};

/// `AWS::Logs::LogGroup`: `Ref` is the name.
fn group(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    properties::check(resource, &["LogGroupName", "RetentionInDays"])?;
    let name = name_of(resource, resource.properties["LogGroupName"].as_str());
    let arn = world.arn("logs", &format!("log-group:{name}:*"));
    Ok(created(name, [("Arn", arn.into())]))
}
