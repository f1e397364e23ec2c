//! Change sets: what an update would do, checked before anything is done.

use serde_json::{Value, json};

use super::{
    changes, environment,
    faults::{no_change_set, no_stack, not_now, of_template, validation},
    find,
    stack::{
        self, CREATE_COMPLETE, Content, REVIEW_IN_PROGRESS, Stack, UPDATE_COMPLETE,
        UPDATE_ROLLBACK_COMPLETE,
    },
    templates, text, values, work,
};
use crate::{
    clock::Moment,
    template::new_stack_id,
    world::{Fault, World},
};

/// Stacks that can be updated.
const UPDATABLE: [&str; 3] = [CREATE_COMPLETE, UPDATE_COMPLETE, UPDATE_ROLLBACK_COMPLETE];

/// What a request must leave out.
const REFUSED: [&str; 10] = [
    "DeploymentConfig",
    "DeploymentMode",
    "ImportExistingResources",
    "IncludeNestedStacks",
    "NotificationARNs",
    "OnStackFailure",
    "ResourceTypes",
    "ResourcesToImport",
    "RoleARN",
    "RollbackConfiguration",
];

const NO_CHANGES: &str = "The submitted information didn't contain changes. Submit different information to create a change set.";

/// A change set.
#[derive(Debug)]
pub(super) struct ChangeSet {
    name: String,
    id: String,
    description: Option<String>,
    pub(super) content: Content,
    created: Moment,
    /// Whether it makes the stack.
    creates: bool,
    changes: Vec<Value>,
    /// Whether there is nothing to do.
    is_empty: bool,
    executed: bool,
}

impl ChangeSet {
    fn status(&self, world: &World) -> &'static str {
        if world.now.since(self.created) < stack::step(world) {
            "CREATE_IN_PROGRESS"
        } else if self.is_empty {
            "FAILED"
        } else {
            "CREATE_COMPLETE"
        }
    }

    fn execution(&self, status: &str) -> &'static str {
        match (self.executed, status) {
            (true, _) => "EXECUTE_COMPLETE",
            (false, "CREATE_COMPLETE") => "AVAILABLE",
            (false, _) => "UNAVAILABLE",
        }
    }

    fn is_called(&self, name: &str) -> bool {
        self.id == name || self.name == name
    }
}

/// `CreateChangeSet`
///
/// AWS: API reference and `CloudFormation` user guide, "Create change sets": template, parameters and rules are checked at
/// once, a nested stack's template is not looked at.
pub(super) fn create(world: &mut World, input: &Value) -> Result<Value, Fault> {
    templates::refuse(input, &REFUSED)?;
    let (stack_name, name) = (text(input, "StackName"), text(input, "ChangeSetName"));
    let creates = match input["ChangeSetType"].as_str() {
        Some("CREATE") => true,
        None | Some("UPDATE") => false,
        Some(other) => return Err(super::faults::unsupported(other)),
    };
    let found = found(world, stack_name, name, creates)?;
    let (sheet, body) = match templates::given(world, input)? {
        Some(read) => read,
        None if input["UsePreviousTemplate"] == true => templates::previous(world, stack_name)?,
        None => {
            return Err(validation(
                "Either Template URL or Template Body must be specified.",
            ));
        }
    };
    let before = found.and_then(|index| world.cloudformation.stacks[index].content.clone());
    let known = before.as_ref().map(|content| &content.values);
    let values = values::given(&sheet, &input["Parameters"], known)?;
    let capabilities: Vec<String> = input["Capabilities"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|capability| capability.as_str().map(str::to_owned))
        .collect();
    values::check_capabilities(&sheet, &capabilities)?;
    let id = match found {
        Some(index) => world.cloudformation.stacks[index].id.clone(),
        None => new_stack_id(&environment(world), stack_name, &world.uuid()),
    };
    let plan = sheet
        .plan(&environment(world), (stack_name, &id), &values)
        .map_err(|error| of_template(&error))?;
    let tags = match (&input["Tags"], before) {
        (Value::Null, Some(before)) => before.tags,
        (given, _) => stack::read_tags(given),
    };
    let content = Content {
        plan,
        body,
        values,
        tags,
        capabilities,
    };
    let index = found.unwrap_or_else(|| review(world, &id, stack_name));
    let changes = changes::of(&world.cloudformation.stacks[index], &content);
    let uuid = world.uuid();
    let change_set = ChangeSet {
        name: name.to_owned(),
        id: world.arn("cloudformation", &format!("changeSet/{name}/{uuid}")),
        description: input["Description"].as_str().map(str::to_owned),
        is_empty: changes.is_empty(),
        changes: changes.shown,
        content,
        created: world.now,
        creates,
        executed: false,
    };
    let answer = json!({ "Id": change_set.id, "StackId": id });
    world.cloudformation.stacks[index]
        .change_sets
        .push(change_set);
    Ok(answer)
}

/// The stack that a change set is for, if it is there.
fn found(
    world: &World,
    stack_name: &str,
    name: &str,
    creates: bool,
) -> Result<Option<usize>, Fault> {
    let found = find(world, stack_name);
    let Some(index) = found else {
        return if creates {
            Ok(None)
        } else {
            Err(validation(format!("Stack [{stack_name}] does not exist")))
        };
    };
    let stack = &world.cloudformation.stacks[index];
    if stack.change_sets.iter().any(|other| other.name == name) {
        let message = format!("ChangeSet {name} already exists");
        return Err(Fault::new("AlreadyExistsException", message));
    }
    match (creates, stack.status) {
        (true, REVIEW_IN_PROGRESS) => Ok(found),
        (true, _) => Err(validation(format!(
            "Stack [{stack_name}] already exists and cannot be created again with the changeSet [{name}]."
        ))),
        (false, status) if UPDATABLE.contains(&status) => Ok(found),
        (false, status) => Err(not_now(&stack.id, status)),
    }
}

/// A stack that only a change set is made for.
fn review(world: &mut World, id: &str, name: &str) -> usize {
    let mut stack = Stack::new(id, name, world.now);
    stack.set(
        REVIEW_IN_PROGRESS,
        Some("User Initiated".to_owned()),
        world.now,
    );
    world.cloudformation.stacks.push(stack);
    world.cloudformation.stacks.len() - 1
}

/// Stack and place of a change set.
fn named(world: &World, input: &Value) -> Result<(usize, usize), Fault> {
    let name = text(input, "ChangeSetName");
    let stacks = &world.cloudformation.stacks;
    let (index, stack) = match input["StackName"].as_str() {
        Some(stack_name) => {
            let index = find(world, stack_name);
            let index = index.ok_or_else(|| {
                if name.starts_with("arn:") {
                    no_change_set(name)
                } else {
                    no_stack(stack_name)
                }
            })?;
            (index, &stacks[index])
        }
        None if name.starts_with("arn:") => stacks
            .iter()
            .enumerate()
            .find(|(_, stack)| stack.change_sets.iter().any(|it| it.id == name))
            .ok_or_else(|| no_change_set(name))?,
        None => {
            return Err(validation(
                "StackName must be specified if ChangeSetName is not specified as an ARN.",
            ));
        }
    };
    let place = stack.change_sets.iter().position(|it| it.is_called(name));
    Ok((index, place.ok_or_else(|| no_change_set(name))?))
}

/// `DescribeChangeSet`
pub(super) fn describe(world: &World, input: &Value) -> Result<Value, Fault> {
    let (index, place) = named(world, input)?;
    let stack = &world.cloudformation.stacks[index];
    let change_set = &stack.change_sets[place];
    let status = change_set.status(world);
    let content = &change_set.content;
    Ok(json!({
        "ChangeSetName": change_set.name,
        "ChangeSetId": change_set.id,
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": change_set.description,
        "Parameters": super::describe::parameters(content),
        "CreationTime": change_set.created.epoch_seconds(),
        "ExecutionStatus": change_set.execution(status),
        "Status": status,
        "StatusReason": (status == "FAILED").then_some(NO_CHANGES),
        "NotificationARNs": [],
        "Capabilities": content.capabilities,
        "Tags": stack::listed(&content.tags),
        "Changes": if status == "CREATE_COMPLETE" { change_set.changes.as_slice() } else { &[] },
        "IncludeNestedStacks": false,
    }))
}

/// `DeleteChangeSet`. The stack that it was made for stays, as on AWS.
pub(super) fn delete(world: &mut World, input: &Value) -> Result<Value, Fault> {
    match named(world, input) {
        Ok((index, place)) => {
            let stack = &mut world.cloudformation.stacks[index];
            stack.change_sets.remove(place);
            Ok(json!({}))
        }
        // AWS: API reference: "If the call successfully completes, CloudFormation successfully deleted the change set".
        Err(fault) if fault.code == "ChangeSetNotFoundException" => Ok(json!({})),
        Err(fault) => Err(fault),
    }
}

/// `ExecuteChangeSet`. With it all change sets of the stack are gone.
pub(super) fn execute(world: &mut World, input: &Value) -> Result<Value, Fault> {
    templates::refuse(input, &["DisableRollback", "RetainExceptOnCreate"])?;
    let (index, place) = named(world, input)?;
    let change_set = &world.cloudformation.stacks[index].change_sets[place];
    let status = change_set.status(world);
    if status != "CREATE_COMPLETE" {
        return Err(Fault::new(
            "InvalidChangeSetStatusException",
            format!(
                "ChangeSet [{}] cannot be executed in its current status of [{status}]",
                change_set.id
            ),
        ));
    }
    let stack = &mut world.cloudformation.stacks[index];
    let change_set = stack.change_sets.swap_remove(place);
    if !change_set.creates && !UPDATABLE.contains(&stack.status) {
        let fault = not_now(&stack.id, stack.status);
        stack.change_sets.push(change_set);
        return Err(fault);
    }
    stack.change_sets.clear();
    stack.change_set = Some(change_set.id);
    if change_set.creates {
        work::create(world, index, change_set.content);
    } else {
        work::update(world, index, change_set.content, work::Goal::Update);
    }
    Ok(json!({}))
}
