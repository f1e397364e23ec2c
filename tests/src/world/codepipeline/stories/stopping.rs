use super::*;

fn running() -> (Story, String, Value) {
    let mut story = Story::with_actions(&[lambda("Deploy", 1, "{}"), lambda("Shift", 2, "{}")]);
    let execution = story.start_and_fetch();
    let job = story.job();
    (story, execution, job)
}

#[test]
fn a_stopped_execution_with_abandon_refuses_the_late_result() {
    let (mut story, execution, job) = running();
    story.state_events();
    story.stop(&execution, true).expect("stopping");
    assert_eq!(story.action("Canary", "Deploy")["status"], "Abandoned");
    assert_eq!(story.status(&execution), "Stopping");
    let late = story.code("PutJobSuccessResult", &json!({ "jobId": job["id"] }));
    assert_eq!(late, "InvalidJobStateException");
    story.tick();
    assert_eq!(story.status(&execution), "Stopped");
    assert_eq!(
        story.changes(),
        [
            "orders STOPPING",
            "Canary STOPPING",
            "Deploy ABANDONED",
            "Canary STOPPED",
            "orders STOPPED"
        ]
    );
}

#[test]
fn a_stop_that_waits_lets_the_action_finish_over_continuations_and_starts_no_other() {
    let (mut story, execution, job) = running();
    story.stop(&execution, false).expect("stopping");
    story.go_on(&job, "more", "nearly");
    story.after(Duration::from_secs(30));
    let next = story.job();
    assert_eq!(story.status(&execution), "Stopping");
    story.succeed(&next);
    assert_eq!(story.status(&execution), "Stopped");
    assert_eq!(story.action("Canary", "Deploy")["status"], "Succeeded");
    assert_eq!(story.action("Canary", "Shift"), Value::Null);
    assert_eq!(story.jobs(), Vec::<Value>::new());
}

#[test]
fn a_stop_that_waits_may_become_an_abandonment_but_is_not_repeated() {
    let (mut story, execution, _) = running();
    story.stop(&execution, false).expect("stopping");
    let again = story.stop(&execution, false).expect_err("asked before");
    assert_eq!(again.code, "DuplicatedStopRequestException");
    story.stop(&execution, true).expect("abandoning");
    let again = story.stop(&execution, true).expect_err("asked before");
    assert_eq!(again.code, "DuplicatedStopRequestException");
    story.tick();
    let ended = story.stop(&execution, true).expect_err("ended");
    assert_eq!(ended.code, "PipelineExecutionNotStoppableException");
}

#[test]
fn a_stop_that_waits_leaves_a_waiting_approval_to_the_person() {
    let mut story = Story::with_actions(&[approval("Approve", 1)]);
    let execution = story.start_and_fetch();
    story.stop(&execution, false).expect("stopping");
    story.after(Duration::from_hours(1));
    assert_eq!(story.status(&execution), "Stopping");
    let token = story.action("Canary", "Approve")["token"].clone();
    story
        .answer("Canary", "Approve", "Approved", &token)
        .expect("approved");
    story.tick();
    assert_eq!(story.status(&execution), "Stopped");
}

#[test]
fn an_execution_that_waits_for_a_stage_can_be_stopped() {
    let (mut story, _, _) = running();
    let waiting = story.start_and_fetch();
    story.stop(&waiting, false).expect("stopping");
    story.tick();
    assert_eq!(story.status(&waiting), "Stopped");
}

#[test]
fn a_stop_frees_the_stage_and_tells_why() {
    let (mut story, execution, _) = running();
    let waiting = story.start_and_fetch();
    story.state_events();
    story.stop(&execution, true).expect("stopping");
    story.tick();
    let comment = story.state_events()[0]["detail"]["stop-execution-comments"].clone();
    assert_eq!(comment, "dinner");
    assert_eq!(
        story.stage("Canary")["latestExecution"]["pipelineExecutionId"],
        json!(waiting)
    );
}
