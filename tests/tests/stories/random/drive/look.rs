//! What people look at, and what they do when all faults are over.

use rehearsal_core::{
    stage::{self, Entrance},
    world::{World, codepipeline, events::Delivery, journal::What, scaling},
};
use serde_json::json;

use super::{Drive, EVERY, LOOKS_AFTER, QUIET, WITHIN, of_service};
use crate::random::{
    story::{Finally, Service},
    told::{Did, Half, Shape},
};

/// The version that is pushed when all is over.
pub(super) const NEXT: &str = "next";

impl Drive {
    /// Nothing is wrong any more.
    pub(super) fn calm(&self) {
        self.play.account.mend();
        self.play.account.with(|world| {
            world.events.delivery = Delivery::Exact;
            world.functions.deliver_twice = false;
        });
        self.kills.lock().unwrap().clear();
        self.play.fail_next_starts(0);
        self.set_alarm("notBreaching");
    }

    /// Lets time pass until the alarm has been seen to be calm: its first state counts for nothing.
    pub(super) async fn until_calm(&self) {
        let alarm = self.play.alarm_name();
        let is_calm = |what: &What| {
            let What::Alarm {
                alarm: of, state, ..
            } = what
            else {
                return None;
            };
            (*of == alarm).then(|| state == "OK")
        };
        while self.play.entries(is_calm).last() != Some(&true) {
            self.play.pass(EVERY).await;
        }
    }

    /// Lets time pass until nothing goes on any more, an hour at most; whether nothing does.
    pub(super) async fn settle(&self) -> bool {
        let mut quiet_since = None;
        let mut again = None;
        loop {
            let now = self.play.account.now();
            let over = now.since(self.over);
            self.answer(self.finally == Finally::Approved);
            if over > LOOKS_AFTER {
                self.follow_notice(&mut again).await;
                self.deploy_again();
            }
            if self.open().is_empty() && self.is_at_rest().await {
                let since = *quiet_since.get_or_insert(now);
                if now.since(since) >= QUIET {
                    return true;
                }
            } else {
                quiet_since = None;
            }
            if over >= WITHIN {
                return false;
            }
            self.play.pass(EVERY).await;
        }
    }

    async fn is_at_rest(&self) -> bool {
        let shape = self.shape();
        shape.primary.is_steady
            && shape.canary.is_steady
            && ["none", "Promoted", "RolledBack"].contains(&self.play.phase().await.as_str())
    }

    /// Somebody reads that the stable version is INACTIVE, registers it once more and updates the services that lack it.
    async fn follow_notice(&self, again: &mut Option<String>) {
        let Some(record) = self.play.record().await else {
            return;
        };
        let Some(rolling_back) = record.rollback() else {
            return;
        };
        let shape = self.shape();
        let lacks = |service: &Service| {
            let named = format!("{} ", service.name());
            let mut missing = rolling_back.missing.iter();
            missing.any(|it| it.what.starts_with(&named) && it.what.contains("orders:1"))
                && again.as_deref() != Some(shape.of(*service).version.as_str())
        };
        let mut lacking = vec![Service::Primary, Service::Canary];
        lacking.retain(lacks);
        for service in lacking {
            let version = again.get_or_insert_with(|| self.register_again());
            self.put(service, version);
        }
    }

    /// Whoever has deployed a version of their own that ECS has given up deploys it once more.
    fn deploy_again(&self) {
        let shape = self.shape();
        for service in [Service::Primary, Service::Canary] {
            let half = shape.of(service);
            let version = Did::Version(service, half.version.clone());
            let is_theirs = self
                .deeds
                .lock()
                .unwrap()
                .iter()
                .any(|deed| deed.what == version);
            if half.has_failed && is_theirs {
                let mut input = of_service(service.name());
                input["forceNewDeployment"] = true.into();
                self.play.ecs("UpdateService", &input);
            }
        }
    }

    /// A good version is pushed; how its execution ended, and the last that was said.
    pub(super) async fn next(&self) -> (String, String) {
        if self
            .shape()
            .weights
            .is_some_and(|(primary, canary)| primary == 0 || canary > 0)
        {
            // A release does not begin beside weights that somebody has set.
            self.weigh(0);
        }
        self.renew().await;
        let release = self.play.push(NEXT);
        let since = self.play.account.now();
        while !self.play.has_ended(&release) && self.play.account.now().since(since) < WITHIN {
            self.answer(true);
            self.play.pass(EVERY).await;
        }
        let ended = self.play.entries(|what| match what {
            What::Execution {
                execution, state, ..
            } if *execution == release => Some(state.clone()),
            _ => None,
        });
        let said = self.play.entries(|what| match what {
            What::Action {
                execution,
                summary: Some(summary),
                ..
            } if *execution == release => Some(summary.clone()),
            _ => None,
        });
        let last = |of: Vec<String>| of.last().cloned().unwrap_or_default();
        (last(ended), last(said))
    }

    /// A release does not begin on a version that could not be put back: somebody registers it once more.
    async fn renew(&self) {
        let mut again = None;
        for service in [Service::Primary, Service::Canary] {
            let version = self.shape().of(service).version.clone();
            let asked = json!({ "taskDefinition": version });
            let described = self.play.ecs("DescribeTaskDefinition", &asked);
            if described["taskDefinition"]["status"] == "INACTIVE" {
                let version = again.get_or_insert_with(|| self.register_again());
                self.put(service, version);
            }
        }
        while !self.is_at_rest().await {
            self.play.pass(EVERY).await;
        }
    }

    /// Executions and actions that have not ended.
    pub(super) fn open(&self) -> Vec<String> {
        let pipeline = json!({ "pipelineName": stage::PIPELINE });
        self.play.account.with(|world| {
            let mut open = Vec::new();
            let mut listed = |operation: &str, list: &str, name: &str| {
                let answer = codepipeline::call(world, operation, &pipeline);
                let answer = answer.expect("the pipeline exists");
                let all = answer[list].as_array().into_iter().flatten();
                let is_open = |status: &str| ["InProgress", "Stopping"].contains(&status);
                let all = all.filter(|it| it["status"].as_str().is_some_and(is_open));
                open.extend(all.map(|it| format!("{} is {}", it[name], it["status"])));
            };
            listed(
                "ListPipelineExecutions",
                "pipelineExecutionSummaries",
                "pipelineExecutionId",
            );
            listed(
                "ListActionExecutions",
                "actionExecutionDetails",
                "actionName",
            );
            open
        })
    }

    pub(super) fn shape(&self) -> Shape {
        let weights = match &self.play.scene.entrance {
            Entrance::Queue { .. } => None,
            Entrance::LoadBalancer { .. } => {
                let all = self.play.entries(|what| match what {
                    What::Weights { groups, .. } => Some(groups.clone()),
                    _ => None,
                });
                let groups = all.last().cloned().unwrap_or_default();
                let of = |wanted| {
                    groups
                        .iter()
                        .find(|(group, _)| group == wanted)
                        .map_or(0, |(_, it)| *it)
                };
                Some((of(stage::PRIMARY_GROUP), of(stage::CANARY_GROUP)))
            }
        };
        Shape {
            primary: self.half(stage::PRIMARY),
            canary: self.half(stage::CANARY),
            weights,
        }
    }

    fn half(&self, service: &str) -> Half {
        let mut input = of_service(service);
        input["services"] = json!([service]);
        input.as_object_mut().map(|fields| fields.remove("service"));
        let answer = self.person("ecs", "DescribeServices", &input);
        let shown = answer.expect("services can be described")["services"][0].clone();
        let deployments = shown["deployments"].as_array().map_or(0, Vec::len);
        let version = shown["taskDefinition"].as_str().unwrap_or_default();
        let desired = shown["desiredCount"].as_u64().unwrap_or_default();
        Half {
            version: version.rsplit('/').next().unwrap_or_default().to_owned(),
            desired: u32::try_from(desired).unwrap_or_default(),
            is_steady: deployments == 1
                && shown["runningCount"] == shown["desiredCount"]
                && shown["deployments"][0]["rolloutState"] == "COMPLETED",
            has_failed: shown["deployments"][0]["rolloutState"] == "FAILED",
            scaling: self.scaling(service),
        }
    }

    fn scaling(&self, service: &str) -> String {
        let input = json!({
            "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceIds": [format!("service/{}/{service}", stage::CLUSTER)],
        });
        let described = |world: &mut World| scaling::call(world, "DescribeScalableTargets", &input);
        let answer = self
            .play
            .account
            .with(described)
            .expect("targets can be described");
        let target = &answer["ScalableTargets"][0];
        if target.is_null() {
            return String::new();
        }
        format!(
            "{}..{} {}",
            target["MinCapacity"], target["MaxCapacity"], target["SuspendedState"]
        )
    }
}
