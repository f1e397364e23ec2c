use crate::target::{Target, resolve};

const TARGET: &str = r#"{
    "function": "orders", "alias": "live", "pipeline": "orders-release", "alarms": ["orders-errors"],
    "traffic": {"lambdaAlias": {}}}"#;

fn read(from: &str, to: &str) -> Result<Target, String> {
    assert!(TARGET.contains(from), "{from}");
    let text = TARGET.replacen(from, to, 1);
    resolve(Some(&text), None).map_err(|error| error.to_string())
}

#[test]
fn a_function_and_its_alias_are_a_pair_of_their_own() {
    let target = read("{}", "{}").unwrap();
    assert_eq!(target.pair().as_str(), "lambda/orders:live");
    assert_eq!(target.name(), "orders:live");
    let text = serde_json::to_string(&target).unwrap();
    let read: Target = serde_json::from_str(&text).unwrap();
    assert_eq!(read, target);
    let other = serde_json::from_str(&text.replace("live", "test")).unwrap();
    assert_eq!(target.differs(&other).unwrap().field, "alias");
    let more = text.replace(
        "\"lambdaAlias\":{\"maxDeadLetters\":0}",
        "\"lambdaAlias\":{\"maxDeadLetters\":3}",
    );
    assert_ne!(more, text);
    assert!(
        target
            .differs(&serde_json::from_str(&more).unwrap())
            .is_none(),
        "a limit"
    );
}

#[test]
fn a_bad_target_names_the_field_and_what_is_allowed() {
    let metrics = |fields: &str| {
        format!(
            "{{\"metrics\": {{\"namespace\": \"Orders\", \"processed\": \"Done\", \"failed\": \"Failed\"{fields}}}}}"
        )
    };
    let cases = [
        (
            "\"orders\"",
            "\"orders:live\"".to_owned(),
            "TARGET: field function: \"orders:live\" is not the name of a Lambda function",
        ),
        (
            "\"live\"",
            "\"12\"".to_owned(),
            "TARGET: field alias: \"12\" is not the name of an alias of a Lambda function",
        ),
        (
            "\"alias\": \"live\",",
            String::new(),
            "TARGET: missing field `alias`",
        ),
        (
            "{\n",
            "{\"cluster\": \"orders\",\n".to_owned(),
            "TARGET: field cluster: unknown field `cluster`, expected one of `function`, `alias`",
        ),
        (
            "{}",
            "{\"guardMaxDeadLetters\": 1}".to_owned(),
            "TARGET: field traffic.lambdaAlias.guardMaxDeadLetters: there is no dead-letter queue to ask",
        ),
        (
            "{}",
            metrics(", \"dimensions\": {\"Version\": \"8\"}"),
            "TARGET: field traffic.lambdaAlias.metrics.dimensions: \"Version\" has the version as its value",
        ),
        (
            "{}",
            metrics(", \"versionDimension\": \"\""),
            "TARGET: field traffic.lambdaAlias.metrics.versionDimension: \"\" is no name",
        ),
        (
            "{}",
            metrics(", \"dimensions\": {\":x\": \"8\"}"),
            "TARGET: field traffic.lambdaAlias.metrics.dimensions: \":x\": \"8\" is no dimension",
        ),
        (
            "{}",
            metrics(", \"processed\": 7").replace("\"processed\": \"Done\", ", ""),
            "TARGET: field traffic.lambdaAlias.metrics.processed: invalid type: integer `7`",
        ),
        (
            "{}",
            metrics(", \"received\": \"Received\""),
            "TARGET: field traffic.lambdaAlias.metrics.received: attempts are booked on the minute of their end",
        ),
        (
            "{}",
            metrics(", \"bookedOn\": \"receipt\", \"released\": \"Released\""),
            "TARGET: field traffic.lambdaAlias.metrics.released: given without received",
        ),
        (
            "{}",
            metrics(", \"endsWithinSeconds\": 0"),
            "TARGET: field traffic.lambdaAlias.metrics.endsWithinSeconds: 0 is out of range",
        ),
    ];
    for (from, to, expected) in cases {
        let error = read(from, &to).unwrap_err();
        assert!(error.starts_with(expected), "{expected}\n{error}");
    }
    assert!(read("{}", &metrics("")).is_ok());
}
