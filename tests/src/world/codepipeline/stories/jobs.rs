use super::*;

fn with_a_job(parameters: &str) -> (Story, String) {
    let mut story = Story::with_actions(&[lambda("Deploy", 1, parameters)]);
    let execution = story.start_and_fetch();
    (story, execution)
}

#[test]
fn a_function_gets_the_documented_event() {
    let mut deploy = lambda(
        "Deploy",
        1,
        "{\"release\":\"#{codepipeline.PipelineExecutionId}\"}",
    );
    deploy["inputArtifacts"] = json!([{ "name": "SourceOutput" }]);
    deploy["outputArtifacts"] = json!([{ "name": "CanaryOutput" }]);
    let mut declared = pipeline("SUPERSEDED", &[stage("Canary", &[deploy])]);
    let key = json!({ "id": "arn:aws:kms:eu-central-1:111122223333:key/k", "type": "KMS" });
    declared["pipeline"]["artifactStore"]["encryptionKey"] = key.clone();
    let mut story = Story::of(&declared);
    story.world.codepipeline.job_secret = "hush".to_owned();
    let execution = story.start_and_fetch();
    let expires = (story.world.now + Duration::from_hours(1)).0;
    let event = story.take("canary").remove(0).payload;
    let job = &event["CodePipeline.job"];
    let data = &job["data"];
    let place = |list: &str| data[list][0]["location"]["s3Location"]["objectKey"].clone();
    assert_eq!(
        event,
        json!({ "CodePipeline.job": {
            "id": job["id"],
            "accountId": "111122223333",
            "data": {
                "actionConfiguration": { "configuration": {
                    "FunctionName": "canary",
                    "UserParameters": format!("{{\"release\":\"{execution}\"}}"),
                }},
                "inputArtifacts": [{
                    "name": "SourceOutput",
                    "revision": "v-1",
                    "location": { "type": "S3", "s3Location": {
                        "bucketName": "orders-artifacts",
                        "objectKey": place("inputArtifacts"),
                    }},
                }],
                "outputArtifacts": [{
                    "name": "CanaryOutput",
                    "revision": null,
                    "location": { "type": "S3", "s3Location": {
                        "bucketName": "orders-artifacts",
                        "objectKey": place("outputArtifacts"),
                    }},
                }],
                "artifactCredentials": {
                    "accessKeyId": "ASIAPIPELINEJOB",
                    "secretAccessKey": "hush",
                    "sessionToken": "hush",
                    "expirationTime": expires,
                },
                "encryptionKey": key,
            },
        }})
    );
    let key = place("inputArtifacts");
    assert!(
        key.as_str()
            .expect("a key")
            .starts_with("orders/SourceOutp/")
    );
    assert!(!format!("{:?}", story.world).contains("hush"));
}

#[test]
fn a_continuation_is_a_new_job_with_the_same_token() {
    let (mut story, _) = with_a_job("{}");
    let first = story.job();
    assert_eq!(first["data"]["continuationToken"], Value::Null);
    story.go_on(&first, "step 1", "baking");
    let shown = story.action("Canary", "Deploy");
    assert_eq!(shown["summary"], "baking");
    assert_eq!(shown["percentComplete"], 25);
    story.after(Duration::from_secs(28));
    assert_eq!(story.jobs(), Vec::<Value>::new());
    story.after(Duration::from_secs(1));
    let second = story.job();
    assert_ne!(second["id"], first["id"]);
    assert_eq!(second["data"]["continuationToken"], "step 1");
    assert_eq!(
        second["data"]["actionConfiguration"],
        first["data"]["actionConfiguration"]
    );
}

#[test]
fn twenty_minutes_of_silence_fail_the_action() {
    let (mut story, execution) = with_a_job("{}");
    let job = story.job();
    story.after(Duration::from_secs(20 * 60 - 1));
    assert_eq!(story.status(&execution), "InProgress");
    story.after(Duration::from_secs(1));
    assert_eq!(story.status(&execution), "Failed");
    let error = story.action("Canary", "Deploy")["errorDetails"]["message"].clone();
    assert!(error.as_str().expect("a message").contains("20 minutes"));
    let late = story.code("PutJobSuccessResult", &json!({ "jobId": job["id"] }));
    assert_eq!(late, "InvalidJobStateException");
}

#[test]
fn a_continuation_starts_the_twenty_minutes_anew() {
    let (mut story, execution) = with_a_job("{}");
    for _ in 0..3 {
        let job = story.job();
        story.after(Duration::from_mins(15));
        story.go_on(&job, "again", "baking");
        story.after(Duration::from_secs(30));
    }
    assert_eq!(story.status(&execution), "InProgress");
}

#[test]
fn twenty_four_hours_are_the_end_whatever_the_function_says() {
    let (mut story, execution) = with_a_job("{}");
    let mut quarters = 0;
    while story.status(&execution) == "InProgress" {
        let job = story.job();
        story.after(Duration::from_secs(15 * 60 - 31));
        story.go_on(&job, "again", "baking");
        story.after(Duration::from_secs(30));
        quarters += 1;
    }
    assert_eq!(quarters, 24 * 4);
    assert_eq!(story.status(&execution), "Failed");
}

#[test]
fn a_job_takes_one_result() {
    let (mut story, execution) = with_a_job("{}");
    let job = story.job();
    story.succeed(&job);
    let failure = json!({
        "jobId": job["id"],
        "failureDetails": { "type": "JobFailed", "message": "no" },
    });
    assert_eq!(
        story.code("PutJobFailureResult", &failure),
        "InvalidJobStateException"
    );
    assert_eq!(story.status(&execution), "Succeeded");
    let unknown = json!({ "jobId": "00000000-0000-4000-8000-000000000000" });
    assert_eq!(
        story.code("PutJobSuccessResult", &unknown),
        "JobNotFoundException"
    );
    assert_eq!(
        story.code("GetJobDetails", &unknown),
        "JobNotFoundException"
    );
}

#[test]
fn a_failure_fails_the_execution_with_the_functions_own_words() {
    let (mut story, execution) = with_a_job("{}");
    let job = story.job();
    story.fail(&job, "alarm orders-dead-letters is firing");
    assert_eq!(story.status(&execution), "Failed");
    assert_eq!(
        story.action("Canary", "Deploy")["errorDetails"],
        json!({ "code": "JobFailed", "message": "alarm orders-dead-letters is firing" })
    );
}

#[test]
fn output_variables_reach_the_next_actions_user_parameters() {
    let mut deploy = lambda("Deploy", 1, "{}");
    deploy["namespace"] = json!("Deploy");
    let shift = lambda(
        "Shift",
        2,
        "#{Deploy.TASKS} of #{SourceVariables.VersionId}",
    );
    let mut story = Story::with_actions(&[deploy, shift]);
    story.start_and_fetch();
    let job = story.job();
    let with_token = json!({
        "jobId": job["id"],
        "continuationToken": "more",
        "outputVariables": { "TASKS": "3" },
    });
    assert_eq!(
        story.code("PutJobSuccessResult", &with_token),
        "ValidationException"
    );
    let too_large = json!({
        "jobId": job["id"],
        "outputVariables": { "TASKS": "3".repeat(122_880) },
    });
    assert_eq!(
        story.code("PutJobSuccessResult", &too_large),
        "OutputVariablesSizeExceededException"
    );
    let result = json!({ "jobId": job["id"], "outputVariables": { "TASKS": "3" } });
    story
        .call("PutJobSuccessResult", &result)
        .expect("an open job");
    story.tick();
    let next = story.job();
    assert_eq!(
        next["data"]["actionConfiguration"]["configuration"]["UserParameters"],
        "3 of v-1"
    );
}

#[test]
fn a_variable_that_names_nothing_fails_the_action() {
    let (mut story, execution) = with_a_job("#{Build.IMAGE_URI}");
    assert_eq!(story.jobs(), Vec::<Value>::new());
    assert_eq!(story.status(&execution), "Failed");
    let error = story.action("Canary", "Deploy")["errorDetails"]["message"].clone();
    assert!(
        error
            .as_str()
            .expect("a message")
            .contains("#{Build.IMAGE_URI}")
    );
}

#[test]
fn a_function_that_does_not_exist_fails_the_action_at_once() {
    let mut deploy = lambda("Deploy", 1, "{}");
    deploy["configuration"]["FunctionName"] = json!("nobody");
    let mut story = Story::with_actions(&[deploy]);
    let execution = story.start_and_fetch();
    assert_eq!(story.status(&execution), "Failed");
}

#[test]
fn job_details_tell_the_place_but_not_the_execution() {
    let (mut story, _) = with_a_job("{}");
    let job = story.job();
    let details = story
        .call("GetJobDetails", &json!({ "jobId": job["id"] }))
        .expect("details");
    let data = &details["jobDetails"]["data"];
    assert_eq!(
        data["pipelineContext"],
        json!({
            "pipelineName": "orders",
            "stage": { "name": "Canary" },
            "action": { "name": "Deploy" },
        })
    );
    assert_eq!(data["actionTypeId"]["provider"], "Lambda");
    assert_eq!(data["artifactCredentials"]["expirationTime"], Value::Null);
}
