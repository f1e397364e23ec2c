//! Which intrinsic functions there are, and how a call of one looks.

use serde_json::{Map, Value};

use super::{
    error::TemplateError,
    place::{Place, is_function},
    source::Source,
};

/// A function that makes a value. Conditions and rules have their own, see
/// [`logic`](super::logic).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Ref,
    GetAtt,
    Sub,
    Join,
    Select,
    Split,
    If,
    FindInMap,
    GetAZs,
    Base64,
    Cidr,
}

const FUNCTIONS: [(&str, Function); 11] = [
    ("Ref", Function::Ref),
    ("Fn::GetAtt", Function::GetAtt),
    ("Fn::Sub", Function::Sub),
    ("Fn::Join", Function::Join),
    ("Fn::Select", Function::Select),
    ("Fn::Split", Function::Split),
    ("Fn::If", Function::If),
    ("Fn::FindInMap", Function::FindInMap),
    ("Fn::GetAZs", Function::GetAZs),
    ("Fn::Base64", Function::Base64),
    ("Fn::Cidr", Function::Cidr),
];

/// A function and what it is given.
pub(super) struct Call<'v> {
    pub(super) function: Function,
    key: &'v str,
    pub(super) argument: &'v Value,
    /// Where the argument is.
    pub(super) place: Place,
}

impl Source {
    /// The call that an object is, None if it is plain members.
    ///
    /// Fails on a function that is not known, and on one that shares its object with other keys.
    pub(super) fn call<'v>(
        &self,
        members: &'v Map<String, Value>,
        place: &Place,
    ) -> Result<Option<Call<'v>>, TemplateError> {
        let Some((key, argument)) = members.iter().find(|(key, _)| is_function(key)) else {
            return Ok(None);
        };
        let place = place.key(key);
        if members.len() > 1 {
            let problem =
                format!("{key} stands beside other keys. It must be alone in its object.");
            return Err(self.error(&place, problem));
        }
        let Some((_, function)) = FUNCTIONS.iter().find(|(name, _)| name == key) else {
            let known = FUNCTIONS.map(|(name, _)| name).join(", ");
            let problem = format!("{key} is not supported here. Supported are {known}.");
            return Err(self.error(&place, problem));
        };
        Ok(Some(Call {
            function: *function,
            key,
            argument,
            place,
        }))
    }
}

impl<'v> Call<'v> {
    /// The argument as a list of that many items. `shape` says how it is written.
    pub(super) fn items<const N: usize>(
        &self,
        source: &Source,
        shape: &str,
    ) -> Result<&'v [Value; N], TemplateError> {
        self.argument
            .as_array()
            .and_then(|items| items.as_slice().try_into().ok())
            .ok_or_else(|| self.malformed(source, shape))
    }

    pub(super) fn malformed(&self, source: &Source, shape: &str) -> TemplateError {
        let found = self.argument;
        source.error(
            &self.place,
            format!("{} is given {found}. It takes {shape}.", self.key),
        )
    }

    /// The name that `Ref` names.
    pub(super) fn name(&self, source: &Source) -> Result<&'v str, TemplateError> {
        self.argument
            .as_str()
            .ok_or_else(|| self.malformed(source, "a name"))
    }

    /// The resource and the attribute that `Fn::GetAtt` names.
    pub(super) fn attribute(&self, source: &Source) -> Result<(&'v str, &'v str), TemplateError> {
        let shape = "[resource, attribute]";
        let [resource, attribute] = self.items(source, shape)?;
        match (resource.as_str(), attribute.as_str()) {
            (Some(resource), Some(attribute)) => Ok((resource, attribute)),
            _ => Err(self.malformed(source, shape)),
        }
    }

    /// Pattern and own variables of `Fn::Sub`.
    pub(super) fn substitution(&self, source: &Source) -> Result<Substitution<'v>, TemplateError> {
        let (pattern, own) = match self.argument {
            Value::String(pattern) => (pattern, None),
            Value::Array(items) => match items.as_slice() {
                [Value::String(pattern), Value::Object(variables)] => (pattern, Some(variables)),
                _ => return Err(self.malformed(source, "a text or [text, {name: value}]")),
            },
            _ => return Err(self.malformed(source, "a text or [text, {name: value}]")),
        };
        let pieces = pieces(pattern).ok_or_else(|| {
            let problem = "a '${' has no '}'. Close it, or write '$' and '{' apart.";
            source.error(&self.place, problem)
        })?;
        Ok(Substitution { pieces, own })
    }
}

/// What `Fn::Sub` is given.
pub(super) struct Substitution<'v> {
    pub(super) pieces: Vec<Piece<'v>>,
    /// Variables that it declares itself.
    pub(super) own: Option<&'v Map<String, Value>>,
}

/// A part of an `Fn::Sub` pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'v> {
    Text(&'v str),
    /// `${Name}`, `${Resource.Attribute}`, `${AWS::Region}`
    Variable(&'v str),
    /// `${!Name}`, which stands for `${Name}`
    Escaped(&'v str),
}

/// None if a `${` is not closed.
fn pieces(pattern: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some((text, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}')?;
        pieces.push(Piece::Text(text));
        pieces.push(match name.strip_prefix('!') {
            Some(name) => Piece::Escaped(name),
            None => Piece::Variable(name),
        });
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Some(pieces)
}

/// A variable as what it refers to: a name, or a resource and its attribute.
pub(super) fn variable(name: &str) -> (&str, Option<&str>) {
    match name.split_once('.') {
        Some((resource, attribute)) => (resource, Some(attribute)),
        None => (name, None),
    }
}
