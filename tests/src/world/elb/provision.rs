//! Elastic Load Balancing v2: load balancers, target groups, listeners and their rules.

use serde_json::{Value, json};

use super::{SERVICE, call, delete, full_name, modify_target_group};
use crate::{
    provision::{
        Existing, ResourceType, Tagged, Update, bad, created, only_changed, properties, refused,
        unchanged,
    },
    template::{Created, Refused, Resource, physical_name},
    world::World,
};

pub(super) const RESOURCES: &[ResourceType] = &[
    ResourceType {
        update: Update::InPlace(change_listener),
        delete: |world, it| delete(world, it.reference),
        tagged: Tagged::Reference,
        ..ResourceType::new("AWS::ElasticLoadBalancingV2::Listener", listener)
    },
    ResourceType {
        update: Update::InPlace(change_rule),
        delete: |world, it| delete(world, it.reference),
        tagged: Tagged::Reference,
        ..ResourceType::new("AWS::ElasticLoadBalancingV2::ListenerRule", rule)
    },
    ResourceType {
        update: Update::InPlace(change_load_balancer),
        delete: |world, it| delete(world, it.reference),
        named_by: Some("Name"),
        tagged: Tagged::Reference,
        ..ResourceType::new("AWS::ElasticLoadBalancingV2::LoadBalancer", load_balancer)
    },
    ResourceType {
        update: Update::InPlace(change_target_group),
        delete: |world, it| delete(world, it.reference),
        named_by: Some("Name"),
        tagged: Tagged::Reference,
        ..ResourceType::new("AWS::ElasticLoadBalancingV2::TargetGroup", target_group)
    },
];

/// Characters that names of load balancers and target groups may have. AWS: API reference,
/// `CreateLoadBalancer` and `CreateTargetGroup`.
const LONGEST_NAME: usize = 32;
/// Characters of a made-up name that tell it from others, with the hyphen before them.
const SUFFIX: usize = 13;

/// `AWS::ElasticLoadBalancingV2::LoadBalancer`: `Ref` is the ARN.
fn load_balancer(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let (properties, attributes) = split(resource, "LoadBalancerAttributes");
    let output = create(world, "CreateLoadBalancer", &properties)?;
    let made = &output["LoadBalancers"][0];
    let arn = text(made, "LoadBalancerArn");
    if let Some(attributes) = attributes {
        let operation = "ModifyLoadBalancerAttributes";
        let call = json!({ "LoadBalancerArn": arn, "Attributes": attributes });
        set(world, operation, &call, "LoadBalancerAttributes")?;
    }
    Ok(created(
        arn,
        [
            ("LoadBalancerArn", arn.into()),
            ("LoadBalancerFullName", full_name(arn).into()),
            ("LoadBalancerName", made["LoadBalancerName"].clone()),
            ("DNSName", made["DNSName"].clone()),
            ("SecurityGroups", made["SecurityGroups"].clone()),
        ],
    ))
}

/// `AWS::ElasticLoadBalancingV2::TargetGroup`: `Ref` is the ARN. `LoadBalancerArns` is left out: which
/// those are is known only when a rule forwards to the group.
fn target_group(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let (properties, attributes) = split(resource, "TargetGroupAttributes");
    let output = create(world, "CreateTargetGroup", &properties)?;
    let made = &output["TargetGroups"][0];
    let arn = text(made, "TargetGroupArn");
    if let Some(attributes) = attributes {
        let operation = "ModifyTargetGroupAttributes";
        let call = json!({ "TargetGroupArn": arn, "Attributes": attributes });
        set(world, operation, &call, "TargetGroupAttributes")?;
    }
    Ok(created(
        arn,
        [
            ("TargetGroupArn", arn.into()),
            ("TargetGroupFullName", full_name(arn).into()),
            ("TargetGroupName", made["TargetGroupName"].clone()),
        ],
    ))
}

/// `AWS::ElasticLoadBalancingV2::Listener`: `Ref` is the ARN.
fn listener(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let output = create(world, "CreateListener", resource.properties)?;
    let arn = text(&output["Listeners"][0], "ListenerArn");
    Ok(created(arn, [("ListenerArn", arn.into())]))
}

/// `AWS::ElasticLoadBalancingV2::ListenerRule`: `Ref` is the ARN.
fn rule(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let output = create(world, "CreateRule", resource.properties)?;
    let arn = text(&output["Rules"][0], "RuleArn");
    Ok(created(
        arn,
        [("RuleArn", arn.into()), ("IsDefault", false.into())],
    ))
}

/// Changes a listener: all but its load balancer.
fn change_listener(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    let mut properties = resource.properties.clone();
    if let Some(members) = properties.as_object_mut() {
        members.remove("LoadBalancerArn");
        members.remove("Tags");
        members.insert("ListenerArn".to_owned(), before.reference.into());
    }
    create(world, "ModifyListener", &properties).map(|_| ())
}

/// Changes actions and conditions of a rule.
fn change_rule(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    only_changed(resource, before, &["Actions", "Conditions"])?;
    let mut properties = json!({ "RuleArn": before.reference });
    for property in ["Actions", "Conditions"] {
        properties[property] = resource.properties[property].clone();
    }
    create(world, "ModifyRule", &properties).map(|_| ())
}

/// Changes a load balancer's attributes.
fn change_load_balancer(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    only_changed(resource, before, &["LoadBalancerAttributes", "Tags"])?;
    let (_, attributes) = split(resource, "LoadBalancerAttributes");
    let call = json!({ "LoadBalancerArn": before.reference, "Attributes": attributes });
    match attributes {
        Some(_) => set(
            world,
            "ModifyLoadBalancerAttributes",
            &call,
            "LoadBalancerAttributes",
        ),
        None => Ok(()),
    }
}

/// Changes how targets are checked, and a target group's attributes.
fn change_target_group(
    world: &mut World,
    resource: &Resource<'_>,
    before: &Existing<'_>,
) -> Result<(), Refused> {
    unchanged(
        resource,
        before,
        &["Port", "Protocol", "TargetType", "VpcId"],
    )?;
    let arn = before.reference;
    let (properties, attributes) = split(resource, "TargetGroupAttributes");
    let input = properties::input_of(SERVICE.name, "CreateTargetGroup", &properties)?;
    modify_target_group(world, arn, &input).map_err(|fault| refused(&fault))?;
    let call = json!({ "TargetGroupArn": arn, "Attributes": attributes });
    match attributes {
        Some(_) => set(
            world,
            "ModifyTargetGroupAttributes",
            &call,
            "TargetGroupAttributes",
        ),
        None => Ok(()),
    }
}

fn create(world: &mut World, operation: &str, properties: &Value) -> Result<Value, Refused> {
    let input = properties::input_of(SERVICE.name, operation, properties)?;
    call(world, operation, &input).map_err(|fault| refused(&fault))
}

/// A resource's properties with its name, and apart from them its attributes: the API sets those in a
/// call of their own.
fn split(resource: &Resource<'_>, attributes: &str) -> (Value, Option<Value>) {
    let mut properties = resource.properties.clone();
    if properties["Name"].is_null() {
        properties["Name"] = made_up_name(resource).into();
    }
    let members = properties.as_object_mut();
    let attributes = members.and_then(|members| members.remove(attributes));
    (properties, attributes)
}

/// Sets attributes, which templates call `property`.
fn set(world: &mut World, operation: &str, given: &Value, property: &str) -> Result<(), Refused> {
    let input =
        properties::input_of(SERVICE.name, operation, given).map_err(|refused| Refused {
            property: refused
                .property
                .map(|found| found.replacen("Attributes", property, 1)),
            ..refused
        })?;
    call(world, operation, &input)
        .map(|_| ())
        .map_err(|fault| bad(property, fault.message))
}

fn made_up_name(resource: &Resource<'_>) -> String {
    let name = physical_name(resource.stack, resource.logical_id);
    let (beginning, end) = name.split_at(name.len() - SUFFIX);
    let beginning = beginning.get(..LONGEST_NAME - SUFFIX).unwrap_or(beginning);
    format!("{}{end}", beginning.trim_end_matches('-'))
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}
