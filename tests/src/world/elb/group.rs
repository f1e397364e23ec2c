//! Target groups and their settings.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};

use super::{
    Target,
    attributes::{Allowed, Attribute, Attributes, SWITCH},
    balancer::{self, checked_name},
    faults::{count, list, no_target_group, only, text, unsupported, validation},
    metrics::Traffic,
    target::Registration,
};
use crate::world::{Fault, World};

/// A target group of IP addresses.
#[derive(Debug)]
pub(super) struct TargetGroup {
    name: String,
    pub(super) port: u16,
    vpc: Option<String>,
    pub(super) check: HealthCheck,
    pub(super) attributes: Attributes,
    /// Whose rules forward to it.
    pub(super) load_balancer: Option<String>,
    pub(super) targets: BTreeMap<Target, Registration>,
    pub(super) traffic: Traffic,
}

/// How targets are checked.
#[derive(Debug)]
pub(super) struct HealthCheck {
    pub(super) path: String,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    /// Passes in a row that make an unhealthy target healthy.
    pub(super) healthy_threshold: u32,
    /// Failures in a row that make a target unhealthy.
    pub(super) unhealthy_threshold: u32,
    matcher: String,
    /// First and last of the statuses that pass.
    passing: Vec<(u16, u16)>,
}

const DEREGISTRATION_DELAY: &str = "deregistration_delay.timeout_seconds";
const STICKY_TARGETS: &str = "stickiness.enabled";

/// Attributes of such a group with their defaults. Which target of a group a request goes to is always
/// decided by round robin here, and always with all zones: what would change that is refused, but for
/// `stickiness.*` and `slow_start.*`, which are kept and described only.
/// AWS: API reference, `TargetGroupAttribute`.
const ATTRIBUTES: [Attribute; 13] = [
    Attribute::new(DEREGISTRATION_DELAY, "300", Allowed::Seconds(0, 3600)),
    Attribute::new(STICKY_TARGETS, "false", SWITCH),
    Attribute::new(
        "stickiness.type",
        "lb_cookie",
        Allowed::OneOf(&["lb_cookie", "app_cookie"]),
    ),
    Attribute::new(
        "stickiness.lb_cookie.duration_seconds",
        "86400",
        Allowed::Seconds(1, 604_800),
    ),
    Attribute::new(
        "stickiness.app_cookie.duration_seconds",
        "86400",
        Allowed::Seconds(1, 604_800),
    ),
    Attribute::new("stickiness.app_cookie.cookie_name", "", Allowed::Any),
    Attribute::new(
        "slow_start.duration_seconds",
        "0",
        Allowed::ZeroOrSeconds(30, 900),
    ),
    Attribute::new(
        "load_balancing.algorithm.type",
        "round_robin",
        Allowed::OneOf(&["round_robin"]),
    ),
    Attribute::new(
        "load_balancing.cross_zone.enabled",
        "use_load_balancer_configuration",
        Allowed::OneOf(&["use_load_balancer_configuration", "true"]),
    ),
    Attribute::new(
        "target_group_health.dns_failover.minimum_healthy_targets.count",
        "1",
        Allowed::OneOf(&["1"]),
    ),
    Attribute::new(
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        "off",
        Allowed::OneOf(&["off"]),
    ),
    Attribute::new(
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "1",
        Allowed::OneOf(&["1"]),
    ),
    Attribute::new(
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        "off",
        Allowed::OneOf(&["off"]),
    ),
];

/// `CreateTargetGroup`.
pub(super) fn create(world: &mut World, input: &Value) -> Result<Value, Fault> {
    check_kind(input)?;
    let name = checked_name(input, "target group")?;
    if world.elb.target_groups.values().any(|it| it.name == name) {
        return Err(Fault::new(
            "DuplicateTargetGroupNameException",
            format!(
                "A target group with the same name '{name}' exists, but with different settings"
            ),
        ));
    }
    let port = count(input, "Port").and_then(|port| u16::try_from(port).ok());
    let group = TargetGroup {
        port: port.ok_or_else(|| validation("A port must be specified"))?,
        vpc: text(input, "VpcId").map(str::to_owned),
        check: HealthCheck::parse(input)?,
        attributes: Attributes::new(&ATTRIBUTES),
        load_balancer: None,
        targets: BTreeMap::new(),
        traffic: Traffic::default(),
        name,
    };
    let id = balancer::next_id(world);
    let arn = balancer::arn(world, &format!("targetgroup/{}/{id}", group.name));
    let described = group.described(&arn);
    world.elb.target_groups.insert(arn, group);
    Ok(json!({ "TargetGroups": [described] }))
}

/// What exists here is a group of IP addresses that take plain HTTP.
fn check_kind(input: &Value) -> Result<(), Fault> {
    let known = [
        "Name",
        "Protocol",
        "ProtocolVersion",
        "Port",
        "VpcId",
        "HealthCheckProtocol",
        "HealthCheckPort",
        "HealthCheckEnabled",
        "HealthCheckPath",
        "HealthCheckIntervalSeconds",
        "HealthCheckTimeoutSeconds",
        "HealthyThresholdCount",
        "UnhealthyThresholdCount",
        "Matcher",
        "TargetType",
        "Tags",
        "IpAddressType",
    ];
    only(input, "target groups", &known)?;
    let wanted = [
        ("TargetType", "ip", "instance"),
        ("Protocol", "HTTP", ""),
        ("ProtocolVersion", "HTTP1", "HTTP1"),
        ("HealthCheckProtocol", "HTTP", "HTTP"),
        ("HealthCheckPort", "traffic-port", "traffic-port"),
        ("IpAddressType", "ipv4", "ipv4"),
    ];
    for (member, wanted, default) in wanted {
        let given = text(input, member).unwrap_or(default);
        if given != wanted {
            return Err(unsupported(
                &format!("target groups with {member} '{given}'"),
                &format!("It is {wanted}."),
            ));
        }
    }
    if input["HealthCheckEnabled"] == Value::Bool(false) {
        return Err(validation(
            "Health check enabled must be true for target groups with target type 'ip'",
        ));
    }
    Ok(())
}

/// `ModifyTargetGroupAttributes`.
pub(super) fn modify_attributes(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let arn = text(input, "TargetGroupArn").unwrap_or_default();
    let group = world.elb.target_groups.get_mut(arn);
    let group = group.ok_or_else(|| no_target_group(arn))?;
    group
        .attributes
        .modify(list(input, "Attributes").unwrap_or_default())?;
    Ok(json!({ "Attributes": group.attributes.described() }))
}

impl TargetGroup {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// In AWS time.
    pub(super) fn deregistration_delay(&self) -> Duration {
        let seconds = self.attributes.get(DEREGISTRATION_DELAY).parse();
        Duration::from_secs(seconds.unwrap_or_default())
    }

    /// Whether clients stay with a target.
    pub(super) fn has_sticky_targets(&self) -> bool {
        self.attributes.get(STICKY_TARGETS) == "true"
    }

    /// As `DescribeTargetGroups` shows it.
    pub(super) fn described(&self, arn: &str) -> Value {
        let load_balancers: Vec<_> = self.load_balancer.iter().collect();
        let mut described = json!({
            "TargetGroupArn": arn,
            "TargetGroupName": self.name,
            "Protocol": "HTTP",
            "Port": self.port,
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckEnabled": true,
            "HealthCheckIntervalSeconds": self.check.interval.as_secs(),
            "HealthCheckTimeoutSeconds": self.check.timeout.as_secs(),
            "HealthyThresholdCount": self.check.healthy_threshold,
            "UnhealthyThresholdCount": self.check.unhealthy_threshold,
            "HealthCheckPath": self.check.path,
            "Matcher": { "HttpCode": self.check.matcher },
            "LoadBalancerArns": load_balancers,
            "TargetType": "ip",
            "ProtocolVersion": "HTTP1",
            "IpAddressType": "ipv4",
        });
        if let Some(vpc) = &self.vpc {
            described["VpcId"] = vpc.clone().into();
        }
        described
    }
}

impl HealthCheck {
    /// AWS: API reference, `CreateTargetGroup`; ranges are in its model.
    pub(super) fn parse(input: &Value) -> Result<Self, Fault> {
        let number = |member: &str, default: u32| count(input, member).unwrap_or(default);
        let seconds = |member: &str, default| Duration::from_secs(number(member, default).into());
        let empty = Map::new();
        let matcher = input["Matcher"].as_object().unwrap_or(&empty);
        let matcher = matcher.get("HttpCode").and_then(Value::as_str);
        let matcher = matcher.unwrap_or("200");
        let check = Self {
            path: text(input, "HealthCheckPath").unwrap_or("/").to_owned(),
            interval: seconds("HealthCheckIntervalSeconds", 30),
            timeout: seconds("HealthCheckTimeoutSeconds", 5),
            healthy_threshold: number("HealthyThresholdCount", 5),
            unhealthy_threshold: number("UnhealthyThresholdCount", 2),
            matcher: matcher.to_owned(),
            passing: ranges(matcher).ok_or_else(|| {
                validation(format!(
                    "Health check matcher HTTP code '{matcher}' must be within '200-499' inclusive, \
                     like '200', '200,202' or '200-299'"
                ))
            })?,
        };
        if check.interval <= check.timeout {
            return Err(validation(
                "Health check interval must be greater than the timeout",
            ));
        }
        if !check.path.starts_with('/') {
            return Err(validation(format!(
                "Health check path '{}' must begin with a '/'",
                check.path
            )));
        }
        Ok(check)
    }

    /// Whether a target with this answer is well.
    pub(super) fn passes(&self, status: u16) -> bool {
        let mut ranges = self.passing.iter();
        ranges.any(|(first, last)| (*first..=*last).contains(&status))
    }
}

/// AWS: API reference, `Matcher`: values and ranges between 200 and 499.
fn ranges(matcher: &str) -> Option<Vec<(u16, u16)>> {
    let code = |text: &str| {
        let code: u16 = text.trim().parse().ok()?;
        (200..=499).contains(&code).then_some(code)
    };
    matcher
        .split(',')
        .map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (code(first)?, code(last)?);
            (first <= last).then_some((first, last))
        })
        .collect()
}

/// A group as requests name it.
pub(super) fn find<'a>(world: &'a World, arn: &str) -> Result<&'a TargetGroup, Fault> {
    let found = world.elb.target_groups.get(arn);
    found.ok_or_else(|| no_target_group(arn))
}
