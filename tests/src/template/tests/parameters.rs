use serde_json::json;

use super::{Account, problem};

/// One parameter, declared on line 2, and a queue that has it.
fn with(declaration: &str) -> String {
    format!(
        "Parameters:\n  Value: {{{declaration}}}\n\
         Resources: {{Queue: {{Type: T, Properties: {{Value: !Ref Value}}}}}}\n"
    )
}

fn given(declaration: &str, value: &str) -> Result<serde_json::Value, String> {
    let mut account = Account::default();
    account.create(&[("main.yaml", &with(declaration))], &[("Value", value)])?;
    Ok(account.created[0].1["Value"].clone())
}

fn refused(declaration: &str, value: &str) -> String {
    let error = given(declaration, value).unwrap_err();
    let at = "infra/main.yaml:2: parameter Value: ";
    error.strip_prefix(at).expect(&error).to_owned()
}

#[test]
fn a_value_is_a_text_whatever_the_type() {
    assert_eq!(given("Type: String", "orders"), Ok(json!("orders")));
    assert_eq!(given("Type: String", ""), Ok(json!("")));
    assert_eq!(given("Type: Number", "30"), Ok(json!("30")));
    assert_eq!(
        given("Type: CommaDelimitedList", "a, b,c"),
        Ok(json!(["a", "b", "c"]))
    );
    assert_eq!(
        given("Type: 'AWS::EC2::VPC::Id'", "vpc-0a1b"),
        Ok(json!("vpc-0a1b"))
    );
    assert_eq!(
        given("Type: 'AWS::EC2::SecurityGroup::Id'", "sg-0a1b"),
        Ok(json!("sg-0a1b"))
    );
    assert_eq!(
        given("Type: List<Number>", "1, 2.5"),
        Ok(json!(["1", "2.5"]))
    );
}

#[test]
fn a_default_stands_for_what_is_not_given() {
    let template = with("Type: Number, Default: 20");
    let mut account = Account::default();
    account.create(&[("main.yaml", &template)], &[]).unwrap();
    assert_eq!(account.created[0].1, json!({"Value": "20"}));
}

#[test]
fn a_value_that_is_missing_or_that_nobody_asked_for_is_refused() {
    assert_eq!(
        problem(&with("Type: String")),
        "infra/main.yaml:2: parameter Value: no value is given, and it has no default. Give one."
    );
    let outcome = Account::default().create(
        &[("main.yaml", &with("Type: String"))],
        &[("Value", "x"), ("Vlaue", "y")],
    );
    assert_eq!(
        outcome.unwrap_err(),
        "infra/main.yaml:1: parameter Vlaue: it is given, but the template has no such parameter. \
         It has Value."
    );
}

#[test]
fn a_value_outside_the_constraints_is_refused_with_what_is_allowed() {
    assert_eq!(
        refused("Type: String, AllowedValues: [S3, Connection]", "s3"),
        "'s3' is not allowed: it must be one of S3, Connection."
    );
    assert_eq!(
        refused("Type: String, MinLength: 2, MaxLength: '4'", "order"),
        "'order' is not allowed: it must be a length of at most 4."
    );
    assert_eq!(
        refused("Type: Number, MinValue: 1, MaxValue: 20", "21"),
        "'21' is not allowed: it must be a number of at most 20."
    );
    assert_eq!(
        refused("Type: Number, MinValue: 0.5", "0"),
        "'0' is not allowed: it must be a number of at least 0.5."
    );
    assert_eq!(
        refused("Type: Number", "many"),
        "'many' is not allowed: it must be a number."
    );
    assert_eq!(
        refused("Type: CommaDelimitedList, AllowedValues: [a, b]", "a,c"),
        "'c' is not allowed: it must be one of a, b."
    );
    assert_eq!(
        refused("Type: List<Number>", "1,x"),
        "'x' is not allowed: it must be a number."
    );
    assert_eq!(
        refused("Type: 'List<AWS::EC2::Subnet::Id>'", "subnet-0a1b,vpc-0a1b"),
        "'vpc-0a1b' is not allowed: it must be an id like subnet-0a1b2c3d."
    );
}

#[test]
fn a_pattern_must_match_the_whole_value_and_the_template_may_say_it_in_words() {
    let name =
        "Type: String, AllowedPattern: '[a-z]+|[0-9]+', ConstraintDescription: Letters or digits.";
    assert_eq!(given(name, "orders"), Ok(json!("orders")));
    assert_eq!(
        refused(name, "orders1"),
        "'orders1' is not allowed: it must be what matches [a-z]+|[0-9]+ (Letters or digits)."
    );
    assert_eq!(
        refused(name, "orders\n"),
        "'orders\n' is not allowed: it must be what matches [a-z]+|[0-9]+ (Letters or digits)."
    );
}

#[test]
fn a_pattern_that_cannot_be_read_is_refused() {
    let error = given("Type: String, AllowedPattern: '('", "a").unwrap_err();
    let at =
        "infra/main.yaml:2: parameter Value, AllowedPattern: it cannot be used here: regex parse";
    assert!(error.starts_with(at), "{error}");
}

#[test]
fn a_default_is_held_to_the_constraints_as_well() {
    assert_eq!(
        problem(&with("Type: Number, Default: 0, MinValue: 1")),
        "infra/main.yaml:2: parameter Value: '0' is not allowed: it must be a number of at least 1."
    );
}

#[test]
fn a_constraint_that_does_not_go_with_the_type_is_refused() {
    assert_eq!(
        problem(&with("Type: String, Default: a, MinValue: 1")),
        problem_at("MinValue", "a parameter of type String has none.")
    );
    assert_eq!(
        problem(&with("Type: Number, Default: 1, MaxLength: 1")),
        problem_at("MaxLength", "a parameter of type Number has none.")
    );
    assert_eq!(
        problem(&with("Type: Number, Default: 1, AllowedPattern: '1'")),
        problem_at(
            "AllowedPattern",
            "a parameter that is a number has none. Use MinValue and MaxValue."
        )
    );
}

fn problem_at(key: &str, problem: &str) -> String {
    format!("infra/main.yaml:2: parameter Value, {key}: {problem}")
}

#[test]
fn a_type_or_an_attribute_that_is_not_known_is_refused_by_name() {
    assert_eq!(
        problem(&with("Type: 'AWS::EC2::Image::Id'")),
        "infra/main.yaml:2: parameter Value: unknown variant `AWS::EC2::Image::Id`, expected one of \
         `String`, `Number`, `CommaDelimitedList`, `List<Number>`, `AWS::EC2::VPC::Id`, \
         `AWS::EC2::SecurityGroup::Id`, `List<AWS::EC2::Subnet::Id>`."
    );
    assert_eq!(
        problem(&with("Type: String, Pattern: x")),
        "infra/main.yaml:2: parameter Value: unknown field `Pattern`, expected one of `Type`, \
         `Default`, `AllowedValues`, `AllowedPattern`, `MinLength`, `MaxLength`, `MinValue`, \
         `MaxValue`, `ConstraintDescription`, `NoEcho`, `Description`."
    );
}

#[test]
fn no_error_tells_the_value_of_a_secret_parameter() {
    assert_eq!(
        refused("Type: String, NoEcho: true, MinLength: 20", "hunter2"),
        "'****' is not allowed: it must be a length of at least 20."
    );
    let template = "\
Parameters: {Token: {Type: String, NoEcho: true}}
Resources:
  Queue: {Type: T, Properties: {Value: !Select [!Ref Token, [a]]}}
";
    let outcome = Account::default().create(&[("main.yaml", template)], &[("Token", "hunter2")]);
    assert_eq!(
        outcome.unwrap_err(),
        "infra/main.yaml:3: resource Queue, property Value: a whole number is needed here, not ****."
    );
}
