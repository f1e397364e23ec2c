//! Two services: what happens to them, what they are like, and how people look after them.

use rehearsal_core::{
    stage::{self, Entrance},
    world::{World, ecs, elb::Lots, journal::What, scaling},
};
use serde_json::{Value, json};

use super::{
    Drive, EVERY,
    acts::{HOTFIX, seconds},
};
use crate::random::{
    event::{Event, Service},
    told::{Did, Half, Pair},
};

/// The version that runs at the beginning.
const STABLE: &str = "orders:1";

impl Drive {
    pub(super) fn happens_to_pair(&self, event: Event) {
        match event {
            Event::Scale(tasks) => self.scale(tasks),
            Event::Count(service, tasks) => self.count(service, tasks),
            Event::Hotfix(service) => self.hotfix(service),
            Event::Weights(canary) => self.weigh(canary),
            Event::StopTasks(service, many) => {
                let many = usize::try_from(many).unwrap_or_default();
                self.play.stop_tasks(service.name(), many);
                self.note(Did::StoppedTasks(service));
            }
            Event::FailStarts(many) => self.play.fail_next_starts(many),
            Event::Spot(service, many, lasts) => {
                let many = usize::try_from(many).unwrap_or_default();
                self.play.account.with(|world| {
                    ecs::interrupt(world, stage::CLUSTER, service.name(), many, seconds(lasts));
                });
                self.note(Did::StoppedTasks(service));
            }
            Event::ByLot(seed) => self.play.account.with(|world| {
                world.elb.lots = Some(Lots::seeded(seed));
            }),
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
            other => panic!("{other:?} does not happen to two services"),
        }
    }

    fn scale(&self, tasks: u32) {
        let resource = format!("service/{}/{}", stage::CLUSTER, stage::PRIMARY);
        let scaled = |world: &mut World| scaling::scale(world, &resource, tasks);
        let before = self.pair().primary.desired;
        if let Ok(now) = self.play.account.with(scaled)
            && now != before
        {
            self.note(Did::Scaled(now));
        }
    }

    fn count(&self, service: Service, tasks: u32) {
        let mut input = of_service(service.name());
        input["desiredCount"] = tasks.into();
        self.play.ecs("UpdateService", &input);
        self.note(Did::Count(service, tasks));
    }

    fn hotfix(&self, service: Service) {
        let mut definition = self.play.definition_like(STABLE);
        definition["containerDefinitions"][0]["image"] = self.play.image(HOTFIX).into();
        let version = self.register(&definition);
        self.put(service, &version);
    }

    /// The stable version once more, as its own notice says.
    fn register_again(&self) -> String {
        self.register(&self.play.definition_like(STABLE))
    }

    fn register(&self, definition: &Value) -> String {
        let registered = &self.play.ecs("RegisterTaskDefinition", definition)["taskDefinition"];
        format!(
            "{}:{}",
            registered["family"].as_str().unwrap_or_default(),
            registered["revision"]
        )
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
    pub(super) async fn look_after_pair(&self, again: &mut Option<String>) {
        self.follow_notice(again).await;
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
    async fn follow_notice(&self, again: &mut Option<String>) {
        let Some(record) = self.play.record().await else {
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
        while !self.is_at_rest().await {
            self.play.pass(EVERY).await;
        }
    }

    pub(super) fn pair(&self) -> Pair {
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
        Pair {
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

/// The clusters' one.
fn of_service(service: &str) -> Value {
    json!({ "cluster": stage::CLUSTER, "service": service })
}
