//! Any update of any service, whatever its containers do.

use proptest::prelude::*;
use serde_json::json;

use super::{
    super::{super::elb, create_service, scheduler::Liveness},
    balanced::{balanced, load_balancers},
    stage::{Behaviour, Stage},
};

fn any_behaviour() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        Just(Behaviour::Runs),
        Just(Behaviour::CannotBePulled),
        Just(Behaviour::IgnoresSigterm),
        (1_u64..30).prop_map(Behaviour::CrashesAfter),
        (1_u64..60).prop_map(Behaviour::HealthyAfter),
        (1_u64..60).prop_map(Behaviour::UnhealthyAfter),
    ]
}

/// Without tasks that die after they were healthy: those are no failed launches, as on AWS.
fn any_web_behaviour() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        Just(Behaviour::Runs),
        Just(Behaviour::CannotBePulled),
        Just(Behaviour::IgnoresSigterm),
        (1_u64..60).prop_map(Behaviour::AnswersAfter),
        Just(Behaviour::AnswersAfter(u64::MAX)),
    ]
}

/// How many targets of a group the load balancer finds in that state.
fn targets(stage: &mut Stage, group: &str, health: &str) -> usize {
    let input = json!({"TargetGroupArn": group});
    let answer = elb::call(&mut stage.world, "DescribeTargetHealth", &input).unwrap();
    let targets = answer["TargetHealthDescriptions"].as_array().unwrap();
    let found = targets
        .iter()
        .filter(|target| target["TargetHealth"]["State"] == health);
    found.count()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    /// The stable version stays healthy enough throughout, and in the end the service is steady on
    /// the new version, or on the stable one if the new one does not come up.
    #[test]
    fn an_update_ends_steady_on_one_version_and_never_leaves_the_bounds(
        desired in 1_u32..6,
        minimum in 0_usize..=100,
        room in 0_usize..=100,
        behaviour in any_behaviour(),
    ) {
        let maximum = 100 + room;
        prop_assume!(!(minimum == 100 && maximum == 100));
        let desired_tasks = usize::try_from(desired).unwrap();
        let lower = (desired_tasks * minimum).div_ceil(100);
        let upper = desired_tasks * maximum / 100;
        prop_assume!(lower < desired_tasks || upper > desired_tasks);

        let mut stage = Stage::new();
        let v1 = stage.version("v1", Behaviour::Runs);
        let v2 = stage.version("v2", behaviour);
        stage.service(&v1, desired, &json!({
            "minimumHealthyPercent": minimum,
            "maximumPercent": maximum,
            "deploymentCircuitBreaker": {"enable": true, "rollback": true},
        }));
        stage.update(&json!({"taskDefinition": v2}));
        for _ in 0..1500 {
            stage.seconds(1);
            let tasks = &stage.world.ecs.tasks;
            let healthy = tasks
                .iter()
                .filter(|task| task.liveness(&stage.world) == Some(Liveness::Healthy))
                .count();
            let live = tasks.iter().filter(|task| task.is_wanted()).count();
            prop_assert!(healthy >= lower, "{healthy} healthy tasks of at least {lower}");
            prop_assert!(live <= upper, "{live} tasks of at most {upper}");
        }
        let service = stage.described();
        let comes_up = !matches!(
            behaviour,
            Behaviour::CannotBePulled | Behaviour::CrashesAfter(_) | Behaviour::UnhealthyAfter(_)
        );
        let expected = if comes_up { v2 } else { v1 };
        prop_assert_eq!(&service["taskDefinition"], &json!(expected));
        prop_assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
        prop_assert_eq!(&service["deployments"][0]["rolloutState"], &json!("COMPLETED"));
        prop_assert_eq!(&service["runningCount"], &json!(desired));
        let created = stage.ever_created();
        stage.seconds(300);
        prop_assert_eq!(stage.ever_created(), created, "a steady service starts nothing");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    /// Behind a load balancer, what counts is healthy targets.
    #[test]
    fn an_update_behind_a_load_balancer_keeps_enough_targets_healthy(
        desired in 1_u32..5,
        minimum in 0_usize..=100,
        behaviour in any_web_behaviour(),
        grace in 0_u32..60,
    ) {
        let (mut stage, group, _) = balanced();
        let v1 = stage.web_version("v1", Behaviour::Runs);
        let v2 = stage.web_version("v2", behaviour);
        create_service(&mut stage.world, &json!({
            "cluster": "orders",
            "serviceName": "app",
            "taskDefinition": v1,
            "desiredCount": desired,
            "healthCheckGracePeriodSeconds": grace,
            "loadBalancers": load_balancers(&group),
            "deploymentConfiguration": {
                "minimumHealthyPercent": minimum,
                "deploymentCircuitBreaker": {"enable": true, "rollback": true},
            },
        })).unwrap();
        stage.seconds(90);
        stage.update(&json!({"taskDefinition": v2}));
        let desired = usize::try_from(desired).unwrap();
        let lower = (desired * minimum).div_ceil(100);
        for _ in 0..600 {
            stage.seconds(1);
            let healthy = targets(&mut stage, &group, "healthy");
            prop_assert!(healthy >= lower, "{healthy} healthy targets of at least {lower}");
        }
        let service = stage.described();
        prop_assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
        prop_assert_eq!(targets(&mut stage, &group, "healthy"), desired);
        for gone in ["draining", "unhealthy", "initial"] {
            prop_assert_eq!(targets(&mut stage, &group, gone), 0, "{}", gone);
        }
        prop_assert_eq!(&service["deployments"][0]["rolloutState"], &json!("COMPLETED"));
    }
}
