use super::*;
use crate::world::{journal::What, s3};

const ROLE: &str = "arn:aws:iam::111122223333:role/orders-start";

/// A rule that starts `orders`.
fn rule(story: &mut Story, mut input: Value) {
    input["Name"] = json!("orders-source");
    let arn = story.world.arn("codepipeline", "orders");
    let targets = json!([{ "Id": "pipeline", "Arn": arn, "RoleArn": ROLE }]);
    events::put_rule(&mut story.world, &input, &targets).expect("a rule");
}

fn executions(story: &mut Story) -> Vec<Value> {
    let listed = story.call(
        "ListPipelineExecutions",
        &json!({ "pipelineName": "orders" }),
    );
    let listed = listed.expect("an answer")["pipelineExecutionSummaries"].clone();
    listed.as_array().expect("a list").clone()
}

#[test]
fn a_pushed_object_starts_the_pipeline_by_its_rule() {
    let mut story = Story::with_actions(&[lambda("Deploy", 1, "{}")]);
    rule(
        &mut story,
        json!({ "EventPattern": {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": { "bucket": { "name": ["sources"] }, "object": { "key": ["orders.zip"] } },
        } }),
    );
    story.world.s3.create_bucket("sources");
    story
        .world
        .s3
        .set_versioning("sources", true)
        .expect("a bucket");
    let mut push = |key: &str, notifying: bool| {
        let s3 = &mut story.world.s3;
        s3.set_notifying("sources", notifying).expect("a bucket");
        s3::put(&mut story.world, "sources", key, b"zip".to_vec()).expect("a bucket");
        executions(&mut story).len()
    };
    assert_eq!(push("orders.zip", false), 0, "nobody is told");
    assert_eq!(push("another.zip", true), 0, "of no interest");
    assert_eq!(push("orders.zip", true), 1);
    let started = &executions(&mut story)[0];
    assert_eq!(
        started["trigger"],
        json!({
            "triggerType": "CloudWatchEvent",
            "triggerDetail": "arn:aws:events:eu-central-1:111122223333:rule/orders-source",
        })
    );
    let events = story.state_events();
    assert_eq!(
        events[0]["detail"]["execution-trigger"],
        json!({
            "trigger-type": "CloudWatchEvent",
            "trigger-detail": "arn:aws:events:eu-central-1:111122223333:rule/orders-source",
        })
    );
}

#[test]
fn a_created_object_is_told_as_s3_tells_it() {
    let mut story = Story::without_pipeline();
    let watcher = story.world.arn("lambda", "function:watcher");
    let input = json!({ "Name": "objects", "EventPattern": { "source": ["aws.s3"] } });
    let targets = json!([{ "Id": "watcher", "Arn": watcher }]);
    events::put_rule(&mut story.world, &input, &targets).expect("a rule");
    let s3 = &mut story.world.s3;
    s3.create_bucket("sources");
    s3.set_versioning("sources", true).expect("a bucket");
    s3.set_notifying("sources", true).expect("a bucket");
    s3::put(&mut story.world, "sources", "orders.zip", b"hello".to_vec()).expect("a bucket");
    let event = story.state_events().remove(0);
    assert_eq!(event["detail-type"], "Object Created");
    assert_eq!(event["resources"], json!(["arn:aws:s3:::sources"]));
    let detail = &event["detail"];
    assert_eq!(detail["bucket"]["name"], "sources");
    assert_eq!(detail["reason"], "PutObject");
    let object = &detail["object"];
    assert_eq!(object["key"], "orders.zip");
    assert_eq!(object["size"], 5);
    assert_eq!(object["etag"], "5d41402abc4b2a76b9719d911017c592");
    let version = story
        .world
        .s3
        .object("sources", "orders.zip")
        .expect("it")
        .version
        .clone();
    assert_eq!(object["version-id"], json!(version.expect("a version")));
}

#[test]
fn a_schedule_may_start_a_pipeline() {
    let mut story = Story::with_actions(&[lambda("Deploy", 1, "{}")]);
    rule(&mut story, json!({ "ScheduleExpression": "rate(1 hour)" }));
    story.after(Duration::from_hours(1));
    assert_eq!(executions(&mut story).len(), 1);
}

#[test]
fn a_pipeline_may_start_itself_by_its_own_end() {
    let mut story = Story::with_actions(&[lambda("Deploy", 1, "{}")]);
    rule(
        &mut story,
        json!({ "EventPattern": {
            "source": ["aws.codepipeline"],
            "detail": { "pipeline": ["orders"], "state": ["FAILED"], "stage": [{ "exists": false }] },
        } }),
    );
    story.start_and_fetch();
    let job = story.job();
    story.fail(&job, "alarm");
    story.tick();
    assert_eq!(executions(&mut story).len(), 2);
}

#[test]
fn a_rule_that_starts_nothing_is_noted() {
    let mut story = Story::without_pipeline();
    rule(&mut story, json!({ "ScheduleExpression": "rate(1 hour)" }));
    story.after(Duration::from_hours(1));
    story.tick();
    let told = |what: &What| matches!(what, What::Told(why) if why.contains("there is no pipeline orders"));
    assert!(story.world.journal.iter().any(|entry| told(&entry.what)));
}
