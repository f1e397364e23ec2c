//! What is written in the roles of the templates.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use rehearsal_core::world::iam;
use serde_json::Value;

use super::{Deployed, repository, texts::longest};
use crate::play::shipped;

/// Actions that can be narrowed and have the resource `*` all the same, and why.
const NARROWABLE: [(&str, &str); 3] = [
    (
        "cloudwatch:DescribeAlarms",
        "composite alarms are answered only to whoever may describe all alarms",
    ),
    (
        "ecs:RegisterTaskDefinition",
        "AWS judges it on everything, its denials say; the tag that it has to bring is judged on the family",
    ),
    (
        "ecs:ListTasks",
        "it can be narrowed to container instances, which Fargate has none of; ecs:cluster narrows it",
    ),
];

/// A statement that says what a role may do.
struct Statement {
    id: String,
    actions: Vec<String>,
    resources: Vec<String>,
    condition: Value,
}

/// Those of every role in every variant of both examples.
fn statements() -> Vec<Statement> {
    Deployed::variants().flat_map(|it| of(&it)).collect()
}

fn of(deployed: &Deployed) -> Vec<Statement> {
    let mut found = Vec::new();
    for made in &deployed.made {
        let policies = match made.kind.as_str() {
            "AWS::IAM::Role" => made.properties["Policies"].as_array().cloned(),
            "AWS::IAM::Policy" => Some(vec![made.properties.clone()]),
            _ => None,
        };
        for policy in policies.into_iter().flatten() {
            let statements = policy["PolicyDocument"]["Statement"].as_array();
            for statement in statements.expect("statements are a list") {
                found.push(Statement {
                    id: format!("{} {}", made.id, statement["Sid"]),
                    actions: texts(&statement["Action"]),
                    resources: texts(&statement["Resource"]),
                    condition: statement["Condition"].clone(),
                });
            }
        }
    }
    found
}

fn texts(value: &Value) -> Vec<String> {
    let one = value.as_str().into_iter();
    let many = value.as_array().into_iter().flatten();
    one.chain(many.filter_map(Value::as_str))
        .map(str::to_owned)
        .collect()
}

/// AWS: IAM user guide, "IAM and AWS STS quotas": all inline policies of a role together, without white space.
const LARGEST_POLICIES: usize = 10_240;

/// The characters of a role's policies, by the role's name.
fn sizes(deployed: &Deployed) -> BTreeMap<String, usize> {
    let mut sizes = BTreeMap::new();
    for made in &deployed.made {
        let own = made.properties["Policies"].as_array().into_iter().flatten();
        let own: usize = own.map(size).sum();
        match made.kind.as_str() {
            "AWS::IAM::Role" => *sizes.entry(made.created.reference.clone()).or_default() += own,
            "AWS::IAM::Policy" => {
                for role in texts(&made.properties["Roles"]) {
                    *sizes.entry(role).or_default() += size(&made.properties);
                }
            }
            _ => {}
        }
    }
    sizes
}

fn size(policy: &Value) -> usize {
    policy["PolicyDocument"].to_string().chars().count()
}

#[test]
fn the_policies_of_a_role_fit_even_with_the_longest_names() {
    let queue = "q".repeat(80);
    let dead = format!("d{}", &queue[1..]);
    let deployed = longest(&[
        ("Mode", "constantTotal"),
        ("QueueName", &queue),
        ("DeadLetterQueueName", &dead),
    ]);
    let sizes = sizes(&deployed);
    assert_eq!(sizes.len(), 4);
    for (role, size) in sizes {
        assert!(size > 2000, "{role} has {size} characters");
        assert!(size <= LARGEST_POLICIES, "{role} has {size} characters");
    }
}

#[test]
fn no_role_has_an_action_with_a_wildcard() {
    let statements = statements();
    assert!(statements.len() > 30);
    for Statement { id, actions, .. } in &statements {
        assert!(!actions.is_empty(), "{id}");
        let wild: Vec<_> = actions
            .iter()
            .filter(|it| it.contains(['*', '?']))
            .collect();
        assert!(wild.is_empty(), "{id} has {wild:?}; name the actions");
    }
}

#[test]
fn every_resource_is_named_where_aws_lets_it_be() {
    let mut excused = BTreeSet::new();
    for Statement {
        id,
        actions,
        resources,
        condition,
    } in statements()
    {
        if !resources.contains(&"*".to_owned()) {
            continue;
        }
        for action in actions {
            let can = iam::can_be_narrowed(&action).expect("the action is known");
            if !can {
                continue;
            }
            assert!(
                NARROWABLE.iter().any(|(known, _)| *known == action),
                "{id}: AWS lets {action} be narrowed to resources; name them"
            );
            if action == "ecs:ListTasks" {
                let cluster = condition["ArnEquals"]["ecs:cluster"].as_str();
                assert_eq!(
                    cluster,
                    Some("arn:aws:ecs:eu-central-1:111122223333:cluster/orders"),
                    "{id}"
                );
            }
            excused.insert(action);
        }
    }
    for (action, reason) in NARROWABLE {
        assert!(
            excused.contains(action),
            "{action} needs no excuse any more: {reason}"
        );
    }
}

#[test]
fn every_star_for_a_resource_has_a_comment_that_says_why() {
    for (file, document) in shipped().documents() {
        let text = fs::read_to_string(repository("infra").join(file)).expect("it can be read");
        let lines: Vec<&str> = text.lines().collect();
        let (mut kind, mut found) = ("", 0);
        for (number, line) in lines.iter().enumerate() {
            kind = line.strip_prefix("    Type: ").unwrap_or(kind);
            if !kind.starts_with("AWS::IAM::") || !line.contains("Resource: '*'") {
                continue;
            }
            found += 1;
            let above = lines[number - 1].trim_start();
            let after = line
                .split_once("'*'")
                .map_or("", |(_, rest)| rest.trim_start());
            assert!(
                above.starts_with("# ") || after.starts_with("# "),
                "infra/{file}:{}: say why the resource is *",
                number + 1
            );
        }
        assert_eq!(
            found,
            stars(document),
            "infra/{file}: write Resource: '*' in a line of its own"
        );
    }
}

/// How many statements of a template's roles have `*` among their resources.
fn stars(document: &Value) -> usize {
    let resources = document["Resources"].as_object().into_iter().flatten();
    resources
        .filter(|(_, it)| {
            it["Type"]
                .as_str()
                .is_some_and(|kind| kind.starts_with("AWS::IAM::"))
        })
        .map(|(_, it)| stars_in(&it["Properties"]))
        .sum()
}

fn stars_in(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(stars_in).sum(),
        Value::Object(members) => {
            let own = members
                .get("Resource")
                .is_some_and(|it| texts(it).contains(&"*".to_owned()));
            usize::from(own) + members.values().map(stars_in).sum::<usize>()
        }
        _ => 0,
    }
}
