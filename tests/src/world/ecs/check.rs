//! What `RegisterTaskDefinition` refuses.

use serde_json::{Map, Value, json};

use super::{
    super::Fault,
    definition::{containers, is_awsvpc, is_essential},
    names::{client, count, text},
    size,
};

/// AWS: at most 120 s on Fargate (API reference, `ContainerDefinition`).
const MOST_STOP_TIMEOUT: u32 = 120;

pub(super) fn check(document: &Map<String, Value>) -> Result<(), Fault> {
    let family = document.get("family").and_then(Value::as_str);
    let well_named = family.is_some_and(|name| {
        (1..=255).contains(&name.len())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    });
    if !well_named {
        return Err(client(
            "Family contains invalid characters: it has up to 255 letters, numbers, hyphens and underscores.",
        ));
    }
    if containers(document).next().is_none() {
        return Err(client("Container list cannot be empty."));
    }
    if !containers(document).any(is_essential) {
        return Err(client(
            "Invalid 'essential' setting: a task definition has at least one essential container.",
        ));
    }
    let mut seen = Vec::new();
    for container in containers(document) {
        for member in ["name", "image"] {
            if text(container, member).is_none_or(str::is_empty) {
                return Err(client(format!(
                    "Container.{member} should not be null or empty."
                )));
            }
        }
        if seen.contains(&&container["name"]) {
            return Err(client("Container.name should be unique."));
        }
        seen.push(&container["name"]);
        check_ports(container, is_awsvpc(document))?;
    }
    check_fargate(document)
}

fn check_ports(container: &Value, awsvpc: bool) -> Result<(), Fault> {
    let mappings = container.get("portMappings").and_then(Value::as_array);
    for mapping in mappings.into_iter().flatten() {
        let Some(given) = mapping.get("containerPort") else {
            continue;
        };
        if !count(Some(given)).is_some_and(|port| (1..=65535).contains(&port)) {
            return Err(client(format!(
                "Invalid containerPort {given}: a port is between 1 and 65535."
            )));
        }
        if awsvpc && mapping.get("hostPort").is_some_and(|host| host != given) {
            return Err(client(
                "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
            ));
        }
    }
    Ok(())
}

fn check_fargate(document: &Map<String, Value>) -> Result<(), Fault> {
    let required = document
        .get("requiresCompatibilities")
        .and_then(Value::as_array)
        .is_some_and(|list| list.contains(&json!("FARGATE")));
    if !required {
        return Ok(());
    }
    if document.get("networkMode") != Some(&json!("awsvpc")) {
        return Err(client("Fargate only supports network mode 'awsvpc'."));
    }
    for size in ["cpu", "memory"] {
        if !document.contains_key(size) {
            return Err(client(format!(
                "Fargate requires that '{size}' be defined at the task level."
            )));
        }
    }
    size::check_fargate(document)?;
    let too_long = containers(document)
        .filter_map(|container| count(container.get("stopTimeout")))
        .find(|seconds| *seconds > MOST_STOP_TIMEOUT);
    match too_long {
        None => Ok(()),
        Some(seconds) => Err(client(format!(
            "Invalid stopTimeout {seconds}: on Fargate it is at most {MOST_STOP_TIMEOUT} seconds."
        ))),
    }
}
