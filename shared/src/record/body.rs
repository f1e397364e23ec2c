//! The part of a record that only its model reads: what the release found, and what it has made and set. The record carries it without
//! knowing it, and keeps what its model does not know either.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::stored::{beyond, lay_over};

/// What a model stores in the record.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// What it was like before the first change; a rollback restores this.
    pub found: Part,
    /// What the release has made and set last.
    #[serde(flatten)]
    pub set: Part,
}

/// One of both, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Part(Map<String, Value>);

impl Body {
    /// What a release begins with.
    ///
    /// # Errors
    /// One of them is nothing that has fields.
    pub fn of(found: &impl Serialize, set: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self {
            found: Part::of(found)?,
            set: Part::of(set)?,
        })
    }
}

impl Part {
    /// As its model stores it.
    ///
    /// # Errors
    /// It is nothing that has fields.
    pub fn of(part: &impl Serialize) -> Result<Self, serde_json::Error> {
        Self::deserialize(serde_json::to_value(part)?)
    }

    /// As its model reads it.
    ///
    /// # Errors
    /// Somebody has changed it, or a later version of the suite has stored it in another form.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&Value::Object(self.0.clone()))
    }

    /// The same without the fields that a later version has stored in another form.
    ///
    /// # Errors
    /// It cannot be read without them.
    pub fn read_what_is_known<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        self.read().or_else(|_| {
            let is_known = |(field, value): &(&String, &Value)| {
                let alone = Map::from_iter([((*field).clone(), (*value).clone())]);
                T::deserialize(&Value::Object(alone)).is_ok()
            };
            let known = self.0.iter().filter(is_known);
            let known = known.map(|(field, value)| (field.clone(), value.clone()));
            Self(known.collect()).read()
        })
    }

    /// With what its model has changed about it, which it has read as `before`. What it has not read stays.
    ///
    /// # Errors
    /// It is nothing that has fields.
    pub fn with<T: Serialize>(&self, before: &T, after: &T) -> Result<Self, serde_json::Error> {
        let known = serde_json::to_value(before)?;
        let unknown = beyond(&Value::Object(self.0.clone()), &known);
        let mut after = serde_json::to_value(after)?;
        lay_over(&mut after, &unknown);
        Self::deserialize(after)
    }

    /// A field as it is stored.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}
