use serde_json::{Value, json};

use super::*;

fn actions(pipeline: &Value) -> Vec<&Value> {
    let stages = pipeline["pipeline"]["stages"].as_array().unwrap();
    stages
        .iter()
        .flat_map(|stage| stage["actions"].as_array().unwrap())
        .collect()
}

fn parameters(pipeline: &Value, action: &str) -> Value {
    let action = actions(pipeline)
        .into_iter()
        .find(|found| found["name"] == action)
        .unwrap();
    serde_json::from_str(action["configuration"]["UserParameters"].as_str().unwrap()).unwrap()
}

#[test]
fn the_pipeline_has_no_place_left_to_fill() {
    let text = Stage::default().pipeline(&identity()).to_string();
    assert!(!text.contains("${"), "{text}");
}

#[test]
fn the_pipelines_parameters_are_json_within_codepipelines_limit() {
    for stage in [Stage::default(), Stage::live()] {
        let pipeline = stage.pipeline(&identity());
        for action in actions(&pipeline) {
            let Some(text) = action["configuration"]["UserParameters"].as_str() else {
                continue;
            };
            assert!(text.len() <= 1000, "{text}");
            let parameters: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parameters["release"], "#{codepipeline.PipelineExecutionId}");
        }
    }
}

#[test]
fn the_steps_of_the_stage_are_those_that_shift_weight_is_given() {
    let stage = Stage {
        steps: vec![Step::new(25, 7)],
        ..Stage::default()
    };
    let parameters = parameters(&stage.pipeline(&identity()), "shift-weight");
    assert_eq!(
        parameters["steps"],
        json!([{ "weight": 25, "bakeSeconds": 7 }])
    );
}

#[test]
fn one_stage_holds_the_release_from_canary_to_promotion_in_order() {
    let pipeline = Stage::default().pipeline(&identity());
    let canary = &pipeline["pipeline"]["stages"][2];
    assert_eq!(canary["name"], CANARY_STAGE);
    let order: Vec<(u64, &str)> = canary["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| {
            (
                action["runOrder"].as_u64().unwrap(),
                action["name"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        order,
        [
            (1, "deploy-canary"),
            (2, "shift-weight"),
            (3, "Approval"),
            (4, "promote-primary")
        ]
    );
}
