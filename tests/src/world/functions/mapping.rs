//! Event source mappings: which queue a function, a version or an alias consumes. AWS: "Using Lambda with Amazon SQS".

use serde_json::{Value, json};

use super::{
    faults,
    function::Function,
    names::{self, Named},
    page, polling, routing,
};
use crate::{
    clock::Moment,
    world::{
        Fault, World,
        iam::needs::{text, texts},
        sqs,
    },
};

/// Mappings in one answer at most. AWS: API reference, `ListEventSourceMappings`.
const PAGE: usize = 100;
/// The largest batch of a queue without a batching window.
const LARGEST_BATCH: u64 = 10;
/// What may be said of a mapping.
const KNOWN: [&str; 9] = [
    "UUID",
    "EventSourceArn",
    "FunctionName",
    "Enabled",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FunctionResponseTypes",
    "ScalingConfig",
    "StartingPosition",
];

/// A mapping.
#[derive(Debug, Clone)]
pub(super) struct Mapping {
    pub(super) named: Named,
    pub(super) queue_arn: String,
    pub(super) batch_size: usize,
    /// Whether the function tells which messages of a batch it has failed.
    pub(super) reports_failures: bool,
    /// `MaximumConcurrency`.
    at_once: Option<usize>,
    enabled: bool,
    modified: Moment,
    /// What it is becoming, until when.
    becoming: Option<(Moment, Becoming)>,
    /// Batches that are being processed.
    pub(super) busy: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Becoming {
    Created,
    Updated,
    Enabled,
    Disabled,
    Deleted,
}

impl Mapping {
    /// Whether it takes messages; until it is disabled it does. Not documented, but that it takes a while.
    pub(super) fn polls(&self) -> bool {
        match self.becoming {
            None | Some((_, Becoming::Updated)) => self.enabled,
            Some((_, Becoming::Disabled)) => true,
            Some((_, Becoming::Created | Becoming::Enabled | Becoming::Deleted)) => false,
        }
    }

    /// How many batches it has processed at once at most.
    pub(super) fn at_once(&self, world: &World) -> usize {
        self.at_once.unwrap_or(world.functions.batches_at_once)
    }

    fn state(&self) -> &'static str {
        match self.becoming {
            Some((_, Becoming::Created)) => "Creating",
            Some((_, Becoming::Updated)) => "Updating",
            Some((_, Becoming::Enabled)) => "Enabling",
            Some((_, Becoming::Disabled)) => "Disabling",
            Some((_, Becoming::Deleted)) => "Deleting",
            None if self.enabled => "Enabled",
            None => "Disabled",
        }
    }

    fn shown(&self, world: &World, uuid: &str) -> Value {
        let mut told = json!({
            "UUID": uuid,
            "EventSourceMappingArn": arn(world, uuid),
            "EventSourceArn": self.queue_arn,
            "FunctionArn": self.named.arn(world),
            "BatchSize": self.batch_size,
            "MaximumBatchingWindowInSeconds": 0,
            "FunctionResponseTypes": [],
            "State": self.state(),
            "StateTransitionReason": "USER_INITIATED",
            "LastModified": self.modified.epoch_seconds(),
        });
        if self.reports_failures {
            told["FunctionResponseTypes"] = json!(["ReportBatchItemFailures"]);
        }
        if let Some(most) = self.at_once {
            told["ScalingConfig"] = json!({ "MaximumConcurrency": most });
        }
        told
    }

    /// Takes on what a call says.
    fn set(&mut self, world: &World, input: &Value) -> Result<(), Fault> {
        faults::refuse_others(input, &KNOWN)?;
        if !matches!(
            input["MaximumBatchingWindowInSeconds"].as_u64(),
            None | Some(0)
        ) {
            return Err(faults::invalid(
                "The local account does not have a batching window.",
            ));
        }
        if let Some(size) = input["BatchSize"].as_u64() {
            if size > LARGEST_BATCH {
                return Err(faults::invalid(
                    "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
                ));
            }
            self.batch_size = usize::try_from(size).unwrap_or_default();
        }
        if input["FunctionResponseTypes"].is_array() {
            self.reports_failures = !texts(input, "FunctionResponseTypes").is_empty();
        }
        if input["ScalingConfig"].is_object() {
            let most = input["ScalingConfig"]["MaximumConcurrency"].as_u64();
            self.at_once = most.and_then(|most| usize::try_from(most).ok());
        }
        if let Some(function) = input["FunctionName"].as_str() {
            self.named = Named::parse(world, function);
        }
        self.check(world)
    }

    /// Refuses a mapping that could not work.
    fn check(&self, world: &World) -> Result<(), Fault> {
        let function = self.function(world)?;
        let visibility = sqs::visibility(world, &self.queue_arn)
            .ok_or_else(|| faults::invalid("The specified queue does not exist."))?;
        if visibility < function.timeout {
            return Err(faults::invalid(format!(
                "Queue visibility timeout: {} seconds is less than Function timeout: {} seconds",
                visibility.as_secs(),
                function.timeout.as_secs()
            )));
        }
        Ok(())
    }

    /// The function as the version is that is invoked, or the first of two.
    pub(super) fn function<'a>(&self, world: &'a World) -> Result<&'a Function, Fault> {
        let versions = names::versions(world, &self.named.name)?;
        let version = routing::version(versions, self.named.qualifier.as_deref());
        let found = version.and_then(|version| versions.version(&version));
        let found = found.ok_or_else(|| faults::no_function(world, &self.named))?;
        Ok(&found.function)
    }
}

/// `CreateEventSourceMapping`.
pub(super) fn create(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let mut mapping = Mapping {
        named: Named::parse(world, text(input, "FunctionName")),
        queue_arn: text(input, "EventSourceArn").to_owned(),
        batch_size: 10,
        reports_failures: false,
        at_once: None,
        enabled: input["Enabled"] != false,
        modified: world.now,
        becoming: Some((due(world), Becoming::Created)),
        busy: 0,
    };
    mapping.set(world, input)?;
    let mut others = world.functions.mappings.iter();
    let same =
        others.find(|(_, it)| it.named == mapping.named && it.queue_arn == mapping.queue_arn);
    if let Some((uuid, _)) = same {
        return Err(faults::conflict(format!(
            "An event source mapping with SQS arn (\" {} \") and function (\" {} \") already exists. Please update or delete \
             the existing mapping with UUID {uuid}",
            mapping.queue_arn,
            mapping.named.resource()
        )));
    }
    polling::check_role(world, &mapping)?;
    let uuid = world.uuid();
    let shown = mapping.shown(world, &uuid);
    world.functions.mappings.insert(uuid, mapping);
    settle(world);
    Ok(shown)
}

/// `GetEventSourceMapping`.
pub(super) fn get(world: &World, input: &Value) -> Result<Value, Fault> {
    let uuid = text(input, "UUID");
    Ok(found(world, uuid)?.shown(world, uuid))
}

/// `UpdateEventSourceMapping`.
pub(super) fn update(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let uuid = text(input, "UUID");
    let mut mapping = found(world, uuid)?.clone();
    check_idle(&mapping)?;
    mapping.set(world, input)?;
    let becoming = match input["Enabled"].as_bool() {
        Some(true) if !mapping.enabled => Becoming::Enabled,
        Some(false) if mapping.enabled => Becoming::Disabled,
        _ => Becoming::Updated,
    };
    mapping.enabled = input["Enabled"].as_bool().unwrap_or(mapping.enabled);
    Ok(change(world, uuid, mapping, becoming))
}

/// `DeleteEventSourceMapping`.
pub(super) fn delete(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let uuid = text(input, "UUID");
    let mapping = found(world, uuid)?.clone();
    check_idle(&mapping)?;
    Ok(change(world, uuid, mapping, Becoming::Deleted))
}

/// `ListEventSourceMappings`.
pub(super) fn list(world: &World, input: &Value) -> Result<Value, Fault> {
    let function = input["FunctionName"].as_str();
    let function = function.map(|given| Named::parse(world, given));
    let queue = input["EventSourceArn"].as_str();
    let is_of = |mapping: &Mapping, wanted: &Named| {
        let all = wanted.qualifier.is_none() && world.functions.lists_mappings_of_aliases;
        mapping.named == *wanted || (all && mapping.named.name == wanted.name)
    };
    let wanted = world.functions.mappings.iter().filter(|(_, mapping)| {
        function
            .as_ref()
            .is_none_or(|wanted| is_of(mapping, wanted))
            && queue.is_none_or(|queue| mapping.queue_arn == queue)
    });
    let shown = wanted.map(|(uuid, mapping)| mapping.shown(world, uuid));
    let (listed, next) = page::of(shown.collect(), input, PAGE)?;
    Ok(page::answer(json!({ "EventSourceMappings": listed }), next))
}

/// The ARN of a mapping.
pub(super) fn arn(world: &World, uuid: &str) -> String {
    world.arn("lambda", &format!("event-source-mapping:{uuid}"))
}

/// Whether a mapping is what it was asked to be; none if there is no such mapping.
pub(super) fn is_settled(world: &World, uuid: &str) -> Option<bool> {
    let mapping = world.functions.mappings.get(uuid)?;
    Some(mapping.becoming.is_none())
}

/// The ARN of what a mapping invokes.
pub(super) fn function_arn(world: &World, uuid: &str) -> Option<String> {
    let mapping = world.functions.mappings.get(uuid)?;
    Some(mapping.named.arn(world))
}

/// Lets mappings be what they are becoming, once it is time.
pub(super) fn settle(world: &mut World) {
    let now = world.now;
    world.functions.mappings.retain(|_, mapping| {
        let ended = mapping.becoming.take_if(|(at, _)| *at <= now);
        !matches!(ended, Some((_, Becoming::Deleted)))
    });
}

fn change(world: &mut World, uuid: &str, mapping: Mapping, becoming: Becoming) -> Value {
    let mapping = Mapping {
        modified: world.now,
        becoming: Some((due(world), becoming)),
        ..mapping
    };
    let shown = mapping.shown(world, uuid);
    world.functions.mappings.insert(uuid.to_owned(), mapping);
    settle(world);
    shown
}

fn due(world: &World) -> Moment {
    world.now + world.paced(world.functions.mapping_takes)
}

fn found<'a>(world: &'a World, uuid: &str) -> Result<&'a Mapping, Fault> {
    let found = world.functions.mappings.get(uuid);
    found.ok_or_else(|| faults::not_found("The resource you requested does not exist."))
}

/// AWS: API reference, `ResourceInUseException`.
fn check_idle(mapping: &Mapping) -> Result<(), Fault> {
    match mapping.becoming {
        None => Ok(()),
        Some(_) => Err(Fault::new(
            "ResourceInUseException",
            "Cannot update the event source mapping because it is in use.",
        )),
    }
}
