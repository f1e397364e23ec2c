//! Attributes of load balancers and target groups: texts by key.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::faults::{text, validation};
use crate::world::Fault;

/// An attribute that exists here.
#[derive(Debug)]
pub(super) struct Attribute {
    key: &'static str,
    default: &'static str,
    allowed: Allowed,
}

/// What its value may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Allowed {
    /// Whole seconds, from and to.
    Seconds(u32, u32),
    /// 0, or whole seconds from and to.
    ZeroOrSeconds(u32, u32),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Any text.
    Any,
}

/// On or off.
pub(super) const SWITCH: Allowed = Allowed::OneOf(&["true", "false"]);

/// The attributes of something, all that it can have.
#[derive(Debug)]
pub(super) struct Attributes {
    known: &'static [Attribute],
    values: BTreeMap<&'static str, String>,
}

impl Attribute {
    pub(super) const fn new(key: &'static str, default: &'static str, allowed: Allowed) -> Self {
        Self {
            key,
            default,
            allowed,
        }
    }
}

impl Attributes {
    /// With their defaults.
    pub(super) fn new(known: &'static [Attribute]) -> Self {
        let defaults = known.iter();
        Self {
            known,
            values: defaults
                .map(|attribute| (attribute.key, attribute.default.to_owned()))
                .collect(),
        }
    }

    /// The value of one; empty if there is no such attribute.
    pub(super) fn get(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    /// Sets some, all or none of those given.
    pub(super) fn modify(&mut self, given: &[Value]) -> Result<(), Fault> {
        let checked = given
            .iter()
            .map(|attribute| self.check(attribute))
            .collect::<Result<Vec<_>, _>>()?;
        self.values.extend(checked);
        Ok(())
    }

    fn check(&self, given: &Value) -> Result<(&'static str, String), Fault> {
        let key = text(given, "Key").unwrap_or_default();
        let value = text(given, "Value").unwrap_or_default();
        let known = self.known.iter().find(|known| known.key == key);
        let known = known.ok_or_else(|| {
            let keys: Vec<_> = self.known.iter().map(|known| known.key).collect();
            validation(format!(
                "The local account does not support the attribute '{key}'. It knows {}",
                keys.join(", ")
            ))
        })?;
        if known.allowed.is_met_by(value) {
            Ok((known.key, value.to_owned()))
        } else {
            Err(validation(format!(
                "The value '{value}' of the attribute '{key}' is not supported, by AWS or by the \
                 local account. It may be {}",
                known.allowed.words()
            )))
        }
    }

    /// As the API shows them.
    pub(super) fn described(&self) -> Value {
        let values = self.values.iter();
        values
            .map(|(key, value)| json!({ "Key": key, "Value": value }))
            .collect()
    }
}

impl Allowed {
    fn is_met_by(self, value: &str) -> bool {
        let seconds = value.parse::<u32>();
        match self {
            Self::Seconds(least, most) => seconds.is_ok_and(|it| (least..=most).contains(&it)),
            Self::ZeroOrSeconds(least, most) => {
                seconds.is_ok_and(|it| it == 0 || (least..=most).contains(&it))
            }
            Self::OneOf(values) => values.contains(&value),
            Self::Any => true,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Seconds(least, most) => format!("{least} to {most}"),
            Self::ZeroOrSeconds(least, most) => format!("0, or {least} to {most}"),
            Self::OneOf(values) => values.join(" or "),
            Self::Any => "any text".to_owned(),
        }
    }
}
