//! Variables in action configurations: `#{Namespace.Name}`.
//!
//! AWS: `CodePipeline` user guide, "Variables". What AWS does with a reference that names nothing is
//! not documented; here the action fails.

use std::collections::BTreeMap;

use super::state::Execution;

/// AWS: "Quotas in `CodePipeline`", total size of an action's configuration once variables are
/// resolved, in bytes.
const LARGEST_CONFIGURATION: usize = 100 * 1024;

/// The configuration with every reference replaced, or why the action cannot start.
pub(super) fn resolve(
    configuration: &BTreeMap<String, String>,
    execution: &Execution,
) -> Result<BTreeMap<String, String>, String> {
    let resolved = configuration
        .iter()
        .map(|(key, value)| {
            let value = resolve_value(value, execution)
                .map_err(|reason| format!("configuration {key}: {reason}"))?;
            Ok((key.clone(), value))
        })
        .collect::<Result<BTreeMap<_, _>, String>>()?;
    let size: usize = resolved
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    if size > LARGEST_CONFIGURATION {
        return Err(format!(
            "the configuration has {size} bytes with its variables resolved; {LARGEST_CONFIGURATION} are allowed"
        ));
    }
    Ok(resolved)
}

fn resolve_value(text: &str, execution: &Execution) -> Result<String, String> {
    let mut resolved = String::new();
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once("#{") {
        let (reference, after) = reference
            .split_once('}')
            .ok_or_else(|| "a variable reference has no closing brace".to_owned())?;
        let value = look_up(reference, execution)
            .ok_or_else(|| format!("variable #{{{reference}}} could not be resolved"))?;
        resolved.push_str(before);
        resolved.push_str(value);
        rest = after;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

fn look_up<'a>(reference: &str, execution: &'a Execution) -> Option<&'a str> {
    match reference.split_once('.')? {
        ("codepipeline", "PipelineExecutionId") => Some(&execution.id),
        ("codepipeline", _) => None,
        ("variables", name) => execution.variables.get(name).map(String::as_str),
        (namespace, name) => execution
            .outputs
            .get(namespace)?
            .get(name)
            .map(String::as_str),
    }
}
