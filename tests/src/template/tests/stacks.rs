use std::collections::BTreeMap;

use serde_json::json;

use super::{Account, created, problem};
use crate::template::{Refused, physical_name};

#[test]
fn what_is_needed_comes_first_and_the_rest_in_the_files_order() {
    let account = created(
        "\
Resources:
  Function: {Type: T, DependsOn: Logs, Properties: {Role: !GetAtt Role.Arn, Env: {Table: !Sub 'x${Table}'}}}
  Alarm: {Type: T, DependsOn: [Topic]}
  Table: {Type: T}
  Topic: {Type: T}
  Role: {Type: T}
  Logs: {Type: T}
",
    );
    assert_eq!(
        account.names(),
        [
            "orders/Logs",
            "orders/Role",
            "orders/Table",
            "orders/Function",
            "orders/Topic",
            "orders/Alarm"
        ]
    );
}

#[test]
fn resources_that_need_each_other_are_refused_with_the_way_round() {
    assert_eq!(
        problem(
            "\
Resources:
  Queue: {Type: T}
  Rule: {Type: T, Properties: {Target: !GetAtt Function.Arn}}
  Function: {Type: T, DependsOn: Permission}
  Permission: {Type: T, Properties: {SourceArn: !Sub '${Rule.Arn}'}}
"
        ),
        "infra/main.yaml:3: resource Rule: resources need each other: Rule -> Function -> Permission \
         -> Rule. Remove one of the references."
    );
}

#[test]
fn a_resource_without_its_condition_is_left_out_with_what_depends_on_it_alone() {
    let account = created(
        "\
Conditions: {Never: !Equals [a, b]}
Resources:
  Queue: {Type: T, DependsOn: Extra}
  Extra: {Type: T, Condition: Never}
Outputs:
  Queue: {Value: !Ref Queue}
  Extra: {Value: !Ref Extra, Condition: Never}
",
    );
    assert_eq!(account.names(), ["orders/Queue"]);
}

#[test]
fn outputs_are_texts() {
    let template = "\
Resources:
  Queue: {Type: T}
Outputs:
  Arn: {Value: !GetAtt Queue.Arn, Description: Where messages go.}
  Port: {Value: !GetAtt Queue.Port}
";
    let outputs = Account::default()
        .create(&[("main.yaml", template)], &[])
        .unwrap();
    assert_eq!(
        json!(outputs),
        json!({"Arn": "arn:orders/Queue", "Port": "443"})
    );

    let wrong = template.replace("Queue.Port", "Queue.Zones");
    assert_eq!(
        Account::default()
            .create(&[("main.yaml", &wrong)], &[])
            .unwrap_err(),
        "infra/main.yaml:5: output Port, Value: a text is needed here, not a list."
    );
}

#[test]
fn what_a_template_cannot_have_is_refused_by_name() {
    assert_eq!(
        problem("Transform: AWS::Serverless-2016-10-31\nResources: {Q: {Type: T}}\n"),
        "infra/main.yaml:1: Transform: transforms are not supported. The template must be plain \
         CloudFormation."
    );
    assert_eq!(
        problem("Globals: {}\nResources: {Q: {Type: T}}\n"),
        "infra/main.yaml:1: Globals: there is no such section. There are AWSTemplateFormatVersion, \
         Description, Metadata, Parameters, Rules, Mappings, Conditions, Resources, Outputs."
    );
    assert_eq!(
        problem("Description: nothing\n"),
        "infra/main.yaml:1: Resources: a template needs one resource at least."
    );
    assert_eq!(
        problem("Resources:\n  Q: {Type: T, CreationPolicy: {}}\n"),
        "infra/main.yaml:2: resource Q: unknown field `CreationPolicy`, expected one of `Type`, \
         `Properties`, `DependsOn`, `Condition`, `DeletionPolicy`, `UpdateReplacePolicy`, `Metadata`."
    );
    assert_eq!(
        problem("Resources:\n  Q: {Type: T, DeletionPolicy: Keep}\n"),
        "infra/main.yaml:2: resource Q: unknown variant `Keep`, expected one of `Delete`, `Retain`, \
         `RetainExceptOnCreate`, `Snapshot`."
    );
    assert_eq!(
        problem("Resources:\n  Q: {Type: T}\nOutputs:\n  A: {Value: a, Export: {Name: a}}\n"),
        "infra/main.yaml:4: output A: unknown field `Export`, expected one of `Value`, `Condition`, \
         `Description`."
    );
}

#[test]
fn what_the_account_refuses_is_shown_where_the_template_has_it() {
    let template = "\
Conditions: {Never: !Equals [a, b]}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      Rules:
        - !If [Never, a, !Ref AWS::NoValue]
        - !If
          - Never
          - Limit: 1
          - Name: x
            Limit: 2000
";
    let mut account = Account::default();
    let mut refused = |property: Option<&str>, message: &str| {
        let refused = Refused {
            property: property.map(str::to_owned),
            message: message.to_owned(),
        };
        account.refused = BTreeMap::from([("AWS::SQS::Queue", refused)]);
        account.create(&[("main.yaml", template)], &[]).unwrap_err()
    };
    assert_eq!(
        refused(Some("Rules[0].Limit"), "2000 is too much: 1 to 1000."),
        "infra/main.yaml:12: resource Queue, property Rules[0].Limit: 2000 is too much: 1 to 1000."
    );
    assert_eq!(
        refused(Some("QueueName"), "it is missing."),
        "infra/main.yaml:5: resource Queue, property QueueName: it is missing."
    );
    assert_eq!(
        refused(None, "AWS::SQS::Queue is not known."),
        "infra/main.yaml:3: resource Queue: AWS::SQS::Queue is not known."
    );
}

const ROOT: &str = "\
Resources:
  Pipeline: {Type: T, Properties: {Function: !GetAtt Functions.Outputs.Rollback, Stack: !Ref Functions}}
  Functions:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./functions.yaml
      Parameters: {Queue: !Ref Queue, Most: 20}
  Queue: {Type: T}
";
const FUNCTIONS: &str = "\
Parameters: {Queue: {Type: String}, Most: {Type: Number}}
Resources:
  Rollback: {Type: T, Properties: {Queue: !Ref Queue, Most: !Ref Most}}
Outputs:
  Rollback: {Value: !GetAtt Rollback.Arn}
";

fn nested(root: &str, functions: &str) -> Result<Account, String> {
    let mut account = Account::default();
    account.create(&[("main.yaml", root), ("functions.yaml", functions)], &[])?;
    Ok(account)
}

#[test]
fn a_nested_stack_gets_parameters_and_gives_outputs() {
    let account = nested(ROOT, FUNCTIONS).unwrap();
    let stack = physical_name("orders", "Functions");
    assert_eq!(stack, "orders-Functions-2PLR9YLUTR8M");
    let [queue, rollback, pipeline] = &account.created[..] else {
        panic!("{:?}", account.created)
    };
    assert_eq!(queue.0, "orders/Queue");
    assert_eq!(rollback.0, format!("{stack}/Rollback"));
    assert_eq!(rollback.1, json!({"Queue": "orders/Queue", "Most": "20"}));
    assert_eq!(pipeline.1["Function"], format!("arn:{stack}/Rollback"));
    let id = pipeline.1["Stack"].as_str().unwrap();
    let start = format!("arn:aws:cloudformation:eu-central-1:111122223333:stack/{stack}/");
    assert!(id.starts_with(&start), "{id}");
}

#[test]
fn a_nested_template_is_looked_for_from_where_it_is_nested() {
    let nest = |file: &str| {
        format!(
            "Resources: {{Inner: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {file}}}}}}}\n"
        )
    };
    let files = |innermost| {
        let mut account = Account::default();
        let files = [
            ("main.yaml", nest("./traffic/queue.yaml")),
            ("traffic/queue.yaml", nest(innermost)),
            (
                "traffic/rights.yaml",
                "Resources: {Q: {Type: T}}\n".to_owned(),
            ),
        ];
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, &**text)).collect();
        account.create(&files, &[]).map(|_| account.created.len())
    };
    assert_eq!(files("./rights.yaml"), Ok(1));
    let told = files("./traffic/rights.yaml").unwrap_err();
    assert!(
        told.contains("infra/traffic/traffic/rights.yaml: there is no such template."),
        "{told}"
    );
    let told = files("./../main.yaml").unwrap_err();
    assert!(told.contains("is no template of this directory"), "{told}");
}

#[test]
fn a_problem_in_a_nested_stack_names_both_places() {
    let refused = |from: &str, to: &str| nested(&ROOT.replace(from, to), FUNCTIONS).err().unwrap();
    assert_eq!(
        refused("Most: 20", "Moist: 20"),
        "infra/functions.yaml:1: parameter Moist: it is given, but the template has no such \
         parameter. It has Queue, Most. (nested by infra/main.yaml:3: resource Functions)"
    );
    assert_eq!(
        refused("20", "[20, 30]"),
        "infra/main.yaml:7: resource Functions, property Parameters.Most: a text is needed here, not \
         a list. Make one of a list with Fn::Join."
    );
    assert_eq!(
        refused("./functions.yaml", "https://example.com/functions.yaml"),
        "infra/main.yaml:6: resource Functions, property TemplateURL: \
         \"https://example.com/functions.yaml\" is no template of this directory. Write it as \
         ./network.yaml; packaging uploads it."
    );
    assert_eq!(
        refused("./functions.yaml", "./lost.yaml"),
        "infra/lost.yaml: there is no such template. The directory has functions.yaml, main.yaml. \
         (nested by infra/main.yaml:3: resource Functions)"
    );
    assert_eq!(
        refused("./functions.yaml", "./main.yaml"),
        "infra/main.yaml:6: resource Functions, property TemplateURL: templates nest each other: \
         main.yaml -> main.yaml. Remove one of the stacks."
    );
    assert_eq!(
        refused("Outputs.Rollback", "Outputs.Lost"),
        "infra/main.yaml:2: resource Pipeline, property Function: the resource Functions has no \
         attribute Outputs.Lost. It has Outputs.Rollback."
    );
    assert_eq!(
        refused(
            "      Parameters:",
            "      TimeoutInMinutes: 5\n      Parameters:"
        ),
        "infra/main.yaml:7: resource Functions, property TimeoutInMinutes: a nested stack has no \
         such property here. It has TemplateURL, Parameters."
    );
}

#[test]
fn an_invented_name_is_the_same_every_time_and_never_too_long() {
    let name = physical_name("orders", "ReleasesTopic");
    assert_eq!(name, physical_name("orders", "ReleasesTopic"));
    assert_ne!(name, physical_name("invoices", "ReleasesTopic"));
    let nested = physical_name(
        "orders-Functions-2PLR9YLUTR8M",
        "PromotePrimaryExecutionRole",
    );
    assert!(
        nested.starts_with("orders-Functions-2PLR9YLU-PromotePrimaryExecutionR-"),
        "{nested}"
    );
    let long = physical_name(&"stack".repeat(20), &"resource".repeat(20));
    assert_eq!(long.len(), 63);
}
