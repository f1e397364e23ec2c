mod load_balancers;

use std::collections::BTreeMap;

use super::*;
use crate::{
    clock::Moment,
    stage::identity,
    template::{Environment, TemplateError, Templates, create_stack},
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
