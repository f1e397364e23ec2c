//! Stories about pipelines, told through calls, effects and events.

mod approvals;
mod creation;
mod jobs;
mod modes;
mod retrying;
mod state_changes;
mod stopping;
mod triggers;

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    Played, PlayedAction, action_finished, answer_approval, create_pipeline, start_execution,
};
use crate::{
    clock::Moment,
    world::{
        Effect, Fault, Identity, Principal, World, events,
        functions::{self, Function, Invocation},
        iam::{self, Permission},
    },
};

/// An account with functions and the pipeline `orders`.
struct Story {
    world: World,
    invocations: Vec<Invocation>,
    played: Vec<PlayedAction>,
}

fn action(name: &str, category: &str, provider: &str, configuration: &Value) -> Value {
    json!({
        "name": name,
        "actionTypeId": { "category": category, "owner": "AWS", "provider": provider, "version": "1" },
        "configuration": configuration,
    })
}

fn source() -> Value {
    let mut action = action(
        "Fetch",
        "Source",
        "S3",
        &json!({ "S3Bucket": "sources", "S3ObjectKey": "orders.zip" }),
    );
    action["namespace"] = json!("SourceVariables");
    action["outputArtifacts"] = json!([{ "name": "SourceOutput" }]);
    json!({ "name": "Source", "actions": [action] })
}

fn lambda(name: &str, run_order: u32, parameters: &str) -> Value {
    let mut action = action(
        name,
        "Invoke",
        "Lambda",
        &json!({ "FunctionName": "canary", "UserParameters": parameters }),
    );
    action["runOrder"] = json!(run_order);
    action
}

fn approval(name: &str, run_order: u32) -> Value {
    let mut action = action(name, "Approval", "Manual", &json!({}));
    action["runOrder"] = json!(run_order);
    action
}

fn stage(name: &str, actions: &[Value]) -> Value {
    json!({ "name": name, "actions": actions })
}

fn pipeline(mode: &str, stages: &[Value]) -> Value {
    let mut all = vec![source()];
    all.extend_from_slice(stages);
    json!({ "pipeline": {
        "name": "orders",
        "roleArn": "arn:aws:iam::111122223333:role/orders-pipeline",
        "artifactStore": { "type": "S3", "location": "orders-artifacts" },
        "pipelineType": "V2",
        "executionMode": mode,
        "stages": all,
    }})
}

impl Story {
    fn of(pipeline: &Value) -> Self {
        let mut story = Self::without_pipeline();
        create_pipeline(&mut story.world, pipeline).expect("a pipeline");
        story
    }

    /// Source, then a stage with these actions.
    fn with_actions(actions: &[Value]) -> Self {
        Self::of(&pipeline("SUPERSEDED", &[stage("Canary", actions)]))
    }

    fn without_pipeline() -> Self {
        let identity = Identity {
            account: "111122223333".to_owned(),
            region: "eu-central-1".to_owned(),
        };
        let mut world = World::new(identity, Moment(1_790_000_000_000), 1);
        for name in ["canary", "watcher"] {
            functions::create_function(
                &mut world,
                Function {
                    retries: 0,
                    ..Function::new(name)
                },
            )
            .expect("a function");
        }
        let permission = Permission::of("events.amazonaws.com");
        iam::add_permission(&mut world, "watcher", &permission).expect("a permission");
        let watcher = world.arn("lambda", "function:watcher");
        events::put_rule(
            &mut world,
            &json!({ "Name": "watch", "EventPattern": { "source": ["aws.codepipeline"] } }),
            &json!([{ "Id": "watcher", "Arn": watcher }]),
        )
        .expect("a rule");
        Self {
            world,
            invocations: Vec::new(),
            played: Vec::new(),
        }
    }

    fn start(&mut self) -> String {
        start_execution(&mut self.world, "orders", &BTreeMap::new()).expect("an execution")
    }

    /// Starts an execution and lets its source succeed.
    fn start_and_fetch(&mut self) -> String {
        let execution = self.start();
        self.fetch();
        execution
    }

    fn fetch(&mut self) {
        let source = self.play();
        let variables = [("VersionId".to_owned(), "v-1".to_owned())].into();
        action_finished(
            &mut self.world,
            &source.action_execution,
            Played::Succeeded(variables),
        );
        self.tick();
    }

    fn tick(&mut self) {
        self.after(Duration::from_secs(1));
    }

    fn after(&mut self, time: Duration) {
        let now = self.world.now + time;
        self.world.tick(now);
        self.collect();
    }

    fn collect(&mut self) {
        for effect in self.world.outbox.drain(..) {
            match effect {
                Effect::Invoke(invocation) => self.invocations.push(invocation),
                Effect::PlayAction(played) => self.played.push(played),
                other => panic!("a pipeline has no business with {other:?}"),
            }
        }
    }

    /// The one action that is to be played.
    fn play(&mut self) -> PlayedAction {
        self.collect();
        assert_eq!(self.played.len(), 1, "{:?}", self.played);
        self.played.remove(0)
    }

    /// The jobs that `canary` has been invoked with since last asked.
    fn jobs(&mut self) -> Vec<Value> {
        self.take("canary")
            .into_iter()
            .map(|invocation| invocation.payload["CodePipeline.job"].clone())
            .collect()
    }

    /// The one job that `canary` has been invoked with since last asked.
    fn job(&mut self) -> Value {
        let mut jobs = self.jobs();
        assert_eq!(jobs.len(), 1);
        jobs.remove(0)
    }

    /// The state changes since last asked: level, what it is about, state.
    fn changes(&mut self) -> Vec<String> {
        self.state_events()
            .iter()
            .map(|event| {
                let detail = &event["detail"];
                let about = ["action", "stage", "pipeline"]
                    .iter()
                    .find_map(|key| detail[*key].as_str());
                format!(
                    "{} {}",
                    about.expect("a name"),
                    detail["state"].as_str().expect("a state")
                )
            })
            .collect()
    }

    fn state_events(&mut self) -> Vec<Value> {
        self.take("watcher")
            .into_iter()
            .map(|invocation| invocation.payload)
            .collect()
    }

    fn take(&mut self, function: &str) -> Vec<Invocation> {
        self.collect();
        let all = std::mem::take(&mut self.invocations);
        let (wanted, rest) = all.into_iter().partition(|one| one.function == function);
        self.invocations = rest;
        wanted
    }

    fn call(&mut self, operation: &str, input: &Value) -> Result<Value, Fault> {
        let principal = Principal("somebody".to_owned());
        self.world
            .call("codepipeline", operation, input, &principal)
    }

    fn code(&mut self, operation: &str, input: &Value) -> String {
        self.call(operation, input).expect_err("a fault").code
    }

    fn succeed(&mut self, job: &Value) {
        self.call("PutJobSuccessResult", &json!({ "jobId": job["id"] }))
            .expect("an open job");
        self.tick();
    }

    fn go_on(&mut self, job: &Value, token: &str, summary: &str) {
        self.call(
            "PutJobSuccessResult",
            &json!({
                "jobId": job["id"],
                "continuationToken": token,
                "executionDetails": { "summary": summary, "percentComplete": 25 },
            }),
        )
        .expect("an open job");
        self.tick();
    }

    fn fail(&mut self, job: &Value, message: &str) {
        self.call(
            "PutJobFailureResult",
            &json!({
                "jobId": job["id"],
                "failureDetails": { "type": "JobFailed", "message": message },
            }),
        )
        .expect("an open job");
        self.tick();
    }

    fn stop(&mut self, execution: &str, abandon: bool) -> Result<Value, Fault> {
        self.call(
            "StopPipelineExecution",
            &json!({
                "pipelineName": "orders",
                "pipelineExecutionId": execution,
                "abandon": abandon,
                "reason": "dinner",
            }),
        )
    }

    fn status(&mut self, execution: &str) -> String {
        let input = json!({ "pipelineName": "orders", "pipelineExecutionId": execution });
        let answer = self
            .call("GetPipelineExecution", &input)
            .expect("an answer");
        answer["pipelineExecution"]["status"]
            .as_str()
            .expect("a status")
            .to_owned()
    }

    /// The state of a stage.
    fn stage(&mut self, name: &str) -> Value {
        let state = self
            .call("GetPipelineState", &json!({ "name": "orders" }))
            .expect("an answer");
        let stages = state["stageStates"].as_array().expect("stages");
        let wanted = stages.iter().find(|one| one["stageName"] == name);
        wanted.expect("the stage").clone()
    }

    /// The latest execution of an action.
    fn action(&mut self, stage: &str, name: &str) -> Value {
        let stage = self.stage(stage);
        let actions = stage["actionStates"].as_array().expect("actions");
        let action = actions.iter().find(|action| action["actionName"] == name);
        action.expect("the action")["latestExecution"].clone()
    }

    fn answer(
        &mut self,
        stage: &str,
        name: &str,
        status: &str,
        token: &Value,
    ) -> Result<Value, Fault> {
        self.call(
            "PutApprovalResult",
            &json!({
                "pipelineName": "orders",
                "stageName": stage,
                "actionName": name,
                "result": { "status": status, "summary": "error rate too high" },
                "token": token,
            }),
        )
    }
}
