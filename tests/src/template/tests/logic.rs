use super::{Account, problem};

const RULES: &str = "\
Parameters:
  VpcId: {Type: String, Default: ''}
  SubnetIds: {Type: CommaDelimitedList, Default: ''}
  Source: {Type: String, Default: S3}
Rules:
  SubnetsGoWithTheVpc:
    RuleCondition: !Not [!Equals [!Ref VpcId, '']]
    Assertions:
      - Assert: !Not [!Equals [!Ref SubnetIds, ['']]]
        AssertDescription: Give SubnetIds with VpcId.
      - Assert: !EachMemberIn [!Ref SubnetIds, [subnet-1, subnet-2]]
        AssertDescription: SubnetIds must be subnets of the VPC.
  KnownSource:
    Assertions:
      - Assert: !Contains [[S3, Connection], !Ref Source]
Resources:
  Queue: {Type: T}
";

#[test]
fn parameters_that_contradict_each_other_are_refused_in_the_templates_words() {
    let outcome = |parameters: &[(&str, &str)]| {
        let mut account = Account::default();
        let outcome = account.create(&[("main.yaml", RULES)], parameters);
        assert_eq!(account.names().is_empty(), outcome.is_err());
        outcome.map(|_| ())
    };
    assert_eq!(outcome(&[]), Ok(()));
    assert_eq!(
        outcome(&[("VpcId", "vpc-1"), ("SubnetIds", "subnet-1")]),
        Ok(())
    );
    assert_eq!(
        outcome(&[("VpcId", "vpc-1")]),
        Err(
            "infra/main.yaml:9: rule SubnetsGoWithTheVpc, Assertions[0]: Give SubnetIds with \
             VpcId."
                .to_owned()
        )
    );
    assert_eq!(
        outcome(&[("VpcId", "vpc-1"), ("SubnetIds", "subnet-1,subnet-3")]),
        Err(
            "infra/main.yaml:11: rule SubnetsGoWithTheVpc, Assertions[1]: SubnetIds must be \
             subnets of the VPC."
                .to_owned()
        )
    );
    assert_eq!(
        outcome(&[("Source", "Git")]),
        Err(
            "infra/main.yaml:15: rule KnownSource, Assertions[0]: the parameters contradict each \
             other."
                .to_owned()
        )
    );
}

#[test]
fn a_rule_sees_parameters_alone() {
    let rule = |assert: &str| {
        problem(&format!(
            "Rules:\n  R: {{Assertions: [{{Assert: {assert}}}]}}\nResources: {{Queue: {{Type: T}}}}\n"
        ))
    };
    let at = "infra/main.yaml:2: rule R, Assertions[0].Assert:";
    assert_eq!(
        rule("!Equals [!Sub a, a]"),
        format!("{at} Fn::Sub cannot be used in rules. Use Ref of a parameter.")
    );
    assert_eq!(
        rule("!Equals [!Ref Queue, a]"),
        format!("{at} Queue is no parameter. Nothing else can be used here.")
    );
    assert_eq!(
        rule("{'Fn::ValueOf': [P, A]}"),
        format!(
            "{at} {{\"Fn::ValueOf\":[\"P\",\"A\"]}} is no condition. There are Fn::And, Fn::Or, \
             Fn::Not, Fn::Equals, Fn::Contains, Fn::EachMemberEquals and Fn::EachMemberIn."
        )
    );
}

#[test]
fn a_rule_compares_every_member_of_a_list() {
    let holds = |assert: &str| {
        let template = format!(
            "Parameters: {{L: {{Type: CommaDelimitedList, Default: 'a,a'}}}}\n\
             Rules: {{R: {{Assertions: [{{Assert: {assert}}}]}}}}\nResources: {{Queue: {{Type: T}}}}\n"
        );
        Account::default()
            .create(&[("main.yaml", &template)], &[])
            .is_ok()
    };
    assert!(holds("!EachMemberEquals [!Ref L, a]"));
    assert!(!holds("!EachMemberEquals [!Ref L, b]"));
    assert!(!holds("!Contains [!Ref L, b]"));
    assert!(!holds("!EachMemberIn [!Ref L, [b, c]]"));
}

/// The resources that a template with these conditions creates.
fn under(conditions: &str, wanted: &str) -> bool {
    let template = format!(
        "Parameters: {{N: {{Type: Number, Default: 3}}}}\nMappings: {{M: {{eu-central-1: {{Big: true}}}}}}\n\
         Conditions: {{{conditions}}}\nResources: {{Q: {{Type: T}}, R: {{Type: T, Condition: {wanted}}}}}\n"
    );
    let mut account = Account::default();
    account.create(&[("main.yaml", &template)], &[]).unwrap();
    account.names().contains(&"orders/R")
}

#[test]
fn a_resource_is_created_if_its_condition_holds() {
    assert!(under("A: !Equals [!Ref N, 3]", "A"));
    assert!(!under("A: !Equals [!Ref N, 4]", "A"));
    assert!(!under("A: !Equals [EU, eu]", "A"));
    assert!(under("A: !Not [!Equals [a, b]]", "A"));
    assert!(under("A: !Or [!Equals [a, b], !Equals [a, a]]", "A"));
    assert!(!under("A: !And [!Equals [a, b], !Equals [a, a]]", "A"));
    assert!(under(
        "A: !Equals [!FindInMap [M, !Ref AWS::Region, Big], 'true']",
        "A"
    ));
    assert!(under(
        "A: !Equals [!Sub '${AWS::Region}-${N}', eu-central-1-3]",
        "A"
    ));
    // whatever their order
    assert!(under(
        "A: !Not [!Condition B], B: !Not [Condition: C], C: !Equals [a, a]",
        "A"
    ));
}

#[test]
fn a_condition_that_cannot_be_evaluated_is_refused() {
    let condition = |text: &str| {
        problem(&format!(
            "Conditions:\n  A: {text}\n  B: !Condition A\nResources: {{Q: {{Type: T}}}}\n"
        ))
    };
    let at = "infra/main.yaml:2: condition A:";
    assert_eq!(
        condition("!Not [!Condition B]"),
        format!("{at} conditions need each other: A -> B -> A. Remove one of the references.")
    );
    assert_eq!(
        condition("!Not [!Condition Lost]"),
        format!("{at} there is no condition Lost here. There is nothing.")
    );
    assert_eq!(
        condition("!Equals [!GetAtt Q.Arn, a]"),
        format!("{at} Q is no parameter. Nothing else can be used here.")
    );
    assert_eq!(
        condition("!Equals [a]"),
        format!("{at} [\"a\"] is given. It takes a list of two values.")
    );
    assert_eq!(
        condition("!And [!Equals [a, a]]"),
        format!(
            "{at} [{{\"Fn::Equals\":[\"a\",\"a\"]}}] is given. It takes a list of 2 to 10 conditions."
        )
    );
    assert_eq!(
        condition("true"),
        format!(
            "{at} true is no condition. There are Fn::And, Fn::Or, Fn::Not, Fn::Equals and Condition."
        )
    );
    assert_eq!(
        problem("Resources:\n  Q: {Type: T, Condition: Lost}\n"),
        "infra/main.yaml:2: resource Q, Condition: there is no condition Lost. There is nothing."
    );
}
