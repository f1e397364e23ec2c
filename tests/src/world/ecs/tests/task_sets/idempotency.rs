//! Client tokens, external ids and tags.

use serde_json::json;

use super::*;

fn labelled(definition: &str) -> Value {
    json!({
        "taskDefinition": definition,
        "externalId": "release-7",
        "clientToken": "release-7-candidate",
        "scale": {"value": 50.0, "unit": "PERCENT"},
        "tags": [{"key": "application", "value": "orders"}],
    })
}

#[test]
fn the_same_request_with_the_same_token_creates_one_task_set() {
    let (mut stage, _) = Stage::stable(2);
    let v2 = stage.version("v2", Behaviour::Runs);
    let input = labelled(&v2);
    let first = stage.of_app("CreateTaskSet", &input).unwrap();
    stage.seconds(30);
    let again = stage.of_app("CreateTaskSet", &input).unwrap();
    assert_eq!(again["taskSet"]["id"], first["taskSet"]["id"]);
    assert_eq!(again["taskSet"]["runningCount"], 1);
    let mut other = input.clone();
    other["externalId"] = json!("release-8");
    let (code, message) = stage.refuses("CreateTaskSet", &other);
    assert_eq!(code, "InvalidParameterException");
    assert_eq!(message, "Creation of task set was not idempotent.");
    assert_eq!(stage.statuses(), ["PRIMARY", "ACTIVE"]);
}

#[test]
fn a_token_may_be_forgotten() {
    let (mut stage, _) = Stage::stable(1);
    stage.world.ecs.token_lifetime = std::time::Duration::from_mins(1);
    let v2 = stage.version("v2", Behaviour::Runs);
    stage.of_app("CreateTaskSet", &labelled(&v2)).unwrap();
    stage.seconds(61);
    stage.of_app("CreateTaskSet", &labelled(&v2)).unwrap();
    assert_eq!(stage.statuses(), ["PRIMARY", "ACTIVE", "ACTIVE"]);
}

#[test]
fn an_external_id_is_a_label_that_several_may_have() {
    let (mut stage, _) = Stage::stable(1);
    let v2 = stage.version("v2", Behaviour::Runs);
    for token in ["one", "two"] {
        let mut input = labelled(&v2);
        input["clientToken"] = json!(token);
        stage.of_app("CreateTaskSet", &input).unwrap();
    }
    let service = stage.described();
    let sets = service["taskSets"].as_array().unwrap();
    assert_eq!(sets[0].get("externalId"), None);
    assert_eq!(sets[1]["externalId"], "release-7");
    assert_eq!(sets[2]["externalId"], "release-7");
    assert_eq!(sets[1].get("startedBy"), None);
}

#[test]
fn tags_are_told_to_who_asks_for_them() {
    let (mut stage, _) = Stage::stable(1);
    let v2 = stage.version("v2", Behaviour::Runs);
    let set = stage.of_app("CreateTaskSet", &labelled(&v2)).unwrap()["taskSet"].take();
    let given = json!([{"key": "application", "value": "orders"}]);
    assert_eq!(set["tags"], given);
    let id = set["id"].as_str().unwrap();
    assert_eq!(stage.set(id)["tags"], json!([]));
    let asked = json!({"taskSets": [id], "include": ["TAGS"]});
    let answer = stage.of_app("DescribeTaskSets", &asked).unwrap();
    assert_eq!(answer["taskSets"][0]["tags"], given);
    let arn = set["taskSetArn"].clone();
    let more = json!({"resourceArn": arn, "tags": [{"key": "release", "value": "7"}]});
    stage.call("TagResource", &more).unwrap();
    let listed = stage.call("ListTagsForResource", &json!({"resourceArn": arn}));
    assert_eq!(listed.unwrap()["tags"].as_array().unwrap().len(), 2);
}
