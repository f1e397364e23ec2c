//! Creates stacks.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Created, Environment, Provider, Refused, Resource, TemplateError,
    declarations::{self, Declared, Output, Template},
    logic,
    names::{physical_name, stack_id},
    order::order,
    parameters,
    place::Place,
    resolve::{Scope, scalar, sort},
    source::{Source, Templates, one_of},
};

const STACK: &str = "AWS::CloudFormation::Stack";

/// Creates a stack and the stacks that it nests: answers its outputs, which are texts.
///
/// `file` is one of the templates. `parameters` are as a person gives them: lists with commas.
/// `AWS::CloudFormation::Stack` is created here from a file beside the one that nests it, or below
/// (`TemplateURL: ./network.yaml`), named `<stack>-<logical id>-<12 letters and digits>`.
///
/// Stops at the first problem: what was created until then stays with the provider. All that can be
/// said without it (what is declared, parameters, rules, conditions, order) is checked before the
/// provider is asked for the stack's first resource.
pub fn create_stack(
    templates: &Templates,
    file: &str,
    name: &str,
    parameters: &BTreeMap<String, String>,
    environment: &Environment,
    provider: &mut dyn Provider,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    let mut creation = Creation {
        templates,
        environment,
        provider,
        trail: Vec::new(),
    };
    creation.stack(file, name, parameters)
}

struct Creation<'a> {
    templates: &'a Templates,
    environment: &'a Environment,
    provider: &'a mut dyn Provider,
    /// The files of the stacks that nest this one.
    trail: Vec<String>,
}

impl<'a> Creation<'a> {
    fn stack(
        &mut self,
        file: &str,
        name: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Value>, TemplateError> {
        let source = self.templates.source(file)?;
        let secrets = parameters::secrets(source, parameters)?;
        self.declared(source, file, name, parameters)
            .map_err(|error| error.without(&secrets))
    }

    fn declared(
        &mut self,
        source: &'a Source,
        file: &str,
        name: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Value>, TemplateError> {
        let template = declarations::read(source)?;
        let Environment {
            account,
            region,
            partition,
            ..
        } = self.environment;
        let id = stack_id(partition, region, account, name);
        let mut scope = Scope::new(source, self.environment, name, &id);
        scope.evaluate(parameters)?;
        let wanted = scope.wanted(&template)?;
        self.trail.push(file.to_owned());
        for resource in order(source, &wanted)? {
            let created = self.resource(&scope, name, resource)?;
            scope.created.insert(resource.id.to_owned(), created);
        }
        self.trail.pop();
        outputs(&scope, &template.outputs)
    }

    fn resource(
        &mut self,
        scope: &Scope<'_>,
        stack: &str,
        declared: &Declared<'_>,
    ) -> Result<Created, TemplateError> {
        let place = Place::declaration("Resources", declared.id);
        let within = place.key("Properties");
        let properties = match declared.properties {
            Value::Null => Value::Object(Map::new()),
            properties => scope.value(properties, &within)?,
        };
        if declared.kind == STACK {
            return self.nested(scope.source, stack, declared.id, &properties);
        }
        let resource = Resource {
            stack,
            logical_id: declared.id,
            kind: &declared.kind,
            properties: &properties,
        };
        match self.provider.create(&resource) {
            Ok(created) => Ok(created),
            Err(Refused {
                property: None,
                message,
            }) => Err(scope.source.error(&place, message)),
            Err(Refused {
                property: Some(path),
                message,
            }) => {
                let there = scope.trace(declared.properties, &within, &path)?;
                let line = scope.source.file_and_line(&there);
                Err(TemplateError::new(
                    format!("{line}: {place}, property {path}"),
                    message,
                ))
            }
        }
    }

    fn nested(
        &mut self,
        source: &Source,
        stack: &str,
        id: &str,
        properties: &Value,
    ) -> Result<Created, TemplateError> {
        let place = Place::declaration("Resources", id);
        let within = place.key("Properties");
        let (file, parameters) = nested_properties(source, properties, &within)?;
        let nesting = self
            .trail
            .last()
            .and_then(|nesting| nesting.rsplit_once('/'));
        let file = nesting.map_or(file.clone(), |(folder, _)| format!("{folder}/{file}"));
        if self.trail.contains(&file) {
            let cycle = format!("{} -> {file}", self.trail.join(" -> "));
            let problem = format!("templates nest each other: {cycle}. Remove one of the stacks.");
            return Err(source.error(&within.key("TemplateURL"), problem));
        }
        let name = physical_name(stack, id);
        let outputs = self
            .stack(&file, &name, &parameters)
            .map_err(|error| error.nested_by(&source.position(&place)))?;
        let Environment {
            account,
            region,
            partition,
            ..
        } = self.environment;
        Ok(Created {
            reference: stack_id(partition, region, account, &name),
            attributes: outputs
                .into_iter()
                .map(|(output, value)| (format!("Outputs.{output}"), value))
                .collect(),
        })
    }
}

impl<'a> Scope<'a> {
    /// What a template's names stand for in a stack, before its parameters are known.
    pub(super) fn new(
        source: &'a Source,
        environment: &Environment,
        stack: &str,
        id: &str,
    ) -> Self {
        let Environment {
            account,
            region,
            partition,
            url_suffix,
        } = environment.clone();
        Self {
            source,
            pseudo: BTreeMap::from([
                ("AWS::AccountId", account),
                ("AWS::Region", region),
                ("AWS::Partition", partition),
                ("AWS::URLSuffix", url_suffix),
                ("AWS::StackName", stack.to_owned()),
                ("AWS::StackId", id.to_owned()),
            ]),
            parameters: BTreeMap::new(),
            conditions: BTreeMap::new(),
            created: BTreeMap::new(),
        }
    }

    /// Checks parameters and rules, and evaluates the conditions.
    pub(super) fn evaluate(
        &mut self,
        parameters: &BTreeMap<String, String>,
    ) -> Result<(), TemplateError> {
        self.parameters = parameters::values(self.source, parameters)?;
        logic::check_rules(self.source, self)?;
        logic::evaluate_conditions(self.source, self)
    }

    /// The resources whose conditions hold.
    pub(super) fn wanted<'t>(
        &self,
        template: &'t Template<'a>,
    ) -> Result<Vec<&'t Declared<'a>>, TemplateError> {
        let mut wanted = Vec::new();
        for resource in &template.resources {
            let place = Place::declaration("Resources", resource.id);
            if holds(self, resource.condition.as_deref(), &place)? {
                wanted.push(resource);
            }
        }
        Ok(wanted)
    }
}

/// The template's file, from where the template is that nests it, and the parameters of a nested stack.
fn nested_properties(
    source: &Source,
    properties: &Value,
    place: &Place,
) -> Result<(String, BTreeMap<String, String>), TemplateError> {
    const KNOWN: [&str; 2] = ["TemplateURL", "Parameters"];
    let members = properties.as_object().into_iter().flatten();
    if let Some((key, _)) = members
        .into_iter()
        .find(|(key, _)| !KNOWN.contains(&key.as_str()))
    {
        let problem = format!(
            "a nested stack has no such property here. It has {}.",
            one_of(&KNOWN)
        );
        return Err(source.error(&place.key(key), problem));
    }
    let url = &properties["TemplateURL"];
    let file = url.as_str().and_then(|url| url.strip_prefix("./"));
    let Some(file) = file.filter(|file| !file.split('/').any(|part| part == "..")) else {
        let problem = format!(
            "{url} is no template of this directory. Write it as ./network.yaml; packaging uploads it."
        );
        return Err(source.error(&place.key("TemplateURL"), problem));
    };
    let place = place.key("Parameters");
    let none = Value::Object(Map::new());
    let given = properties.get("Parameters").unwrap_or(&none);
    let Some(given) = given.as_object() else {
        return Err(source.error(
            &place,
            format!("an object is needed here, not {}.", sort(given)),
        ));
    };
    let mut parameters = BTreeMap::new();
    for (name, value) in given {
        let Some(text) = scalar(value) else {
            let problem = format!(
                "a text is needed here, not {}. Make one of a list with Fn::Join.",
                sort(value)
            );
            return Err(source.error(&place.key(name), problem));
        };
        parameters.insert(name.clone(), text);
    }
    Ok((file.to_owned(), parameters))
}

pub(super) fn outputs(
    scope: &Scope<'_>,
    declared: &[(&str, Output)],
) -> Result<BTreeMap<String, Value>, TemplateError> {
    let mut outputs = BTreeMap::new();
    for (name, output) in declared {
        let place = Place::declaration("Outputs", name);
        if holds(scope, output.condition.as_deref(), &place)? {
            let value = scope.text(&output.value, &place.key("Value"))?;
            outputs.insert((*name).to_owned(), Value::String(value));
        }
    }
    Ok(outputs)
}

pub(super) fn holds(
    scope: &Scope<'_>,
    condition: Option<&str>,
    place: &Place,
) -> Result<bool, TemplateError> {
    match condition {
        Some(name) => scope.condition(name, &place.key("Condition")),
        None => Ok(true),
    }
}
