mod alb;
mod queue;

use super::*;
use crate::fixtures::{stories, target};

/// The target of the story, as people may write it.
fn orders() -> String {
    serde_json::to_string(&target()).unwrap()
}

fn with(from: &str, to: &str) -> String {
    let orders = orders();
    assert!(orders.contains(from), "{from}");
    orders.replacen(from, to, 1)
}

#[test]
fn a_bad_target_names_the_field_and_what_is_allowed() {
    let cases = [
        (String::new(), "TARGET is not valid JSON"),
        (
            "[]".to_owned(),
            "TARGET: invalid type: sequence, expected an object",
        ),
        (
            with("\"canary\"", "\"canery\""),
            "TARGET: field canery: unknown field `canery`, expected one of",
        ),
        (
            with("\"orders-canary\"", "\"orders\""),
            "TARGET: field canary: \"orders\" is the primary service too",
        ),
        (
            with("\"orders-canary\"", "7"),
            "TARGET: field canary: invalid type: integer `7`, expected a string",
        ),
        (
            with("\"pipeline\":\"orders-release\",", ""),
            "TARGET: missing field `pipeline`",
        ),
        (
            with("\"pipeline\"", "\"pipelines\""),
            "TARGET: field pipelines: unknown field `pipelines`, expected one of",
        ),
        (
            with("{", "{\"guardMinutes\":-1,"),
            "TARGET: field guardMinutes: invalid value: integer `-1`, expected u32",
        ),
        (
            with("{", "{\"pipeline\":\"orders-release\","),
            "TARGET: duplicate field `pipeline`",
        ),
        (with("{", "{\"traffic\":{},"), "TARGET: field traffic"),
    ];
    for (text, expected) in cases {
        let error = resolve(Some(&text), None).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{expected}\n{error}");
    }
}

#[test]
fn a_field_that_no_target_of_the_model_has_is_told_with_all_that_may_be_there() {
    for story in stories() {
        let mut json = serde_json::to_value((story.target)()).unwrap();
        json["function"] = "orders".into();
        let error = resolve(Some(&json.to_string()), None).unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("TARGET: field function: unknown field `function`, expected one of"),
            "{error}"
        );
        let common = ", `traffic`, `pipeline`, `alarms`, `guardMinutes`, `verdict`, `evidence`";
        assert!(error.ends_with(common), "{error}");
    }
}

#[test]
fn a_field_that_is_given_twice_is_told_wherever_it_is() {
    let names = orders();
    let json: Value = serde_json::from_str(&names).unwrap();
    for (name, value) in json.as_object().unwrap() {
        let text = with("{", &format!("{{\"{name}\":{value},"));
        let error = resolve(Some(&text), None).unwrap_err().to_string();
        let expected = format!("TARGET: duplicate field `{name}`");
        assert_eq!(error, expected);
    }
    let traffic = json["traffic"].as_object().unwrap();
    for (model, fields) in traffic {
        for (name, value) in fields.as_object().unwrap() {
            let within = format!("\"{model}\":{{");
            let text = with(&within, &format!("{within}\"{name}\":{value},"));
            let error = resolve(Some(&text), None).unwrap_err().to_string();
            let expected = format!("TARGET: field traffic.{model}: duplicate field `{name}`");
            assert_eq!(error, expected);
        }
    }
}

#[test]
fn a_target_that_came_with_the_call_is_told_with_where_it_came() {
    let given = |text: &str| Some(("UserParameters", crate::input::parse("it", text).unwrap()));
    let cases = [
        (
            "\"traffic\":{",
            "\"traffic\":{\"kafka\":{},",
            "traffic: unknown variant `kafka`",
        ),
        (
            "\"pipeline\":\"orders-release\"",
            "\"pipeline\":7",
            "pipeline: invalid type",
        ),
        (
            "\"pipeline\":\"orders-release\",",
            "",
            "missing field `pipeline`",
        ),
    ];
    for (from, to, expected) in cases {
        let error = resolve(None, given(&with(from, to)))
            .unwrap_err()
            .to_string();
        let separator = if expected.starts_with("missing") {
            ": "
        } else {
            "."
        };
        let expected = format!("UserParameters: field target{separator}{expected}");
        assert!(error.starts_with(&expected), "{expected}\n{error}");
    }
}

#[test]
fn a_bound_of_the_evidence_that_makes_no_sense_is_named() {
    let judged = |evidence: &str| {
        let text = with("{", &format!("{{\"evidence\":{{{evidence}}},"));
        resolve(Some(&text), None).map(|target| target.evidence)
    };
    let usual = Bounds::default();
    assert_eq!(judged(""), Ok(usual));
    let strict = Bounds {
        alpha: 0.05,
        objective: Some(1.0),
        ..usual
    };
    assert_eq!(judged(r#""alpha": 0.05, "objective": 1"#), Ok(strict));
    let refused = [
        (r#""alpha": 0"#, "alpha: 0 is out of range"),
        (r#""alpha": 0.51"#, "alpha: 0.51 is out of range"),
        (r#""alpha": -1"#, "alpha: -1 is out of range"),
        (r#""alpha": "1 %""#, "alpha: invalid type: string"),
        (r#""ratio": 1"#, "ratio: 1 is out of range"),
        (
            r#""maxMinuteFactor": 1"#,
            "maxMinuteFactor: 1 is out of range",
        ),
        (r#""objective": 0"#, "objective: 0 is out of range"),
        (r#""objective": 51"#, "objective: 51 is out of range"),
        (
            r#""minGapPoints": -0.1"#,
            "minGapPoints: -0.1 is out of range",
        ),
        (
            r#""minCanaryFailures": 1.5"#,
            "minCanaryFailures: invalid type: floating point",
        ),
        (
            r#""settleSeconds": 59"#,
            "settleSeconds: 59 is out of range",
        ),
        (r#""metric": {}"#, "metric: unknown field `metric`"),
    ];
    for (evidence, expected) in refused {
        let error = judged(evidence).unwrap_err().to_string();
        let expected = format!("TARGET: field evidence.{expected}");
        assert!(error.starts_with(&expected), "{expected}\n{error}");
    }
    let verdict = |verdict: &str| {
        let text = with("{", &format!("{{\"verdict\":{verdict},"));
        resolve(Some(&text), None).map(|target| target.verdict)
    };
    assert_eq!(verdict("\"act\""), Ok(Consequence::Act));
    assert_eq!(
        resolve(Some(&orders()), None).unwrap().verdict,
        Consequence::Tell
    );
    let error = verdict("\"roll back\"").unwrap_err().to_string();
    assert!(
        error.starts_with(
            "TARGET: field verdict: unknown variant `roll back`, expected `act` or `tell`"
        ),
        "{error}"
    );
}

#[test]
fn two_different_targets_are_refused_and_two_equal_ones_are_not() {
    let given = |text: &str| Some(("UserParameters", crate::input::parse("it", text).unwrap()));
    let orders = orders();
    let same = resolve(Some(&orders), given(&orders));
    assert_eq!(same, resolve(Some(&orders), None));
    let other = with("\"restingTasks\":1", "\"restingTasks\":2");
    let error = resolve(Some(&orders), given(&other))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("UserParameters: field target: names the pair orders/orders, but TARGET"),
        "{error}"
    );
}

#[test]
fn a_stored_target_may_have_fields_that_a_later_version_knows() {
    for story in stories() {
        let target = (story.target)();
        let mut stored = serde_json::to_value(&target).unwrap();
        stored["verdictMinutes"] = 5.into();
        let traffic = stored["traffic"].as_object_mut().unwrap();
        for model in traffic.values_mut() {
            model["visibility"] = 30.into();
        }
        assert_eq!(serde_json::from_value::<Target>(stored).unwrap(), target);
    }
}

#[test]
fn no_target_at_all_says_where_it_may_come_from() {
    let error = resolve(None, None).unwrap_err().to_string();
    assert!(
        error.starts_with("TARGET is missing; set it in the function's environment"),
        "{error}"
    );
}

type Change<'a> = &'a dyn Fn(&mut Value);

#[test]
fn a_target_that_is_another_place_is_told_apart_by_its_first_field_and_limits_are_not() {
    let there = |change: &dyn Fn(&mut Value)| {
        let mut json = serde_json::to_value(target()).unwrap();
        change(&mut json);
        serde_json::from_value::<Target>(json).unwrap()
    };
    let here = target();
    let rows: [(Change<'_>, Option<&str>); 6] = [
        (&|_| (), None),
        (&|it| it["canary"] = "other".into(), Some("canary")),
        (&|it| it["pipeline"] = "other".into(), Some("pipeline")),
        (&|it| it["alarms"] = serde_json::json!([]), Some("alarms")),
        (&|it| it["restingTasks"] = 7.into(), None),
        (&|it| it["guardMinutes"] = 7.into(), None),
    ];
    for (change, field) in rows {
        let difference = there(change).differs(&here);
        assert_eq!(difference.as_ref().map(|it| it.field.as_str()), field);
    }
    for story in &stories()[1..] {
        let other = Target {
            alarms: here.alarms.clone(),
            ..(story.target)()
        };
        let difference = other.differs(&here).expect("another model");
        assert!(difference.field.starts_with("traffic."), "{difference:?}");
    }
}
