use serde_json::json;

use super::{problem, resolved, with_value};

#[test]
fn names_stand_for_parameters_resources_and_the_account() {
    assert_eq!(resolved("!Ref Name"), Some(json!("orders")));
    assert_eq!(resolved("!Ref Count"), Some(json!("3")));
    assert_eq!(
        resolved("!Ref Subnets"),
        Some(json!(["subnet-1", "subnet-2"]))
    );
    assert_eq!(resolved("!Ref Topic"), Some(json!("orders/Topic")));
    assert_eq!(
        resolved("!GetAtt Topic.Arn"),
        Some(json!("arn:orders/Topic"))
    );
    assert_eq!(resolved("!GetAtt [Topic, Port]"), Some(json!(443)));
    assert_eq!(
        resolved(
            "!Sub '${AWS::Partition} ${AWS::AccountId} ${AWS::Region} ${AWS::URLSuffix} ${AWS::StackName}'"
        ),
        Some(json!("aws 111122223333 eu-central-1 amazonaws.com orders"))
    );
    assert_eq!(
        resolved("!Ref AWS::StackId"),
        Some(json!(
            "arn:aws:cloudformation:eu-central-1:111122223333:stack/orders/12c500ed-0b78-7910-5fb4-6af0f246be87"
        ))
    );
}

#[test]
fn a_text_takes_names_in_and_leaves_the_pipelines_variables_alone() {
    assert_eq!(
        resolved("!Sub '${Name}-${Topic.Arn}:${Topic.Port} ${!Name} #{Deploy.Release} $Name'"),
        Some(json!(
            "orders-arn:orders/Topic:443 ${Name} #{Deploy.Release} $Name"
        ))
    );
    assert_eq!(
        resolved("!Sub ['${Own.Zone} ${Name}', {Own.Zone: !Select [1, !Ref Subnets], Name: 5}]"),
        Some(json!("subnet-2 5"))
    );
}

#[test]
fn lists_are_joined_split_and_chosen_from() {
    assert_eq!(
        resolved("!Join ['-', [a, !Ref Count, 5, true]]"),
        Some(json!("a-3-5-true"))
    );
    assert_eq!(
        resolved("!Join [',', !Ref Subnets]"),
        Some(json!("subnet-1,subnet-2"))
    );
    assert_eq!(
        resolved("!Split ['/', !Ref Topic]"),
        Some(json!(["orders", "Topic"]))
    );
    assert_eq!(
        resolved("!Select [1, !Split ['/', !Ref Topic]]"),
        Some(json!("Topic"))
    );
    assert_eq!(
        resolved("!Select ['0', !GetAZs '']"),
        Some(json!("eu-central-1a"))
    );
    assert_eq!(
        resolved("!GetAZs {Ref: 'AWS::Region'}"),
        Some(json!(["eu-central-1a", "eu-central-1b", "eu-central-1c"]))
    );
    assert_eq!(resolved("!FindInMap [Sizes, small, Cpu]"), Some(json!(256)));
    assert_eq!(
        resolved("!Base64 {'Fn::Sub': '${Name}'}"),
        Some(json!("b3JkZXJz"))
    );
    assert_eq!(
        resolved("!Cidr [10.0.0.0/16, 3, 8]"),
        Some(json!(["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]))
    );
}

#[test]
fn a_condition_chooses_and_no_value_removes() {
    assert_eq!(resolved("!If [Yes, a, b]"), Some(json!("a")));
    assert_eq!(
        resolved("!If [No, a, !If [Yes, !Ref Name, c]]"),
        Some(json!("orders"))
    );
    assert_eq!(resolved("!If [No, a, !Ref AWS::NoValue]"), None);
    assert_eq!(
        resolved("[a, !If [Yes, !Ref AWS::NoValue, b], {X: !Ref AWS::NoValue, Y: 1}]"),
        Some(json!(["a", {"Y": 1}]))
    );
    assert_eq!(
        resolved("!Join ['-', [a, !Ref AWS::NoValue, b]]"),
        Some(json!("a-b"))
    );
    assert_eq!(resolved("!If [No, !Ref Absent, c]"), Some(json!("c")));
}

#[test]
fn a_policys_condition_is_no_function() {
    let policy = "{Condition: {StringEquals: {'aws:SourceAccount': !Ref AWS::AccountId}}}";
    assert_eq!(
        resolved(policy),
        Some(json!({"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}))
    );
}

/// What is wrong with a value, or with something within it.
fn wrong(value: &str) -> String {
    let account = &mut super::Account::default();
    let error = account.create(&[("main.yaml", &with_value(value))], &[]);
    let error = error.expect_err("the value is wrong");
    let at = "infra/main.yaml:19: resource Queue, property Value: ";
    error.strip_prefix(at).expect(&error).to_owned()
}

#[test]
fn a_name_that_is_not_there_is_refused_before_anything_is_created() {
    let lost = "infra/main.yaml:19: resource Queue, property Value: the template has no Lost. Declare \
                it, or correct the name that is referred to.";
    for value in [
        "!Ref Lost",
        "!GetAtt Lost.Arn",
        "!Sub '${Lost}'",
        "!Sub '${Lost.Arn}'",
        "!If [No, !Ref Lost, a]",
    ] {
        assert_eq!(problem(&with_value(value)), lost);
    }
    assert_eq!(
        problem(&with_value(
            "!Sub ['${A}', {A: !Ref Name, B: !Ref AWS::NotificationARNs}]"
        )),
        "infra/main.yaml:19: resource Queue, property Value: there is no pseudo parameter \
         AWS::NotificationARNs here. There are AWS::AccountId, AWS::Region, AWS::Partition, \
         AWS::URLSuffix, AWS::StackName, AWS::StackId, AWS::NoValue."
    );
    assert_eq!(
        problem(&with_value("!If [Lost, a, b]")),
        "infra/main.yaml:19: resource Queue, property Value: there is no condition Lost. There is Yes, No."
    );
}

#[test]
fn a_function_that_is_not_known_is_refused_by_name() {
    for name in [
        "Fn::ImportValue",
        "Fn::Transform",
        "Fn::Length",
        "Fn::Equals",
    ] {
        assert_eq!(
            problem(&with_value(&format!("{{'{name}': a}}"))),
            format!(
                "infra/main.yaml:19: resource Queue, property Value: {name} is not supported here. \
                 Supported are Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Select, Fn::Split, Fn::If, \
                 Fn::FindInMap, Fn::GetAZs, Fn::Base64, Fn::Cidr."
            )
        );
    }
    assert_eq!(
        wrong("{Ref: Name, Other: 1}"),
        "Ref stands beside other keys. It must be alone in its object."
    );
}

#[test]
fn a_function_that_is_given_the_wrong_thing_says_what_it_takes() {
    assert_eq!(
        wrong("!Ref Absent"),
        "Absent is not created: its condition No does not hold. Refer to it where that holds, with \
         Fn::If or a condition of its own."
    );
    assert_eq!(
        wrong("!GetAtt Topic.Url"),
        "the resource Topic has no attribute Url. It has Arn, Port, Zones."
    );
    assert_eq!(
        wrong("!GetAtt Topic"),
        "Fn::GetAtt is given [\"Topic\"]. It takes [resource, attribute]."
    );
    assert_eq!(
        wrong("!Join [a]"),
        "Fn::Join is given [\"a\"]. It takes [delimiter, list]."
    );
    assert_eq!(wrong("!Join [a, b]"), "a list is needed here, not a text.");
    assert_eq!(
        wrong("!Join [a, [{B: c}]]"),
        "Fn::Join takes texts, not an object."
    );
    assert_eq!(
        wrong("!Select [2, !Ref Subnets]"),
        "Fn::Select asks for item 2 of a list of 2. The first item is 0."
    );
    assert_eq!(
        wrong("!Select [x, [a]]"),
        "a whole number is needed here, not x."
    );
    assert_eq!(
        wrong("!Split ['', a]"),
        "the delimiter is empty. Give the text between the items."
    );
    assert_eq!(
        wrong("!Sub '${Subnets}'"),
        "${Subnets} is a list. Fn::Sub takes texts; make one of a list with Fn::Join."
    );
    assert_eq!(
        wrong("!Sub '${Name'"),
        "a '${' has no '}'. Close it, or write '$' and '{' apart."
    );
    assert_eq!(
        wrong("!Sub [a, b]"),
        "Fn::Sub is given [\"a\",\"b\"]. It takes a text or [text, {name: value}]."
    );
    assert_eq!(
        wrong("!FindInMap [Sizes, large, Cpu]"),
        "Mappings has no large here. It has small."
    );
    assert_eq!(
        wrong("!GetAZs us-east-1"),
        "the zones of us-east-1 are not known in eu-central-1. Leave the Region empty."
    );
    assert_eq!(
        wrong("!Cidr [10.0.0.0/24, 3, 8]"),
        "3 subnets with 8 bits for hosts do not fit 10.0.0.0/24. It must be an IPv4 block like \
         10.0.0.0/16, count 1 to 256, and the subnets within it."
    );
    assert_eq!(
        wrong("!If [Yes, a]"),
        "Fn::If is given [\"Yes\",\"a\"]. It takes [condition, value if true, value if false]."
    );
    assert_eq!(
        wrong("!Select [!Ref AWS::NoValue, [a]]"),
        "AWS::NoValue cannot stand here. It removes a property or an item of a list."
    );
}
