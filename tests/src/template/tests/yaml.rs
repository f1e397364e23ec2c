use serde_json::json;

use super::{Account, created, problem};
use crate::template::Templates;

#[test]
fn texts_that_other_yaml_readers_convert_stay_texts() {
    let account = created(
        "\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Version: 2012-10-17
      Quoted: '1'
      Answers: [yes, no, on, off, y, n]
      Octal: 0644
      Account: 012345678901
      Time: 12:30
      Big: 1_000
      Hex: 0x1F
      Exponent: 1e3
",
    );
    assert_eq!(
        account.created[0].1,
        json!({
            "Version": "2012-10-17",
            "Quoted": "1",
            "Answers": ["yes", "no", "on", "off", "y", "n"],
            "Octal": "0644",
            "Account": "012345678901",
            "Time": "12:30",
            "Big": "1_000",
            "Hex": "0x1F",
            "Exponent": "1e3",
        })
    );
}

#[test]
fn numbers_and_booleans_stay_what_they_are() {
    let account = created(
        "\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {Delay: 30, Less: -1, Share: 0.5, Whole: 1.0, Account: 111122223333, Fifo: true, Raw: False}
",
    );
    assert_eq!(
        account.created[0].1,
        json!({
            "Delay": 30, "Less": -1, "Share": 0.5, "Whole": 1.0, "Account": 111_122_223_333_u64,
            "Fifo": true, "Raw": false,
        })
    );
}

#[test]
fn short_forms_become_long_forms_and_keys_keep_their_order() {
    let mut templates = Templates::parse(
        "infra",
        [(
            "main.yaml",
            "\
Resources:
  Zebra: {Type: T, Properties: {B: !GetAtt Ape.Outputs.Url, A: !GetAtt [Ape, Arn]}}
  Ape: {Type: T, Properties: {B: !Sub 5, A: !Join ['', [!Ref Zebra]]}}
Conditions:
  Both: !And [!Condition One, !Condition Other]
",
        )],
    )
    .unwrap();
    assert_eq!(
        templates.document_mut("main.yaml").unwrap().to_string(),
        concat!(
            r#"{"Resources":{"Zebra":{"Type":"T","Properties":{"#,
            r#""B":{"Fn::GetAtt":["Ape","Outputs.Url"]},"A":{"Fn::GetAtt":["Ape","Arn"]}}},"#,
            r#""Ape":{"Type":"T","Properties":{"#,
            r#""B":{"Fn::Sub":"5"},"A":{"Fn::Join":["",[{"Ref":"Zebra"}]]}}}},"#,
            r#""Conditions":{"Both":{"Fn::And":[{"Condition":"One"},{"Condition":"Other"}]}}}"#,
        )
    );
}

#[test]
fn a_test_can_change_a_template_before_it_is_created() {
    let queue = "Resources:\n  Queue: {Type: T, Properties: {Delay: 1}}\n";
    let mut templates = Templates::parse("infra", [("main.yaml", queue)]).unwrap();
    let document = templates.document_mut("main.yaml").unwrap();
    document["Resources"]["Queue"]["Properties"]["Delay"] = json!({"Fn::Sub": "${AWS::Region}"});
    document["Resources"]["Queue"]["Properties"]["Name"] = json!({"Ref": "Lost"});

    let outcome = Account::default().create_from(&templates, &[]);
    assert_eq!(
        outcome.unwrap_err(),
        "infra/main.yaml:2: resource Queue, property Name: the template has no Lost. Declare it, or \
         correct the name that is referred to."
    );

    let document = templates.document_mut("main.yaml").unwrap();
    document["Resources"]["Queue"]["Properties"]["Name"] = json!("orders");
    let mut account = Account::default();
    account.create_from(&templates, &[]).unwrap();
    let expected = json!({"Delay": "eu-central-1", "Name": "orders"});
    assert_eq!(account.created[0].1, expected);
}

#[test]
fn all_yaml_files_of_a_directory_and_its_folders_are_read_and_nothing_else() {
    let directory = std::env::temp_dir().join(format!("templates-{}", std::process::id()));
    std::fs::create_dir_all(directory.join("traffic")).unwrap();
    std::fs::write(
        directory.join("traffic/alb.yaml"),
        "Resources: {Rule: {Type: T}}",
    )
    .unwrap();
    std::fs::write(
        directory.join("queue.yaml"),
        "Resources: {Queue: {Type: T}}",
    )
    .unwrap();
    std::fs::write(directory.join("deploy.sh"), "{").unwrap();
    let templates = Templates::read(&directory);
    std::fs::remove_dir_all(&directory).unwrap();

    let outcome = Account::default().create_from(&templates.unwrap(), &[]);
    assert_eq!(
        outcome.unwrap_err(),
        format!(
            "{}/main.yaml: there is no such template. The directory has queue.yaml, traffic/alb.yaml.",
            directory.display()
        )
    );
    let missing = Templates::read(&directory).unwrap_err().to_string();
    assert_eq!(
        missing,
        format!(
            "{}: cannot be read: No such file or directory (os error 2). It must be there and \
             readable.",
            directory.display()
        )
    );
}

#[test]
fn a_key_that_is_there_twice_is_refused_with_both_lines() {
    assert_eq!(
        problem(
            "Resources:\n  Queue:\n    Type: A\n  Topic:\n    Type: B\n  Queue:\n    Type: C\n"
        ),
        "infra/main.yaml:6: resource Queue: the key appears twice, first at infra/main.yaml:2. \
         Remove one of them."
    );
}

#[test]
fn what_cloudformation_does_not_take_of_yaml_is_refused_by_name() {
    let queue = |delay: &str| {
        format!("Resources:\n  Queue:\n    Type: T\n    Properties:\n      Delay: {delay}\n")
    };
    let at = "infra/main.yaml:5: resource Queue, property Delay:";
    assert_eq!(
        problem(&queue("&delay 5")),
        format!("{at} CloudFormation does not take YAML anchors and aliases. Write the value out.")
    );
    assert_eq!(
        problem(&queue("{<<: {A: 1}}")),
        format!("{at} CloudFormation does not take YAML merge keys (<<). Write the members out.")
    );
    for null in ["", "~", "null"] {
        assert_eq!(
            problem(&queue(null)),
            format!("{at} a template has no null. Give a value, or leave the key out.")
        );
    }
    assert_eq!(
        problem(&queue("!Length [a]")),
        format!(
            "{at} the tag !Length is no short form of an intrinsic function. There are !And, \
             !Base64, !Cidr, !Condition, !Contains, !EachMemberEquals, !EachMemberIn, !Equals, \
             !FindInMap, !GetAtt, !GetAZs, !If, !ImportValue, !Join, !Not, !Or, !Ref, !Select, \
             !Split, !Sub, !Transform."
        )
    );
    assert_eq!(
        problem("Resources: {A: {Type: T}}\n---\nResources: {}\n"),
        "infra/main.yaml:3: template: a second document begins here. A template is one document."
    );
    assert_eq!(
        problem(""),
        "infra/main.yaml:1: template: the file is empty."
    );
}

#[test]
fn a_file_that_is_no_yaml_is_refused_with_the_line() {
    let broken = problem("Resources:\n  Queue: {Type: T\n  Topic: ]\n");
    assert!(
        broken.starts_with("infra/main.yaml:3: the file is not YAML: "),
        "{broken}"
    );
}
