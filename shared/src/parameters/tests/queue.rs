use super::*;
use crate::fixtures::queue::target;

#[test]
fn one_hundred_percent_is_allowed_where_the_total_is_constant() {
    let read = |target: &Target| {
        let target = serde_json::to_string(target).unwrap();
        let text = format!("{{{ID}, \"steps\": [{{\"weight\": 100, \"bakeMinutes\": 1}}]}}");
        let read = read::<RawShiftWeight>(USER_PARAMETERS, Some(&text), Some(&target));
        read.map(|(_, meaning)| percents(&meaning.steps))
    };
    assert_eq!(read(&target().constant_total()).unwrap(), [(100, 60)]);
    let error = read(&target()).unwrap_err().to_string();
    let expected = "UserParameters: field steps[0].weight: 100 % cannot be reached";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn a_drain_is_refused_where_there_is_no_weight_to_lower() {
    let target = serde_json::to_string(&target()).unwrap();
    for field in ["drainStep", "drainIntervalSeconds"] {
        assert_eq!(
            promote(&target, &format!(", \"{field}\": 5")).unwrap_err(),
            format!(
                "UserParameters: field {field}: the pair consumes a queue, which has no weight to lower; leave the field out"
            )
        );
    }
}
