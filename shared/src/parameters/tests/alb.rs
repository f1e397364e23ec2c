use super::*;
use crate::fixtures::http_target;

#[test]
fn requests_are_given_back_by_five_points_every_ten_seconds_unless_said_otherwise() {
    let http = serde_json::to_string(&http_target()).unwrap();
    let drain = |rest| {
        let drain = promote(&http, rest).unwrap().drain;
        (drain.step, drain.interval.as_secs(), drain.time().as_secs())
    };
    assert_eq!(drain(""), (5, 10, 200));
    assert_eq!(
        drain(r#", "drainStep": 30, "drainIntervalSeconds": 60"#),
        (30, 60, 240)
    );
    assert_eq!(
        drain(r#", "drainStep": 100, "drainIntervalSeconds": 0"#),
        (100, 0, 0)
    );
}

#[test]
fn a_bad_drain_names_the_field_what_was_found_and_what_is_allowed() {
    let http = serde_json::to_string(&http_target()).unwrap();
    let cases = [
        (
            r#", "drainStep": 0"#,
            "UserParameters: field drainStep: 0 is no step; allowed is 1 to 100 percentage points",
        ),
        (
            r#", "drainStep": 101"#,
            "UserParameters: field drainStep: 101 is no step; allowed is 1 to 100 percentage points",
        ),
        (
            r#", "drainStep": 300"#,
            "UserParameters: field drainStep: 300 is no step; allowed is 1 to 100 percentage points",
        ),
        (
            r#", "drainStep": 1, "drainIntervalSeconds": 900"#,
            "UserParameters: field bakeMinutes, timeoutMinutes and drainIntervalSeconds: 1530 minutes in total; CodePipeline \
             grants an action at most 24 hours (1440 minutes)",
        ),
        (
            r#", "bakeMinutes": 1400, "drainStep": 50, "drainIntervalSeconds": 600"#,
            "UserParameters: field bakeMinutes, timeoutMinutes and drainIntervalSeconds: 1450 minutes in total; CodePipeline \
             grants an action at most 24 hours (1440 minutes)",
        ),
    ];
    for (rest, expected) in cases {
        assert_eq!(promote(&http, rest).unwrap_err(), expected, "{rest}");
    }
}

#[test]
fn behind_a_load_balancer_every_share_is_allowed() {
    let http = serde_json::to_string(&http_target()).unwrap();
    let text = format!(
        "{{{ID}, \"steps\": [{{\"weight\": 100, \"bakeMinutes\": 1}}, {{\"weight\": 0, \"bakeMinutes\": 1}}]}}"
    );
    let read = read::<RawShiftWeight>(USER_PARAMETERS, Some(&text), Some(&http));
    assert_eq!(percents(&read.unwrap().1.steps), [(100, 60), (0, 60)]);
}
