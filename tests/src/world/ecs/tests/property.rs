//! Any update of any service, whatever its containers do.

use proptest::prelude::*;
use serde_json::json;

use super::{
    super::scheduler::Liveness,
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
