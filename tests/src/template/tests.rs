//! What a person who writes templates sees.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Created, Environment, Provider, Refused, Resource, Templates, create_stack};

/// Creates everything, and remembers it.
#[derive(Default)]
struct Account {
    created: Vec<(String, Value)>,
    refuses: Option<Refused>,
}

impl Provider for Account {
    fn create(&mut self, resource: &Resource<'_>) -> Result<Created, Refused> {
        if let Some(refused) = self.refuses.clone() {
            return Err(refused);
        }
        let name = format!("{}/{}", resource.stack, resource.logical_id);
        let arn = format!("arn:{name}");
        self.created
            .push((name.clone(), resource.properties.clone()));
        Ok(Created {
            reference: name,
            attributes: BTreeMap::from([("Arn".to_owned(), json!(arn))]),
        })
    }
}

fn frankfurt() -> Environment {
    Environment {
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
        partition: "aws".to_owned(),
        url_suffix: "amazonaws.com".to_owned(),
    }
}

#[test]
fn a_smoke_test() {
    let templates = Templates::parse(
        "infra",
        [(
            "a.yaml",
            r"
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Name: {Type: String}
  Max: {Type: Number, Default: 3}
Conditions:
  Big: !Not [!Equals [!Ref Max, 3]]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Ref Name
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt DeadLetters.Arn
        maxReceiveCount: !Ref Max
      Tags: !If [Big, [a], !Ref AWS::NoValue]
  DeadLetters:
    Type: AWS::SQS::Queue
Outputs:
  Url: {Value: !Sub '${Queue}/#{x}/${!Name}/${AWS::Region}'}
",
        )],
    )
    .unwrap();
    let mut account = Account::default();
    let given = BTreeMap::from([("Name".to_owned(), "orders".to_owned())]);
    let outputs = create_stack(
        &templates,
        "a.yaml",
        "s",
        &given,
        &frankfurt(),
        &mut account,
    )
    .unwrap();
    assert_eq!(outputs["Url"], "s/Queue/#{x}/${Name}/eu-central-1");
    assert_eq!(
        account.created[1].1,
        json!({"QueueName": "orders", "RedrivePolicy": {"deadLetterTargetArn": "arn:s/DeadLetters", "maxReceiveCount": "3"}})
    );
}
