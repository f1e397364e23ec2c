use super::*;

fn retry(story: &mut Story, execution: &str, mode: &str) -> Result<Value, Fault> {
    let answer = story.call(
        "RetryStageExecution",
        &json!({
            "pipelineName": "orders",
            "stageName": "Canary",
            "pipelineExecutionId": execution,
            "retryMode": mode,
        }),
    );
    story.tick();
    answer
}

fn failed_at_the_second_action() -> (Story, String) {
    let mut story =
        Story::with_actions(&[lambda("Deploy", 1, "deploy"), lambda("Shift", 2, "shift")]);
    let execution = story.start_and_fetch();
    let job = story.job();
    story.succeed(&job);
    let job = story.job();
    story.fail(&job, "alarm");
    assert_eq!(story.status(&execution), "Failed");
    (story, execution)
}

fn parameters(job: &Value) -> &Value {
    &job["data"]["actionConfiguration"]["configuration"]["UserParameters"]
}

#[test]
fn a_retry_of_failed_actions_goes_on_in_the_middle() {
    let (mut story, execution) = failed_at_the_second_action();
    story.state_events();
    retry(&mut story, &execution, "FAILED_ACTIONS").expect("resumed");
    let job = story.job();
    assert_eq!(parameters(&job), "shift");
    let events = story.state_events();
    assert_eq!(events[0]["detail"]["state"], "RESUMED");
    assert_eq!(events[0]["detail"]["execution-id"], json!(execution));
    assert_eq!(
        events[0]["detail"]["pipeline-execution-attempt"],
        json!(2.0)
    );
    assert_eq!(
        story.stage("Canary")["retryStageMetadata"]["manualStageRetryAttempt"],
        1
    );
    story.succeed(&job);
    assert_eq!(story.status(&execution), "Succeeded");
}

#[test]
fn a_retry_of_all_actions_starts_the_stage_again() {
    let (mut story, execution) = failed_at_the_second_action();
    retry(&mut story, &execution, "ALL_ACTIONS").expect("resumed");
    for expected in ["deploy", "shift"] {
        let job = story.job();
        assert_eq!(parameters(&job), expected);
        story.succeed(&job);
    }
    assert_eq!(story.status(&execution), "Succeeded");
}

#[test]
fn an_abandoned_action_can_be_retried() {
    let mut story = Story::with_actions(&[lambda("Deploy", 1, "deploy")]);
    let execution = story.start_and_fetch();
    story.job();
    story.stop(&execution, true).expect("stopping");
    story.tick();
    retry(&mut story, &execution, "FAILED_ACTIONS").expect("resumed");
    let job = story.job();
    story.succeed(&job);
    assert_eq!(story.status(&execution), "Succeeded");
}

#[test]
fn only_the_latest_execution_of_a_failed_stage_is_retried() {
    let (mut story, first) = failed_at_the_second_action();
    let second = story.start_and_fetch();
    let fault = retry(&mut story, &first, "ALL_ACTIONS").expect_err("overtaken");
    assert_eq!(fault.code, "NotLatestPipelineExecutionException");
    let fault = retry(&mut story, &second, "ALL_ACTIONS").expect_err("running");
    assert_eq!(fault.code, "StageNotRetryableException");
}
