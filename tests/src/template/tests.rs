//! What a person who writes templates sees.

mod functions;
mod logic;
mod parameters;
mod random;
mod stacks;
mod yaml;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Created, Environment, Provider, Refused, Resource, Templates, create_stack};

/// An account that creates everything and remembers it. A resource is referred to by its stack and
/// logical id and has the attributes `Arn`, `Zones` (a list) and `Port` (a number).
#[derive(Default)]
struct Account {
    /// Reference and properties.
    created: Vec<(String, Value)>,
    /// What the account says to resources of a type.
    refused: BTreeMap<&'static str, Refused>,
}

impl Provider for Account {
    fn create(&mut self, resource: &Resource<'_>) -> Result<Created, Refused> {
        if let Some(refused) = self.refused.get(resource.kind) {
            return Err(refused.clone());
        }
        let reference = format!("{}/{}", resource.stack, resource.logical_id);
        let attributes = [
            ("Arn", json!(format!("arn:{reference}"))),
            ("Zones", json!(["a", "b"])),
            ("Port", json!(443)),
        ];
        self.created
            .push((reference.clone(), resource.properties.clone()));
        Ok(Created {
            reference,
            attributes: attributes
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
        })
    }
}

impl Account {
    /// Creates the stack `orders` of `infra/main.yaml`: its outputs, or the error's text.
    fn create(
        &mut self,
        files: &[(&str, &str)],
        parameters: &[(&str, &str)],
    ) -> Result<BTreeMap<String, Value>, String> {
        let templates = Templates::parse("infra", files.iter().copied());
        let templates = templates.map_err(|error| error.to_string())?;
        self.create_from(&templates, parameters)
    }

    fn create_from(
        &mut self,
        templates: &Templates,
        parameters: &[(&str, &str)],
    ) -> Result<BTreeMap<String, Value>, String> {
        let parameters = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let frankfurt = Environment {
            account: "111122223333".to_owned(),
            region: "eu-central-1".to_owned(),
            partition: "aws".to_owned(),
            url_suffix: "amazonaws.com".to_owned(),
        };
        create_stack(
            templates,
            "main.yaml",
            "orders",
            &parameters,
            &frankfurt,
            self,
        )
        .map_err(|error| error.to_string())
    }

    fn names(&self) -> Vec<&str> {
        self.created.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// The account after the stack of this template was created.
fn created(template: &str) -> Account {
    let mut account = Account::default();
    let outcome = account.create(&[("main.yaml", template)], &[]);
    assert_eq!(outcome.err(), None);
    account
}

/// What the error says about a template that cannot be created. Nothing of it is created.
fn problem(template: &str) -> String {
    let mut account = Account::default();
    let outcome = account.create(&[("main.yaml", template)], &[]);
    assert_eq!(account.names(), Vec::<&str>::new());
    outcome.expect_err("the template is wrong")
}

/// A queue's only property `Value`, once it is resolved.
fn resolved(value: &str) -> Option<Value> {
    let account = created(&with_value(value));
    account
        .created
        .last()
        .expect("a queue")
        .1
        .get("Value")
        .cloned()
}

/// Line 19 has the value.
fn with_value(value: &str) -> String {
    format!(
        "\
Parameters:
  Name: {{Type: String, Default: orders}}
  Count: {{Type: Number, Default: 3}}
  Subnets: {{Type: CommaDelimitedList, Default: 'subnet-1, subnet-2'}}
Mappings:
  Sizes:
    small: {{Cpu: 256, Zones: [a, b]}}
Conditions:
  Yes: !Equals [!Ref Count, 3]
  No: !Not [!Condition Yes]
Resources:
  Topic: {{Type: 'AWS::SNS::Topic'}}
  Absent:
    Type: AWS::SNS::Topic
    Condition: No
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      Value: {value}
"
    )
}
