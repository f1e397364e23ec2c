//! Strict reading of what our users write: the path of the bad field, what was found, what is
//! allowed.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, Deserializer, value::MapDeserializer};
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

/// A field of an object that is still to be read.
pub type Field<'a> = (&'a str, &'a RawValue);

/// Reads fields of an object strictly, as if they were a whole one.
pub fn fields<T: DeserializeOwned>(
    source_name: &'static str,
    fields: &[Field<'_>],
) -> Result<T, BadInput> {
    let object = MapDeserializer::<_, serde_json::Error>::new(fields.iter().copied());
    strictly(source_name.into(), object)
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
