//! Anything that somebody may do with task sets.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// What somebody does, with sets counted from the oldest.
#[derive(Debug, Clone)]
enum Deed {
    Create(f64, Behaviour),
    Scale(usize, f64),
    MakePrimary(usize),
    Delete(usize),
    Desire(u32),
}

fn any_percent() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(100.0), 0.0..=100.0_f64]
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let behaviour = prop_oneof![
        Just(Behaviour::Runs),
        Just(Behaviour::HealthyAfter(10)),
        Just(Behaviour::IgnoresSigterm),
    ];
    prop_oneof![
        3 => (any_percent(), behaviour).prop_map(|(percent, it)| Deed::Create(percent, it)),
        2 => (0_usize..5, any_percent()).prop_map(|(set, percent)| Deed::Scale(set, percent)),
        1 => (0_usize..5).prop_map(Deed::MakePrimary),
        2 => (0_usize..5).prop_map(Deed::Delete),
        1 => (0_u32..9).prop_map(Deed::Desire),
    ]
}

impl Stage {
    fn sets(&mut self) -> Vec<Value> {
        self.described()["taskSets"].as_array().unwrap().clone()
    }

    /// Does it, if AWS lets it be done.
    fn does(&mut self, deed: &Deed, version: usize) {
        let sets = self.sets();
        let id = |set: usize| {
            sets.get(set)
                .map_or(json!("ecs-svc/1"), |it| it["id"].clone())
        };
        let scale = |percent: f64| json!({"value": percent, "unit": "PERCENT"});
        let (operation, input) = match *deed {
            Deed::Create(percent, behaviour) => {
                let definition = self.version(&format!("v{version}"), behaviour);
                let input = json!({"taskDefinition": definition, "scale": scale(percent)});
                ("CreateTaskSet", input)
            }
            Deed::Scale(set, percent) => {
                let input = json!({"taskSet": id(set), "scale": scale(percent)});
                ("UpdateTaskSet", input)
            }
            Deed::MakePrimary(set) => {
                let input = json!({"primaryTaskSet": id(set)});
                ("UpdateServicePrimaryTaskSet", input)
            }
            Deed::Delete(set) => ("DeleteTaskSet", json!({"taskSet": id(set), "force": true})),
            Deed::Desire(count) => ("UpdateService", json!({"desiredCount": count})),
        };
        if let Err(fault) = self.of_app(operation, &input) {
            let known = ["InvalidParameterException", "TaskSetNotFoundException"];
            assert!(known.contains(&fault.code.as_str()), "{fault:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    /// There are never more than five sets nor more than one PRIMARY, which stays once there is one; and what is left alone
    /// comes to have exactly its percentage of the desired count, rounded up.
    #[test]
    fn task_sets_come_to_their_counts_whatever_is_done_with_them(
        desired in 0_u32..9,
        deeds in prop::collection::vec((any_deed(), 0_u64..40), 1..20),
    ) {
        let mut stage = external(desired);
        let mut had_primary = false;
        for (version, (deed, pause)) in deeds.iter().enumerate() {
            stage.does(deed, version);
            stage.seconds(*pause);
            let sets = stage.sets();
            prop_assert!(sets.len() <= 5);
            let primary = sets.iter().filter(|set| set["status"] == "PRIMARY").count();
            prop_assert!(primary <= 1);
            prop_assert!(primary == 1 || !had_primary, "it cannot be deleted");
            had_primary = primary == 1;
        }
        stage.seconds(180);
        let service = stage.described();
        let desired = service["desiredCount"].as_f64().unwrap();
        let mut all = 0;
        for set in stage.sets() {
            let percent = set["scale"]["value"].as_f64().unwrap();
            let count = set["computedDesiredCount"].as_u64().unwrap();
            let expected = (desired * percent / 100.0).ceil();
            prop_assert!((set["computedDesiredCount"].as_f64().unwrap() - expected).abs() < 1e-9);
            prop_assert_eq!(&set["runningCount"], &json!(count));
            prop_assert_eq!(&set["pendingCount"], &json!(0));
            prop_assert_eq!(&set["stabilityStatus"], "STEADY_STATE");
            prop_assert_ne!(&set["status"], "DRAINING");
            all += count;
        }
        prop_assert_eq!(&service["runningCount"], &json!(all));
        let created = stage.ever_created();
        stage.seconds(120);
        prop_assert_eq!(stage.ever_created(), created, "steady sets start nothing");
    }
}
