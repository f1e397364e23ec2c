//! Who called AWS for what.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::world::journal::Call;

/// The calls of one principal.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    /// Calls that change something, by `service:Operation`.
    pub writes: BTreeMap<String, u32>,
    /// The other calls, by `service:Operation`.
    pub reads: BTreeMap<String, u32>,
    /// Refused calls (also counted above), by fault code.
    pub refused: BTreeMap<String, u32>,
}

impl Calls {
    pub(super) fn add(&mut self, call: &Call) {
        let operations = if call.is_write() {
            &mut self.writes
        } else {
            &mut self.reads
        };
        *operations
            .entry(format!("{}:{}", call.service, call.operation))
            .or_default() += 1;
        if let Some(code) = &call.fault {
            *self.refused.entry(code.clone()).or_default() += 1;
        }
    }
}

/// What a call asked for, in a few words: the members of its input that tell what it was about.
#[must_use]
pub fn telling_members(call: &Call) -> String {
    const TELLING: [&str; 14] = [
        "/service",
        "/desiredCount",
        "/taskDefinition",
        "/taskSet",
        "/primaryTaskSet",
        "/ResourceId",
        "/SuspendedState/DynamicScalingInSuspended",
        "/SuspendedState/DynamicScalingOutSuspended",
        "/RuleArn",
        "/ListenerArn",
        "/pipelineName",
        "/actionName",
        "/result/status",
        "/abandon",
    ];
    let telling = TELLING.iter().filter_map(|path| {
        let name = path.rsplit('/').next()?;
        let text = match call.input.pointer(path)? {
            Value::String(text) => tail(text).to_owned(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            plain => plain.to_string(),
        };
        Some(format!("{name} {text}"))
    });
    let telling = telling.chain(scale(call)).chain(weights(call));
    telling.collect::<Vec<_>>().join(", ")
}

/// The scale that a task set is to have: `scale 12.5 %`.
fn scale(call: &Call) -> Option<String> {
    let percent = call.input.pointer("/scale/value")?.as_f64()?;
    Some(format!("scale {percent} %"))
}

/// The weights that target groups are to have: `weights orders-primary 90, orders-canary 10`.
fn weights(call: &Call) -> Option<String> {
    let members = ["Actions", "DefaultActions"];
    let actions = members
        .iter()
        .filter_map(|name| call.input[*name].as_array());
    let groups: Vec<String> = actions
        .flatten()
        .filter_map(|action| action["ForwardConfig"]["TargetGroups"].as_array())
        .flatten()
        .filter_map(|group| {
            let name = group_name(group["TargetGroupArn"].as_str()?);
            Some(format!("{name} {}", group["Weight"].as_u64()?))
        })
        .collect();
    (!groups.is_empty()).then(|| format!("weights {}", groups.join(", ")))
}

/// What people call a target group: the part of its ARN before the id.
fn group_name(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}

/// The reason that a call gives for what it does: of a rejection or a stop.
pub(super) fn reason(call: &Call) -> Option<&str> {
    ["/result/summary", "/reason"]
        .iter()
        .find_map(|path| call.input.pointer(path)?.as_str())
}

/// What distinguishes an ARN from its siblings; other text as it is.
fn tail(text: &str) -> &str {
    if text.starts_with("arn:") {
        text.rsplit('/').next().unwrap_or(text)
    } else {
        text
    }
}
