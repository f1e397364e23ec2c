//! The values of a stack's parameters.
//!
//! AWS: CloudFormation User Guide, "CloudFormation template Parameters syntax".

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::{
    error::TemplateError,
    place::Place,
    resolve::scalar,
    source::{Source, one_of},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Parameter {
    #[serde(rename = "Type")]
    kind: Kind,
    default: Option<Value>,
    allowed_values: Option<Vec<Value>>,
    allowed_pattern: Option<String>,
    min_length: Option<Value>,
    max_length: Option<Value>,
    min_value: Option<Value>,
    max_value: Option<Value>,
    constraint_description: Option<String>,
    #[serde(rename = "NoEcho")]
    _no_echo: Option<bool>,
    #[serde(rename = "Description")]
    _description: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Kind {
    String,
    Number,
    CommaDelimitedList,
    #[serde(rename = "List<Number>")]
    ListOfNumbers,
}

impl Kind {
    fn is_list(self) -> bool {
        matches!(self, Self::CommaDelimitedList | Self::ListOfNumbers)
    }

    fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::ListOfNumbers)
    }
}

/// The value of each parameter: a text (also for Number), or a list of texts.
///
/// Fails on a given value that no parameter takes, a value that is neither given nor has a default,
/// and a value that a parameter does not allow.
pub(super) fn values(
    source: &Source,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    let declared = source.section("Parameters")?;
    if let Some(unknown) = given.keys().find(|name| !declared.contains_key(*name)) {
        let known: Vec<&String> = declared.keys().collect();
        return Err(source.error(
            &Place::declaration("Parameters", unknown),
            format!(
                "it is given, but the template has no such parameter. It has {}.",
                one_of(&known)
            ),
        ));
    }
    declared
        .iter()
        .map(|(name, declaration)| {
            let place = Place::declaration("Parameters", name);
            let parameter: Parameter = source.typed(declaration, &place)?;
            let check = Check {
                source,
                place,
                parameter,
            };
            Ok((name.clone(), check.value(given.get(name))?))
        })
        .collect()
}

/// What must not be told: the values of parameters with `NoEcho`.
pub(super) fn secrets(
    source: &Source,
    given: &BTreeMap<String, String>,
) -> Result<Vec<String>, TemplateError> {
    let hidden = source.section("Parameters")?.iter();
    Ok(hidden
        .filter(|(_, parameter)| parameter["NoEcho"] == true)
        .filter_map(|(name, parameter)| match given.get(name) {
            Some(value) => Some(value.clone()),
            None => scalar(&parameter["Default"]),
        })
        .collect())
}

struct Check<'a> {
    source: &'a Source,
    place: Place,
    parameter: Parameter,
}

impl Check<'_> {
    fn value(&self, given: Option<&String>) -> Result<Value, TemplateError> {
        let text = match (given, &self.parameter.default) {
            (Some(given), _) => given.clone(),
            (None, Some(default)) => scalar(default).ok_or_else(|| {
                self.declaration("Default", format!("a text is needed here, not {default}."))
            })?,
            (None, None) => {
                let problem = "no value is given, and it has no default. Give one.";
                return Err(self.source.error(&self.place, problem));
            }
        };
        if self.parameter.kind.is_list() {
            let members: Vec<&str> = text.split(',').map(str::trim).collect();
            members.iter().try_for_each(|member| self.member(member))?;
            Ok(members.into())
        } else {
            self.member(&text)?;
            Ok(Value::String(text))
        }
    }

    /// One value, or one member of a list.
    fn member(&self, text: &str) -> Result<(), TemplateError> {
        if self.parameter.kind.is_numeric() {
            self.number(text)?;
        }
        self.length(text)?;
        self.pattern(text)?;
        match &self.parameter.allowed_values {
            Some(allowed) => {
                let allowed: Vec<String> = allowed.iter().filter_map(scalar).collect();
                if allowed.iter().any(|value| value == text) {
                    return Ok(());
                }
                Err(self.refuse(text, &format!("one of {}", one_of(&allowed))))
            }
            None => Ok(()),
        }
    }

    fn number(&self, text: &str) -> Result<(), TemplateError> {
        let Some(number) = text.parse().ok().filter(|number: &f64| number.is_finite()) else {
            return Err(self.refuse(text, "a number"));
        };
        let least = self.limit("MinValue", self.parameter.min_value.as_ref())?;
        let most = self.limit("MaxValue", self.parameter.max_value.as_ref())?;
        self.within(text, number, least, most, "a number")
    }

    fn length(&self, text: &str) -> Result<(), TemplateError> {
        let least = self.limit("MinLength", self.parameter.min_length.as_ref())?;
        let most = self.limit("MaxLength", self.parameter.max_length.as_ref())?;
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        self.within(text, length.into(), least, most, "a length")
    }

    fn within(
        &self,
        text: &str,
        found: f64,
        least: Option<f64>,
        most: Option<f64>,
        what: &str,
    ) -> Result<(), TemplateError> {
        if least.is_none_or(|least| found >= least) && most.is_none_or(|most| found <= most) {
            return Ok(());
        }
        let bound = |word: &str, bound: Option<f64>| {
            bound
                .map(|bound| format!(" {word} {bound}"))
                .unwrap_or_default()
        };
        let allowed = format!("{what}{}{}", bound("from", least), bound("to", most));
        Err(self.refuse(text, &allowed))
    }

    fn limit(&self, key: &str, limit: Option<&Value>) -> Result<Option<f64>, TemplateError> {
        let Some(limit) = limit else { return Ok(None) };
        let fits = match key {
            "MinValue" | "MaxValue" => self.parameter.kind == Kind::Number,
            _ => self.parameter.kind == Kind::String,
        };
        if !fits {
            let problem = format!("a parameter of type {:?} has none.", self.parameter.kind);
            return Err(self.declaration(key, problem));
        }
        let number = scalar(limit).and_then(|text| text.parse().ok());
        number
            .map(Some)
            .ok_or_else(|| self.declaration(key, format!("a number is needed here, not {limit}.")))
    }

    /// The pattern must match the whole value.
    fn pattern(&self, text: &str) -> Result<(), TemplateError> {
        let Some(pattern) = &self.parameter.allowed_pattern else {
            return Ok(());
        };
        if self.parameter.kind.is_numeric() {
            let problem = "a parameter that is a number has none. Use MinValue and MaxValue.";
            return Err(self.declaration("AllowedPattern", problem));
        }
        let whole = Regex::new(&format!(r"\A(?:{pattern})\z")).map_err(|error| {
            self.declaration(
                "AllowedPattern",
                format!("it cannot be used here: {error}."),
            )
        })?;
        if whole.is_match(text) {
            return Ok(());
        }
        Err(self.refuse(text, &format!("what matches {pattern}")))
    }

    fn refuse(&self, text: &str, allowed: &str) -> TemplateError {
        let why = match &self.parameter.constraint_description {
            Some(description) => format!(" ({description})"),
            None => String::new(),
        };
        let problem = format!("'{text}' is not allowed: it must be {allowed}{why}.");
        self.source.error(&self.place, problem)
    }

    fn declaration(&self, key: &str, problem: impl Into<String>) -> TemplateError {
        self.source.error(&self.place.key(key), problem)
    }
}
