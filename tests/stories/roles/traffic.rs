//! A traffic model is one template in `infra/traffic`, and what nests it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Deployed, balanced::behind, parameters::suite, task_sets::of_one_service};
use crate::play::shipped;

const FUNCTIONS: &str = "functions.yaml";

/// The models: template and key.
fn models() -> Vec<Shipped> {
    let models: Vec<_> = shipped()
        .documents()
        .filter_map(|(file, document)| {
            let name = file.strip_prefix("traffic/")?.strip_suffix(".yaml")?;
            Some(Shipped {
                file: file.to_owned(),
                key: camel(name),
                template: document.clone(),
            })
        })
        .collect();
    assert!(models.len() >= 4, "{}", models.len());
    models
}

struct Shipped {
    file: String,
    /// As `TARGET` has it.
    key: String,
    template: Value,
}

/// `lambda-alias` as `lambdaAlias`.
fn camel(name: &str) -> String {
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |camel, word| {
        let (initial, rest) = word.split_at(1);
        camel + &initial.to_uppercase() + rest
    })
}

fn keys(of: &Value) -> BTreeSet<&str> {
    let members = of.as_object().into_iter().flatten();
    members.map(|(key, _)| key.as_str()).collect()
}

#[test]
fn the_suite_nests_every_model_once_and_gives_it_all_that_it_takes() {
    let mut templates = shipped().clone();
    let suite = templates.document_mut(FUNCTIONS).expect("it exists");
    let nested = suite["Resources"].as_object().expect("resources");
    for Shipped {
        file: model,
        template,
        ..
    } in models()
    {
        let address = format!("./{model}");
        let mut stacks = nested
            .values()
            .filter(|it| it["Properties"]["TemplateURL"] == address.as_str());
        let stack = stacks.next().unwrap_or_else(|| panic!("{model}"));
        assert!(stacks.next().is_none(), "{model} is nested twice");
        assert!(
            stack["Condition"].is_string(),
            "{model}: not for every pair"
        );
        let given = keys(&stack["Properties"]["Parameters"]);
        assert_eq!(given, keys(&template["Parameters"]), "{model}");
    }
}

#[test]
fn a_model_tells_target_its_own_traffic_and_names_its_policies_after_itself() {
    for Shipped {
        key: model,
        template,
        ..
    } in models()
    {
        let told = &template["Outputs"]["Traffic"]["Value"]["Fn::Sub"];
        let told = told.as_str().or_else(|| told[0].as_str());
        let begins = format!("{{\"{model}\":");
        assert!(told.is_some_and(|it| it.starts_with(&begins)), "{told:?}");
        let resources = template["Resources"].as_object().into_iter().flatten();
        for (id, resource) in resources {
            assert_eq!(resource["Type"], "AWS::IAM::Policy", "{model}: {id}");
            let name = resource["Properties"]["PolicyName"].as_str();
            assert!(name.is_some_and(|it| it.starts_with(&model)), "{name:?}");
        }
    }
}

/// Else one would take the place of the other, and go with it.
#[test]
fn no_role_has_two_policies_of_one_name() {
    let queue = suite(&[("DeadLetterQueueName", "payments-dead")]);
    let task_sets = of_one_service(&[("QueueName", "payments")]);
    for parameters in [queue, behind(&[]), task_sets] {
        let mut deployed = Deployed::nothing();
        let made = deployed.stack(FUNCTIONS, &parameters);
        made.unwrap_or_else(|error| panic!("{error}"));
        let mut seen = BTreeSet::new();
        for made in &deployed.made {
            let own = made.properties["Policies"].as_array().into_iter().flatten();
            let own =
                own.map(|policy| (made.created.reference.clone(), policy["PolicyName"].clone()));
            let roles = made.properties["Roles"].as_array().into_iter().flatten();
            let shared = roles.map(|role| {
                let role = role.as_str().expect("a role").to_owned();
                (role, made.properties["PolicyName"].clone())
            });
            for (role, policy) in own.chain(shared) {
                let twice = format!("{role} has two policies {policy}");
                assert!(seen.insert((role, policy.to_string())), "{twice}");
            }
        }
        assert!(seen.len() > 20, "{seen:?}");
    }
}

#[test]
fn no_other_template_of_the_suite_grants_what_only_a_model_needs() {
    for (file, document) in shipped().documents() {
        let common = ["roles.yaml", "code.yaml", "triggers.yaml", FUNCTIONS];
        let not_here: &[&str] = match file {
            "pair.yaml" | "ecs.yaml" => {
                &["sqs:", "elasticloadbalancing:", "cognito-idp:", "lambda:"]
            }
            _ if common.contains(&file) => {
                &["sqs:", "elasticloadbalancing:", "cognito-idp:", "ecs:"]
            }
            _ => continue,
        };
        let text = document["Resources"].to_string();
        for service in not_here {
            assert!(!text.contains(&format!("\"{service}")), "{file}: {service}");
        }
    }
}
