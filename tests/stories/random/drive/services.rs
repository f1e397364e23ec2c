//! What happens to a service, whatever it runs, and what it is like.

use rehearsal_core::{
    stage::{self, Work},
    world::{World, ecs, elb::Lots, journal::What, scaling},
};
use serde_json::{Value, json};

use super::{
    Drive,
    acts::{HOTFIX, seconds},
};
use crate::random::{
    event::{Event, Service},
    told::Did,
};

/// The version that runs at the beginning.
pub(super) const STABLE: &str = "orders:1";

impl Drive {
    pub(super) fn happens_to_service(&self, event: Event) {
        match event {
            Event::Scale(tasks) => self.scale(tasks),
            Event::Count(service, tasks) => self.count(service, tasks),
            Event::StopTasks(service, many) => {
                let many = usize::try_from(many).unwrap_or_default();
                self.play.stop_tasks(service.name(), many);
                self.note(Did::StoppedTasks(service));
            }
            Event::FailStarts(many) => {
                self.play.fail_next_starts(many);
                self.note(Did::StoppedTasks(Service::Primary));
            }
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
            other => panic!("{other:?} does not happen to a service"),
        }
    }

    fn scale(&self, tasks: u32) {
        let resource = format!("service/{}/{}", stage::CLUSTER, stage::PRIMARY);
        let scaled = |world: &mut World| scaling::scale(world, &resource, tasks);
        let before = self.described(stage::PRIMARY)["desiredCount"].take();
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

    /// A version of somebody's own.
    pub(super) fn register_hotfix(&self) -> String {
        let mut definition = self.play.definition_like(STABLE);
        definition["containerDefinitions"][0]["image"] = self.play.image(HOTFIX).into();
        self.register(&definition)
    }

    pub(super) fn register(&self, definition: &Value) -> String {
        let registered = &self.play.ecs("RegisterTaskDefinition", definition)["taskDefinition"];
        format!(
            "{}:{}",
            registered["family"].as_str().unwrap_or_default(),
            registered["revision"]
        )
    }

    /// A service, as ECS shows it.
    pub(super) fn described(&self, service: &str) -> Value {
        let input = json!({ "cluster": stage::CLUSTER, "services": [service] });
        let answer = self.person("ecs", "DescribeServices", &input);
        answer.expect("services can be described")["services"][0].take()
    }

    /// Of both target groups, if there is a load balancer.
    pub(super) fn weights(&self) -> Option<(u32, u32)> {
        let traffic = self.target.stage().traffic;
        if traffic.work() == Work::Messages {
            return None;
        }
        let all = self.play.entries(|what| match what {
            What::Weights { groups, .. } => Some(groups.clone()),
            _ => None,
        });
        let groups = all.last().cloned().unwrap_or_default();
        let [one, other] = traffic.groups().map(|wanted| {
            let found = groups.iter().find(|(group, _)| group == wanted);
            found.map_or(0, |(_, weight)| *weight)
        });
        Some((one, other))
    }

    /// The scalable target of a service, in words; none where it has none.
    pub(super) fn scaling(&self, service: &str) -> String {
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

/// The cluster's one.
pub(super) fn of_service(service: &str) -> Value {
    json!({ "cluster": stage::CLUSTER, "service": service })
}
