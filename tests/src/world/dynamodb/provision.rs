//! Amazon `DynamoDB`.

use serde::Deserialize;
use serde_json::Value;

use super::{create_table, delete_table};
use crate::{
    provision::{
        Existing, ResourceType, Tagged, Update, bad, created, name_of, properties, refused,
        unchanged,
    },
    template::{Created, Refused, Resource},
    world::{Fault, World},
};

pub(super) const RESOURCES: &[ResourceType] = &[ResourceType {
    update: Update::InPlace(|_, resource, before| change(resource, before)),
    delete,
    named_by: Some("TableName"),
    tagged: Tagged::Arn,
    ..ResourceType::new("AWS::DynamoDB::Table", table)
}];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Table {
    #[serde(rename = "TableName")]
    name: Option<String>,
    billing_mode: String,
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<Key>,
    #[serde(rename = "PointInTimeRecoverySpecification")]
    _recovery: Option<Value>,
    #[serde(rename = "SSESpecification")]
    _encryption: Option<Value>,
    #[serde(rename = "DeletionProtectionEnabled")]
    _deletion_protection: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Attribute {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Key {
    attribute_name: String,
    key_type: String,
}

impl Table {
    fn key(&self, role: &str) -> Option<String> {
        let key = self.key_schema.iter().find(|key| key.key_type == role)?;
        Some(key.attribute_name.clone())
    }
}

fn change(resource: &Resource<'_>, before: &Existing<'_>) -> Result<(), Refused> {
    let fixed = ["AttributeDefinitions", "KeySchema", "BillingMode"];
    unchanged(resource, before, &fixed)?;
    properties::parse::<Table>(resource).map(|_| ())
}

/// `AWS::DynamoDB::Table`: `Ref` is the name. Here all keys are strings.
fn table(world: &mut World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let table: Table = properties::parse(resource)?;
    let name = name_of(resource, table.name.as_deref());
    if table.billing_mode != "PAY_PER_REQUEST" {
        return Err(bad(
            "BillingMode",
            format!(
                "the local account has PAY_PER_REQUEST only, not {}",
                table.billing_mode
            ),
        ));
    }
    let partition_key = table
        .key("HASH")
        .ok_or_else(|| bad("KeySchema", "there is no key with KeyType HASH"))?;
    for key in &table.key_schema {
        let is_text = table.attribute_definitions.iter().any(|attribute| {
            attribute.attribute_name == key.attribute_name && attribute.attribute_type == "S"
        });
        if !is_text {
            return Err(bad(
                "AttributeDefinitions",
                format!("key {} is not defined as a string (S)", key.attribute_name),
            ));
        }
    }
    create_table(world, &name, &partition_key, table.key("RANGE").as_deref())
        .map_err(|fault| refused(&fault))?;
    let arn = world.arn("dynamodb", &format!("table/{name}"));
    Ok(created(name, [("Arn", arn.into())]))
}

/// AWS: DynamoDB developer guide, "Using deletion protection".
fn delete(world: &mut World, it: &Existing<'_>) -> Result<(), Fault> {
    let protected = &it.properties["DeletionProtectionEnabled"];
    if *protected == true || *protected == "true" {
        let message = "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.";
        return Err(Fault::new("ValidationException", message));
    }
    delete_table(world, it.reference);
    Ok(())
}
