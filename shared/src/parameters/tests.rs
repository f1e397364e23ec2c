mod alb;
mod queue;

use super::*;
use crate::fixtures::target;

const ID: &str = "\"release\": \"3f1c2a90-5b7e-4d6a-9c1f-0a1b2c3d4e5f\"";

/// The target of the story.
fn orders() -> String {
    serde_json::to_string(&target()).unwrap()
}

fn shift(rest: &str) -> Result<ShiftWeight, String> {
    let text = format!("{{{ID}, {rest}}}");
    read::<RawShiftWeight>(USER_PARAMETERS, Some(&text), Some(&orders()))
        .map(|(_, meaning)| meaning)
        .map_err(|error| error.to_string())
}

fn percents(steps: &[Step]) -> Vec<(u16, u64)> {
    steps
        .iter()
        .map(|step| (step.weight.hundredths() / 100, step.bake.as_secs()))
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
            "UserParameters: field steps[0].weight: 120 is not a weight; allowed",
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
fn a_step_may_wait_until_the_canary_is_as_good_for_a_time_that_is_given_or_four_times_its_bake() {
    const STEP: &str = r#""weight": 10, "bakeMinutes": 10"#;
    let demand = |rest: &str| {
        let shift = shift(&format!("{STEP}{rest}")).unwrap();
        let [step] = shift.steps[..] else {
            panic!("one step")
        };
        let demand = shift.demand?;
        Some((demand.most(step).as_secs() / 60, demand.on_inconclusive))
    };
    let (proceed, fail) = (OnInconclusive::Proceed, OnInconclusive::Fail);
    assert_eq!(demand(""), None);
    assert_eq!(demand(r#", "untilAsGood": false"#), None);
    assert_eq!(demand(r#", "untilAsGood": true"#), Some((40, proceed)));
    assert_eq!(
        demand(r#", "untilAsGood": true, "evidenceMinutes": 90, "onInconclusive": "fail""#),
        Some((90, fail))
    );
    assert_eq!(
        demand(r#", "untilAsGood": true, "evidenceSeconds": 120"#),
        Some((2, proceed))
    );
    let refused = [
        (
            r#", "evidenceMinutes": 5"#,
            "UserParameters: field evidenceMinutes: given without \"untilAsGood\": true",
        ),
        (
            r#", "untilAsGood": false, "onInconclusive": "fail""#,
            "UserParameters: field onInconclusive: given without \"untilAsGood\": true",
        ),
        (
            r#", "untilAsGood": true, "evidenceMinutes": 5, "evidenceSeconds": 5"#,
            "UserParameters: field evidenceMinutes: evidenceSeconds is given too",
        ),
        (
            r#", "untilAsGood": true, "onInconclusive": "hold""#,
            "UserParameters: field onInconclusive: unknown variant `hold`, expected `proceed` or `fail`",
        ),
        (
            r#", "untilAsGood": true, "evidenceMinutes": 1431"#,
            "UserParameters: field steps and evidenceMinutes: 1441 minutes in total; CodePipeline grants an action at most 24 hours",
        ),
        (
            r#", "untilAsGood": true, "evidenceMinutes": 18446744073709551615"#,
            "UserParameters: field steps and evidenceMinutes: ",
        ),
    ];
    for (rest, expected) in refused {
        let error = shift(&format!("{STEP}{rest}")).unwrap_err();
        assert!(error.starts_with(expected), "{rest}\n{error}");
    }
    let long = shift(r#""weight": 10, "bakeMinutes": 300, "untilAsGood": true"#);
    assert!(long.unwrap_err().contains("1500 minutes in total"));
}

#[test]
fn whoever_goes_on_despite_a_worse_canary_says_why() {
    let shifted = |rest: &str| {
        let shift = shift(&format!(r#""weight": 10, "bakeMinutes": 10{rest}"#));
        shift.map(|shift| shift.despite)
    };
    let promoted = |rest: &str| promote(&orders(), rest).map(|promote| promote.despite);
    let known = r#", "despite": "worse", "reason": " known, ticket 17 ""#;
    let why = Some("known, ticket 17".to_owned());
    assert_eq!(
        (shifted(known), promoted(known)),
        (Ok(why.clone()), Ok(why))
    );
    assert_eq!((shifted(""), promoted("")), (Ok(None), Ok(None)));
    let refused = [
        (
            r#", "despite": "worse""#,
            "UserParameters: field reason: missing or empty",
        ),
        (
            r#", "despite": "worse", "reason": " ""#,
            "UserParameters: field reason: missing or empty",
        ),
        (
            r#", "reason": "known""#,
            "UserParameters: field reason: given without \"despite\"",
        ),
        (
            r#", "despite": "alarms", "reason": "x""#,
            "UserParameters: field despite: unknown variant `alarms`",
        ),
    ];
    for (rest, expected) in refused {
        for error in [shifted(rest).unwrap_err(), promoted(rest).unwrap_err()] {
            assert!(error.starts_with(expected), "{rest}\n{error}");
        }
    }
}

#[test]
fn parameters_that_are_missing_or_no_json_say_so_and_long_ones_are_read() {
    let problem = |text| {
        read::<RawDeployCanary>(USER_PARAMETERS, text, Some(&orders()))
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
    assert!(read::<RawDeployCanary>(USER_PARAMETERS, Some(&long), Some(&orders())).is_ok());
    let image = format!("{{{ID}, \"image\": \"orders\"}}");
    assert!(
        problem(Some(&image))
            .starts_with("UserParameters: field image: \"orders\" is not an image with a tag")
    );
}

#[test]
fn what_is_released_is_the_models_beside_what_every_deployment_has() {
    let problem = |rest: &str| {
        let text = format!("{{{ID}, {rest}}}");
        let read = read::<RawDeployCanary>(USER_PARAMETERS, Some(&text), Some(&orders()));
        read.unwrap_err().to_string()
    };
    let cases = [
        (
            r#""imgae": "orders:v2""#,
            "imgae: unknown field `imgae`, expected one of `image`, `taskDefinition`, `container`, `release`, `timeoutMinutes`, `target`",
        ),
        (
            r#""image": "orders:v2", "version": "7""#,
            "version: unknown field `version`, expected one of",
        ),
        (
            r#""taskDefinition": "taskdef.json", "container": "app""#,
            "container: given beside taskDefinition",
        ),
        (
            r#""taskDefinition": "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:8", "image": "orders:v2""#,
            "image: given beside a taskDefinition that is registered already",
        ),
        (
            r#""taskDefinition": "/taskdef.json""#,
            "taskDefinition: \"/taskdef.json\" is neither a file",
        ),
        (
            r#""timeoutMinutes": "15""#,
            "timeoutMinutes: invalid type: string \"15\"",
        ),
    ];
    for (rest, expected) in cases {
        let error = problem(rest);
        let expected = format!("UserParameters: field {expected}");
        assert!(error.starts_with(&expected), "{expected}\n{error}");
    }
}

#[test]
fn an_account_wide_function_takes_its_target_from_the_call() {
    let text = format!("{{{ID},\"target\":{}}}", orders());
    let (target, _) = read::<RawPromotePrimary>(USER_PARAMETERS, Some(&text), None).unwrap();
    assert_eq!(target.name(), "orders");
}

/// A promotion of this target's pair.
fn promote(target: &str, rest: &str) -> Result<PromotePrimary, String> {
    let text = format!("{{{ID}{rest}}}");
    read::<RawPromotePrimary>(USER_PARAMETERS, Some(&text), Some(target))
        .map(|(_, meaning)| meaning)
        .map_err(|error| error.to_string())
}
