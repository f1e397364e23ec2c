//! Strict reading of what our users write: the path of the bad field, what was found, what is
//! allowed.

use std::{borrow::Cow, fmt, fmt::Write as _};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapDeserializer},
};
use serde_json::value::RawValue;

/// The function environment's variable that holds the target.
pub const TARGET: &str = "TARGET";

/// The source's name in messages.
pub const USER_PARAMETERS: &str = "UserParameters";

/// Input that a person has to correct. Its `Display` is the message of a `ConfigurationError`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadInput {
    /// Not given at all.
    #[error("{source_name} is missing; {allowed}")]
    Missing {
        /// For example `UserParameters`.
        source_name: &'static str,
        /// What to give.
        allowed: &'static str,
    },
    /// Not JSON.
    #[error("{source_name} is not valid JSON: {problem}")]
    NotJson {
        /// For example `TARGET`.
        source_name: Cow<'static, str>,
        /// The parser's words, with line and column.
        problem: String,
    },
    /// A field that is wrong.
    #[error("{source_name}: {}{problem}", at(path))]
    Field {
        /// For example `UserParameters`, or a file's name.
        source_name: Cow<'static, str>,
        /// For example `steps[1].weight`; empty for the whole.
        path: String,
        /// What was found and what is allowed.
        problem: String,
    },
}

fn at(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!("field {path}: ")
    }
}

impl BadInput {
    /// A field whose value is wrong in itself or beside others.
    pub fn field(
        source_name: impl Into<Cow<'static, str>>,
        path: impl Into<String>,
        problem: impl Into<String>,
    ) -> Self {
        Self::Field {
            source_name: source_name.into(),
            path: path.into(),
            problem: problem.into(),
        }
    }

    /// The same where these fields are allowed, too, which whoever has read the others does not know.
    #[must_use]
    pub fn beside(mut self, fields: &[&str]) -> Self {
        if let Self::Field { path, problem, .. } = &mut self
            && problem.starts_with("unknown field")
            && !path.contains('.')
        {
            for field in fields {
                let _ = write!(problem, ", `{field}`");
            }
        }
        self
    }

    /// The same about a field of this one.
    #[must_use]
    pub fn within(mut self, field: &str) -> Self {
        if let Self::Field { path, .. } = &mut self {
            let separator = if path.is_empty() { "" } else { "." };
            *path = format!("{field}{separator}{path}");
        }
        self
    }
}

/// Reads JSON strictly.
pub fn parse<T: DeserializeOwned>(
    source_name: impl Into<Cow<'static, str>>,
    text: &str,
) -> Result<T, BadInput> {
    let source_name = source_name.into();
    // Two passes, so that a text that is no JSON at all is not told as a bad field.
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| BadInput::NotJson {
        source_name: source_name.clone(),
        problem: error.to_string(),
    })?;
    strictly(source_name, &mut serde_json::Deserializer::from_str(text))
}

/// An object whose fields are read in parts, each part strictly: a map would forget that a field is given twice.
#[derive(Debug, Clone)]
pub struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// Those of these names, and the others.
    #[must_use]
    pub fn split(self, names: &[&str]) -> (Self, Self) {
        let is_named = |(name, _): &(String, _)| names.contains(&name.as_str());
        let (those, others) = self.0.into_iter().partition(is_named);
        (Self(those), Self(others))
    }

    /// Reads them as if they were all there is.
    ///
    /// # Errors
    /// A field is wrong.
    pub fn read<T: DeserializeOwned>(&self, source_name: &'static str) -> Result<T, BadInput> {
        let fields = self.0.iter().map(|(name, json)| (name.as_str(), &**json));
        let object = MapDeserializer::<_, serde_json::Error>::new(fields);
        strictly(source_name.into(), object)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Object)
    }
}

/// Reads [`Fields`].
struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

fn strictly<'de, T: DeserializeOwned>(
    source_name: Cow<'static, str>,
    json: impl Deserializer<'de, Error = serde_json::Error>,
) -> Result<T, BadInput> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = match error.path().to_string() {
            whole if whole == "." => String::new(),
            path => path,
        };
        let problem = error.inner().to_string();
        // "... at line 1 column 45" helps nobody in a value that is one line in a console.
        let problem = problem
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned();
        BadInput::Field {
            source_name,
            path,
            problem,
        }
    })
}
