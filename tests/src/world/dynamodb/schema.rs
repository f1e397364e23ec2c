//! What makes an item one of a table: its key. All keys are strings here.

use super::{expression::Condition, item::Item, value::AttributeValue};

const LONGEST_PARTITION_KEY: usize = 2048;
const LONGEST_SORT_KEY: usize = 1024;

/// The attributes that are the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schema {
    pub(super) partition: String,
    pub(super) sort: Option<String>,
}

/// The key of an item. Without a sort key in the schema, `sort` is empty, which no sort key is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) partition: String,
    pub(super) sort: String,
}

/// Why attributes are no key of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BadKey {
    /// A key attribute is empty: even of a transaction told before anything is done (`transactWriteItems.test.ts`).
    Empty(String),
    /// In AWS's words.
    Misfit(String),
}

impl BadKey {
    pub(super) fn message(self) -> String {
        match self {
            Self::Empty(attribute) => format!(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: {attribute}"
            ),
            Self::Misfit(message) => message,
        }
    }
}

impl Schema {
    /// The key attributes, the partition key first.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &str> {
        [self.partition.as_str()]
            .into_iter()
            .chain(self.sort.as_deref())
    }

    /// Whether an attribute is part of the key.
    pub(super) fn has(&self, attribute: &str) -> bool {
        self.attributes().any(|key| key == attribute)
    }

    /// The key that `Key` of a request is: all key attributes and nothing else.
    ///
    /// # Errors
    /// If it is none.
    pub(super) fn key(&self, given: &Item) -> Result<Key, BadKey> {
        let misfit = |_: &str| "The provided key element does not match the schema".to_owned();
        if given.len() != self.attributes().count() {
            return Err(BadKey::Misfit(misfit("")));
        }
        self.find(given, |attribute, _| misfit(attribute))
    }

    /// The key of an item that is put.
    ///
    /// # Errors
    /// If it has none.
    pub(super) fn key_of(&self, item: &Item) -> Result<Key, BadKey> {
        self.find(item, |attribute, found| {
            let what = match found {
                None => format!("Missing the key {attribute} in the item"),
                Some(found) => format!(
                    "Type mismatch for key {attribute} expected: S actual: {}",
                    found.kind()
                ),
            };
            format!("One or more parameter values were invalid: {what}")
        })
    }

    /// Checks that a condition looks into no key attribute.
    ///
    /// # Errors
    /// What AWS says about it (dynalite, `db/index.js`).
    pub(super) fn check_scalars(&self, condition: &Condition) -> Result<(), String> {
        let paths = condition.paths();
        let mut into_keys = paths
            .iter()
            .filter(|path| self.has(&path.attribute) && !path.inside.is_empty());
        match into_keys.next() {
            Some(path) => Err(format!(
                "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: {}",
                path.attribute
            )),
            None => Ok(()),
        }
    }

    /// The key attributes of an item of the table.
    pub(super) fn key_attributes(&self, item: &Item) -> Item {
        let key = item.iter().filter(|(name, _)| self.has(name));
        key.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn find(
        &self,
        attributes: &Item,
        misfit: impl Fn(&str, Option<&AttributeValue>) -> String,
    ) -> Result<Key, BadKey> {
        let text = |attribute: &str| match attributes.get(attribute) {
            Some(AttributeValue::S(text)) if text.is_empty() => {
                Err(BadKey::Empty(attribute.to_owned()))
            }
            Some(AttributeValue::S(text)) => Ok(text.clone()),
            other => Err(BadKey::Misfit(misfit(attribute, other))),
        };
        let key = Key {
            partition: text(&self.partition)?,
            sort: self
                .sort
                .as_deref()
                .map(text)
                .transpose()?
                .unwrap_or_default(),
        };
        key.check_length()?;
        Ok(key)
    }
}

impl Key {
    fn check_length(&self) -> Result<(), BadKey> {
        // The missing blank is AWS's (moto `dynamodb/exceptions.py`, dynalite `db/index.js`).
        let what = if self.partition.len() > LONGEST_PARTITION_KEY {
            "Size of hashkey has exceeded the maximum size limit of2048 bytes"
        } else if self.sort.len() > LONGEST_SORT_KEY {
            "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
        } else {
            return Ok(());
        };
        Err(BadKey::Misfit(format!(
            "One or more parameter values were invalid: {what}"
        )))
    }
}
