//! The alias of a function: what happens to it, what it is like, and how people look after it.

use canary::aws::function::Routing;
use rehearsal_core::{
    stage::{self, Behaviour, Version},
    world::{
        World,
        functions::{self, Failure, LATEST, Lots},
        s3,
    },
};
use serde_json::{Value, json};

use super::{
    Drive, EVERY,
    acts::{HOTFIX, seconds},
};
use crate::random::{event::Event, told::Did};

impl Drive {
    pub(super) fn happens_to_alias(&self, event: Event) {
        match event {
            Event::Weights(canary) => self.share(canary),
            Event::Publish => {
                self.publish();
            }
            Event::Redirect => self.redirect(),
            Event::Configure(timeout) => {
                let input = json!({ "FunctionName": stage::FUNCTION, "Timeout": timeout });
                let _ = self.person("lambda", "UpdateFunctionConfiguration", &input);
            }
            Event::DeleteVersions => self.delete_versions(),
            Event::DeleteAlias => {
                let _ = self.person("lambda", "DeleteAlias", &of_alias());
                self.note(Did::Routed(None));
            }
            Event::FailUpdate => self.play.account.with(|world| {
                world.functions.failing_update = Some(failure());
            }),
            Event::FailVersion => self.play.account.with(|world| {
                world.functions.failing_version = Some(failure());
            }),
            Event::Slow(takes) => self.play.account.with(|world| {
                world.functions.update_takes = seconds(takes);
            }),
            Event::Warm(instances) => {
                let mut input =
                    json!({ "FunctionName": stage::FUNCTION, "Qualifier": stage::ALIAS });
                input["ProvisionedConcurrentExecutions"] = instances.into();
                let _ = self.person("lambda", "PutProvisionedConcurrencyConfig", &input);
            }
            Event::ByLot(seed) => self.play.account.with(|world| {
                world.functions.lots = Lots::seeded(seed);
            }),
            Event::Otherwise => self.play.account.with(|world| {
                world.functions.settling_changes_revision = false;
                world.functions.version_resets_weights = true;
                world.functions.lists_mappings_of_aliases = true;
            }),
            other => panic!("{other:?} does not happen to an alias"),
        }
    }

    /// Where its invocations go.
    pub(super) fn alias(&self) -> Option<Routing> {
        let alias = self.person("lambda", "GetAlias", &of_alias()).ok()?;
        let weights = alias["RoutingConfig"]["AdditionalVersionWeights"].as_object();
        let beside = weights.and_then(|it| it.iter().next());
        let beside =
            beside.map(|(version, weight)| json!({ "version": version, "weight": weight }));
        let routing = json!({ "version": alias["FunctionVersion"], "beside": beside });
        Some(serde_json::from_value(routing).expect("what an alias is"))
    }

    /// Whoever misses the alias makes it anew. Whoever has sent it to a version that can never be invoked, or reads that the version is
    /// gone to which everything is to go back, sends it to one that can.
    pub(super) fn look_after_alias(&self) {
        let record = self.play.record();
        let missing = record.as_ref().and_then(|it| it.rollback());
        let is_gone = missing.is_some_and(|it| {
            let mut missing = it.missing.iter();
            missing.any(|it| it.why.contains("Function not found"))
        });
        let now = Did::Routed(self.alias());
        let is_theirs = self.deeds.lock().unwrap().iter().any(|it| it.what == now);
        if is_gone && !is_theirs {
            self.redirect();
        }
        if self.state_of(stage::ALIAS) == "Failed"
            && let Some(version) = self
                .versions()
                .iter()
                .find(|it| self.state_of(it) == "Active")
        {
            self.write("UpdateAlias", version, &json!({}));
        }
        self.make_alias();
    }

    /// A release does not begin without an alias, beside weights that somebody has set, or while the function is updated.
    pub(super) async fn make_alias_ready(&self) {
        self.make_alias();
        if self.alias().is_some_and(|it| it.beside.is_some()) {
            self.share(0);
        }
        while self.configuration(LATEST)["LastUpdateStatus"] == "InProgress" {
            self.play.pass(EVERY).await;
        }
    }

    fn state_of(&self, qualifier: &str) -> Value {
        self.configuration(qualifier)["State"].take()
    }

    fn configuration(&self, qualifier: &str) -> Value {
        let input = json!({ "FunctionName": stage::FUNCTION, "Qualifier": qualifier });
        let found = self.person("lambda", "GetFunctionConfiguration", &input);
        found.unwrap_or_default()
    }

    fn make_alias(&self) {
        if self.alias().is_none() {
            let stable = self.versions().into_iter().next();
            let version = stable.or_else(|| self.publish()).unwrap_or_default();
            self.write("CreateAlias", &version, &json!({}));
        }
    }

    /// The published versions, oldest first.
    fn versions(&self) -> Vec<String> {
        let input = json!({ "FunctionName": stage::FUNCTION });
        let listed = self.person("lambda", "ListVersionsByFunction", &input);
        let listed = listed.expect("versions can be listed")["Versions"].take();
        let all = listed.as_array().into_iter().flatten();
        let all = all.filter_map(|it| it["Version"].as_str());
        all.filter(|it| *it != LATEST).map(str::to_owned).collect()
    }

    /// Gives the newest other version this percentage of the invocations.
    fn share(&self, percent: u32) {
        let Some(now) = self.alias() else {
            return;
        };
        let versions = self.versions();
        let other = versions.iter().rfind(|it| *it != now.version.as_str());
        let weights = match other {
            Some(other) if percent > 0 => json!({ other: f64::from(percent) / 100.0 }),
            _ => json!({}),
        };
        self.write("UpdateAlias", now.version.as_str(), &weights);
    }

    /// A version of somebody's own, unless an update is in progress.
    fn publish(&self) -> Option<String> {
        let (bucket, key) = (self.play.artifact_bucket(), format!("{HOTFIX}.zip"));
        let package = Version::new(HOTFIX, Behaviour::Works).package();
        let put = |world: &mut World| s3::put(world, &bucket, &key, package);
        self.play.account.with(put).expect("the bucket is there");
        let input = json!({
            "FunctionName": stage::FUNCTION, "S3Bucket": bucket, "S3Key": key, "Publish": true,
        });
        let published = self.person("lambda", "UpdateFunctionCode", &input).ok()?;
        published["Version"].as_str().map(str::to_owned)
    }

    fn redirect(&self) {
        if let Some(version) = self.publish()
            && self.alias().is_some()
        {
            self.write("UpdateAlias", &version, &json!({}));
        }
    }

    fn write(&self, operation: &str, version: &str, weights: &Value) {
        let mut input = of_alias();
        input["FunctionVersion"] = version.into();
        input["RoutingConfig"] = json!({ "AdditionalVersionWeights": weights });
        if self.person("lambda", operation, &input).is_ok() {
            self.note(Did::Routed(self.alias()));
        }
    }

    fn delete_versions(&self) {
        let mut deleted = self.versions();
        self.play.account.with(|world| {
            deleted.retain(|it| functions::delete_version(world, stage::FUNCTION, it).is_ok());
        });
        self.note(Did::DeletedVersions(deleted));
    }
}

fn of_alias() -> Value {
    json!({ "FunctionName": stage::FUNCTION, "Name": stage::ALIAS })
}

fn failure() -> Failure {
    Failure {
        code: "InternalError",
        reason: "an internal error occurred".to_owned(),
    }
}
