use proptest::prelude::*;
use serde_json::json;

use super::*;

/// What AWS makes of it: always rounded up.
fn computed(scale: Scale, desired: u32) -> u32 {
    let exact = f64::from(desired) * scale.0 / 100.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small whole number"
    )]
    let tasks = exact.ceil() as u32;
    tasks
}

#[test]
fn a_scale_names_exactly_so_many_tasks_with_few_decimals() {
    let rows = [
        (0, 4, "0 %"),
        (1, 4, "13 %"),
        (2, 7, "21 %"),
        (7, 7, "100 %"),
        (9, 7, "100 %"),
        (1, 1, "100 %"),
        (1, 1000, "0.05 %"),
        (1, 200, "0.3 %"),
        (500, 1000, "49.95 %"),
    ];
    for (tasks, desired, expected) in rows {
        let scale = Scale::of(tasks, desired);
        assert_eq!(scale.to_string(), expected, "{tasks} of {desired}");
    }
    let whole = (0..=7).map(|tasks| computed(Scale::of(tasks, 7), 7));
    assert_eq!(whole.collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn what_is_launched_beside_a_set_is_launched_as_that_is() {
    let shown = json!({
        "id": "ecs-svc/1", "runningCount": 3, "launchType": "FARGATE",
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "newer": true}],
        "platformVersion": "1.4.0", "serviceRegistries": [],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "loadBalancers": [{"targetGroupArn": "arn:blue", "containerName": "app", "containerPort": 80}],
    });
    let launch = Launch::of(shown.as_object().unwrap());
    let expected = json!({
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "newer": true}],
        "platformVersion": "1.4.0",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "loadBalancers": [{"targetGroupArn": "arn:blue", "containerName": "app", "containerPort": 80}],
    });
    assert_eq!(json!(launch), expected);
    assert_eq!(launch.groups().collect::<Vec<_>>(), ["arn:blue"]);
}

proptest! {
    #[test]
    fn a_scale_names_that_number_whatever_the_service_has(desired in 1_u32..2_000, part in 0.0..=1.0_f64) {
        let tasks = computed(Scale(part * 100.0), desired);
        prop_assert_eq!(computed(Scale::of(tasks, desired), desired), tasks);
    }
}
