//! The values of a stack's parameters.
//!
//! AWS: CloudFormation User Guide, "CloudFormation template Parameters syntax".

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::{
    error::{Cause, TemplateError, Unmet},
    place::Place,
    resolve::{scalar, sort},
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
    #[serde(rename = "AWS::EC2::VPC::Id")]
    Vpc,
    #[serde(rename = "AWS::EC2::SecurityGroup::Id")]
    SecurityGroup,
    #[serde(rename = "List<AWS::EC2::Subnet::Id>")]
    Subnets,
}

impl Kind {
    fn is_list(self) -> bool {
        matches!(
            self,
            Self::CommaDelimitedList | Self::ListOfNumbers | Self::Subnets
        )
    }

    /// How ids of the type begin. AWS also asks whether the account has them; here their form is
    /// checked alone.
    fn prefix(self) -> Option<&'static str> {
        match self {
            Self::Vpc => Some("vpc-"),
            Self::SecurityGroup => Some("sg-"),
            Self::Subnets => Some("subnet-"),
            _ => None,
        }
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
            let declared = Declared {
                source,
                name,
                place,
                parameter,
            };
            let value = declared.value(given.get(name))?;
            Ok((name.clone(), value))
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

struct Declared<'a> {
    source: &'a Source,
    name: &'a str,
    place: Place,
    parameter: Parameter,
}

/// What a value, or each member of a list, is held to.
struct Constraints {
    value: Limits,
    /// Characters.
    length: Limits,
    pattern: Option<Arc<Regex>>,
    values: Option<Vec<String>>,
}

struct Limits {
    least: Option<f64>,
    most: Option<f64>,
}

/// What matches the whole of a value. Made once: stories deploy the same templates a thousand times.
fn whole(pattern: &str) -> Result<Arc<Regex>, regex::Error> {
    static MADE: LazyLock<Mutex<HashMap<String, Arc<Regex>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = made.get(pattern) {
        return Ok(Arc::clone(regex));
    }
    let regex = Arc::new(Regex::new(&format!(r"\A(?:{pattern})\z"))?);
    made.insert(pattern.to_owned(), Arc::clone(&regex));
    Ok(regex)
}

impl Declared<'_> {
    fn value(&self, given: Option<&String>) -> Result<Value, TemplateError> {
        let constraints = self.constraints()?;
        let text = match (given, &self.parameter.default) {
            (Some(given), _) => given.clone(),
            (None, Some(default)) => self.scalar("Default", default)?,
            (None, None) => {
                let problem = "no value is given, and it has no default. Give one.";
                return Err(self.source.error(&self.place, problem));
            }
        };
        if self.parameter.kind.is_list() {
            let members: Vec<&str> = text.split(',').map(str::trim).collect();
            for member in &members {
                self.check(member, &constraints)?;
            }
            Ok(members.into())
        } else {
            self.check(&text, &constraints)?;
            Ok(Value::String(text))
        }
    }

    fn constraints(&self) -> Result<Constraints, TemplateError> {
        let parameter = &self.parameter;
        let values = parameter.allowed_values.as_ref();
        let values = values.map(|values| {
            let texts = values
                .iter()
                .map(|value| self.scalar("AllowedValues", value));
            texts.collect::<Result<_, _>>()
        });
        Ok(Constraints {
            value: Limits {
                least: self.limit("MinValue", Kind::Number, parameter.min_value.as_ref())?,
                most: self.limit("MaxValue", Kind::Number, parameter.max_value.as_ref())?,
            },
            length: Limits {
                least: self.limit("MinLength", Kind::String, parameter.min_length.as_ref())?,
                most: self.limit("MaxLength", Kind::String, parameter.max_length.as_ref())?,
            },
            pattern: self.pattern()?,
            values: values.transpose()?,
        })
    }

    /// A limit that parameters of one type have.
    fn limit(
        &self,
        key: &str,
        kind: Kind,
        limit: Option<&Value>,
    ) -> Result<Option<f64>, TemplateError> {
        let Some(limit) = limit else { return Ok(None) };
        if self.parameter.kind != kind {
            let problem = format!("a parameter of type {:?} has none.", self.parameter.kind);
            return Err(self.error_in(key, problem));
        }
        match self.scalar(key, limit)?.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(self.error_in(key, format!("a number is needed here, not {limit}."))),
        }
    }

    /// The pattern, which must match the whole value.
    fn pattern(&self) -> Result<Option<Arc<Regex>>, TemplateError> {
        const KEY: &str = "AllowedPattern";
        let Some(pattern) = &self.parameter.allowed_pattern else {
            return Ok(None);
        };
        if self.parameter.kind.is_numeric() {
            let problem = "a parameter that is a number has none. Use MinValue and MaxValue.";
            return Err(self.error_in(KEY, problem));
        }
        match whole(pattern) {
            Ok(whole) => Ok(Some(whole)),
            Err(error) => Err(self.error_in(KEY, format!("it cannot be used here: {error}."))),
        }
    }

    fn check(&self, text: &str, constraints: &Constraints) -> Result<(), TemplateError> {
        match self.unmet(text, constraints) {
            Some(unmet) => Err(self.refuse(text, unmet)),
            None => Ok(()),
        }
    }

    fn unmet(&self, text: &str, constraints: &Constraints) -> Option<Unmet> {
        if self.parameter.kind.is_numeric() {
            let number = text.parse().ok().filter(|number| f64::is_finite(*number));
            let Some(number) = number else {
                return Some(Unmet::Number);
            };
            match constraints.value {
                Limits {
                    least: Some(least), ..
                } if number < least => {
                    return Some(Unmet::LeastValue(least));
                }
                Limits {
                    most: Some(most), ..
                } if number > most => {
                    return Some(Unmet::MostValue(most));
                }
                _ => {}
            }
        }
        if let Some(prefix) = self.parameter.kind.prefix() {
            let hex = text.strip_prefix(prefix).unwrap_or_default();
            if hex.is_empty() || !hex.chars().all(|digit| digit.is_ascii_hexdigit()) {
                return Some(Unmet::Id(prefix));
            }
        }
        let length = f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
        match constraints.length {
            Limits {
                least: Some(least), ..
            } if length < least => {
                return Some(Unmet::LeastLength(least));
            }
            Limits {
                most: Some(most), ..
            } if length > most => {
                return Some(Unmet::MostLength(most));
            }
            _ => {}
        }
        if constraints
            .pattern
            .as_ref()
            .is_some_and(|pattern| !pattern.is_match(text))
        {
            return self.parameter.allowed_pattern.clone().map(Unmet::Pattern);
        }
        let allowed = constraints.values.as_ref()?;
        (!allowed.iter().any(|value| value == text)).then(|| Unmet::Values(allowed.clone()))
    }

    fn scalar(&self, key: &str, value: &Value) -> Result<String, TemplateError> {
        scalar(value).ok_or_else(|| {
            self.error_in(key, format!("a text is needed here, not {}.", sort(value)))
        })
    }

    fn refuse(&self, text: &str, unmet: Unmet) -> TemplateError {
        let description = self.parameter.constraint_description.clone();
        let why = match &description {
            Some(description) => format!(" ({})", description.trim_end_matches('.')),
            None => String::new(),
        };
        let problem = format!("'{text}' is not allowed: it must be {unmet}{why}.");
        self.source.error(&self.place, problem).about(Cause::Value {
            parameter: self.name.to_owned(),
            unmet,
            description,
        })
    }

    fn error_in(&self, key: &str, problem: impl Into<String>) -> TemplateError {
        self.source.error(&self.place.key(key), problem)
    }
}
