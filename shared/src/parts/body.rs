//! The part of a record that only its model reads: what the release found, and what it has made and set. The record carries it without
//! knowing it, and keeps what its model does not know either.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// What names the variant of a stored enum.
pub(crate) const TAG: &str = "name";

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
    #[must_use]
    pub fn of(found: &impl Serialize, set: &impl Serialize) -> Self {
        Self {
            found: Part::of(found),
            set: Part::of(set),
        }
    }
}

impl Part {
    /// As its model stores it: fields with a name each. What has none is said in the log, and not stored.
    #[must_use]
    pub fn of(part: &impl Serialize) -> Self {
        let stored = serde_json::to_value(part).and_then(Self::deserialize);
        stored.unwrap_or_else(|error| {
            tracing::error!("a traffic model stores something without fields: {error}");
            Self::default()
        })
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
    #[must_use]
    pub fn with<T: Serialize>(&self, before: &T, after: &T) -> Self {
        let known = Value::Object(Self::of(before).0);
        let unknown = beyond(&Value::Object(self.0.clone()), &known);
        let mut after = Value::Object(Self::of(after).0);
        lay_over(&mut after, &unknown);
        Self::of(&after)
    }

    /// With further fields.
    #[must_use]
    pub fn and(mut self, further: &impl Serialize) -> Self {
        self.0.extend(Self::of(further).0);
        self
    }
}

/// What of the stored fields is not among the known ones. A variant's fields carry its name, so that no other variant gets them.
pub(crate) fn beyond(stored: &Value, known: &Value) -> Map<String, Value> {
    let (Some(stored), Some(known)) = (stored.as_object(), known.as_object()) else {
        return Map::new();
    };
    let tags = (stored.get(TAG), known.get(TAG));
    if tags.0 != tags.1 {
        return Map::new();
    }
    let mut unknown = Map::new();
    for (field, value) in stored {
        match known.get(field) {
            None => {
                unknown.insert(field.clone(), value.clone());
            }
            Some(known) => {
                let within = beyond(value, known);
                if !within.is_empty() {
                    unknown.insert(field.clone(), within.into());
                }
            }
        }
    }
    if let (Some(tag), false) = (tags.0, unknown.is_empty()) {
        unknown.insert(TAG.to_owned(), tag.clone());
    }
    unknown
}

pub(crate) fn lay_over(known: &mut Value, unknown: &Map<String, Value>) {
    let Some(fields) = known.as_object_mut() else {
        return;
    };
    if unknown
        .get(TAG)
        .is_some_and(|tag| fields.get(TAG) != Some(tag))
    {
        return;
    }
    for (field, value) in unknown {
        match (fields.get_mut(field), value) {
            (None, value) => {
                fields.insert(field.clone(), value.clone());
            }
            (Some(known), Value::Object(within)) => lay_over(known, within),
            (Some(_), _) => {}
        }
    }
}
