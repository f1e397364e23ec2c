use super::*;
use crate::world::journal::What;

#[test]
fn a_whole_execution_is_told_at_three_levels() {
    let mut story = Story::with_actions(&[lambda("Deploy", 1, "{}")]);
    story.start_and_fetch();
    let job = story.job();
    story.succeed(&job);
    assert_eq!(
        story.changes(),
        [
            "orders STARTED",
            "Source STARTED",
            "Fetch STARTED",
            "Fetch SUCCEEDED",
            "Source SUCCEEDED",
            "Canary STARTED",
            "Deploy STARTED",
            "Deploy SUCCEEDED",
            "Canary SUCCEEDED",
            "orders SUCCEEDED",
        ]
    );
}

#[test]
fn versions_are_floats_and_an_action_types_version_is_text() {
    let mut story = Story::with_actions(&[lambda("Deploy", 1, "{}")]);
    let execution = story.start_and_fetch();
    let job = story.job();
    story.fail(&job, "alarm");
    let events = story.state_events();
    let pipeline = events.last().expect("an event");
    assert_eq!(
        pipeline["detail"].to_string(),
        format!(
            "{{\"pipeline\":\"orders\",\"execution-id\":\"{execution}\",\
             \"start-time\":\"2026-09-21T14:13:20.000Z\",\"state\":\"FAILED\",\
             \"version\":1.0,\"pipeline-execution-attempt\":1.0}}"
        )
    );
    assert_eq!(
        pipeline["resources"],
        json!(["arn:aws:codepipeline:eu-central-1:111122223333:orders"])
    );
    let action = &events[events.len() - 3]["detail"];
    assert_eq!(action["state"], "FAILED");
    assert_eq!(action["type"]["version"], "1");
    assert_eq!(action["region"], "eu-central-1");
    assert_eq!(
        action["execution-result"],
        json!({ "external-execution-summary": "alarm", "error-code": "JobFailed" })
    );
    assert_eq!(
        action["action-execution-id"],
        story.action("Canary", "Deploy")["actionExecutionId"]
    );
}

#[test]
fn a_failed_action_lets_its_neighbours_finish_before_the_stage_fails() {
    let mut story = Story::with_actions(&[
        lambda("Left", 1, "left"),
        lambda("Right", 1, "right"),
        lambda("Next", 2, "next"),
    ]);
    let execution = story.start_and_fetch();
    let jobs = story.jobs();
    story.fail(&jobs[0], "alarm");
    assert_eq!(story.status(&execution), "InProgress");
    story.succeed(&jobs[1]);
    assert_eq!(story.status(&execution), "Failed");
    assert_eq!(story.jobs(), Vec::<Value>::new());
}

#[test]
fn the_journal_tells_each_new_summary_once() {
    let mut story = Story::with_actions(&[lambda("Deploy", 1, "{}")]);
    story.start_and_fetch();
    for (token, summary) in [("1", "baking"), ("2", "baking"), ("3", "baked")] {
        let job = story.job();
        story.go_on(&job, token, summary);
        story.after(Duration::from_secs(30));
    }
    let job = story.job();
    story.fail(&job, "alarm");
    let told: Vec<_> = story
        .world
        .journal
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Action {
                action,
                status,
                summary,
                ..
            } if action == "Deploy" => Some((status.as_str(), summary.as_deref())),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            ("InProgress", None),
            ("InProgress", Some("baking")),
            ("InProgress", Some("baked")),
            ("Failed", Some("alarm")),
        ]
    );
}

#[test]
fn action_executions_are_listed_with_what_they_were_given_and_gave() {
    let mut story =
        Story::with_actions(&[lambda("Deploy", 1, "#{codepipeline.PipelineExecutionId}")]);
    let first = story.start_and_fetch();
    let job = story.job();
    story.succeed(&job);
    story.start_and_fetch();
    let input = json!({ "pipelineName": "orders", "filter": { "pipelineExecutionId": first } });
    let listed = story.call("ListActionExecutions", &input).expect("a list");
    let details = listed["actionExecutionDetails"]
        .as_array()
        .expect("a list")
        .clone();
    let names: Vec<_> = details
        .iter()
        .map(|one| one["actionName"].clone())
        .collect();
    assert_eq!(names, ["Deploy", "Fetch"]);
    assert_eq!(
        details[0]["input"]["resolvedConfiguration"]["UserParameters"],
        json!(first)
    );
    assert_eq!(
        details[1]["output"]["outputVariables"],
        json!({ "VersionId": "v-1" })
    );
    let input = json!({ "pipelineName": "orders", "filter": { "pipelineExecutionId": "none" } });
    assert_eq!(
        story.code("ListActionExecutions", &input),
        "PipelineExecutionNotFoundException"
    );
}
