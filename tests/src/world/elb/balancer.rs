//! Load balancers, and names and ids of what belongs to them.

use serde_json::{Value, json};

use super::{
    attributes::{Allowed, Attribute, Attributes, SWITCH},
    faults::{list, no_load_balancer, only, text, texts, unsupported, validation},
    metrics::Own,
};
use crate::{
    clock::Moment,
    world::{Fault, World},
};

/// Characters. AWS: API reference, `CreateLoadBalancer` and `CreateTargetGroup`.
const LONGEST_NAME: usize = 32;

/// An application load balancer.
#[derive(Debug)]
pub(super) struct LoadBalancer {
    name: String,
    dns_name: String,
    scheme: String,
    created: Moment,
    subnets: Vec<String>,
    security_groups: Vec<String>,
    attributes: Attributes,
    /// Errors that it has answered itself since the last minute of metrics.
    pub(super) own: Own,
}

/// Attributes that change nothing that can be seen here, with their defaults. AWS: API reference,
/// `LoadBalancerAttribute`.
const ATTRIBUTES: [Attribute; 8] = [
    Attribute::new(
        "client_keep_alive.seconds",
        "3600",
        Allowed::Seconds(60, 604_800),
    ),
    Attribute::new("deletion_protection.enabled", "false", SWITCH),
    Attribute::new(
        "idle_timeout.timeout_seconds",
        "60",
        Allowed::Seconds(1, 4000),
    ),
    Attribute::new(
        "routing.http.desync_mitigation_mode",
        "defensive",
        Allowed::OneOf(&["monitor", "defensive", "strictest"]),
    ),
    Attribute::new(
        "routing.http.drop_invalid_header_fields.enabled",
        "false",
        SWITCH,
    ),
    Attribute::new("routing.http.preserve_host_header.enabled", "false", SWITCH),
    Attribute::new("routing.http.xff_client_port.enabled", "false", SWITCH),
    Attribute::new("routing.http2.enabled", "true", SWITCH),
];

/// `CreateLoadBalancer`.
pub(super) fn create(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let known = [
        "Name",
        "Subnets",
        "SecurityGroups",
        "Scheme",
        "Tags",
        "Type",
        "IpAddressType",
    ];
    only(input, "load balancers", &known)?;
    let kind = text(input, "Type").unwrap_or("application");
    if kind != "application" {
        return Err(unsupported(
            &format!("load balancers of type {kind}"),
            "Its type is application.",
        ));
    }
    if text(input, "IpAddressType").is_some_and(|kind| kind != "ipv4") {
        return Err(unsupported("other addresses than ipv4", "Leave them out."));
    }
    let name = checked_name(input, "load balancer")?;
    let subnets = texts(input, "Subnets").unwrap_or_default();
    if subnets.len() < 2 {
        return Err(validation(
            "At least two subnets in two different Availability Zones must be specified",
        ));
    }
    if world.elb.load_balancers.values().any(|it| it.name == name) {
        return Err(Fault::new(
            "DuplicateLoadBalancerNameException",
            format!("A load balancer with the same name '{name}' exists"),
        ));
    }
    let id = next_id(world);
    let arn = arn(world, &format!("loadbalancer/app/{name}/{id}"));
    let scheme = text(input, "Scheme").unwrap_or("internet-facing");
    let prefix = if scheme == "internal" {
        "internal-"
    } else {
        ""
    };
    let number = world.elb.ids * 1_000_003 + 1_000_000_000;
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    let load_balancer = LoadBalancer {
        dns_name: format!(
            "{prefix}{name}-{number}.{}.elb.amazonaws.com",
            world.identity.region
        ),
        name,
        scheme: scheme.to_owned(),
        created: world.now,
        subnets: owned(subnets),
        security_groups: owned(texts(input, "SecurityGroups").unwrap_or_default()),
        attributes: Attributes::new(&ATTRIBUTES),
        own: Own::default(),
    };
    let described = load_balancer.described(&arn);
    world.elb.load_balancers.insert(arn, load_balancer);
    Ok(json!({ "LoadBalancers": [described] }))
}

/// `ModifyLoadBalancerAttributes`.
pub(super) fn modify_attributes(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let arn = text(input, "LoadBalancerArn").unwrap_or_default();
    let load_balancer = world.elb.load_balancers.get_mut(arn);
    let load_balancer = load_balancer.ok_or_else(|| no_load_balancer(arn))?;
    load_balancer
        .attributes
        .modify(list(input, "Attributes").unwrap_or_default())?;
    Ok(json!({ "Attributes": load_balancer.attributes.described() }))
}

impl LoadBalancer {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn dns_name(&self) -> &str {
        &self.dns_name
    }

    /// As `DescribeLoadBalancers` shows it. It is `active` at once; on AWS that takes minutes.
    pub(super) fn described(&self, arn: &str) -> Value {
        let zones = self.subnets.iter();
        let zones: Vec<_> = zones
            .map(|subnet| json!({ "SubnetId": subnet, "LoadBalancerAddresses": [] }))
            .collect();
        json!({
            "LoadBalancerArn": arn,
            "DNSName": self.dns_name,
            "CreatedTime": self.created.epoch_seconds(),
            "LoadBalancerName": self.name,
            "Scheme": self.scheme,
            "State": { "Code": "active" },
            "Type": "application",
            "AvailabilityZones": zones,
            "SecurityGroups": self.security_groups,
            "IpAddressType": "ipv4",
        })
    }
}

/// What `CloudWatch` calls a load balancer or a target group (`app/NAME/ID`, `targetgroup/NAME/ID`):
/// the end of its ARN. AWS: ALB user
/// guide, "CloudWatch metrics for your Application Load Balancer", metric dimensions.
#[must_use]
pub fn full_name(arn: &str) -> &str {
    let resource = arn.rsplit(':').next().unwrap_or_default();
    resource.strip_prefix("loadbalancer/").unwrap_or(resource)
}

/// A name as load balancers and target groups may have it.
pub(super) fn checked_name(input: &Value, of: &str) -> Result<String, Fault> {
    let name = text(input, "Name").unwrap_or_default();
    let is_name = (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.starts_with("internal-");
    if is_name {
        Ok(name.to_owned())
    } else {
        Err(validation(format!(
            "The {of} name '{name}' is not 1 to {LONGEST_NAME} letters, digits and hyphens, without \
             a hyphen at an end and without 'internal-' at the beginning"
        )))
    }
}

pub(super) fn arn(world: &World, resource: &str) -> String {
    world.arn("elasticloadbalancing", resource)
}

/// Sixteen hexadecimal digits. Not the world's ids: a load balancer must not change what ids others
/// get.
pub(super) fn next_id(world: &mut World) -> String {
    world.elb.ids += 1;
    format!("{:016x}", world.elb.ids.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
