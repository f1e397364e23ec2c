use super::*;

fn value(text: &str) -> Option<f64> {
    let series = |id: &str| match id {
        "m1" => Some(6.0),
        "m2" => Some(3.0),
        "zero" => Some(0.0),
        _ => None,
    };
    let parsed = parse(text).expect("a valid expression");
    parsed.evaluate(&[60], &|id| vec![series(id)])[0]
}

#[test]
fn some_functions_look_at_all_periods() {
    let series = |id: &str| match id {
        "m1" => vec![None, Some(2.0), Some(4.0)],
        _ => vec![None; 3],
    };
    let values = |text: &str| {
        let parsed = parse(text).expect("a valid expression");
        parsed.evaluate(&[180, 120, 60], &series)
    };
    assert_eq!(values("m1 < AVG(m1)"), [None, Some(1.0), Some(0.0)]);
    assert_eq!(values("AVG(FILL(m1, 0))"), [Some(2.0); 3]);
    assert_eq!(
        values("MAX(EPOCH(m1)) - EPOCH(FILL(m1, 0))"),
        [Some(-60.0), Some(0.0), Some(60.0)]
    );
    assert_eq!(values("AVG(gone)"), [None; 3]);
    assert_eq!(values("RUNNING_SUM(m1)"), [None, Some(6.0), Some(4.0)]);
    assert_eq!(
        values("RUNNING_SUM(FILL(m1, 1))"),
        [Some(7.0), Some(6.0), Some(4.0)]
    );
}

#[test]
fn expressions_are_computed_as_written() {
    for (text, expected) in [
        ("m1 + m2 * 2", 12.0),
        ("(m1 + m2) * 2", 18.0),
        ("m1 - m2 - 1", 2.0),
        ("-m1 / m2", -2.0),
        ("100*m1/(m1+m2)", 66.666_666_666_666_67),
        ("m1 > m2", 1.0),
        ("m1 - m2 <= 2.5", 0.0),
        ("IF(m1 >= 6, m2, 0)", 3.0),
        ("IF(m1 != 6, m2, -1)", -1.0),
        ("FILL(gone, 7) + FILL(m1, 7)", 13.0),
        ("LOG(m2 / m2) + 2", 2.0),
    ] {
        assert_eq!(value(text), Some(expected), "{text}");
    }
}

#[test]
fn a_missing_operand_or_a_division_by_zero_is_a_missing_datapoint() {
    for text in [
        "m1 + gone",
        "m1 / zero",
        "zero / zero",
        "IF(gone, 1, 2)",
        "-gone",
        "LOG(zero)",
        "LOG(-m1)",
    ] {
        assert_eq!(value(text), None, "{text}");
    }
    assert_eq!(value("IF(zero > 0, m1 / zero, 0)"), Some(0.0));
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    for (text, named) in [
        ("RATE(m1)", "RATE"),
        ("FILL(m1, REPEAT)", "REPEAT"),
        ("m1 AND m2", "AND"),
        ("m1 ^ 2", "^"),
        ("m1 +", "ends"),
        ("(m1", ")"),
        ("m1 m2", "m2"),
        ("IF(m1, m2)", ","),
        ("1.2.3", "1.2.3"),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.contains(named), "{text}: {error}");
    }
}
