//! Operations that only read.

use serde_json::{Value, json};

use super::{
    faults::{no_stack, validation},
    find,
    stack::{self, Content, DELETE_COMPLETE, Owned, Stack},
    text, values,
};
use crate::{
    clock::Moment,
    world::{Fault, World},
};

const STACKS: usize = 100;
const EVENTS: usize = 100;
const RESOURCES: usize = 100;

/// `DescribeStacks`: without a name all that are not deleted.
pub(super) fn stacks(world: &World, input: &Value) -> Result<Value, Fault> {
    if let Some(name) = input["StackName"].as_str() {
        return Ok(json!({ "Stacks": [described(named(world, name)?, true)] }));
    }
    let stacks = world.cloudformation.stacks.iter().rev();
    let stacks = stacks
        .filter(|stack| stack.status != DELETE_COMPLETE)
        .map(|stack| described(stack, false));
    page("Stacks", stacks.collect(), STACKS, input)
}

fn named<'a>(world: &'a World, name: &str) -> Result<&'a Stack, Fault> {
    let index = find(world, name).ok_or_else(|| no_stack(name))?;
    Ok(&world.cloudformation.stacks[index])
}

/// AWS leaves termination protection out where stacks are not asked for by name.
fn described(stack: &Stack, by_name: bool) -> Value {
    let mut described = json!({
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": stack.change_set,
        "CreationTime": stack.created.epoch_seconds(),
        "DeletionTime": stack.deleted.map(Moment::epoch_seconds),
        "LastUpdatedTime": stack.updated.map(Moment::epoch_seconds),
        "RollbackConfiguration": {},
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DisableRollback": false,
        "NotificationARNs": [],
        "ParentId": stack.parent,
        "RootId": stack.root,
        "DriftInformation": { "StackDriftStatus": "NOT_CHECKED" },
    });
    if by_name {
        described["EnableTerminationProtection"] = stack.protected.into();
    }
    if let Some(content) = &stack.content {
        described["Description"] = content.plan.sheet().document()["Description"].clone();
        described["Parameters"] = parameters(content);
        described["Capabilities"] = json!(content.capabilities);
        described["Tags"] = stack::listed(&content.tags);
    }
    if !stack.outputs.is_empty() {
        let outputs = stack.outputs.iter().map(|output| {
            json!({
                "OutputKey": output.key,
                "OutputValue": output.value,
                "Description": output.description,
            })
        });
        described["Outputs"] = outputs.collect();
    }
    described
}

/// A stack's parameters as the API lists them.
pub(super) fn parameters(content: &Content) -> Value {
    let sheet = content.plan.sheet();
    let values = content.values.iter();
    values
        .map(|(key, value)| {
            let secret = values::is_secret(sheet, key);
            let value = if secret { "****" } else { value };
            json!({ "ParameterKey": key, "ParameterValue": value })
        })
        .collect()
}

/// `DescribeStackEvents`: the newest first.
pub(super) fn events(world: &World, input: &Value) -> Result<Value, Fault> {
    let stack = named(world, text(input, "StackName"))?;
    let events = stack.events.iter().rev().map(|event| {
        json!({
            "StackId": stack.id,
            "StackName": stack.name,
            "EventId": format!("{}-{}-{}", event.logical, event.status, event.number),
            "LogicalResourceId": event.logical,
            "PhysicalResourceId": event.physical,
            "ResourceType": event.kind,
            "Timestamp": event.at.epoch_seconds(),
            "ResourceStatus": event.status,
            "ResourceStatusReason": event.reason,
            "ResourceProperties": event.properties,
        })
    });
    page("StackEvents", events.collect(), EVENTS, input)
}

/// `ListStackResources`
pub(super) fn resource_summaries(world: &World, input: &Value) -> Result<Value, Fault> {
    let stack = named(world, text(input, "StackName"))?;
    let summaries = stack.resources.iter().map(|owned| {
        let mut summary = resource(owned);
        summary["LastUpdatedTimestamp"] = owned.at.epoch_seconds().into();
        summary
    });
    page(
        "StackResourceSummaries",
        summaries.collect(),
        RESOURCES,
        input,
    )
}

/// `DescribeStackResources`
pub(super) fn resources(world: &World, input: &Value) -> Result<Value, Fault> {
    let Some(name) = input["StackName"].as_str() else {
        return Err(super::faults::unsupported("PhysicalResourceId"));
    };
    let stack = named(world, name)?;
    let wanted = input["LogicalResourceId"].as_str();
    let described: Vec<Value> = stack
        .resources
        .iter()
        .filter(|owned| wanted.is_none_or(|wanted| owned.id == wanted))
        .map(|owned| {
            let mut described = resource(owned);
            described["StackName"] = stack.name.as_str().into();
            described["StackId"] = stack.id.as_str().into();
            described["Timestamp"] = owned.at.epoch_seconds().into();
            described
        })
        .collect();
    if let Some(wanted) = wanted.filter(|_| described.is_empty()) {
        return Err(validation(format!(
            "Resource {wanted} does not exist for stack {name}"
        )));
    }
    Ok(json!({ "StackResources": described }))
}

fn resource(owned: &Owned) -> Value {
    let physical = Some(owned.physical()).filter(|id| !id.is_empty());
    json!({
        "LogicalResourceId": owned.id,
        "PhysicalResourceId": physical,
        "ResourceType": owned.kind,
        "ResourceStatus": owned.status,
        "ResourceStatusReason": owned.reason,
        "DriftInformation": { "StackResourceDriftStatus": "NOT_CHECKED" },
    })
}

/// `ListStacks`: also the deleted ones.
pub(super) fn summaries(world: &World, input: &Value) -> Result<Value, Fault> {
    let filter = input["StackStatusFilter"].as_array();
    let stacks = world.cloudformation.stacks.iter().rev();
    let summaries = stacks
        .filter(|stack| filter.is_none_or(|wanted| wanted.iter().any(|it| *it == stack.status)))
        .map(|stack| {
            json!({
                "StackId": stack.id,
                "StackName": stack.name,
                "CreationTime": stack.created.epoch_seconds(),
                "LastUpdatedTime": stack.updated.map(Moment::epoch_seconds),
                "DeletionTime": stack.deleted.map(Moment::epoch_seconds),
                "StackStatus": stack.status,
                "StackStatusReason": stack.reason,
                "ParentId": stack.parent,
                "RootId": stack.root,
                "DriftInformation": { "StackDriftStatus": "NOT_CHECKED" },
            })
        });
    page("StackSummaries", summaries.collect(), STACKS, input)
}

/// `GetTemplate`: as it was given.
pub(super) fn template(world: &World, input: &Value) -> Result<Value, Fault> {
    if input["ChangeSetName"].is_string() {
        return Err(super::faults::unsupported("ChangeSetName of GetTemplate"));
    }
    let name = text(input, "StackName");
    let content = named(world, name)?.content.as_ref();
    let body = content.map(|content| content.body.as_str());
    let body = body.ok_or_else(|| no_stack(name))?;
    Ok(json!({ "TemplateBody": body, "StagesAvailable": ["Original", "Processed"] }))
}

/// A page of a list; the token is the place where the next one begins.
fn page(member: &str, items: Vec<Value>, most: usize, input: &Value) -> Result<Value, Fault> {
    let start = match input["NextToken"].as_str() {
        None => 0,
        Some(token) => token
            .parse()
            .ok()
            .filter(|start| *start <= items.len())
            .ok_or_else(|| validation("Invalid NextToken"))?,
    };
    let more = items.len() > start + most;
    let page: Vec<Value> = items.into_iter().skip(start).take(most).collect();
    let mut answer = json!({ member: page });
    if more {
        answer["NextToken"] = (start + most).to_string().into();
    }
    Ok(answer)
}
