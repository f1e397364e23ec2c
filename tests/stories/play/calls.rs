//! How functions are called and disturbed.

use std::{
    collections::BTreeMap,
    io::{Cursor, Write as _},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use rehearsal_core::{
    stage::{self, Entrance},
    wire::{Ailment, Interference, Outage},
    world::{
        Principal, World, codepipeline, elb, functions, iam,
        journal::{Call, What},
        s3,
    },
};
use serde_json::{Value, json};

use super::{Play, hands::Crash};

/// How a job was reported as failed.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) kind: String,
    pub(crate) message: String,
}

/// An input artifact of a job.
pub(crate) enum Artifact {
    None,
    Absent,
    Bytes(Vec<u8>),
}

impl Artifact {
    pub(crate) fn zip(name: &str, text: &str) -> Self {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
        Self::Bytes(zip.finish().unwrap().into_inner())
    }
}

impl Play {
    /// Invokes a function as `aws lambda invoke --invocation-type Event` does.
    pub(crate) fn invoke(&self, function: &str, payload: Value) {
        self.account
            .with(|world| functions::invoke_async(world, function, payload, "hand"));
    }

    /// Rolls a release back by hand.
    pub(crate) fn roll_back(&self, release: &str, reason: &str) {
        self.invoke(
            stage::ROLLBACK,
            json!({"release": release, "reason": reason}),
        );
    }

    /// From now on asks this about every call.
    pub(crate) fn interfere(&self, interfere: impl FnMut(&Call) -> Interference + Send + 'static) {
        self.account.set_interference(Box::new(interfere));
    }

    /// From now on services are shown so, which the local account does not play.
    pub(crate) fn show_services(&self, change: fn(&mut Value)) {
        let account = self.account.clone();
        self.interfere(move |call| {
            if call.operation != "DescribeServices" {
                return Interference::None;
            }
            let answer =
                account.call_as(&call.principal, &call.service, &call.operation, &call.input);
            let Ok(mut answer) = answer else {
                return Interference::None;
            };
            let services = answer["services"].as_array_mut().into_iter().flatten();
            services.for_each(change);
            Interference::Answer(answer)
        });
    }

    /// From now on an operation fails a function; for a while, or for ever.
    pub(crate) fn fail(
        &self,
        function: &str,
        operation: &str,
        how: Ailment,
        time: Option<Duration>,
    ) {
        self.account.fail(Outage {
            operation: operation.to_owned(),
            principal: Some(Principal(function.to_owned())),
            how,
            until: time.map(|time| self.account.now() + time),
        });
    }

    /// A person retries all actions of a stage.
    pub(crate) fn retry(&self, execution: &str, stage: &str) {
        let input = json!({
            "pipelineName": stage::PIPELINE, "stageName": stage,
            "pipelineExecutionId": execution, "retryMode": "ALL_ACTIONS",
        });
        self.account
            .with(|world| codepipeline::call(world, "RetryStageExecution", &input))
            .expect("the stage has failed");
    }

    /// The next tasks that start end at once, whatever they run.
    pub(crate) fn fail_next_starts(&self, many: u32) {
        self.failing_starts.store(many, Ordering::Relaxed);
    }

    /// A person calls Amazon ECS.
    pub(crate) fn ecs(&self, operation: &str, input: &Value) -> Value {
        let person = Principal("person".to_owned());
        let called = |world: &mut World| world.call("ecs", operation, input, &person);
        self.account
            .with(called)
            .unwrap_or_else(|fault| panic!("{operation}: {}", fault.message))
    }

    /// Makes a function crash right after a write of its own that `is_last` accepts. Once.
    pub(crate) fn crash_after(
        &self,
        function: &'static str,
        mut is_last: impl FnMut(&Call) -> bool + Send + 'static,
    ) -> Arc<Crash> {
        let crash = self.crash();
        self.interfere(move |call| {
            if !crash.has_happened()
                && call.principal.0 == function
                && call.is_write()
                && is_last(call)
            {
                crash.strike(function);
                return Interference::CarryOutAndHang;
            }
            Interference::None
        });
        self.crash()
    }

    /// What kills functions.
    pub(crate) fn crash(&self) -> Arc<Crash> {
        Arc::clone(&self.crash)
    }

    /// Gives a function a job that no pipeline waits for, and as many more as it asks for; answers how it was reported as failed.
    pub(crate) async fn job(&self, function: &'static str, parameters: Option<&str>) -> Failed {
        self.job_with(function, parameters, Artifact::None).await
    }

    /// The same with an input artifact.
    pub(crate) async fn job_with(
        &self,
        function: &'static str,
        parameters: Option<&str>,
        artifact: Artifact,
    ) -> Failed {
        let id = self.account.with(World::uuid);
        let artifacts = match artifact {
            Artifact::None => json!([]),
            Artifact::Absent | Artifact::Bytes(_) => json!([{
                "name": "BuildOutput", "revision": null,
                "location": {"type": "S3", "s3Location": {"bucketName": self.artifact_bucket(), "objectKey": id}},
            }]),
        };
        if let Artifact::Bytes(bytes) = artifact {
            let bucket = self.artifact_bucket();
            self.account
                .with(|world| s3::put(world, &bucket, &id, bytes))
                .unwrap();
        }
        let mut configuration = json!({"FunctionName": function});
        if let Some(parameters) = parameters {
            configuration["UserParameters"] = parameters.into();
        }
        let mut data = json!({
            "actionConfiguration": {"configuration": configuration},
            "inputArtifacts": artifacts, "outputArtifacts": [],
            "artifactCredentials": {"accessKeyId": "ASIAPIPELINEJOB", "secretAccessKey": "s", "sessionToken": "t",
                "expirationTime": 1_791_900_000_000_u64},
        });
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        loop {
            let report = self.one_look(function, &data).await;
            let token = &report["continuationToken"];
            if token.is_null() {
                let details = &report["failureDetails"];
                return Failed {
                    kind: text(&details["type"]),
                    message: text(&details["message"]),
                };
            }
            data["continuationToken"] = token.clone();
            self.pass(Duration::from_secs(30)).await;
        }
    }

    /// An output variable of the action that a function has reported last.
    pub(crate) fn output(&self, function: &'static str, name: &str) -> String {
        let report = self.calls(function).pop().expect("it was invoked");
        let variable = &report.input["outputVariables"][name];
        variable.as_str().expect("an output variable").to_owned()
    }

    /// One job of an action, reported.
    async fn one_look(&self, function: &'static str, data: &Value) -> Value {
        let id = self.account.with(World::uuid);
        let job = json!({"id": id, "accountId": "111122223333", "data": data});
        self.invoke(function, json!({ "CodePipeline.job": job }));
        self.until_reported(&id).await;
        let mut calls = self.calls(function).into_iter().rev();
        let report = calls.find(|call| {
            call.operation.starts_with("PutJob") && call.input["jobId"] == id.as_str()
        });
        report.expect("it is reported").input
    }

    /// A person sets the weights of the pair's rule, which drops everything else that its forward action says.
    pub(crate) fn set_weights(&self, primary: u32, canary: u32) {
        let Entrance::LoadBalancer {
            rule,
            groups: [primary_group, canary_group],
            ..
        } = &self.scene.entrance
        else {
            panic!("this pair consumes a queue");
        };
        let groups = json!([
            { "TargetGroupArn": primary_group, "Weight": primary },
            { "TargetGroupArn": canary_group, "Weight": canary },
        ]);
        let actions = json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": groups } }]);
        self.balancer(
            "ModifyRule",
            &json!({ "RuleArn": rule, "Actions": actions }),
        );
    }

    /// A person gives a task set another scale.
    pub(crate) fn scale_set(&self, set: &Value, percent: f64) {
        let input = json!({ "cluster": stage::CLUSTER, "service": stage::PRIMARY, "taskSet": set,
            "scale": { "value": percent, "unit": "PERCENT" } });
        self.ecs("UpdateTaskSet", &input);
    }

    /// A person calls AWS Lambda.
    pub(crate) fn lambda(&self, operation: &str, input: &Value) -> Value {
        let person = Principal("person".to_owned());
        let called = |world: &mut World| world.call("lambda", operation, input, &person);
        self.account
            .with(called)
            .unwrap_or_else(|fault| panic!("{operation}: {}", fault.message))
    }

    /// A person routes the alias.
    pub(crate) fn route(&self, version: &str, weights: &[(&str, f64)]) {
        let weights: BTreeMap<_, _> = weights.iter().copied().collect();
        let input = json!({
            "FunctionName": stage::FUNCTION, "Name": stage::ALIAS, "FunctionVersion": version,
            "RoutingConfig": { "AdditionalVersionWeights": weights },
        });
        self.lambda("UpdateAlias", &input);
    }

    /// A person deletes a published version, which no alias names.
    pub(crate) fn delete_version(&self, version: &str) {
        self.account
            .with(|world| functions::delete_version(world, stage::FUNCTION, version))
            .expect("no alias names it");
    }

    /// A person deletes the alias.
    pub(crate) fn delete_alias(&self) {
        let alias = json!({ "FunctionName": stage::FUNCTION, "Name": stage::ALIAS });
        self.lambda("DeleteAlias", &alias);
    }

    /// A person publishes the function with another description, and waits until the version can be invoked.
    pub(crate) async fn publish_another(&self) {
        let function = json!({ "FunctionName": stage::FUNCTION });
        let mut described = function.clone();
        described["Timeout"] = json!(29);
        self.lambda("UpdateFunctionConfiguration", &described);
        self.pass(Duration::from_secs(10)).await;
        self.lambda("PublishVersion", &function);
        self.pass(Duration::from_secs(10)).await;
    }

    /// A person calls Elastic Load Balancing.
    pub(crate) fn balancer(&self, operation: &str, input: &Value) -> Value {
        self.account
            .with(|world| elb::call(world, operation, input))
            .expect("a person does nothing wrong")
    }

    /// A person creates a `Rule`, `Listener`, `LoadBalancer` or `TargetGroup`; answers its ARN.
    pub(crate) fn create(&self, kind: &str, input: &Value) -> String {
        let created = self.balancer(&format!("Create{kind}"), input);
        let arn = &created[format!("{kind}s")][0][format!("{kind}Arn")];
        arn.as_str()
            .expect("what was created has an ARN")
            .to_owned()
    }

    /// Changes what all functions are told of the pair.
    pub(crate) fn retarget(&self, change: impl Fn(&mut Value)) {
        for function in stage::FUNCTIONS {
            self.set_environment(function, |environment| {
                let mut target: Value =
                    serde_json::from_str(&environment["TARGET"]).expect("the target is JSON");
                change(&mut target);
                environment.insert("TARGET".to_owned(), target.to_string());
            });
        }
    }

    /// Changes what a function is told of the load balancer.
    pub(crate) fn aim(&self, function: &str, change: impl FnOnce(&mut Value)) {
        self.set_environment(function, |environment| {
            let mut target: Value =
                serde_json::from_str(&environment["TARGET"]).expect("the target is JSON");
            change(&mut target["traffic"]["alb"]);
            environment.insert("TARGET".to_owned(), target.to_string());
        });
    }

    /// Where the pipeline keeps its artifacts.
    pub(crate) fn artifact_bucket(&self) -> String {
        let pipeline = json!({"name": stage::PIPELINE});
        let declared = self
            .account
            .with(|world| codepipeline::call(world, "GetPipeline", &pipeline))
            .expect("the pipeline exists");
        let bucket = &declared["pipeline"]["artifactStore"]["location"];
        bucket.as_str().unwrap_or_default().to_owned()
    }

    async fn until_reported(&self, job: &str) {
        self.until("the job is reported", |world| {
            world.journal.iter().any(|entry| match &entry.what {
                What::Called(call) => {
                    call.operation.starts_with("PutJob") && call.input["jobId"] == job
                }
                _ => false,
            })
        })
        .await;
    }

    /// Changes a function's environment.
    pub(crate) fn set_environment(
        &self,
        function: &str,
        change: impl FnOnce(&mut BTreeMap<String, String>),
    ) {
        self.account.with(|world| {
            let mut changed = functions::function(world, function)
                .expect("it exists")
                .clone();
            change(&mut changed.environment);
            functions::create_function(world, changed).expect("it keeps its role");
        });
    }

    /// Lets a function's role do something more.
    pub(crate) fn grant(&self, function: &str, action: &str, resource: &str) {
        self.account.with(|world| {
            let arn = functions::function(world, function).and_then(|found| found.role.clone());
            let arn = arn.expect("the function has a role");
            let role = arn.rsplit('/').next().unwrap_or_default().to_owned();
            let policy = json!({ "Version": "2012-10-17", "Statement": {
                "Effect": "Allow", "Action": action, "Resource": resource,
            }});
            iam::add_policy(world, &role, action, &policy).expect("a policy");
        });
    }

    /// The errors that invocations ended with.
    pub(crate) fn failed_invocations(&self) -> Vec<String> {
        self.entries(|what| match what {
            What::Returned {
                function,
                error: Some(error),
                ..
            } => Some(format!("{function}: {error}")),
            _ => None,
        })
    }
}
