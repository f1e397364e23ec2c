//! Operations that only read.

use serde_json::{Map, Value, json};

use super::{
    Target,
    faults::{
        count, no_listener, no_load_balancer, no_rule, no_target_group, only, text, texts,
        unsupported, validation,
    },
    group::{self, TargetGroup},
    rule, target,
};
use crate::world::{Fault, World};

/// AWS: API reference, `DescribeRules`: a page has up to 400.
const LARGEST_PAGE: u32 = 400;

/// At most so many rules are asked for by ARN: seen in public reports, which do not have AWS's words for it.
const MOST_RULES: usize = 20;

pub(super) fn load_balancers(world: &World, input: &Value) -> Result<Value, Fault> {
    let (arns, names) = (texts(input, "LoadBalancerArns"), texts(input, "Names"));
    if arns.is_some() && names.is_some() {
        return Err(validation(
            "Load balancer names and load balancer ARNs cannot be specified at the same time",
        ));
    }
    let all = &world.elb.load_balancers;
    for arn in arns.iter().flatten() {
        all.get(*arn).ok_or_else(|| no_load_balancer(arn))?;
    }
    for name in names.iter().flatten() {
        let mut known = all.values();
        if !known.any(|it| it.name() == *name) {
            return Err(no_load_balancer(name));
        }
    }
    let is_asked = |arn: &str, name: &str| {
        arns.as_ref().is_none_or(|arns| arns.contains(&arn))
            && names.as_ref().is_none_or(|names| names.contains(&name))
    };
    let described = all
        .iter()
        .filter(|(arn, it)| is_asked(arn, it.name()))
        .map(|(arn, it)| it.described(arn));
    page(input, "LoadBalancers", described.collect())
}

pub(super) fn listeners(world: &World, input: &Value) -> Result<Value, Fault> {
    let load_balancer = text(input, "LoadBalancerArn");
    let arns = texts(input, "ListenerArns");
    if load_balancer.is_some() == arns.is_some() {
        return Err(validation(
            "You must specify either a load balancer or one or more listeners",
        ));
    }
    if let Some(arn) = load_balancer.filter(|arn| !world.elb.load_balancers.contains_key(*arn)) {
        return Err(no_load_balancer(arn));
    }
    let all = &world.elb.listeners;
    for arn in arns.iter().flatten() {
        all.get(*arn).ok_or_else(|| no_listener(arn))?;
    }
    let described = all
        .iter()
        .filter(|(arn, listener)| {
            arns.as_ref()
                .is_none_or(|arns| arns.contains(&arn.as_str()))
                && load_balancer.is_none_or(|asked| asked == listener.load_balancer)
        })
        .filter_map(|(arn, listener)| {
            let default = rule::default_rule(world, arn)?;
            let default = world.elb.rules.get(&default)?;
            let shown = default.content.seen(world.now, world.elb.read_lag);
            Some(listener.described(arn, shown))
        });
    page(input, "Listeners", described.collect())
}

pub(super) fn rules(world: &World, input: &Value) -> Result<Value, Fault> {
    let listener = text(input, "ListenerArn");
    let arns = texts(input, "RuleArns");
    if listener.is_some() == arns.is_some() {
        return Err(validation(
            "You must specify either a listener or one or more rules",
        ));
    }
    if let Some(arn) = listener.filter(|arn| !world.elb.listeners.contains_key(*arn)) {
        return Err(no_listener(arn));
    }
    if arns.as_ref().is_some_and(|arns| arns.len() > MOST_RULES) {
        return Err(validation(format!(
            "1 validation error detected: Value at 'ruleArns' failed to satisfy constraint: Member must have length less than or equal to {MOST_RULES}"
        )));
    }
    let all = &world.elb.rules;
    for arn in arns.iter().flatten() {
        all.get(*arn).ok_or_else(|| no_rule(arn))?;
    }
    let mut found: Vec<_> = all
        .iter()
        .filter(|(arn, rule)| {
            arns.as_ref()
                .is_none_or(|arns| arns.contains(&arn.as_str()))
                && listener.is_none_or(|asked| asked == rule.listener)
        })
        .collect();
    found.sort_by_key(|(_, rule)| (rule.listener.as_str(), rule.rank()));
    let described = found.into_iter().map(|(arn, rule)| {
        let shown = rule.content.seen(world.now, world.elb.read_lag);
        rule.described(arn, shown)
    });
    page(input, "Rules", described.collect())
}

pub(super) fn target_groups(world: &World, input: &Value) -> Result<Value, Fault> {
    let load_balancer = text(input, "LoadBalancerArn");
    let (arns, names) = (texts(input, "TargetGroupArns"), texts(input, "Names"));
    let given = [load_balancer.is_some(), arns.is_some(), names.is_some()];
    if given.into_iter().filter(|given| *given).count() > 1 {
        return Err(validation(
            "A load balancer, target group names and target group ARNs cannot be specified at the \
             same time",
        ));
    }
    if let Some(arn) = load_balancer.filter(|arn| !world.elb.load_balancers.contains_key(*arn)) {
        return Err(no_load_balancer(arn));
    }
    let all = &world.elb.target_groups;
    for arn in arns.iter().flatten() {
        group::find(world, arn)?;
    }
    for name in names.iter().flatten() {
        let mut known = all.values();
        if !known.any(|it| it.name() == *name) {
            return Err(no_target_group(name));
        }
    }
    let is_asked = |arn: &str, group: &TargetGroup| {
        arns.as_ref().is_none_or(|arns| arns.contains(&arn))
            && names
                .as_ref()
                .is_none_or(|names| names.contains(&group.name()))
            && load_balancer.is_none_or(|it| group.load_balancer.as_deref() == Some(it))
    };
    let described = all
        .iter()
        .filter(|(arn, group)| is_asked(arn, group))
        .map(|(arn, group)| group.described(arn));
    page(input, "TargetGroups", described.collect())
}

pub(super) fn target_group_attributes(world: &World, input: &Value) -> Result<Value, Fault> {
    let arn = text(input, "TargetGroupArn").unwrap_or_default();
    let group = group::find(world, arn)?;
    Ok(json!({ "Attributes": group.attributes.described() }))
}

pub(super) fn target_health(world: &World, input: &Value) -> Result<Value, Fault> {
    only(
        input,
        "DescribeTargetHealth",
        &["TargetGroupArn", "Targets"],
    )?;
    let arn = text(input, "TargetGroupArn").unwrap_or_default();
    let group = group::find(world, arn)?;
    let now = world.now;
    let show = |target: &Target| {
        let registration = group.targets.get(target)?;
        target::described(group, target, registration, now)
    };
    let asked = super::faults::list(input, "Targets");
    let descriptions: Vec<Value> = match asked {
        None => group.targets.keys().filter_map(show).collect(),
        Some(asked) => asked
            .iter()
            .map(|description| {
                let target = named(description, group)?;
                Ok(show(&target).unwrap_or_else(|| target::described_unknown(&target)))
            })
            .collect::<Result<_, Fault>>()?,
    };
    Ok(json!({ "TargetHealthDescriptions": descriptions }))
}

/// A target as a request names it; without a port it is the group's.
fn named(description: &Value, group: &TargetGroup) -> Result<Target, Fault> {
    only(description, "targets", &["Id", "Port"])?;
    let port = match count(description, "Port") {
        None => Some(group.port),
        Some(port) => u16::try_from(port).ok(),
    };
    let port = port.ok_or_else(|| unsupported("such a port", "It is 1 to 65535."))?;
    Ok(Target {
        ip: text(description, "Id").unwrap_or_default().to_owned(),
        port,
    })
}

/// A page of results, and where the next one begins.
fn page(input: &Value, member: &str, all: Vec<Value>) -> Result<Value, Fault> {
    let size = count(input, "PageSize").unwrap_or(LARGEST_PAGE);
    let size = usize::try_from(size).unwrap_or_default();
    let from = match text(input, "Marker") {
        None => 0,
        Some(marker) => marker
            .strip_prefix("from-")
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| validation(format!("Invalid marker '{marker}'")))?,
    };
    let total = all.len();
    let results: Vec<_> = all.into_iter().skip(from).take(size).collect();
    let reached = from + results.len();
    let mut output = Map::new();
    output.insert(member.to_owned(), results.into());
    if reached < total {
        output.insert("NextMarker".to_owned(), format!("from-{reached}").into());
    }
    Ok(Value::Object(output))
}
