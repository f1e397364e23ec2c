//! Intrinsic functions become values.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Created,
    error::TemplateError,
    function::{Call, Function, Piece, Substitution, variable},
    place::Place,
    source::{Source, one_of},
};

pub(super) const NO_VALUE: &str = "AWS::NoValue";

/// What the names in a template stand for while its stack is created.
pub(super) struct Scope<'a> {
    pub(super) source: &'a Source,
    /// `AWS::Region` and its like.
    pub(super) pseudo: BTreeMap<&'static str, String>,
    /// Texts, and lists of texts.
    pub(super) parameters: BTreeMap<String, Value>,
    pub(super) conditions: BTreeMap<String, bool>,
    /// The resources so far.
    pub(super) created: BTreeMap<String, Created>,
}

impl Scope<'_> {
    /// The value with all functions resolved. None is `AWS::NoValue`, which removes the member or
    /// the item that it is.
    pub(super) fn resolve(
        &self,
        value: &Value,
        place: &Place,
    ) -> Result<Option<Value>, TemplateError> {
        match value {
            Value::Object(members) => match self.source.call(members, place)? {
                Some(call) => self.call(&call),
                None => self.members(members, place).map(Some),
            },
            Value::Array(items) => self.items(items, place).map(Some),
            plain => Ok(Some(plain.clone())),
        }
    }

    fn members(&self, members: &Map<String, Value>, place: &Place) -> Result<Value, TemplateError> {
        let mut resolved = Map::new();
        for (key, member) in members {
            if let Some(member) = self.resolve(member, &place.key(key))? {
                resolved.insert(key.clone(), member);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn items(&self, items: &[Value], place: &Place) -> Result<Value, TemplateError> {
        let mut resolved = Vec::new();
        for (index, item) in items.iter().enumerate() {
            resolved.extend(self.resolve(item, &place.item(index))?);
        }
        Ok(Value::Array(resolved))
    }

    fn call(&self, call: &Call<'_>) -> Result<Option<Value>, TemplateError> {
        match call.function {
            Function::Ref => match call.name(self.source)? {
                NO_VALUE => Ok(None),
                name => self.refer(name, &call.place).map(Some),
            },
            Function::If => {
                let (branch, place) = self.branch(call)?;
                self.resolve(branch, &place)
            }
            Function::GetAtt => {
                let (resource, attribute) = call.attribute(self.source)?;
                self.attribute(resource, attribute, &call.place).map(Some)
            }
            Function::Sub => self.sub(call).map(|text| Some(Value::String(text))),
            Function::Join => self.join(call).map(Some),
            Function::Select => self.select(call).map(Some),
            Function::Split => self.split(call).map(Some),
            Function::FindInMap => self.find_in_map(call).map(Some),
            Function::GetAZs => self.zones(call).map(Some),
            Function::Base64 => self.base64(call).map(Some),
            Function::Cidr => self.cidr(call).map(Some),
        }
    }

    /// The value where `AWS::NoValue` cannot stand.
    pub(super) fn value(&self, value: &Value, place: &Place) -> Result<Value, TemplateError> {
        self.resolve(value, place)?.ok_or_else(|| {
            let problem =
                "AWS::NoValue cannot stand here. It removes a property or an item of a list.";
            self.source.error(place, problem)
        })
    }

    /// The value as a text. Numbers and booleans become texts as CloudFormation writes them.
    pub(super) fn text(&self, value: &Value, place: &Place) -> Result<String, TemplateError> {
        let value = self.value(value, place)?;
        scalar(&value).ok_or_else(|| {
            let problem = format!("a text is needed here, not {}.", sort(&value));
            self.source.error(place, problem)
        })
    }

    /// The value as a list.
    pub(super) fn list(&self, value: &Value, place: &Place) -> Result<Vec<Value>, TemplateError> {
        match self.value(value, place)? {
            Value::Array(items) => Ok(items),
            other => {
                let problem = format!("a list is needed here, not {}.", sort(&other));
                Err(self.source.error(place, problem))
            }
        }
    }

    /// The branch of an `Fn::If` that its condition chooses.
    pub(super) fn branch<'v>(&self, call: &Call<'v>) -> Result<(&'v Value, Place), TemplateError> {
        let shape = "[condition, value if true, value if false]";
        let [condition, yes, no] = call.items(self.source, shape)?;
        let Some(condition) = condition.as_str() else {
            return Err(call.malformed(self.source, shape));
        };
        Ok(if self.condition(condition, &call.place)? {
            (yes, call.place.item(1))
        } else {
            (no, call.place.item(2))
        })
    }

    /// Whether a condition holds.
    pub(super) fn condition(&self, name: &str, place: &Place) -> Result<bool, TemplateError> {
        self.conditions.get(name).copied().ok_or_else(|| {
            let known: Vec<&String> = self.conditions.keys().collect();
            let problem = format!(
                "there is no condition {name} here. There is {}.",
                one_of(&known)
            );
            self.source.error(place, problem)
        })
    }

    fn sub(&self, call: &Call<'_>) -> Result<String, TemplateError> {
        let Substitution { pieces, own } = call.substitution(self.source)?;
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Escaped(name) => text.extend(["${", name, "}"]),
                Piece::Variable(name) => match own.and_then(|own| own.get(name)) {
                    Some(value) => {
                        let place = call.place.item(1).key(name);
                        text.push_str(&self.text(value, &place)?);
                    }
                    None => text.push_str(&self.variable(name, &call.place)?),
                },
            }
        }
        Ok(text)
    }

    fn variable(&self, name: &str, place: &Place) -> Result<String, TemplateError> {
        let value = match variable(name) {
            (name, None) => self.refer(name, place)?,
            (resource, Some(attribute)) => self.attribute(resource, attribute, place)?,
        };
        scalar(&value).ok_or_else(|| {
            let problem = format!(
                "${{{name}}} is {}. Fn::Sub takes texts; make one of a list with Fn::Join.",
                sort(&value)
            );
            self.source.error(place, problem)
        })
    }

    /// What `Ref` answers. A parameter of type `Number` is a text, as on AWS.
    fn refer(&self, name: &str, place: &Place) -> Result<Value, TemplateError> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        if let Some(value) = self.pseudo.get(name) {
            return Ok(Value::String(value.clone()));
        }
        let created = self.created(name, place)?;
        Ok(Value::String(created.reference.clone()))
    }

    /// What `Fn::GetAtt` answers.
    fn attribute(
        &self,
        resource: &str,
        attribute: &str,
        place: &Place,
    ) -> Result<Value, TemplateError> {
        let created = self.created(resource, place)?;
        created.attributes.get(attribute).cloned().ok_or_else(|| {
            let known: Vec<&String> = created.attributes.keys().collect();
            let problem = format!(
                "the resource {resource} has no attribute {attribute}. It has {}.",
                one_of(&known)
            );
            self.source.error(place, problem)
        })
    }

    fn created(&self, name: &str, place: &Place) -> Result<&Created, TemplateError> {
        self.created.get(name).ok_or_else(|| {
            let resource = &self.source.document["Resources"][name];
            let condition = resource["Condition"].as_str();
            let problem = match condition.filter(|name| self.conditions.get(*name) == Some(&false))
            {
                Some(condition) => format!(
                    "{name} is not created: its condition {condition} does not hold. Refer to it \
                     where that holds, with Fn::If or a condition of its own."
                ),
                None => format!("{name} is no parameter. Nothing else can be used here."),
            };
            self.source.error(place, problem)
        })
    }
}

/// What a value is, without telling it: it may hold what `NoEcho` hides.
pub(super) fn sort(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
        _ => "a text",
    }
}

/// A text, a number or a boolean as text.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
