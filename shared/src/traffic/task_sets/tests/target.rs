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
fn behind_a_load_balancer_a_target_names_two_groups_and_who_answers() {
    let group = |name: &str| {
        format!(
            "\"arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/{name}/0a1b2c3d4e5f6a7b\""
        )
    };
    let rule = "\"rule\": \"arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener-rule/app/orders/0a1b/2c3d/4e5f\"";
    let queue =
        "{\"queue\": {\"url\": \"https://sqs.eu-central-1.amazonaws.com/111122223333/orders\"}}";
    let (one, other) = (group("blue"), group("green"));
    let alb = |fields: String| read(queue, &format!("{{\"alb\": {{{fields}}}}}"));
    let cases = [
        (
            format!("{rule}, \"targetGroups\": [{one}]"),
            "invalid length 1",
        ),
        (
            format!("{rule}, \"targetGroups\": [{one}, {one}]"),
            "TARGET: field bootstrap: no answers",
        ),
        (
            format!("\"targetGroups\": [{one}, {other}]"),
            "TARGET: field bootstrap: no answers",
        ),
    ];
    for (fields, expected) in cases {
        let error = alb(fields).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let answering = TARGET.replace(
        "\"launchType\"",
        "\"answers\": {\"container\": \"app\", \"port\": 80}, \"launchType\"",
    );
    let with = |fields: String| {
        let text = answering.replace(queue, &format!("{{\"alb\": {{{fields}}}}}"));
        resolve(Some(&text), None).map_err(|error| error.to_string())
    };
    assert!(with(format!("{rule}, \"targetGroups\": [{one}, {other}]")).is_ok());
    let twice = with(format!("{rule}, \"targetGroups\": [{one}, {one}]")).unwrap_err();
    assert!(
        twice.contains("field traffic.taskSets.alb.targetGroups: ")
            && twice.contains("appears twice"),
        "{twice}"
    );
    let no_rule = with(format!("\"targetGroups\": [{one}, {other}]")).unwrap_err();
    assert!(
        no_rule.starts_with("TARGET: field traffic.taskSets.alb: what forwards requests"),
        "{no_rule}"
    );
    let queue = resolve(Some(&answering), None).unwrap_err().to_string();
    assert!(queue.contains("answers is for a load balancer"), "{queue}");
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
