mod load_balancers;

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::{
    clock::Moment,
    stage::identity,
    template::{Environment, TemplateError, Templates, create_stack},
    world::ecr,
};

/// Why the account does not create a stack of these resources.
fn refusal(resources: &str) -> String {
    let mut world = World::new(identity(), Moment(0), 1);
    let text = format!("Resources:\n{resources}");
    create(&mut world, &text).unwrap_err().to_string()
}

/// Creates a stack `orders` of a template; answers its outputs.
fn create(world: &mut World, text: &str) -> Result<BTreeMap<String, Value>, TemplateError> {
    let templates = Templates::parse("infra", [("orders.yaml", text)]).unwrap();
    let environment = Environment {
        account: world.identity.account.clone(),
        region: world.identity.region.clone(),
        partition: "aws".to_owned(),
        url_suffix: "amazonaws.com".to_owned(),
    };
    let mut provider = Provisioner { world };
    let parameters = BTreeMap::new();
    create_stack(
        &templates,
        "orders.yaml",
        "orders",
        &parameters,
        &environment,
        &mut provider,
    )
}

#[test]
fn a_type_that_the_account_does_not_have_is_refused_by_name() {
    assert_eq!(
        refusal("  Cluster: {Type: AWS::EKS::Cluster}\n"),
        "infra/orders.yaml:2: resource Cluster: the local account has no resources of type AWS::EKS::Cluster"
    );
}

#[test]
fn a_property_that_is_not_known_or_cannot_be_is_named() {
    let function = |more: &str| {
        format!(
            "  F:
    Type: AWS::Lambda::Function
    Properties: {{Runtime: provided.al2023, Architectures: [arm64], Handler: bootstrap, MemorySize: 128,
      Role: 'arn:aws:iam::111122223333:role/r', {more}}}
"
        )
    };
    let zip = "Code: ../target/lambda/rollback/bootstrap.zip";
    for (resources, expected) in [
        (
            function(&format!("{zip}, Timeout: 901")),
            "resource F, property Timeout: it is not 1 to 900 seconds",
        ),
        (
            function("Code: rollback.py, Timeout: 30"),
            "resource F, property Code: rollback.py is not a path …/PROGRAM/bootstrap.zip",
        ),
        (
            function(&format!("{zip}, Timeout: soon")),
            "resource F, property Timeout: \"soon\" is no number here",
        ),
        (
            "  R:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']
"
            .to_owned(),
            "resource R, property ManagedPolicyArns: unknown field `ManagedPolicyArns`",
        ),
        (
            "  G:
    Type: AWS::EC2::SecurityGroup
    Properties: {GroupDescription: g, SecurityGroupRules: []}
"
            .to_owned(),
            "resource G, property SecurityGroupRules: it is not known here",
        ),
        (
            "  D:
    Type: AWS::CloudWatch::Dashboard
    Properties: {DashboardBody: '{'}
"
            .to_owned(),
            "resource D, property DashboardBody: it is not JSON",
        ),
    ] {
        let refused = refusal(&resources);
        assert!(
            refused.contains(expected),
            "expected {expected}\nfound    {refused}"
        );
    }
}

#[test]
fn a_property_deep_within_a_document_is_told_with_its_line() {
    let refused = refusal(
        "  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: orders
      ContainerDefinitions:
        - Name: app
          StopTimout: 30
",
    );
    assert_eq!(
        refused,
        "infra/orders.yaml:8: resource Task, property ContainerDefinitions[0].StopTimout: there is no such property here"
    );
}

const ALARMS: &str = "
  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties: {Namespace: N, MetricName: m, Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 0,
      ComparisonOperator: GreaterThanThreshold}
";

#[test]
fn a_composite_alarm_watches_alarms_of_its_stack_and_a_mute_rule_mutes_it() {
    let mut world = World::new(identity(), Moment(1_790_960_400_000), 1);
    let text = format!(
        "Resources:{ALARMS}
  Any:
    Type: AWS::CloudWatch::CompositeAlarm
    Properties:
      AlarmRule: !Sub 'ALARM(\"${{Errors}}\") OR OK(${{Errors.Arn}})'
      ActionsSuppressor: !Ref Errors
      ActionsSuppressorWaitPeriod: '60'
      ActionsSuppressorExtensionPeriod: 60
  Nights:
    Type: AWS::CloudWatch::AlarmMuteRule
    Properties:
      Name: nights
      StartDate: '2026-10-01T00:00'
      Rule: {{Schedule: {{Expression: cron(0 17 * * *), Duration: PT4H}}}}
      MuteTargets: {{AlarmNames: [!Ref Any]}}
Outputs:
  Any: {{Value: !Ref Any}}
  AnyArn: {{Value: !GetAtt Any.Arn}}
  Nights: {{Value: !Ref Nights}}
  NightsArn: {{Value: !GetAtt Nights.Arn}}
"
    );
    let outputs = create(&mut world, &text).unwrap();
    let output = |name: &str| outputs[name].as_str().unwrap().to_owned();
    let any = output("Any");
    assert_eq!(
        output("AnyArn"),
        world.arn("cloudwatch", &format!("alarm:{any}"))
    );
    let rule = world.arn("cloudwatch", "alarm-mute-rule:nights");
    assert_eq!(
        [output("Nights"), output("NightsArn")],
        [rule.clone(), rule.clone()]
    );
    let mut call = |operation: &str, input: Value| {
        crate::world::cloudwatch::call(&mut world, operation, &input).unwrap()
    };
    let found = call("ListAlarmMuteRules", json!({ "AlarmName": any }));
    let found = &found["AlarmMuteRuleSummaries"][0];
    assert_eq!(found["AlarmMuteRuleArn"], rule);
    assert_eq!(found["Status"], "ACTIVE");
    let alarms = call(
        "DescribeAlarms",
        json!({ "AlarmTypes": ["CompositeAlarm"] }),
    );
    assert_eq!(
        alarms["CompositeAlarms"][0]["ActionsSuppressorWaitPeriod"],
        60
    );
}

#[test]
fn a_composite_alarm_before_its_alarms_and_a_date_that_is_none_are_refused() {
    let any = "  Any:
    Type: AWS::CloudWatch::CompositeAlarm
    Properties: {AlarmRule: ALARM(orders-errors)}
";
    assert_eq!(
        refusal(any),
        "infra/orders.yaml:2: resource Any: ValidationException: Could not save the composite alarm as alarms \
         [orders-errors] in the alarm rule do not exist"
    );
    let nights = "  Nights:
    Type: AWS::CloudWatch::AlarmMuteRule
    Properties:
      ExpireDate: tomorrow
      Rule: {Schedule: {Expression: cron(0 2 * * *), Duration: PT4H}}
";
    let refused = refusal(nights);
    assert!(
        refused.contains(
            "resource Nights, property ExpireDate: tomorrow is no date like 2026-10-02T17:04"
        ),
        "{refused}"
    );
}

#[test]
fn a_function_that_no_role_lets_in_is_refused() {
    let refused = refusal(
        "  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: {Effect: Allow, Action: sts:AssumeRole, Principal: {Service: ec2.amazonaws.com}}
  F:
    Type: AWS::Lambda::Function
    Properties: {Runtime: provided.al2023, Architectures: [arm64], Handler: bootstrap, MemorySize: 128,
      Role: !GetAtt Role.Arn, Code: ../target/lambda/rollback/bootstrap.zip, Timeout: 30}
",
    );
    assert!(
        refused.contains("resource F, property Role:")
            && refused.contains("cannot be assumed by Lambda"),
        "{refused}"
    );
}

#[test]
fn a_repository_of_a_template_keeps_its_tags_if_the_template_says_so() {
    let mut world = World::new(identity(), Moment(0), 1);
    let text = "Resources:
  Images:
    Type: AWS::ECR::Repository
    Properties: {RepositoryName: app, ImageTagMutability: IMMUTABLE}
Outputs:
  Uri: {Value: !GetAtt Images.RepositoryUri}
";
    let outputs = create(&mut world, text).unwrap();
    let app = ecr::Repository::here(&world, "app");
    assert_eq!(outputs["Uri"], app.uri());
    ecr::push(&mut world, &app, "v1").unwrap();
    let refused = ecr::push(&mut world, &app, "v1").unwrap_err();
    assert_eq!(refused.code, "ImageTagAlreadyExistsException");
}
