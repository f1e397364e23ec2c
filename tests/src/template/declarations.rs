//! What a template declares, checked as far as that is possible without its parameters' values.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};

use super::{
    error::TemplateError,
    function::{Call, Function, Piece, Substitution, variable},
    place::Place,
    resolve::NO_VALUE,
    source::{Source, one_of},
};

const SECTIONS: [&str; 9] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
];
/// AWS: CloudFormation Template Reference, "Pseudo parameters reference". `AWS::NotificationARNs`
/// is left out: a stack has none here.
pub(super) const PSEUDO: [&str; 7] = [
    "AWS::AccountId",
    "AWS::Region",
    "AWS::Partition",
    "AWS::URLSuffix",
    "AWS::StackName",
    "AWS::StackId",
    NO_VALUE,
];
static NOTHING: Value = Value::Null;

/// A template's resources and outputs.
#[derive(Debug)]
pub(super) struct Template<'a> {
    pub(super) resources: Vec<Declared<'a>>,
    pub(super) outputs: Vec<(&'a str, Output)>,
}

/// A resource.
#[derive(Debug)]
pub(super) struct Declared<'a> {
    pub(super) id: &'a str,
    pub(super) kind: String,
    /// Null if it has none.
    pub(super) properties: &'a Value,
    pub(super) condition: Option<String>,
    /// What it refers to and depends on, whether that is created or not.
    pub(super) needs: Vec<String>,
    /// What becomes of it when it is deleted, and when another takes its place.
    pub(super) policies: Policies,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Members {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(rename = "Properties")]
    _properties: Option<Map<String, Value>>,
    depends_on: Option<Value>,
    condition: Option<String>,
    #[serde(default)]
    deletion_policy: Policy,
    #[serde(default)]
    update_replace_policy: Policy,
    #[serde(rename = "Metadata")]
    _metadata: Option<IgnoredAny>,
}

/// What becomes of a resource that its stack has no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum Policy {
    /// It is deleted: the default of what has no snapshots.
    #[default]
    Delete,
    /// It stays.
    Retain,
    /// It stays, unless the operation that has created it is rolled back.
    RetainExceptOnCreate,
    /// Nothing here has snapshots.
    Snapshot,
}

/// `DeletionPolicy` and `UpdateReplacePolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policies {
    /// When it is deleted.
    pub deletion: Policy,
    /// When another takes its place.
    pub replacement: Policy,
}

/// An output.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Output {
    pub(super) value: Value,
    pub(super) condition: Option<String>,
    pub(super) description: Option<String>,
}

/// Reads what a template declares.
///
/// Fails on a section or a resource attribute that is not known, on an unknown intrinsic function,
/// and on a reference to something that the template does not declare.
pub(super) fn read(source: &Source) -> Result<Template<'_>, TemplateError> {
    sections(source)?;
    let mut resources = Vec::new();
    for (id, value) in source.section("Resources")? {
        resources.push(resource(source, id, value)?);
    }
    let mut outputs = Vec::new();
    for (name, value) in source.section("Outputs")? {
        let place = Place::declaration("Outputs", name);
        let output: Output = source.typed(value, &place)?;
        condition(source, output.condition.as_deref(), &place.key("Condition"))?;
        References::default().walk(source, &output.value, &place.key("Value"))?;
        outputs.push((name.as_str(), output));
    }
    Ok(Template { resources, outputs })
}

fn sections(source: &Source) -> Result<(), TemplateError> {
    let root = Place::default();
    let Some(sections) = source.document.as_object() else {
        return Err(source.error(&root, "an object with Resources is needed."));
    };
    for name in sections.keys() {
        let place = root.key(name);
        if name == "Transform" {
            let problem =
                "transforms are not supported. The template must be plain CloudFormation.";
            return Err(source.error(&place, problem));
        }
        if !SECTIONS.contains(&name.as_str()) {
            let known = SECTIONS.join(", ");
            return Err(source.error(
                &place,
                format!("there is no such section. There are {known}."),
            ));
        }
    }
    if source.section("Resources")?.is_empty() {
        return Err(source.error(
            &root.key("Resources"),
            "a template needs one resource at least.",
        ));
    }
    Ok(())
}

fn resource<'a>(
    source: &'a Source,
    id: &'a str,
    value: &'a Value,
) -> Result<Declared<'a>, TemplateError> {
    let place = Place::declaration("Resources", id);
    let members: Members = source.typed(value, &place)?;
    condition(
        source,
        members.condition.as_deref(),
        &place.key("Condition"),
    )?;
    let mut references = References::default();
    let depends_on = match members.depends_on {
        None => Vec::new(),
        Some(Value::Array(names)) => names,
        Some(name) => vec![name],
    };
    for name in depends_on {
        let place = place.key("DependsOn");
        let name: String = source.typed(&name, &place)?;
        references.resource(source, &name, &place)?;
    }
    let properties = value.get("Properties").unwrap_or(&NOTHING);
    references.walk(source, properties, &place.key("Properties"))?;
    Ok(Declared {
        id,
        kind: members.kind,
        properties,
        condition: members.condition,
        needs: references.0,
        policies: Policies {
            deletion: members.deletion_policy,
            replacement: members.update_replace_policy,
        },
    })
}

fn condition(source: &Source, name: Option<&str>, place: &Place) -> Result<(), TemplateError> {
    let conditions = source.section("Conditions")?;
    match name {
        Some(name) if !conditions.contains_key(name) => {
            let known: Vec<&String> = conditions.keys().collect();
            let problem = format!("there is no condition {name}. There is {}.", one_of(&known));
            Err(source.error(place, problem))
        }
        _ => Ok(()),
    }
}

/// The resources that something refers to.
#[derive(Default)]
struct References(Vec<String>);

impl References {
    fn walk(&mut self, source: &Source, value: &Value, place: &Place) -> Result<(), TemplateError> {
        match value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| self.walk(source, item, &place.item(index))),
            Value::Object(members) => match source.call(members, place)? {
                None => members
                    .iter()
                    .try_for_each(|(key, member)| self.walk(source, member, &place.key(key))),
                Some(call) => match call.function {
                    Function::Ref => self.name(source, call.name(source)?, &call.place),
                    Function::GetAtt => {
                        let (resource, _) = call.attribute(source)?;
                        self.resource(source, resource, &call.place)
                    }
                    Function::Sub => self.substitution(source, &call),
                    Function::If => {
                        let name = call.argument.get(0).and_then(Value::as_str);
                        condition(source, name, &call.place)?;
                        self.walk(source, call.argument, &call.place)
                    }
                    _ => self.walk(source, call.argument, &call.place),
                },
            },
            _ => Ok(()),
        }
    }

    fn substitution(&mut self, source: &Source, call: &Call<'_>) -> Result<(), TemplateError> {
        let Substitution { pieces, own } = call.substitution(source)?;
        for piece in pieces {
            let Piece::Variable(name) = piece else {
                continue;
            };
            if own.is_some_and(|own| own.contains_key(name)) {
                continue;
            }
            match variable(name) {
                (name, None) => self.name(source, name, &call.place)?,
                (resource, Some(_)) => self.resource(source, resource, &call.place)?,
            }
        }
        for (name, value) in own.into_iter().flatten() {
            self.walk(source, value, &call.place.item(1).key(name))?;
        }
        Ok(())
    }

    fn name(&mut self, source: &Source, name: &str, place: &Place) -> Result<(), TemplateError> {
        let parameters = source.section("Parameters")?;
        if parameters.contains_key(name) || PSEUDO.contains(&name) {
            return Ok(());
        }
        if name.starts_with("AWS::") {
            let problem = format!(
                "there is no pseudo parameter {name} here. There are {}.",
                PSEUDO.join(", ")
            );
            return Err(source.error(place, problem));
        }
        self.resource(source, name, place)
    }

    fn resource(
        &mut self,
        source: &Source,
        name: &str,
        place: &Place,
    ) -> Result<(), TemplateError> {
        if !source.section("Resources")?.contains_key(name) {
            let problem = format!(
                "the template has no {name}. Declare it, or correct the name that is referred to."
            );
            return Err(source.error(place, problem));
        }
        self.0.push(name.to_owned());
        Ok(())
    }
}
