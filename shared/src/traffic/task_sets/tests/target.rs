use crate::{
    fixtures::{task_sets::target, weight},
    target::{Target, resolve},
    traffic::model::Goal,
};

const TARGET: &str = r#"{
    "cluster": "orders", "service": "orders", "pipeline": "orders-release", "alarms": ["orders-dead-letters"],
    "bootstrap": {"taskDefinition": "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:7", "launchType": "FARGATE"},
    "traffic": {"taskSets": {"queue": {"url": "https://sqs.eu-central-1.amazonaws.com/111122223333/orders"}}}}"#;

fn read(from: &str, to: &str) -> Result<Target, String> {
    assert!(TARGET.contains(from), "{from}");
    let text = TARGET.replacen(from, to, 1);
    resolve(Some(&text), None).map_err(|error| error.to_string())
}

#[test]
fn a_service_of_task_sets_is_a_pair_by_its_own_name() {
    let target = target();
    assert_eq!(target.pair().as_str(), "orders/orders");
    assert_eq!(target.name(), "orders");
    let text = serde_json::to_string(&target).unwrap();
    let read: Target = serde_json::from_str(&text).unwrap();
    assert_eq!(read, target);
    let more = text.replace("\"maxTasks\":9", "\"maxTasks\":12");
    let more: Target = serde_json::from_str(&more).unwrap();
    assert_ne!(more, target);
    assert!(target.differs(&more).is_none(), "a limit");
}

#[test]
fn a_bad_target_names_the_field_and_what_is_allowed() {
    let cases = [
        ("\"queue\"", "\"kafka\"", "unknown variant `kafka`"),
        (
            "\"launchType\": \"FARGATE\"",
            "\"launchType\": \"LAMBDA\"",
            "unknown variant `LAMBDA`",
        ),
        (
            ", \"launchType\": \"FARGATE\"",
            "",
            "TARGET: field bootstrap: neither launchType nor capacityProviders; name where the tasks of the first set run",
        ),
        ("\"service\": \"orders\",", "", "missing field `service`"),
        (
            "/orders\"}",
            "/orders\", \"maxTasks\": 0}",
            "TARGET: field traffic.taskSets.queue.maxTasks: 0 tasks; at least 1 is needed",
        ),
        (
            "/orders\"}",
            "/orders\", \"floorPrimary\": true}",
            "unknown field `floorPrimary`",
        ),
        (
            "/orders\"}",
            "/orders\", \"guardMaxDeadLetters\": 1}",
            "field traffic.taskSets.queue.guardMaxDeadLetters: there is no dead-letter queue to ask",
        ),
    ];
    for (from, to, expected) in cases {
        let error = read(from, to).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_set_cannot_have_more_tasks_than_its_service() {
    let more = |mode: &str| {
        let to = format!("/orders\", \"mode\": \"{mode}\"}}");
        let target = read("/orders\"}", &to).unwrap();
        let goal = Goal::Share {
            asked: weight(60),
            tolerance: None,
        };
        target.traffic.model().admits(goal)
    };
    assert!(more("additive").is_err_and(|why| why.starts_with("more than 50 % cannot be reached")));
    assert!(more("constantTotal").is_ok());
}
