//! What a service is to the account, and the list of services.
//!
//! A service is a folder or a file of its own, with a `SERVICE` that says all that the rest of the account has to know: how
//! it is called, what time does to it, what its calls need, and which resources stacks make of it. The account, the wire and
//! the stacks find it by the name that a call or a template says; they know none of the names themselves.

#[cfg(test)]
mod wall;

use std::time::Duration;

use serde_json::Value;

use super::{
    Fault, Principal, World,
    iam::needs::{Need, Question},
    journal::Call,
    limits::Group,
    unknown_operation,
};
use crate::provision::ResourceType;

/// A service of the account.
pub struct Service {
    /// Its name in the `SigV4` credential scope, which calls and the journal have too: `monitoring` for `CloudWatch`.
    pub name: &'static str,
    /// How it is called over the wire.
    pub endpoint: Endpoint,
    /// Where its resources are.
    pub reach: Reach,
    /// Carries out an operation; the input has been checked against the service's model.
    pub call: fn(&mut World, &Called<'_>) -> Result<Value, Fault>,
    /// How long a call with this output waits for a better one (long polling). The wire asks it again meanwhile.
    pub waits: fn(&World, &Called<'_>, &Value) -> Duration,
    /// What it does by itself up to the world's time.
    pub tick: fn(&mut World),
    /// What its actions begin with in policies: `cloudwatch` for `CloudWatch`.
    pub prefix: &'static str,
    /// What a call needs to be allowed; `None` for an operation that it does not have. Nothing at all is the action itself.
    pub needs: fn(&Question<'_>) -> Option<Vec<Need>>,
    /// Condition keys of its own that its calls fill in.
    pub condition_keys: &'static [&'static str],
    /// Those of them that may have several values, so that a policy needs `ForAllValues` or `ForAnyValue`.
    pub several_values: &'static [&'static str],
    /// Who assumes the service-linked role that is made for it, and the role's name. AWS: the services' own pages on them.
    pub linked_role: Option<(&'static str, &'static str)>,
    /// The types of resources that stacks make of it.
    pub resources: &'static [ResourceType],
    /// Its answer to who may not: code and HTTP status. Services that speak or once spoke the query protocol answer 403.
    pub denied: (&'static str, u16),
    /// Its answer to who calls too often (botocore 1.43: the services' models, and `_retry.json` for those that do not
    /// model it).
    pub throttled: (&'static str, u16),
    /// How many calls it takes, where it says so.
    pub limits: &'static [Group],
    /// What clients of its former query protocol know an error as, where that is another name and its model does not say so.
    pub former_code: fn(&str) -> Option<String>,
}

/// How a service is called over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Not at all: other services call it, or stacks make its resources.
    None,
    /// In the protocol that AWS's model of it says. This is the model, trimmed by `models/trim.py`.
    Model(&'static str),
    /// With objects as bodies, as only S3 is: its operations are in the wire's codec.
    RestXml,
}

/// Where the resources of a service are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// In the account and its Region.
    Region,
    /// In the account and no Region; requests are signed for this one, too.
    Global(&'static str),
    /// In other accounts and Regions, too.
    Everywhere,
}

/// A call of an operation.
#[derive(Debug, Clone, Copy)]
pub struct Called<'a> {
    /// The id that its answer says, if it came over the wire. One that waits has the same id each time that it is asked again.
    pub request_id: Option<&'a str>,
    /// In which Region.
    pub region: &'a str,
    /// Of which service, by its name in the `SigV4` credential scope.
    pub service: &'a str,
    /// Which.
    pub operation: &'a str,
    /// With what.
    pub input: &'a Value,
    /// By whom.
    pub principal: &'a Principal,
}

impl<'a> From<&'a Call> for Called<'a> {
    fn from(call: &'a Call) -> Self {
        Self {
            request_id: Some(&call.request_id),
            region: &call.region,
            service: &call.service,
            operation: &call.operation,
            input: &call.input,
            principal: &call.principal,
        }
    }
}

impl Service {
    /// A service that nobody can call and that time does nothing to.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            endpoint: Endpoint::None,
            reach: Reach::Region,
            call: |_, called| Err(unknown_operation(called.service, called.operation)),
            waits: |_, _, _| Duration::ZERO,
            tick: |_| {},
            prefix: name,
            needs: |_| None,
            condition_keys: &[],
            several_values: &[],
            linked_role: None,
            resources: &[],
            denied: ("AccessDeniedException", 400),
            throttled: ("ThrottlingException", 400),
            limits: &[],
            former_code: |_| None,
        }
    }
}

/// A service by its name, or else one like most.
#[must_use]
pub fn of(name: &str) -> &'static Service {
    const LIKE_MOST: &Service = &Service::new("unknown");
    find(name).unwrap_or(LIKE_MOST)
}

/// A service by its name in the `SigV4` credential scope.
#[must_use]
pub fn find(name: &str) -> Option<&'static Service> {
    super::SERVICES.iter().copied().find(|it| it.name == name)
}

/// Makes the list of services, and the account that has the state of each: a module, and the type of its state if it has one.
macro_rules! services {
    ($($module:ident $(:: $State:ident)?,)*) => {
        /// The services, in the order in which time comes to them.
        pub static SERVICES: &[&Service] = &[$(&$module::SERVICE,)*];

        /// Their modules, in the same order.
        #[cfg(test)]
        const MODULES: &[&str] = &[$(stringify!($module),)*];

        /// The account.
        #[derive(Debug)]
        pub struct World {
            /// Where all this is.
            pub identity: Identity,
            /// The account's time. Set by whoever drives the world, before each call and tick.
            pub now: Moment,
            /// How many times faster than on AWS the account's own clockwork runs: metric periods, alarm
            /// evaluation, schedules, health-check intervals. 1 on the virtual clock.
            pub pace: u32,
            /// What happened, for transcripts, the terminal and the report.
            pub journal: Vec<Entry>,
            /// What is to be done outside.
            pub outbox: Vec<Effect>,
            /// How many calls the services take.
            pub limits: limits::Limits,
            $($(
                #[doc = concat!("The state of [`", stringify!($module), "`].")]
                pub $module: $module::$State,
            )?)*
            /// Source of ids: the same sequence in every run.
            ids: u64,
        }

        impl World {
            /// An empty account at a given time.
            #[must_use]
            pub fn new(identity: Identity, now: Moment, pace: u32) -> Self {
                Self {
                    identity,
                    now,
                    pace,
                    journal: Vec::new(),
                    outbox: Vec::new(),
                    limits: limits::Limits::default(),
                    $($($module: $module::$State::default(),)?)*
                    ids: 0,
                }
            }
        }
    };
}
pub(super) use services;
