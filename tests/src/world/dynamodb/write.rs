//! Writes of one item: alone, or as an action of a transaction.

use serde_json::{Value, json};

use super::{
    super::{Fault, World},
    expression::{Condition, Update},
    item::{self, Item},
    request::Request,
    schema::{BadKey, Key, Schema},
    table_mut, validation,
};

/// A put, update, delete or check of one item.
#[derive(Debug)]
pub(super) struct Write {
    action: Action,
    condition: Option<Condition>,
    /// Whether a failed condition shows the item.
    shows_item: bool,
}

#[derive(Debug)]
enum Action {
    Put(Item),
    Update(Item, Update),
    Delete(Item),
    Check(Item),
}

/// What a write does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Nothing,
    Set(Option<Item>),
}

/// Why a write is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its condition does not hold; with the item, if the caller wants to see it.
    Condition(Option<Item>),
    /// In AWS's words.
    Invalid(String),
}

impl Write {
    /// Reads a write.
    ///
    /// # Errors
    /// What AWS says of a request that is wrong in itself.
    pub(super) fn read(request: &Request<'_>) -> Result<Self, String> {
        let expressions = request.expressions()?;
        let key = || item::read(request.member("Key"));
        let action = match request.operation {
            "PutItem" | "Put" => Action::Put(item_to_put(request)?),
            "UpdateItem" | "Update" => {
                Action::Update(key()?, expressions.update.unwrap_or_default())
            }
            "DeleteItem" | "Delete" => Action::Delete(key()?),
            _ => Action::Check(key()?),
        };
        Ok(Self {
            action,
            condition: expressions.condition,
            shows_item: request.text("ReturnValuesOnConditionCheckFailure") == Some("ALL_OLD"),
        })
    }

    /// The key of the item in its table.
    ///
    /// # Errors
    /// If it has none, or the write would change it.
    pub(super) fn key(&self, schema: &Schema) -> Result<Key, BadKey> {
        let key = match &self.action {
            Action::Put(item) => schema.key_of(item)?,
            Action::Update(key, _) | Action::Delete(key) | Action::Check(key) => schema.key(key)?,
        };
        if let Action::Update(_, update) = &self.action
            && let Some(target) = update
                .targets()
                .find(|target| schema.has(&target.attribute))
        {
            return Err(BadKey::Misfit(format!(
                "One or more parameter values were invalid: Cannot update attribute {}. This attribute is part of the key",
                target.attribute
            )));
        }
        if let Some(condition) = &self.condition {
            schema.check_scalars(condition).map_err(BadKey::Misfit)?;
        }
        Ok(key)
    }

    /// What it does to an item as it was before.
    ///
    /// # Errors
    /// If its condition does not hold, or the item would be none that a table takes.
    pub(super) fn change(self, before: Option<&Item>) -> Result<Change, Refusal> {
        let nothing = Item::new();
        let holds = |condition: &Condition| condition.holds(before.unwrap_or(&nothing));
        if !self.condition.as_ref().is_none_or(holds) {
            return Err(Refusal::Condition(
                before.filter(|_| self.shows_item).cloned(),
            ));
        }
        Ok(match self.action {
            Action::Check(_) => Change::Nothing,
            Action::Delete(_) => Change::Set(None),
            Action::Put(item) => Change::Set(Some(item)),
            Action::Update(key, update) => {
                let mut item = before.cloned().unwrap_or(key);
                update
                    .apply(&mut item)
                    .and_then(|()| check_updated(&item))
                    .map_err(Refusal::Invalid)?;
                Change::Set(Some(item))
            }
        })
    }
}

fn item_to_put(request: &Request<'_>) -> Result<Item, String> {
    let item = item::read(request.member("Item"))?;
    if item::size(&item) > item::LARGEST {
        return Err("Item size has exceeded the maximum allowed size".to_owned());
    }
    Ok(item)
}

/// In some Regions AWS measures what an `UpdateItem` writes, in others the item after it (`itemSizeBySurface.test.ts`); here it is the
/// item.
fn check_updated(item: &Item) -> Result<(), String> {
    if item::size(item) > item::LARGEST {
        return Err("Item size to update has exceeded the maximum allowed size".to_owned());
    }
    item.values()
        .try_for_each(super::value::AttributeValue::check_levels)
}

/// `PutItem`, `UpdateItem` and `DeleteItem`.
///
/// # Errors
/// The fault that AWS would answer with.
pub(super) fn write(world: &mut World, operation: &str, input: &Value) -> Result<Value, Fault> {
    let request = Request::new(operation, input);
    request.check_members()?;
    let return_values = return_values(&request)?;
    let write = Write::read(&request).map_err(|message| request.invalid(message))?;
    let table = table_mut(world, &request)?;
    let key = write
        .key(&table.schema)
        .map_err(|bad| validation(bad.message()))?;
    let before = table.get(&key);
    let change = write.change(before).map_err(fault)?;
    let shown = match (return_values, &change) {
        ("ALL_OLD", _) => before.map(item::to_json),
        ("ALL_NEW", Change::Set(after)) => after.as_ref().map(item::to_json),
        _ => None,
    };
    if let Change::Set(after) = change {
        table.set(key, after);
    }
    Ok(shown.map_or_else(|| json!({}), |item| json!({ "Attributes": item })))
}

fn return_values<'a>(request: &Request<'a>) -> Result<&'a str, Fault> {
    match (
        request.operation,
        request.text("ReturnValues").unwrap_or("NONE"),
    ) {
        ("PutItem" | "DeleteItem", "ALL_NEW" | "UPDATED_NEW") => {
            Err(request.invalid("ReturnValues can only be ALL_OLD or NONE"))
        }
        (_, "UPDATED_NEW") => Err(request.not_implemented("ReturnValues", &json!("UPDATED_NEW"))),
        (_, values) => Ok(values),
    }
}

fn fault(refusal: Refusal) -> Fault {
    match refusal {
        Refusal::Invalid(message) => validation(message),
        Refusal::Condition(item) => {
            let fault = Fault::new(
                "ConditionalCheckFailedException",
                "The conditional request failed",
            );
            match item {
                Some(item) => fault.with("Item", item::to_json(&item)),
                None => fault,
            }
        }
    }
}
