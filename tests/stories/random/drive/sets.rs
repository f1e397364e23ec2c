//! A service of task sets: what happens to them, what they are like, and how people make them ready for a release.

use std::time::Duration;

use rehearsal_core::{
    stage,
    world::journal::{self, What},
};
use serde_json::{Value, json};

use super::{Drive, EVERY, services::of_service};
use crate::random::{
    event::{Event, Service, Set},
    told::{Did, Sets, is_draining},
};

/// Tasks of which each share of a story can be reached.
const ENOUGH: u32 = 4;

/// How long tasks take until they run and answer, or have answered the last of their requests.
const ANSWERS: Duration = Duration::from_mins(1);

impl Drive {
    pub(super) fn happens_to_sets(&self, event: Event) {
        match event {
            Event::ScaleSet(set, percent) => {
                if let Some(id) = self.set(set) {
                    self.scale_set(&id, percent);
                }
            }
            Event::MakeSet(percent) => self.make_set(percent),
            Event::MakePrimary => {
                let named = self.set(Set::Beside).map(|id| ("primaryTaskSet", id));
                self.change(named, "UpdateServicePrimaryTaskSet", &[], Did::MadePrimary);
            }
            Event::DeleteSet => {
                if let Some(id) = self.set(Set::Beside) {
                    self.delete_set(&id);
                }
            }
            Event::Weights(beside) => self.weigh_beside(beside),
            other => self.happens_to_service(other),
        }
    }

    pub(super) fn sets(&self) -> Sets {
        let all = self.play.entries(|what| match what {
            What::Sets { sets, .. } => Some(sets.clone()),
            _ => None,
        });
        Sets {
            all: all.last().cloned().unwrap_or_default(),
            weights: self.weights(),
            scaling: self.scaling(stage::PRIMARY),
        }
    }

    /// A release does not begin before people have given the PRIMARY set all tasks, and its group everything, and removed what they have
    /// made or given tasks. Of too few tasks no share can be reached.
    pub(super) async fn make_sets_ready(&self) {
        let deeds = self.deeds.lock().unwrap().clone();
        let has = |is_it: &dyn Fn(&Did) -> bool| deeds.iter().any(|it| is_it(&it.what));
        let is_repointed = has(&|did| matches!(did, Did::MadePrimary(_)));
        let sets = self.sets();
        if let Some(primary) = sets.primary().filter(|it| it.scale < 100.0) {
            self.scale_set(&primary.id, 100);
        }
        if self.described(stage::PRIMARY)["desiredCount"].as_u64() < Some(u64::from(ENOUGH)) {
            self.happens_to_service(Event::Count(Service::Primary, ENOUGH));
        }
        if is_repointed {
            self.rest().await;
        }
        if sets.weights.is_some() {
            self.weigh_beside(0);
        }
        if is_repointed {
            self.rest().await;
        }
        let beside = sets
            .all
            .iter()
            .filter(|it| !it.is_primary() && !is_draining(it))
            .filter(|it| it.scale > 0.0 || has(&|did| *did == Did::MadeSet(it.id.clone())));
        for set in beside {
            self.delete_set(&set.id);
        }
        self.rest().await;
    }

    /// Lets time pass until tasks run and answer, and nothing is on its way.
    async fn rest(&self) {
        self.play.pass(ANSWERS).await;
        while !self.is_at_rest() {
            self.play.pass(EVERY).await;
        }
    }

    /// Its id, if it is there.
    fn set(&self, which: Set) -> Option<String> {
        let sets = self.sets().all;
        let is_it = |set: &&journal::Set| match which {
            Set::Shown => set.is_primary(),
            Set::Beside => !set.is_primary() && !is_draining(set),
        };
        sets.iter().rfind(is_it).map(|set| set.id.clone())
    }

    fn scale_set(&self, id: &str, percent: u32) {
        let scale = json!({ "value": f64::from(percent), "unit": "PERCENT" });
        let named = Some(("taskSet", id.to_owned()));
        let did = |id| Did::ScaledSet(id, percent);
        self.change(named, "UpdateTaskSet", &[("scale", scale)], did);
    }

    fn delete_set(&self, id: &str) {
        let named = Some(("taskSet", id.to_owned()));
        self.change(
            named,
            "DeleteTaskSet",
            &[("force", true.into())],
            Did::DeletedSet,
        );
    }

    /// Does something to a set, unless AWS refuses.
    fn change(
        &self,
        named: Option<(&str, String)>,
        operation: &str,
        more: &[(&str, Value)],
        did: impl FnOnce(String) -> Did,
    ) {
        let Some((field, id)) = named else {
            return;
        };
        let mut input = of_service(stage::PRIMARY);
        input[field] = id.as_str().into();
        for (field, value) in more {
            input[*field] = value.clone();
        }
        if self.person("ecs", operation, &input).is_ok() {
            self.note(did(id));
        }
    }

    /// A set that runs a version of somebody's own, launched as the PRIMARY one is.
    fn make_set(&self, percent: u32) {
        let shown = self.described(stage::PRIMARY);
        let sets = shown["taskSets"].as_array().into_iter().flatten();
        let Some(primary) = sets.into_iter().find(|it| it["status"] == "PRIMARY") else {
            return;
        };
        let mut input = of_service(stage::PRIMARY);
        input["taskDefinition"] = self.register_hotfix().into();
        input["scale"] = json!({ "value": f64::from(percent), "unit": "PERCENT" });
        input["launchType"] = "FARGATE".into();
        for member in ["networkConfiguration", "loadBalancers"] {
            input[member] = primary[member].clone();
        }
        if let Ok(made) = self.person("ecs", "CreateTaskSet", &input) {
            let id = made["taskSet"]["id"].as_str().unwrap_or_default();
            self.note(Did::MadeSet(id.to_owned()));
        }
    }

    /// The group that the PRIMARY set is not in gets this weight of a hundred.
    fn weigh_beside(&self, beside: u32) {
        let [_, second] = self.target.stage().traffic.groups();
        let is_swapped = self.sets().primary().is_some_and(|it| it.group == second);
        let (one, other) = if is_swapped {
            (beside, 100 - beside)
        } else {
            (100 - beside, beside)
        };
        self.play.set_weights(one, other);
        self.note(Did::Weights(one, other));
    }
}
