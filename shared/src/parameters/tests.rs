use super::*;
use crate::{fixtures::http_target, target::tests::ORDERS};

const ID: &str = "\"release\": \"3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f\"";

fn shift(rest: &str) -> Result<ShiftWeight, String> {
    let text = format!("{{{ID}, {rest}}}");
    read::<RawShiftWeight>(USER_PARAMETERS, Some(&text), Some(ORDERS))
        .map(|(_, meaning)| meaning)
        .map_err(|error| error.to_string())
}

fn percents(steps: &[Step]) -> Vec<(u8, u64)> {
    steps
        .iter()
        .map(|step| (step.weight.percent(), step.bake.as_secs()))
        .collect()
}

#[test]
fn shares_are_given_as_steps_as_one_weight_or_as_a_schedule() {
    let steps =
        shift(r#""steps": [{"weight": 10, "bakeMinutes": 5}, {"weight": 50, "bakeSeconds": 90}]"#);
    assert_eq!(percents(&steps.unwrap().steps), [(10, 300), (50, 90)]);
    let one = shift(r#""weight": 20, "bakeMinutes": 1"#).unwrap();
    assert_eq!(percents(&one.steps), [(20, 60)]);
    let canary = shift(r#""schedule": "CodeDeployDefault.ECSCanary10Percent15Minutes""#).unwrap();
    assert_eq!(percents(&canary.steps), [(10, 900)]);
    let linear = shift(r#""schedule": "LambdaLinear10PercentEvery1Minute""#).unwrap();
    assert_eq!(
        percents(&linear.steps),
        [10, 20, 30, 40, 50, 60, 70, 80, 90].map(|p| (p, 60))
    );
}

#[test]
fn bad_parameters_name_the_field_what_was_found_and_what_is_allowed() {
    let cases = [
        (
            r#""steps": []"#,
            "UserParameters: field steps: the list is empty",
        ),
        (
            r#""steps": [{"weight": 120, "bakeMinutes": 5}]"#,
            "UserParameters: field steps[0].weight: 120 is no weight; allowed",
        ),
        (
            r#""steps": [{"weight": 100, "bakeMinutes": 5}]"#,
            "UserParameters: field steps[0].weight: 100 % cannot be reached",
        ),
        (
            r#""steps": [{"weight": 10}]"#,
            "UserParameters: field steps[0].bakeMinutes: missing",
        ),
        (
            r#""steps": [{"weight": 10, "bakeMinutes": "5"}]"#,
            "UserParameters: field steps[0].bakeMinutes: invalid type: string \"5\"",
        ),
        (
            r#""steps": [{"weight": 10, "bakeMinutes": 5, "bakeSeconds": 5}]"#,
            "UserParameters: field steps[0].bakeMinutes: bakeSeconds is given too",
        ),
        (
            r#""wieght": 10"#,
            "UserParameters: field wieght: unknown field `wieght`, expected one of `release`",
        ),
        (
            r#""weight": 10, "bakeMinutes": 5, "schedule": "ECSAllAtOnce""#,
            "UserParameters: the shares are given in no way or in more than one",
        ),
        (
            r#""tolerance": 5"#,
            "UserParameters: the shares are given in no way or in more than one",
        ),
        (
            r#""schedule": "ECSAllAtOnce""#,
            "UserParameters: field schedule: \"ECSAllAtOnce\" is no CodeDeploy configuration",
        ),
        (
            r#""steps": [{"weight": 10, "bakeMinutes": 800}, {"weight": 20, "bakeMinutes": 800}]"#,
            "UserParameters: field steps: 1600 minutes in total; CodePipeline grants an action at most 24 hours",
        ),
        (
            r#""weight": 10, "bakeMinutes": 18446744073709551615"#,
            "UserParameters: field steps: 307445734561825860 minutes in total",
        ),
        (
            r#""weight": 10, "bakeMinutes": 5, "timeoutMinutes": 0"#,
            "UserParameters: field timeoutMinutes: 0 minutes",
        ),
        (
            r#""weight": 10, "bakeMinutes": 5, "tolerance": 101"#,
            "UserParameters: field tolerance: 101 is no tolerance",
        ),
    ];
    for (rest, expected) in cases {
        let error = shift(rest).unwrap_err();
        assert!(
            error.starts_with(expected),
            "{rest}\nexpected {expected}\nfound    {error}"
        );
    }
}

#[test]
fn parameters_that_are_missing_or_no_json_say_so_and_long_ones_are_read() {
    let problem = |text| {
        read::<RawDeployCanary>(USER_PARAMETERS, text, Some(ORDERS))
            .unwrap_err()
            .to_string()
    };
    assert!(problem(None).starts_with("UserParameters is missing; give a JSON object"));
    assert!(problem(Some(" ")).starts_with("UserParameters is missing"));
    assert!(
        problem(Some("release=1")).starts_with("UserParameters is not valid JSON: expected value")
    );
    // CodePipeline has put values in place of variables.
    let long = format!("{{{ID}, \"image\": \"orders:v2\"{}}}", " ".repeat(50_000));
    assert!(read::<RawDeployCanary>(USER_PARAMETERS, Some(&long), Some(ORDERS)).is_ok());
    let image = format!("{{{ID}, \"image\": \"orders\"}}");
    assert!(
        problem(Some(&image))
            .starts_with("UserParameters: field image: \"orders\" is not an image with a tag")
    );
}

#[test]
fn one_hundred_percent_is_allowed_where_the_total_is_constant() {
    let constant = ORDERS.replace(
        "\"deadLetterUrl\"",
        "\"mode\": \"constantTotal\", \"deadLetterUrl\"",
    );
    let text = format!("{{{ID}, \"weight\": 100, \"bakeMinutes\": 1}}");
    let (_, meaning) =
        read::<RawShiftWeight>(USER_PARAMETERS, Some(&text), Some(&constant)).unwrap();
    assert_eq!(percents(&meaning.steps), [(100, 60)]);
}

#[test]
fn an_account_wide_function_takes_its_target_from_the_call() {
    let target = ORDERS.replace(['\n', ' '], "");
    let text = format!("{{{ID},\"target\":{target}}}");
    let (target, _) = read::<RawPromotePrimary>(USER_PARAMETERS, Some(&text), None).unwrap();
    assert_eq!(target.primary.as_str(), "orders");
}

/// A promotion behind a load balancer, or of consumers of a queue.
fn promote(target: &str, rest: &str) -> Result<PromotePrimary, String> {
    let text = format!("{{{ID}{rest}}}");
    read::<RawPromotePrimary>(USER_PARAMETERS, Some(&text), Some(target))
        .map(|(_, meaning)| meaning)
        .map_err(|error| error.to_string())
}

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
    for field in ["drainStep", "drainIntervalSeconds"] {
        assert_eq!(
            promote(ORDERS, &format!(", \"{field}\": 5")).unwrap_err(),
            format!(
                "UserParameters: field {field}: there is no weight to lower: the pair consumes a queue; leave the field out"
            )
        );
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
