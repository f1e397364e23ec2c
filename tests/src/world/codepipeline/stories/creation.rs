use super::*;

/// Creates the pipeline after a change to its declaration.
fn create(change: impl FnOnce(&mut Value)) -> Result<(), Fault> {
    let mut declared = pipeline(
        "SUPERSEDED",
        &[stage("Canary", &[lambda("Deploy", 1, "{}")])],
    );
    change(&mut declared["pipeline"]);
    create_pipeline(&mut Story::without_pipeline().world, &declared)
}

#[test]
fn what_this_account_does_not_carry_out_is_refused_by_name() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 10] = [
        ("PARALLEL", |p| p["executionMode"] = json!("PARALLEL")),
        ("triggers", |p| p["triggers"] = json!([])),
        ("onFailure", |p| {
            p["stages"][1]["onFailure"] = json!({ "result": "ROLLBACK" });
        }),
        ("region", |p| {
            p["stages"][1]["actions"][0]["region"] = json!("us-east-1");
        }),
        ("StepFunctions", |p| {
            p["stages"][1]["actions"][0]["actionTypeId"]["provider"] = json!("StepFunctions");
        }),
        ("Qualifier", |p| {
            p["stages"][1]["actions"][0]["configuration"]["Qualifier"] = json!("live");
        }),
        ("NotificationArn", |p| {
            p["stages"][1]["actions"][0] = approval("Approve", 1);
            p["stages"][1]["actions"][0]["configuration"]["NotificationArn"] = json!("arn");
        }),
        ("canary:live", |p| {
            p["stages"][1]["actions"][0]["configuration"]["FunctionName"] = json!("canary:live");
        }),
        ("timeoutInMinutes", |p| {
            p["stages"][1]["actions"][0]["timeoutInMinutes"] = json!(30);
        }),
        ("SourceInput", |p| {
            p["stages"][1]["actions"][0]["inputArtifacts"] = json!([{ "name": "SourceInput" }]);
        }),
    ];
    for (name, change) in changes {
        let fault = create(change).expect_err(name);
        assert!(fault.message.contains(name), "{name}: {fault:?}");
    }
    create(|_| {}).expect("the unchanged declaration is fine");
}

#[test]
fn a_configuration_value_has_at_most_1000_characters_before_variables_are_resolved() {
    let with = |length| {
        create(|p| {
            let value = json!("x".repeat(length));
            p["stages"][1]["actions"][0]["configuration"]["UserParameters"] = value;
        })
    };
    with(1000).expect("allowed");
    for length in [0, 1001] {
        assert_eq!(
            with(length).expect_err("refused").code,
            "InvalidActionDeclarationException"
        );
    }
}

#[test]
fn sources_come_first_and_nowhere_else() {
    let refused = |change: fn(&mut Value)| create(change).expect_err("refused").code;
    assert_eq!(
        refused(|p| {
            let mut again = source()["actions"][0].clone();
            again["namespace"] = json!("Other");
            p["stages"][1]["actions"][0] = again;
        }),
        "InvalidActionDeclarationException"
    );
    assert_eq!(
        refused(|p| p["stages"].as_array_mut().expect("stages").truncate(1)),
        "InvalidStructureException"
    );
}

#[test]
fn a_queue_and_variables_need_v2() {
    let v1 = |key: &'static str, value: Value| {
        create(|p| {
            p["pipelineType"] = json!("V1");
            p[key] = value;
        })
    };
    for (key, value) in [
        ("executionMode", json!("QUEUED")),
        (
            "variables",
            json!([{ "name": "WEIGHT", "defaultValue": "10" }]),
        ),
    ] {
        assert_eq!(
            v1(key, value).expect_err("refused").code,
            "ValidationException"
        );
    }
}

#[test]
fn pipeline_variables_have_a_default_or_are_given() {
    let mut declared = pipeline(
        "SUPERSEDED",
        &[stage(
            "Canary",
            &[lambda("Deploy", 1, "#{variables.WEIGHT}/#{variables.TO}")],
        )],
    );
    declared["pipeline"]["variables"] =
        json!([{ "name": "WEIGHT", "defaultValue": "10" }, { "name": "TO" }]);
    let mut story = Story::of(&declared);
    let missing = json!({ "name": "orders" });
    assert_eq!(
        story.code("StartPipelineExecution", &missing),
        "ValidationException"
    );
    let unknown = json!({ "name": "orders", "variables": [{ "name": "X", "value": "1" }] });
    assert_eq!(
        story.code("StartPipelineExecution", &unknown),
        "ValidationException"
    );
    let input = json!({ "name": "orders", "variables": [{ "name": "TO", "value": "50" }] });
    story
        .call("StartPipelineExecution", &input)
        .expect("started");
    story.fetch();
    let job = story.job();
    assert_eq!(
        job["data"]["actionConfiguration"]["configuration"]["UserParameters"],
        "10/50"
    );
}

#[test]
fn a_pipeline_is_got_as_it_was_declared() {
    let declared = pipeline(
        "SUPERSEDED",
        &[stage("Canary", &[lambda("Deploy", 1, "{}")])],
    );
    let mut story = Story::of(&declared);
    let again = create_pipeline(&mut story.world, &declared);
    assert_eq!(again.expect_err("taken").code, "PipelineNameInUseException");
    let got = story
        .call("GetPipeline", &json!({ "name": "orders" }))
        .expect("the pipeline");
    let mut expected = declared["pipeline"].clone();
    expected["version"] = json!(1);
    assert_eq!(got["pipeline"], expected);
    assert_eq!(
        story.code("GetPipeline", &json!({ "name": "payments" })),
        "PipelineNotFoundException"
    );
    assert_eq!(
        story.code("RollbackStage", &json!({})),
        "UnknownOperationException"
    );
}

#[test]
fn a_played_action_gets_its_places_and_its_resolved_configuration() {
    let mut build = action(
        "Build",
        "Build",
        "CodeBuild",
        &json!({ "ProjectName": "orders-#{SourceVariables.VersionId}" }),
    );
    build["inputArtifacts"] = json!([{ "name": "SourceOutput" }]);
    build["outputArtifacts"] = json!([{ "name": "BuildOutput" }]);
    let mut story = Story::of(&pipeline("SUPERSEDED", &[stage("Build", &[build])]));
    let execution = story.start_and_fetch();
    let played = story.play();
    assert_eq!(played.execution, execution);
    assert_eq!(played.provider, "CodeBuild");
    assert_eq!(played.configuration["ProjectName"], "orders-v-1");
    assert_eq!(played.input_artifacts["SourceOutput"].0, "orders-artifacts");
    let (_, key) = &played.output_artifacts["BuildOutput"];
    assert!(key.starts_with("orders/BuildOutpu/"), "{key}");
    action_finished(
        &mut story.world,
        &played.action_execution,
        Played::Failed("tests failed".to_owned()),
    );
    story.tick();
    assert_eq!(story.status(&execution), "Failed");
}
