//! `GetItem`, `Query` and `Scan`.

use serde_json::{Value, json};

use super::{
    super::{Fault, World},
    expression::{Condition, KeyCondition, Projection},
    item::{self, Item},
    request::{Expressions, Request},
    schema::{BadKey, Key, Schema},
    table, validation,
};

/// AWS: developer guide, "Paginating table query results". A choice: the item with which a page gets there is its last.
const LARGEST_PAGE: usize = 1024 * 1024;

/// # Errors
/// The fault that AWS would answer with.
pub(super) fn get_item(world: &World, input: &Value) -> Result<Value, Fault> {
    let request = Request::new("GetItem", input);
    request.check_members()?;
    let expressions = request.expressions().map_err(validation)?;
    let key = item::read(request.member("Key")).map_err(validation)?;
    let table = table(world, &request)?;
    let key = table
        .schema
        .key(&key)
        .map_err(|bad| validation(bad.message()))?;
    let Some(found) = table.get(&key) else {
        return Ok(json!({}));
    };
    Ok(json!({ "Item": projected(found, expressions.projection.as_ref()) }))
}

/// # Errors
/// The fault that AWS would answer with.
pub(super) fn query(world: &World, input: &Value) -> Result<Value, Fault> {
    let request = Request::new("Query", input);
    request.check_members()?;
    let mut expressions = request.expressions().map_err(validation)?;
    let tests = expressions.key.take().ok_or_else(|| {
        validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    })?;
    let after = start_key(&request)?;
    let table = table(world, &request)?;
    let search = Search::read(&request, expressions)?;
    let wanted = KeyCondition::of(&table.schema, tests).map_err(validation)?;
    search.check_filter(&table.schema)?;
    let after = after.map(|after| {
        let key = table.schema.key(&after);
        key.map_err(|_| validation("The provided starting key is invalid"))
    });
    let after = after.transpose()?;
    let inside = |key: &Key| key.partition == wanted.partition && wanted.holds(&key.sort);
    if !after.as_ref().is_none_or(inside) {
        return Err(validation(
            "The provided starting key is outside query boundaries based on provided conditions",
        ));
    }
    let forward = request.get("ScanIndexForward") != Some(&Value::Bool(false));
    let items = table.partition(&wanted.partition, after.as_ref(), forward);
    let items = items
        .filter(|(sort, _)| wanted.holds(sort))
        .map(|(_, item)| item);
    Ok(search.page(&table.schema, items))
}

/// # Errors
/// The fault that AWS would answer with.
pub(super) fn scan(world: &World, input: &Value) -> Result<Value, Fault> {
    let request = Request::new("Scan", input);
    request.check_members()?;
    let expressions = request.expressions().map_err(validation)?;
    let after = start_key(&request)?;
    let table = table(world, &request)?;
    let search = Search::read(&request, expressions)?;
    if let Some(filter) = &search.filter {
        table.schema.check_scalars(filter).map_err(validation)?;
    }
    let misfit = |bad: BadKey| {
        validation(format!(
            "The provided starting key is invalid: {}",
            bad.message()
        ))
    };
    let after = after
        .map(|after| table.schema.key(&after).map_err(misfit))
        .transpose()?;
    Ok(search.page(&table.schema, table.scan(after.as_ref())))
}

fn start_key(request: &Request<'_>) -> Result<Option<Item>, Fault> {
    let start = request.get("ExclusiveStartKey").map(item::read);
    start.transpose().map_err(validation)
}

/// What is answered of the items that are gone through.
struct Search {
    filter: Option<Condition>,
    projection: Option<Projection>,
    limit: Option<u64>,
    counts_only: bool,
}

impl Search {
    fn read(request: &Request<'_>, expressions: Expressions) -> Result<Self, Fault> {
        let has_projection = expressions.projection.is_some();
        let problem = match (request.text("Select"), has_projection) {
            (Some("ALL_PROJECTED_ATTRIBUTES"), _) => {
                "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
            }
            (Some("SPECIFIC_ATTRIBUTES"), false) => {
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
            }
            (Some("COUNT"), true) => {
                "Cannot specify the ProjectionExpression when choosing to get only the Count"
            }
            (Some("ALL_ATTRIBUTES"), true) => {
                "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"
            }
            (select, _) => {
                return Ok(Self {
                    counts_only: select == Some("COUNT"),
                    filter: expressions.filter,
                    projection: expressions.projection,
                    limit: request.get("Limit").and_then(Value::as_u64),
                });
            }
        };
        Err(validation(problem))
    }

    /// Checks that the filter of a query looks at no key: the key condition is there for that.
    fn check_filter(&self, schema: &Schema) -> Result<(), Fault> {
        let paths = self.filter.iter().flat_map(Condition::paths);
        let mut keys = paths.filter(|path| schema.has(&path.attribute));
        match keys.next() {
            Some(path) => Err(validation(format!(
                "Filter Expression can only contain non-primary key attributes: Primary key attribute: {}",
                path.attribute
            ))),
            None => Ok(()),
        }
    }

    fn page<'a>(&self, schema: &Schema, items: impl Iterator<Item = &'a Item>) -> Value {
        let (mut scanned, mut size, mut count) = (0, 0, 0_u64);
        let mut found = Vec::new();
        let mut last = None;
        for item in items {
            scanned += 1;
            size += item::size(item);
            if self.filter.as_ref().is_none_or(|filter| filter.holds(item)) {
                count += 1;
                if !self.counts_only {
                    found.push(projected(item, self.projection.as_ref()));
                }
            }
            if Some(scanned) == self.limit || size >= LARGEST_PAGE {
                last = Some(item);
                break;
            }
        }
        let mut page = json!({ "Count": count, "ScannedCount": scanned });
        if !self.counts_only {
            page["Items"] = found.into();
        }
        if let Some(last) = last {
            page["LastEvaluatedKey"] = item::to_json(&schema.key_attributes(last));
        }
        page
    }
}

fn projected(item: &Item, projection: Option<&Projection>) -> Value {
    match projection {
        Some(projection) => item::to_json(&projection.of_item(item)),
        None => item::to_json(item),
    }
}
