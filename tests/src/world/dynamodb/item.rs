//! Items: attributes by name.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::value::{AttributeValue, attribute_name};

/// AWS: quotas, "Item size".
pub(super) const LARGEST: usize = 400 * 1024;

/// An item, a key or a part of an item.
pub(super) type Item = BTreeMap<String, AttributeValue>;

/// Reads an item or a key of a request.
///
/// # Errors
/// What AWS says about it.
pub(super) fn read(value: &Value) -> Result<Item, String> {
    let attributes = || value.as_object().into_iter().flatten();
    // All names before any value (`deepRequests.test.ts`).
    let names: Vec<_> = attributes()
        .map(|(name, _)| attribute_name(name))
        .collect::<Result<_, _>>()?;
    let values = attributes().map(|(_, value)| AttributeValue::read(value));
    names
        .into_iter()
        .zip(values)
        .map(|(name, value)| Ok((name, value?)))
        .collect()
}

/// An item as an answer has it.
pub(super) fn to_json(item: &Item) -> Value {
    let attributes = item
        .iter()
        .map(|(name, value)| (name.clone(), value.to_json()));
    Value::Object(attributes.collect::<Map<_, _>>())
}

/// How many bytes an item has. AWS: developer guide, "`DynamoDB` item sizes and formats".
pub(super) fn size(item: &Item) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + value.size())
        .sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_is_as_large_as_its_names_and_values() {
        let item = read(&json!({ "pair": { "S": "orders" }, "größe": { "N": "42.5" } })).unwrap();
        assert_eq!(size(&item), 4 + 6 + 7 + 3);
    }

    #[test]
    fn an_empty_name_is_told_before_a_bad_value() {
        let item = json!({ "a": {}, "": { "S": "x" } });
        assert_eq!(read(&item).unwrap_err(), "Empty attribute name");
    }
}
