//! The operations.

use serde_json::Value;

use super::{alias, configuration, invoke, mapping, provisioned, update, version};
use crate::world::{Fault, World, service::Called, unknown_operation};

pub(super) fn call(world: &mut World, called: &Called<'_>) -> Result<Value, Fault> {
    let input = called.input;
    match called.operation {
        "GetFunction" => configuration::get(world, input),
        "GetFunctionConfiguration" => configuration::get_configuration(world, input),
        "UpdateFunctionCode" => update::update_code(world, input),
        "UpdateFunctionConfiguration" => update::update_configuration(world, input),
        "PublishVersion" => version::publish(world, input),
        "ListVersionsByFunction" => version::list(world, input),
        "CreateAlias" => alias::create(world, input),
        "GetAlias" => alias::get(world, input),
        "UpdateAlias" => alias::update(world, input),
        "DeleteAlias" => alias::delete(world, input),
        "ListAliases" => alias::list(world, input),
        "PutProvisionedConcurrencyConfig" => provisioned::put(world, input),
        "GetProvisionedConcurrencyConfig" => provisioned::get(world, input),
        "DeleteProvisionedConcurrencyConfig" => provisioned::delete(world, input),
        "CreateEventSourceMapping" => mapping::create(world, input),
        "GetEventSourceMapping" => mapping::get(world, input),
        "UpdateEventSourceMapping" => mapping::update(world, input),
        "DeleteEventSourceMapping" => mapping::delete(world, input),
        "ListEventSourceMappings" => mapping::list(world, input),
        "Invoke" => invoke::call(world, called),
        other => Err(unknown_operation(called.service, other)),
    }
}
