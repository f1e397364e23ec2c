use super::*;

fn two_stages(mode: &str) -> Value {
    pipeline(
        mode,
        &[
            stage("First", &[lambda("Deploy", 1, "{}")]),
            stage("Second", &[approval("Approve", 1)]),
        ],
    )
}

/// An execution at the approval of the second stage.
fn at_the_approval(mode: &str) -> (Story, String) {
    let mut story = Story::of(&two_stages(mode));
    let execution = arrive(&mut story);
    (story, execution)
}

/// One more execution that has done the first stage.
fn arrive(story: &mut Story) -> String {
    let execution = story.start_and_fetch();
    let job = story.job();
    story.succeed(&job);
    execution
}

fn approve(story: &mut Story) {
    let token = story.action("Second", "Approve")["token"].clone();
    story
        .answer("Second", "Approve", "Approved", &token)
        .expect("approved");
    story.tick();
}

#[test]
fn a_newer_execution_replaces_the_one_that_waits_between_stages_but_not_the_one_at_the_approval() {
    let (mut story, at_approval) = at_the_approval("SUPERSEDED");
    let waiting = arrive(&mut story);
    assert_eq!(story.status(&waiting), "InProgress");
    assert_eq!(
        story.stage("Second")["inboundExecution"]["pipelineExecutionId"],
        json!(waiting)
    );
    story.state_events();
    let newest = arrive(&mut story);
    assert_eq!(story.status(&at_approval), "InProgress");
    assert_eq!(story.status(&waiting), "Superseded");
    assert_eq!(story.status(&newest), "InProgress");
    assert!(story.changes().contains(&"orders SUPERSEDED".to_owned()));
    approve(&mut story);
    assert_eq!(story.status(&at_approval), "Succeeded");
    let stage = story.stage("Second");
    assert_eq!(
        stage["latestExecution"]["pipelineExecutionId"],
        json!(newest)
    );
    assert_eq!(stage["inboundExecution"], Value::Null);
}

#[test]
fn a_queue_lets_every_execution_through_in_order() {
    let (mut story, first) = at_the_approval("QUEUED");
    let second = arrive(&mut story);
    let third = arrive(&mut story);
    let inbound = story.stage("Second")["inboundExecutions"].clone();
    assert_eq!(inbound.as_array().map(Vec::len), Some(2));
    for execution in [&first, &second, &third] {
        assert_eq!(story.status(execution), "InProgress");
        assert_eq!(
            story.stage("Second")["latestExecution"]["pipelineExecutionId"],
            json!(execution)
        );
        approve(&mut story);
        assert_eq!(story.status(execution), "Succeeded");
    }
}

#[test]
fn a_queue_takes_fifty_executions() {
    let mut story = Story::of(&two_stages("QUEUED"));
    for _ in 0..50 {
        story.start();
    }
    let code = story.code("StartPipelineExecution", &json!({ "name": "orders" }));
    assert_eq!(code, "ConcurrentPipelineExecutionsLimitExceededException");
}

#[test]
fn a_rejected_execution_frees_the_stage_for_the_one_that_waits() {
    let (mut story, first) = at_the_approval("SUPERSEDED");
    let second = arrive(&mut story);
    let token = story.action("Second", "Approve")["token"].clone();
    story
        .answer("Second", "Approve", "Rejected", &token)
        .expect("rejected");
    story.tick();
    assert_eq!(story.status(&first), "Failed");
    assert_eq!(
        story.stage("Second")["latestExecution"]["pipelineExecutionId"],
        json!(second)
    );
    let next = story.action("Second", "Approve")["token"].clone();
    assert_ne!(next, token);
}

#[test]
fn a_newer_execution_waits_while_one_is_in_the_stage() {
    let mut story = Story::of(&two_stages("SUPERSEDED"));
    story.start_and_fetch();
    let job = story.job();
    story.start_and_fetch();
    assert_eq!(story.jobs(), Vec::<Value>::new());
    story.succeed(&job);
    assert_eq!(story.jobs().len(), 1);
}

#[test]
fn the_same_client_token_starts_one_execution() {
    let mut story = Story::of(&two_stages("SUPERSEDED"));
    let input = json!({ "name": "orders", "clientRequestToken": "abc" });
    let first = story
        .call("StartPipelineExecution", &input)
        .expect("started");
    let again = story
        .call("StartPipelineExecution", &input)
        .expect("started");
    assert_eq!(first, again);
}

#[test]
fn executions_are_listed_newest_first_and_by_pages() {
    let mut story = Story::of(&two_stages("QUEUED"));
    let ids = [story.start(), story.start(), story.start()];
    let input = json!({ "pipelineName": "orders", "maxResults": 2 });
    let page = story
        .call("ListPipelineExecutions", &input)
        .expect("a page");
    let summaries = &page["pipelineExecutionSummaries"];
    assert_eq!(summaries[0]["pipelineExecutionId"], json!(ids[2]));
    assert_eq!(summaries[1]["pipelineExecutionId"], json!(ids[1]));
    let input = json!({ "pipelineName": "orders", "nextToken": page["nextToken"] });
    let rest = story
        .call("ListPipelineExecutions", &input)
        .expect("a page");
    assert_eq!(
        rest["pipelineExecutionSummaries"][0]["pipelineExecutionId"],
        json!(ids[0])
    );
    assert_eq!(rest["nextToken"], Value::Null);
    let input = json!({ "pipelineName": "orders", "nextToken": "x" });
    assert_eq!(
        story.code("ListPipelineExecutions", &input),
        "InvalidNextTokenException"
    );
}
