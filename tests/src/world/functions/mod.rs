//! AWS Lambda: functions with their versions and aliases, what invokes them, and what becomes of it.
//!
//! A function's code and configuration change in `$LATEST`; a published version keeps what `$LATEST` had. An alias names one
//! version, or shares its invocations between two by weight and chance. A function URL is there, and nobody calls it. Layers, VPCs,
//! reserved concurrency and throttling do not exist here. A function's every version acts as the role that `$LATEST` has.

mod alias;
mod api;
mod code;
mod configuration;
mod events;
mod faults;
mod function;
mod invocation;
mod invoke;
mod invoker;
mod mapping;
mod metrics;
mod names;
mod needs;
mod page;
mod polling;
mod provision;
mod provisioned;
mod routing;
mod shares;
mod update;
mod version;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use super::{
    World,
    service::{Endpoint, Service},
};

pub use events::invoke_async;
pub use function::{
    Archive, Function, arn, create_function, delete_function, environment, function,
};
pub use invocation::{Ended, Invocation, ended, program_of};
pub use invoker::{Invoker, invoke_for};
pub use routing::Lots;
pub use shares::shares;
pub use version::{Failure, LATEST, State, delete as delete_version, set_state};

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../../models/lambda.json")),
    call: api::call,
    waits: invoke::waits,
    tick,
    needs: needs::needs,
    condition_keys: &["lambda:FunctionArn"],
    denied: ("AccessDeniedException", 403),
    throttled: ("TooManyRequestsException", 429),
    resources: provision::RESOURCES,
    ..Service::new("lambda")
};

/// Functions and the invocations that wait.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that AWS does or does not"
)]
pub struct Functions {
    /// Whether every event is run twice, as Lambda's at-least-once delivery may do without any
    /// error: two runs with one id.
    pub deliver_twice: bool,
    /// The last attempts at events that Lambda has given up, oldest first.
    pub dead: Vec<Invocation>,
    /// How long an update of code or configuration takes, and a published version until it is active, in AWS time.
    pub update_takes: Duration,
    /// How the next update ends, if not well.
    pub failing_update: Option<Failure>,
    /// How the next version that is published ends, if not well.
    pub failing_version: Option<Failure>,
    /// How long it takes until provisioned concurrency is ready, in AWS time.
    pub provisioning_takes: Duration,
    /// Why the next provisioned concurrency fails, if it does.
    pub failing_provisioning: Option<String>,
    /// How long an event source mapping takes to be what it is asked to be, in AWS time.
    pub mapping_takes: Duration,
    /// Batches of one mapping that are processed at once, where it does not say how many. AWS: "Using Lambda with Amazon SQS":
    /// Lambda begins with five, and adds more while there are messages.
    pub batches_at_once: usize,
    /// Whether the end of an update gives `$LATEST` another revision, as its beginning does. Not documented.
    pub settling_changes_revision: bool,
    /// Whether an alias may not give all its weight to the second version. The model allows 1.0, and not all agree.
    pub refuses_whole_weight: bool,
    /// Whether an update of an alias that names another version and no weights takes those away that it has. Not documented.
    pub version_resets_weights: bool,
    /// Whether a list of a function's event source mappings has those of its aliases and versions. Not documented.
    pub lists_mappings_of_aliases: bool,
    /// Whether an invocation without an error is reported as `Errors` 0. Not documented.
    pub reports_zero_errors: bool,
    /// What people call packages, by the SHA-256 digest in Base64.
    pub labels: BTreeMap<String, String>,
    /// Which version an invocation of an alias with weights gets.
    pub lots: Lots,
    by_name: BTreeMap<String, version::Versions>,
    /// How many revisions there have been.
    revisions: u64,
    /// Events to be tried again.
    events: Vec<events::Waiting>,
    /// What runs, by [`Invocation::run`].
    running: BTreeMap<String, invocation::Running>,
    /// Invocations that a caller waits for and that have ended, oldest first.
    answers: VecDeque<invoke::Answered>,
    /// Event source mappings by UUID.
    mappings: BTreeMap<String, mapping::Mapping>,
}

impl Default for Functions {
    fn default() -> Self {
        Self {
            deliver_twice: false,
            dead: Vec::new(),
            update_takes: Duration::from_secs(3),
            failing_update: None,
            failing_version: None,
            provisioning_takes: Duration::from_mins(1),
            failing_provisioning: None,
            mapping_takes: Duration::from_secs(10),
            batches_at_once: 5,
            settling_changes_revision: true,
            refuses_whole_weight: false,
            version_resets_weights: false,
            lists_mappings_of_aliases: false,
            reports_zero_errors: false,
            labels: BTreeMap::new(),
            lots: Lots::seeded(1),
            by_name: BTreeMap::new(),
            revisions: 0,
            events: Vec::new(),
            running: BTreeMap::new(),
            answers: VecDeque::new(),
            mappings: BTreeMap::new(),
        }
    }
}

/// Ends updates that are done, starts the retries that are due and polls queues.
pub fn tick(world: &mut World) {
    update::settle(world);
    mapping::settle(world);
    events::retry(world);
    polling::poll_all(world);
}

#[cfg(test)]
mod tests;
