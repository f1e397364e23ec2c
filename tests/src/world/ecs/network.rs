//! The network interface that every task of an awsvpc definition has for itself.

use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

use super::{
    super::World,
    task::{Status, Task},
};

/// Hosts per third octet: neither 0 nor 255, which read like a network and its broadcast address.
const HOSTS: u32 = 254;

/// The next private address. On one machine tasks listen on it, so it is one of the loopback network
/// 127.0.0.0/8, of which the machine itself uses 127.0.0.1.
pub(super) fn next_address(world: &mut World) -> String {
    let number = world.ecs.addresses;
    world.ecs.addresses += 1;
    let octet = |number: u32| u8::try_from(number % 256).unwrap_or_default();
    let host = octet(number % HOSTS + 1);
    let subnet = number / HOSTS;
    let block = octet(10 + subnet / 256 % 240);
    Ipv4Addr::new(127, block, octet(subnet), host).to_string()
}

/// `attachments` of a task, as `DescribeTasks` answers them.
pub(super) fn attachments(world: &World, task: &Task) -> Value {
    let Some(address) = &task.address else {
        return json!([]);
    };
    let subnet = task
        .subnet
        .as_ref()
        .map(|subnet| json!({"name": "subnetId", "value": subnet}));
    let details: Vec<Value> = subnet
        .into_iter()
        .chain([
            json!({"name": "networkInterfaceId", "value": interface_id(task)}),
            json!({"name": "macAddress", "value": mac_address(address)}),
            json!({"name": "privateDnsName", "value": host_name(world, address)}),
            json!({"name": "privateIPv4Address", "value": address}),
        ])
        .collect();
    json!([{
        "id": attachment_id(task),
        "type": "ElasticNetworkInterface",
        "status": match task.status {
            Status::Provisioning => "PRECREATED",
            Status::Stopped => "DELETED",
            _ => "ATTACHED",
        },
        "details": details,
    }])
}

/// `networkInterfaces` of a container, as `DescribeTasks` answers them.
pub(super) fn interfaces(task: &Task) -> Value {
    match &task.address {
        None => json!([]),
        Some(address) => json!([{
            "attachmentId": attachment_id(task),
            "privateIpv4Address": address,
        }]),
    }
}

/// `Networks` of a container, as the task metadata endpoint answers them; `None` without awsvpc.
pub(super) fn networks(world: &World, task: &Task) -> Option<Value> {
    let address = task.address.as_ref()?;
    Some(json!([{
        "NetworkMode": "awsvpc",
        "IPv4Addresses": [address],
        "AttachmentIndex": 0,
        "MACAddress": mac_address(address),
        "PrivateDNSName": host_name(world, address),
    }]))
}

/// Where the tasks of a deployment with these settings have their interfaces: in the first of its subnets.
pub(super) fn subnet(settings: &Map<String, Value>) -> Option<String> {
    let subnet = settings
        .get("networkConfiguration")?
        .pointer("/awsvpcConfiguration/subnets/0")?;
    subnet.as_str().map(str::to_owned)
}

/// A task has one interface all its life, so the task's id tells it too.
fn interface_id(task: &Task) -> String {
    format!("eni-{}", task.id.get(..17).unwrap_or(&task.id))
}

fn attachment_id(task: &Task) -> String {
    let digits: String = task.id.chars().rev().collect();
    let part = |from, to| digits.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

/// Locally administered, and made of the address as container networks do it.
fn mac_address(address: &str) -> String {
    let octets: Vec<String> = address
        .split('.')
        .filter_map(|octet| octet.parse::<u8>().ok())
        .map(|octet| format!("{octet:02x}"))
        .collect();
    format!("02:42:{}", octets.join(":"))
}

fn host_name(world: &World, address: &str) -> String {
    format!(
        "ip-{}.{}.compute.internal",
        address.replace('.', "-"),
        world.identity.region
    )
}
