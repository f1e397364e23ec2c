//! What calls need.

use serde_json::Value;

use crate::world::iam::needs::{Need, Question, text};

/// A transaction needs what its items would need alone. AWS: DynamoDB developer guide, "Using IAM
/// with DynamoDB transactions".
pub(super) fn needs(it: &Question<'_>) -> Option<Vec<Need>> {
    let operation = it.operation;
    if operation == "TransactWriteItems" {
        let items = it.input["TransactItems"].as_array();
        let parts = items.into_iter().flatten().filter_map(Value::as_object);
        return Some(
            parts
                .flatten()
                .map(|(kind, item)| {
                    let action = match kind.as_str() {
                        "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
                        kind => format!("dynamodb:{kind}Item"),
                    };
                    Need::new(action, table_arn(it, item))
                        .with("dynamodb:EnclosingOperation", operation)
                })
                .collect(),
        );
    }
    let known = [
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "UpdateItem",
    ];
    known.contains(&operation).then(|| {
        let table = table_arn(it, it.input);
        let resource = match text(it.input, "IndexName") {
            "" => table,
            index => format!("{table}/index/{index}"),
        };
        vec![Need::new(it.action(), resource)]
    })
}

fn table_arn(it: &Question<'_>, input: &Value) -> String {
    match text(input, "TableName") {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        name => it.world.arn("dynamodb", &format!("table/{name}")),
    }
}
