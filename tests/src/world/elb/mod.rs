//! Elastic Load Balancing v2: application load balancers with weighted target groups.
//!
//! Actions and conditions are kept as AWS describes them. Nothing here opens a port: whoever drives
//! the world forwards requests as [`route()`] says and checks targets as [`Probe`]s ask.
//!
//! Different from AWS: requests are shared among groups by turns, unless [`Elb::lots`] are drawn; session stickiness of
//! a target group and slow start are kept and described, but do not change where requests go; whoever
//! has to sign in (`authenticate-oidc`, `authenticate-cognito`) counts as signed in; nothing is
//! encrypted.

mod action;
mod association;
mod attributes;
mod balancer;
mod condition;
mod describe;
mod faults;
mod forward;
mod group;
mod history;
mod limits;
mod metrics;
mod needs;
mod notes;
mod provision;
mod removal;
mod route;
mod rule;
mod target;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    Fault, World,
    service::{Endpoint, Service},
    unknown_operation,
};
use balancer::LoadBalancer;
use group::TargetGroup;
use rule::{Listener, Rule};

pub use balancer::full_name;
pub use forward::Lots;

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    endpoint: Endpoint::Model(include_str!("../../../models/elbv2.json")),
    call: |world, it| call(world, it.operation, it.input),
    tick,
    denied: ("AccessDeniedException", 403),
    throttled: ("Throttling", 400),
    limits: limits::GROUPS,
    needs: needs::needs,
    linked_role: Some((
        "elasticloadbalancing.amazonaws.com",
        "AWSServiceRoleForElasticLoadBalancing",
    )),
    resources: provision::RESOURCES,
    ..Service::new("elasticloadbalancing")
};

/// Load balancers, listeners, rules, target groups with their targets.
#[derive(Debug)]
pub struct Elb {
    /// For how long after a rule or listener was modified requests still go where they went, in
    /// account time. AWS does not document it; a second is what it mostly takes.
    pub propagation: Duration,
    /// How much older than now `DescribeRules` and `DescribeListeners` may answer, in account time.
    pub read_lag: Duration,
    /// How much later than the others of its minute a metric reaches `CloudWatch`, in AWS time, by name. All are sent together;
    /// whether they arrive together is not documented.
    pub metrics_delay: BTreeMap<&'static str, Duration>,
    /// Whether requests and answers of a group with targets are reported where there were none. The user guide has said both.
    pub reports_zeros: bool,
    /// Whether `RequestCount` counts a request in the minute in which it comes, and not in which it ends. AWS does not
    /// document it.
    pub counts_on_arrival: bool,
    /// Lots that decide which group a request goes to, as on AWS; `None` for turns, which meet the weights exactly.
    pub lots: Option<Lots>,
    /// By ARN, as all that follow.
    load_balancers: BTreeMap<String, LoadBalancer>,
    listeners: BTreeMap<String, Listener>,
    rules: BTreeMap<String, Rule>,
    target_groups: BTreeMap<String, TargetGroup>,
    /// Source of ids.
    ids: u64,
    /// How many requests went to targets.
    requests: u64,
    noted: notes::Noted,
    /// The minute of metric time that was running at the last tick.
    published_minute: Option<u64>,
    /// Metrics on their way to `CloudWatch`.
    underway: Vec<metrics::Datum>,
}

impl Default for Elb {
    fn default() -> Self {
        Self {
            propagation: Duration::from_secs(1),
            read_lag: Duration::ZERO,
            metrics_delay: BTreeMap::new(),
            reports_zeros: false,
            counts_on_arrival: false,
            lots: None,
            load_balancers: BTreeMap::new(),
            listeners: BTreeMap::new(),
            rules: BTreeMap::new(),
            target_groups: BTreeMap::new(),
            ids: 0,
            requests: 0,
            noted: notes::Noted::default(),
            published_minute: None,
            underway: Vec::new(),
        }
    }
}

/// A target of a group: the private IPv4 address of a task and the port of its container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// For example `10.0.0.7`.
    pub ip: String,
    /// For example 8080.
    pub port: u16,
}

/// How the load balancer sees a target: `TargetHealthStateEnum`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetState {
    /// Registered, not checked to the end yet.
    Initial,
    /// Takes requests.
    Healthy,
    /// Failed its checks.
    Unhealthy,
    /// The group is not used by any rule.
    Unused,
    /// Deregistered; finishes what it has.
    Draining,
}

/// A health check that is due. Whoever drives the world sends the request and reports with
/// [`checked`].
#[derive(Debug, Clone)]
pub struct Probe {
    /// ARN of the target group.
    pub target_group: String,
    /// Whom.
    pub target: Target,
    /// `HealthCheckPath`.
    pub path: String,
    /// `HealthCheckTimeoutSeconds`, in account time: as much shorter as the account is faster.
    pub timeout: Duration,
}

/// A request as it reaches a listener.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// ARN of the listener.
    pub listener: String,
    /// Path without query.
    pub path: String,
    /// `Host` header.
    pub host: String,
    /// Value of the cookie `AWSALBTG`, if the client sent one.
    pub cookie: Option<String>,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routed {
    /// To a target; [`answered`] has to follow.
    To {
        /// ARN of the target group.
        target_group: String,
        /// Whom.
        target: Target,
        /// Value for the cookie `AWSALBTG`, if the forward action is sticky.
        set_cookie: Option<String>,
    },
    /// The load balancer answers by itself: a fixed response, 503 where the group has no target.
    Answer(u16),
}

/// What came of a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It answered with a status.
    Status(u16),
    /// It refused the connection, broke it off, or answered what is not HTTP.
    Broken,
    /// Nothing came in time.
    Late,
}

/// What a target made of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// It answered with a status, after so long.
    Status(u16, Duration),
    /// It refused the connection.
    Refused,
    /// No connection came about in time.
    Unreachable,
    /// It took the connection and then closed it, or answered what is not HTTP, or was removed.
    Dropped,
    /// It took the connection, and no answer came in time.
    Late,
    /// The client closed its connection before there was an answer.
    GivenUp,
}

impl Answered {
    /// What the load balancer answers itself; none where the target has answered. AWS: "Troubleshoot your Application
    /// Load Balancers", HTTP 460, 502 and 504.
    #[must_use]
    pub fn own_status(self) -> Option<u16> {
        match self {
            Self::Status(..) => None,
            Self::Refused | Self::Dropped => Some(502),
            Self::Unreachable | Self::Late => Some(504),
            Self::GivenUp => Some(460),
        }
    }
}

pub use removal::{delete, modify_target_group};

/// Calls one API operation.
///
/// # Errors
/// The fault that AWS would answer with.
pub fn call(world: &mut World, operation: &str, input: &Value) -> Result<Value, Fault> {
    match operation {
        "CreateListener" => rule::create_listener(world, input),
        "CreateLoadBalancer" => balancer::create(world, input),
        "CreateRule" => rule::create_rule(world, input),
        "CreateTargetGroup" => group::create(world, input),
        "DescribeListeners" => describe::listeners(world, input),
        "DescribeLoadBalancers" => describe::load_balancers(world, input),
        "DescribeRules" => describe::rules(world, input),
        "DescribeTargetGroupAttributes" => describe::target_group_attributes(world, input),
        "DescribeTargetGroups" => describe::target_groups(world, input),
        "DescribeTargetHealth" => describe::target_health(world, input),
        "ModifyListener" => rule::modify_listener(world, input),
        "ModifyLoadBalancerAttributes" => balancer::modify_attributes(world, input),
        "ModifyRule" => rule::modify_rule(world, input),
        "ModifyTargetGroupAttributes" => group::modify_attributes(world, input),
        _ => Err(unknown_operation(SERVICE.name, operation)),
    }
}

/// Lets health checks fall due, drained targets go and metrics come out.
pub fn tick(world: &mut World) {
    target::tick(world);
    metrics::publish(world);
    notes::note(world);
}

/// Registers a target, as ECS does when a task runs. It is known at once and `Initial`, or `Unused`
/// while no rule forwards to the group. One that drains is registered anew.
pub fn register(world: &mut World, target_group: &str, target: Target) {
    target::register(world, target_group, target);
}

/// Deregisters a target: it drains for the group's deregistration delay, then it is gone.
pub fn deregister(world: &mut World, target_group: &str, target: &Target) {
    target::deregister(world, target_group, target);
}

/// How the load balancer sees a target; `None` when it is not registered (any more).
#[must_use]
pub fn state(world: &World, target_group: &str, target: &Target) -> Option<TargetState> {
    let group = world.elb.target_groups.get(target_group)?;
    let registration = group.targets.get(target)?;
    registration.state(group.load_balancer.is_some(), world.now)
}

/// The load balancer whose rules forward to a group; `None` if none does or there is no such group.
/// ECS refuses services with such a group.
#[must_use]
pub fn load_balancer_of<'a>(world: &'a World, target_group: &str) -> Option<&'a str> {
    let group = world.elb.target_groups.get(target_group)?;
    group.load_balancer.as_deref()
}

/// `deregistration_delay.timeout_seconds` of a group, as AWS counts it (not paced).
#[must_use]
pub fn deregistration_delay(world: &World, target_group: &str) -> Option<Duration> {
    let group = world.elb.target_groups.get(target_group)?;
    Some(group.deregistration_delay())
}

/// A health check came to a result.
pub fn checked(world: &mut World, probe: &Probe, result: Checked) {
    target::checked(world, probe, result);
}

/// Decides where a request goes.
pub fn route(world: &mut World, request: &Request) -> Routed {
    route::route(world, request)
}

/// A target of a group was chosen for a request, which [`route()`] did: for who wants to count it without routing it.
pub fn chosen(world: &mut World, target_group: &str) {
    route::chosen(world, target_group);
}

/// A request that was routed to a target came to its end: counts towards the group's metrics.
pub fn answered(world: &mut World, routed: &Routed, answered: Answered) {
    route::answered(world, routed, answered);
}

/// ARN and port of every listener.
#[must_use]
pub fn listeners(world: &World) -> Vec<(String, u16)> {
    let all = world.elb.listeners.iter();
    all.map(|(arn, listener)| (arn.clone(), listener.port))
        .collect()
}

/// The DNS name of a listener's load balancer.
#[must_use]
pub fn dns_name<'a>(world: &'a World, listener: &str) -> Option<&'a str> {
    let listener = world.elb.listeners.get(listener)?;
    let load_balancer = world.elb.load_balancers.get(&listener.load_balancer)?;
    Some(load_balancer.dns_name())
}
