//! What a stack tells about itself: the roles with which it works, and the topics that tell people.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Deployed, HTTP_VARIANTS, LAMBDA_VARIANTS, TASK_SETS_VARIANTS, VARIANTS, balanced::behind,
    parameters::suite,
};

/// Every role and every topic that was made, and how many of each.
fn assert_told(deployed: &Deployed, outputs: &BTreeMap<String, Value>, expected: (usize, usize)) {
    let (mut roles, mut topics) = (0, 0);
    for made in &deployed.made {
        let arn = match made.kind.as_str() {
            "AWS::IAM::Role" => {
                roles += 1;
                made.created.attributes["Arn"].as_str()
            }
            "AWS::SNS::Topic" => {
                topics += 1;
                Some(made.created.reference.as_str())
            }
            _ => continue,
        };
        let is_told = outputs.values().any(|value| value.as_str() == arn);
        assert!(is_told, "no output has {} ({arn:?})", made.id);
    }
    assert_eq!((roles, topics), expected);
}

#[test]
fn the_root_stacks_tell_every_role_and_both_topics() {
    let queue = VARIANTS.iter().map(|variant| ("main.yaml", variant));
    let http = HTTP_VARIANTS.iter().map(|variant| ("http.yaml", variant));
    let lambda = LAMBDA_VARIANTS.iter();
    let lambda = lambda.map(|variant| ("lambda.yaml", variant));
    let task_sets = TASK_SETS_VARIANTS.iter();
    let task_sets = task_sets.map(|variant| ("task-sets.yaml", variant));
    for (file, variant) in queue.chain(http).chain(lambda).chain(task_sets) {
        let (deployed, outputs) = Deployed::tried(file, variant);
        let outputs = outputs.unwrap_or_else(|error| panic!("{file}, {variant:?}: {error}"));
        let has = |name: &str| variant.iter().any(|(it, _)| *it == name);
        // Four functions, the pipeline, its build; the tasks and what starts them, or the function; its validation; the rule of its
        // source.
        let by_rule = !has("ConnectionArn");
        let own = if file == "lambda.yaml" { 1 } else { 2 };
        let roles = 6 + own + usize::from(has("ValidateBuildspec")) + usize::from(by_rule);
        assert_told(&deployed, &outputs, (roles, 2));
    }
}

#[test]
fn beside_your_own_pipeline_it_tells_the_four_roles_and_its_topic() {
    for parameters in [suite(&[]), behind(&[])] {
        let mut deployed = Deployed::nothing();
        let outputs = deployed.stack("functions.yaml", &parameters);
        let outputs = outputs.unwrap_or_else(|error| panic!("{error}"));
        assert_told(&deployed, &outputs, (4, 1));
    }
}
