//! `DynamoDB`'s placeholders: each that an expression uses is defined, each defined one is used.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::world::Fault;

/// Checks the expressions of one request against its `ExpressionAttributeNames` and
/// `ExpressionAttributeValues`.
///
/// # Errors
/// `ValidationException`, as AWS answers it.
pub(super) fn check(input: &Map<String, Value>) -> Result<(), Fault> {
    let expressions: Vec<_> = input
        .iter()
        .filter(|(member, _)| member.ends_with("Expression"))
        .filter_map(|(member, value)| Some((member.as_str(), value.as_str()?)))
        .collect();
    for (member, mark, word) in [
        ("ExpressionAttributeNames", '#', "name"),
        ("ExpressionAttributeValues", ':', "value"),
    ] {
        let given = input.get(member).and_then(Value::as_object);
        let mut unused: BTreeSet<&str> = given
            .into_iter()
            .flat_map(Map::keys)
            .map(String::as_str)
            .collect();
        for (expression, text) in &expressions {
            for used in placeholders(text, mark) {
                if given.is_none_or(|given| !given.contains_key(used)) {
                    return Err(Fault::new(
                        "ValidationException",
                        format!(
                            "Invalid {expression}: An expression attribute {word} used in the \
                             document path is not defined; attribute {word}: {used}"
                        ),
                    ));
                }
                unused.remove(used);
            }
        }
        if !unused.is_empty() {
            let unused: Vec<_> = unused.into_iter().collect();
            return Err(Fault::new(
                "ValidationException",
                format!(
                    "Value provided in {member} unused in expressions: keys: {{{}}}",
                    unused.join(", ")
                ),
            ));
        }
    }
    Ok(())
}

/// The placeholders in an expression, mark included.
fn placeholders(expression: &str, mark: char) -> impl Iterator<Item = &str> {
    expression.match_indices(mark).map(|(start, _)| {
        let rest = &expression[start + 1..];
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
        &expression[start..=start + length]
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(input: &Value) -> String {
        check(input.as_object().unwrap()).unwrap_err().message
    }

    #[test]
    fn placeholders_that_match_are_fine() {
        let input = json!({
            "UpdateExpression": "SET #p = :p, revision = revision + :one",
            "ConditionExpression": "#p IN (:p,:old)",
            "ExpressionAttributeNames": { "#p": "phase" },
            "ExpressionAttributeValues": { ":p": {}, ":one": {}, ":old": {} },
        });
        assert!(check(input.as_object().unwrap()).is_ok());
    }

    #[test]
    fn an_unused_placeholder_is_refused() {
        let input = json!({
            "UpdateExpression": "SET phase = :p",
            "ExpressionAttributeValues": { ":p": {}, ":phase": {} },
        });
        let wanted = "Value provided in ExpressionAttributeValues unused in expressions: \
                      keys: {:phase}";
        assert_eq!(message(&input), wanted);
    }

    #[test]
    fn an_undefined_placeholder_is_refused() {
        let input = json!({ "ConditionExpression": "#revision = 1" });
        assert!(message(&input).ends_with("attribute name: #revision"));
    }
}
