//! Listeners and their rules.

use serde_json::{Map, Value, json};

use super::{
    action::{Actions, Place},
    association, balancer,
    condition::Conditions,
    faults::{count, list, no_listener, no_load_balancer, no_rule, only, text, validation},
    history::History,
};
use crate::world::{Fault, World};

/// Greatest priority. AWS: API reference, `CreateRule`.
const LAST_PRIORITY: u32 = 50_000;

/// A listener. Its default actions are its default rule's.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) load_balancer: String,
    pub(super) port: u16,
    protocol: String,
    /// `SslPolicy` and `Certificates` of an HTTPS listener. Nothing is encrypted here.
    tls: Map<String, Value>,
}

/// A rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) listener: String,
    /// The default rule has none.
    pub(super) priority: Option<u32>,
    pub(super) content: History<Content>,
}

/// What of a rule can change.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) conditions: Conditions,
    pub(super) actions: Actions,
}

impl Rule {
    /// As `DescribeRules` shows it.
    pub(super) fn described(&self, arn: &str, content: &Content) -> Value {
        let priority = self.priority.map(|number| number.to_string());
        json!({
            "RuleArn": arn,
            "Priority": priority.as_deref().unwrap_or("default"),
            "Conditions": content.conditions.documents,
            "Actions": content.actions.documents,
            "IsDefault": priority.is_none(),
        })
    }

    /// Sorts rules as they are asked: by priority, the default rule last.
    pub(super) fn rank(&self) -> u32 {
        self.priority.unwrap_or(u32::MAX)
    }
}

impl Listener {
    /// As `DescribeListeners` shows it.
    pub(super) fn described(&self, arn: &str, default: &Content) -> Value {
        let mut described = json!({
            "ListenerArn": arn,
            "LoadBalancerArn": self.load_balancer,
            "Port": self.port,
            "Protocol": self.protocol,
            "DefaultActions": default.actions.documents,
        });
        for (member, value) in &self.tls {
            described[member] = value.clone();
        }
        described
    }
}

/// `CreateListener`.
pub(super) fn create_listener(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let known = [
        "LoadBalancerArn",
        "Protocol",
        "Port",
        "SslPolicy",
        "Certificates",
        "DefaultActions",
        "Tags",
    ];
    only(input, "listeners", &known)?;
    let load_balancer = text(input, "LoadBalancerArn").unwrap_or_default();
    if !world.elb.load_balancers.contains_key(load_balancer) {
        return Err(no_load_balancer(load_balancer));
    }
    let port = count(input, "Port").and_then(|port| u16::try_from(port).ok());
    let port = port.ok_or_else(|| validation("A listener port must be specified"))?;
    let mut others = world.elb.listeners.values();
    if others.any(|other| other.load_balancer == load_balancer && other.port == port) {
        return Err(Fault::new(
            "DuplicateListenerException",
            "A listener already exists on this port for this load balancer",
        ));
    }
    let (protocol, tls) = protocol(input)?;
    let place = Place {
        https: protocol == "HTTPS",
        has_secret: false,
    };
    let given = list(input, "DefaultActions").unwrap_or_default();
    let actions = Actions::parse(given, place)?;
    association::check(world, load_balancer, &actions)?;
    let id = balancer::next_id(world);
    let full_name = balancer::full_name(load_balancer).to_owned();
    let arn = balancer::arn(world, &format!("listener/{full_name}/{id}"));
    let listener = Listener {
        load_balancer: load_balancer.to_owned(),
        port,
        protocol,
        tls,
    };
    world.elb.listeners.insert(arn.clone(), listener);
    let default = Content {
        conditions: Conditions::default(),
        actions,
    };
    insert_rule(world, &arn, None, default);
    Ok(json!({ "Listeners": [listener_now(world, &arn)] }))
}

/// `CreateRule`.
pub(super) fn create_rule(world: &mut World, input: &Value) -> Result<Value, Fault> {
    let known = ["ListenerArn", "Conditions", "Priority", "Actions", "Tags"];
    only(input, "rules", &known)?;
    let listener = text(input, "ListenerArn").unwrap_or_default();
    let (load_balancer, place) = place(world, listener, None)?;
    let priority = count(input, "Priority").filter(|it| (1..=LAST_PRIORITY).contains(it));
    let priority = priority.ok_or_else(|| {
        validation(format!(
            "The priority must be between 1 and {LAST_PRIORITY}"
        ))
    })?;
    let mut others = world.elb.rules.values();
    if others.any(|other| other.listener == listener && other.priority == Some(priority)) {
        return Err(Fault::new(
            "PriorityInUseException",
            format!("Priority '{priority}' is currently in use"),
        ));
    }
    let content = Content {
        conditions: Conditions::parse(list(input, "Conditions").unwrap_or_default())?,
        actions: Actions::parse(list(input, "Actions").unwrap_or_default(), place)?,
    };
    association::check(world, &load_balancer, &content.actions)?;
    let arn = insert_rule(world, listener, Some(priority), content);
    Ok(json!({ "Rules": [rule_now(world, &arn)] }))
}

/// `ModifyRule`: what is given replaces what was there, lists as a whole.
pub(super) fn modify_rule(world: &mut World, input: &Value) -> Result<Value, Fault> {
    only(input, "ModifyRule", &["RuleArn", "Conditions", "Actions"])?;
    let arn = text(input, "RuleArn").unwrap_or_default();
    let rule = world.elb.rules.get(arn).ok_or_else(|| no_rule(arn))?;
    if rule.priority.is_none() {
        return Err(Fault::new(
            "OperationNotPermittedException",
            format!("Default rule '{arn}' cannot be modified"),
        ));
    }
    let listener = rule.listener.clone();
    let conditions = list(input, "Conditions").map(Conditions::parse);
    let conditions = match conditions {
        Some(given) => given?,
        None => rule.content.newest().conditions.clone(),
    };
    let actions = match list(input, "Actions") {
        Some(given) => {
            let (load_balancer, place) = place(world, &listener, Some(arn))?;
            let actions = Actions::parse(given, place)?;
            association::check(world, &load_balancer, &actions)?;
            actions
        }
        None => rule.content.newest().actions.clone(),
    };
    let content = Content {
        conditions,
        actions,
    };
    write(world, arn, content);
    Ok(json!({ "Rules": [rule_now(world, arn)] }))
}

/// `ModifyListener`, as far as the default actions go.
pub(super) fn modify_listener(world: &mut World, input: &Value) -> Result<Value, Fault> {
    only(input, "ModifyListener", &["ListenerArn", "DefaultActions"])?;
    let arn = text(input, "ListenerArn").unwrap_or_default();
    let default = default_rule(world, arn).ok_or_else(|| no_listener(arn))?;
    if let Some(given) = list(input, "DefaultActions") {
        let (load_balancer, place) = place(world, arn, Some(&default))?;
        let actions = Actions::parse(given, place)?;
        association::check(world, &load_balancer, &actions)?;
        let content = Content {
            conditions: Conditions::default(),
            actions,
        };
        write(world, &default, content);
    }
    Ok(json!({ "Listeners": [listener_now(world, arn)] }))
}

/// ARN of a listener's default rule.
pub(super) fn default_rule(world: &World, listener: &str) -> Option<String> {
    let mut rules = world.elb.rules.iter();
    rules
        .find(|(_, rule)| rule.listener == listener && rule.priority.is_none())
        .map(|(arn, _)| arn.clone())
}

/// A listener as a write answers it.
fn listener_now(world: &World, arn: &str) -> Value {
    let listener = world.elb.listeners.get(arn);
    let default = default_rule(world, arn).and_then(|rule| world.elb.rules.get(&rule));
    match (listener, default) {
        (Some(listener), Some(default)) => listener.described(arn, default.content.newest()),
        _ => Value::Null,
    }
}

/// A rule as a write answers it.
fn rule_now(world: &World, arn: &str) -> Value {
    let rule = world.elb.rules.get(arn);
    rule.map_or(Value::Null, |rule| {
        rule.described(arn, rule.content.newest())
    })
}

/// A listener's protocol and what HTTPS needs. AWS: API reference, `CreateListener`.
fn protocol(input: &Value) -> Result<(String, Map<String, Value>), Fault> {
    let protocol = text(input, "Protocol").unwrap_or_default();
    let mut tls = Map::new();
    for member in ["SslPolicy", "Certificates"] {
        if !input[member].is_null() {
            tls.insert(member.to_owned(), input[member].clone());
        }
    }
    let certificates = list(input, "Certificates").unwrap_or_default().len();
    match (protocol, certificates, tls.is_empty()) {
        ("HTTP", _, true) | ("HTTPS", 1, _) => Ok((protocol.to_owned(), tls)),
        ("HTTP", ..) => Err(validation(
            "Certificates and SslPolicy are for HTTPS listeners only",
        )),
        ("HTTPS", ..) => Err(validation(
            "Exactly one certificate must be specified for HTTPS listeners",
        )),
        _ => Err(Fault::new(
            "UnsupportedProtocolException",
            format!("Protocol '{protocol}' is not supported; HTTP and HTTPS are"),
        )),
    }
}

/// A listener's load balancer, and what the actions of its rules depend on. `rule` is the one that is
/// modified.
fn place(world: &World, listener: &str, rule: Option<&str>) -> Result<(String, Place), Fault> {
    let found = world.elb.listeners.get(listener);
    let found = found.ok_or_else(|| no_listener(listener))?;
    let rule = rule.and_then(|arn| world.elb.rules.get(arn));
    let place = Place {
        https: found.protocol == "HTTPS",
        has_secret: rule.is_some_and(|rule| rule.content.newest().actions.have_secret()),
    };
    Ok((found.load_balancer.clone(), place))
}

fn insert_rule(
    world: &mut World,
    listener: &str,
    priority: Option<u32>,
    content: Content,
) -> String {
    let id = balancer::next_id(world);
    let of_listener = listener.replacen(":listener/", ":listener-rule/", 1);
    let arn = format!("{of_listener}/{id}");
    let rule = Rule {
        listener: listener.to_owned(),
        priority,
        content: History::new(content, world.now),
    };
    world.elb.rules.insert(arn.clone(), rule);
    association::settle(world);
    arn
}

fn write(world: &mut World, rule: &str, content: Content) {
    let (now, elb) = (world.now, &mut world.elb);
    let longest = elb.propagation.max(elb.read_lag);
    if let Some(rule) = elb.rules.get_mut(rule) {
        rule.content.write(content, now, longest);
    }
    association::settle(world);
    super::notes::note(world);
}
