//! One template whose resources are made one at a time, by somebody who keeps what is made.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use super::{
    Created, Environment, Policies, TemplateError,
    declarations::{self, Template},
    names::stack_id,
    order::order,
    place::Place,
    resolve::{Scope, scalar},
    source::Source,
    stack, yaml,
};

/// A template, read. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sheet {
    source: Arc<Source>,
}

/// A template with the values of its parameters.
#[derive(Debug, Clone)]
pub struct Plan {
    sheet: Sheet,
    environment: Environment,
    stack: String,
    id: String,
    parameters: BTreeMap<String, Value>,
    conditions: BTreeMap<String, bool>,
    /// The resources whose conditions hold, what is needed first.
    pub resources: Vec<Planned>,
}

/// A resource of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The resource's key in the template.
    pub id: String,
    /// The type, like `AWS::SQS::Queue`.
    pub kind: String,
    /// What becomes of it.
    pub policies: Policies,
    /// What it refers to and depends on.
    pub needs: Vec<String>,
}

/// An output of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What the template says about it.
    pub description: Option<String>,
}

impl Sheet {
    /// Reads a template: YAML, and so JSON. `name` is for error texts.
    ///
    /// # Errors
    /// Text that is no template, and whatever can be said without parameters.
    pub fn parse(name: &str, text: &str) -> Result<Self, TemplateError> {
        let source = yaml::read(name.to_owned(), text)?;
        declarations::read(&source)?;
        Ok(Self {
            source: Arc::new(source),
        })
    }

    /// The whole template. Intrinsic functions are in their long form.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.source.document
    }

    /// Whether the parameter has a default; `None` if there is no such parameter.
    #[must_use]
    pub fn has_default(&self, parameter: &str) -> Option<bool> {
        let declared = self.document()["Parameters"].get(parameter)?;
        Some(declared.get("Default").is_some())
    }

    /// The default of a parameter, as text.
    #[must_use]
    pub fn default(&self, parameter: &str) -> Option<String> {
        scalar(&self.document()["Parameters"][parameter]["Default"])
    }

    /// The template with values, for a stack.
    ///
    /// # Errors
    /// Values that the template does not take, its rules, conditions and references.
    pub fn plan(
        &self,
        environment: &Environment,
        (stack, id): (&str, &str),
        parameters: &BTreeMap<String, String>,
    ) -> Result<Plan, TemplateError> {
        let template = declarations::read(&self.source)?;
        let mut scope = Scope::new(&self.source, environment, stack, id);
        scope.evaluate(parameters)?;
        let wanted = scope.wanted(&template)?;
        let resources = order(&self.source, &wanted)?
            .into_iter()
            .map(|declared| Planned {
                id: declared.id.to_owned(),
                kind: declared.kind.clone(),
                policies: declared.policies,
                needs: declared.needs.clone(),
            })
            .collect();
        Ok(Plan {
            sheet: self.clone(),
            environment: environment.clone(),
            stack: stack.to_owned(),
            id: id.to_owned(),
            parameters: scope.parameters,
            conditions: scope.conditions,
            resources,
        })
    }
}

impl Plan {
    /// The template.
    #[must_use]
    pub fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    /// The properties of a resource, once what it refers to is created.
    ///
    /// # Errors
    /// A function that cannot be resolved, above all a reference to what is not created.
    pub fn properties(
        &self,
        resource: &str,
        created: &BTreeMap<String, Created>,
    ) -> Result<Value, TemplateError> {
        let place = Place::declaration("Resources", resource).key("Properties");
        let declared = &self.sheet.document()["Resources"][resource]["Properties"];
        match declared {
            Value::Null => Ok(Value::Object(Map::new())),
            properties => self.scope(created).value(properties, &place),
        }
    }

    /// The outputs, once everything is created.
    ///
    /// # Errors
    /// As [`Self::properties`].
    pub fn outputs(
        &self,
        created: &BTreeMap<String, Created>,
    ) -> Result<Vec<Shown>, TemplateError> {
        let Template { outputs, .. } = declarations::read(&self.sheet.source)?;
        let values = stack::outputs(&self.scope(created), &outputs)?;
        let shown = outputs.into_iter().filter_map(|(key, output)| {
            Some(Shown {
                key: key.to_owned(),
                value: scalar(values.get(key)?)?,
                description: output.description,
            })
        });
        Ok(shown.collect())
    }

    fn scope(&self, created: &BTreeMap<String, Created>) -> Scope<'_> {
        let mut scope = Scope::new(&self.sheet.source, &self.environment, &self.stack, &self.id);
        scope.parameters = self.parameters.clone();
        scope.conditions = self.conditions.clone();
        scope.created = created.clone();
        scope
    }
}

/// The ARN of a stack that is created now; `unique` tells it from earlier ones of its name.
#[must_use]
pub fn new_stack_id(environment: &Environment, stack: &str, unique: &str) -> String {
    let Environment {
        account,
        region,
        partition,
        ..
    } = environment;
    let known = stack_id(partition, region, account, stack);
    let end = known.rfind('/').unwrap_or_default();
    format!("{}/{unique}", &known[..end])
}
