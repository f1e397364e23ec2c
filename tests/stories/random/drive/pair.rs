//! Two services: what happens to them, what they are like, and how people look after them.

use rehearsal_core::stage;
use serde_json::json;

use super::{
    Drive, EVERY,
    services::{STABLE, of_service},
};
use crate::random::{
    event::{Event, Service},
    told::{Did, Half, Pair},
};

impl Drive {
    pub(super) fn happens_to_pair(&self, event: Event) {
        match event {
            Event::Hotfix(service) => self.hotfix(service),
            Event::Weights(canary) => self.weigh(canary),
            Event::Deregister => {
                let stable = json!({ "taskDefinition": STABLE });
                // Whoever was there first has done it.
                if self
                    .person("ecs", "DeregisterTaskDefinition", &stable)
                    .is_ok()
                {
                    self.note(Did::Deregistered);
                }
            }
            other => self.happens_to_service(other),
        }
    }

    fn hotfix(&self, service: Service) {
        let version = self.register_hotfix();
        self.put(service, &version);
    }

    /// The stable version once more, as its own notice says.
    fn register_again(&self) -> String {
        self.register(&self.play.definition_like(STABLE))
    }

    fn put(&self, service: Service, version: &str) {
        let mut input = of_service(service.name());
        input["taskDefinition"] = version.into();
        self.play.ecs("UpdateService", &input);
        self.note(Did::Version(service, version.to_owned()));
    }

    fn weigh(&self, canary: u32) {
        self.play.set_weights(100 - canary, canary);
        self.note(Did::Weights(100 - canary, canary));
    }

    /// People do what the notice says, and look after what they have deployed.
    pub(super) fn look_after_pair(&self, again: &mut Option<String>) {
        self.follow_notice(again);
        self.deploy_again();
    }

    /// A release does not begin beside weights that somebody has set.
    pub(super) async fn make_pair_ready(&self) {
        let weights = self.pair().weights;
        if weights.is_some_and(|(primary, canary)| primary == 0 || canary > 0) {
            self.weigh(0);
        }
        self.renew().await;
    }

    /// Somebody reads that the stable version is INACTIVE, registers it once more and updates the services that lack it.
    fn follow_notice(&self, again: &mut Option<String>) {
        let Some(record) = self.play.record() else {
            return;
        };
        let Some(rolling_back) = record.rollback() else {
            return;
        };
        let shape = self.pair();
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
        let shape = self.pair();
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

    /// A release does not begin on a version that could not be put back: somebody registers it once more.
    async fn renew(&self) {
        let mut again = None;
        for service in [Service::Primary, Service::Canary] {
            let version = self.pair().of(service).version.clone();
            let asked = json!({ "taskDefinition": version });
            let described = self.play.ecs("DescribeTaskDefinition", &asked);
            if described["taskDefinition"]["status"] == "INACTIVE" {
                let version = again.get_or_insert_with(|| self.register_again());
                self.put(service, version);
            }
        }
        while !self.is_at_rest() {
            self.play.pass(EVERY).await;
        }
    }

    pub(super) fn pair(&self) -> Pair {
        Pair {
            primary: self.half(stage::PRIMARY),
            canary: self.half(stage::CANARY),
            weights: self.weights(),
        }
    }

    fn half(&self, service: &str) -> Half {
        let shown = self.described(service);
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
}
