//! Which pair a deployment of the suite may touch, and how work is split between its two versions.

mod input;
mod judged;

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    evidence::Bounds,
    input::{BadInput, TARGET},
    names::{AlarmName, PairId, PipelineName},
    traffic::{
        self, Traffic,
        door::{Ending, Opened, Restoring, Starting},
    },
};

pub use input::Input;
pub use judged::Consequence;

/// A pair, its pipeline, what guards it and how its work is split.
///
/// It is read from records, which a later version of the suite may have stored: fields that are not known are passed over. What
/// people write is an [`Input`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The pipeline that releases to the pair.
    pub pipeline: PipelineName,
    /// Alarms that stop a release and roll it back; at most 100, as many as one `DescribeAlarms`
    /// call answers.
    pub alarms: Vec<AlarmName>,
    /// For how long after a promotion an alarm still rolls it back, in minutes; 0 for never.
    pub guard_minutes: u32,
    /// What a canary that is seen to be worse comes to.
    #[serde(default, skip_serializing_if = "Consequence::is_tell")]
    pub verdict: Consequence,
    /// How the counts of both versions are judged.
    #[serde(default, skip_serializing_if = "Bounds::are_usual")]
    pub evidence: Bounds,
    /// What is its model's: where it is, and how work is split there.
    #[serde(flatten)]
    pub traffic: Traffic,
}

/// Fields that do not say where and how work is split, beside those of the models: of these a release keeps what it began with.
const LIMITS: [&str; 3] = ["verdict", "evidence", "guardMinutes"];

/// A field in which two targets differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its path.
    pub field: String,
    /// What the one has, as JSON.
    pub here: String,
    /// What the other has, as JSON.
    pub there: String,
}

impl Target {
    /// The first field in which another target is another place, or splits work in another way.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Option<Difference> {
        let json = |target: &Self| serde_json::to_value(target).unwrap_or_default();
        difference("", &json(self), &json(other))
    }

    /// Its traffic model.
    #[must_use]
    pub fn model(&self) -> &dyn Opened {
        self.traffic.model()
    }

    /// The same, on which a release is to begin.
    #[must_use]
    pub fn starting(&self) -> &dyn Starting {
        self.traffic.starting()
    }

    /// The same, of which a release ends.
    #[must_use]
    pub fn ending(&self) -> &dyn Ending {
        self.traffic.ending()
    }

    /// The same, of which a release is rolled back.
    #[must_use]
    pub fn restoring(&self) -> &dyn Restoring {
        self.traffic.restoring()
    }

    /// Key of the pair's release record.
    #[must_use]
    pub fn pair(&self) -> PairId {
        self.model().id()
    }

    /// For how long after a promotion it is guarded.
    #[must_use]
    pub fn guard(&self) -> Duration {
        Duration::from_secs(u64::from(self.guard_minutes) * 60)
    }

    /// What people call the pair.
    #[must_use]
    pub fn name(&self) -> String {
        self.model().name()
    }

    fn check(self, source: &'static str) -> Result<Self, BadInput> {
        if self.alarms.len() > 100 {
            let problem = format!("{} alarms; at most 100 are allowed", self.alarms.len());
            return Err(BadInput::field(source, "alarms", problem));
        }
        judged::check(&self.evidence, source)?;
        self.model().check(source)?;
        Ok(self)
    }
}

/// Brings together the target of the environment and the one that came with the call.
pub fn resolve(
    environment: Option<&str>,
    given: Option<(&'static str, Input)>,
) -> Result<Target, BadInput> {
    let own = environment
        .map(|text| {
            let input: Input = crate::input::parse(TARGET, text)?;
            input.read(TARGET)?.check(TARGET)
        })
        .transpose()?;
    let given = given
        .map(|(source, input)| {
            let target = input.read(source).and_then(|target| target.check(source));
            let target = target.map_err(|bad| bad.within("target"))?;
            Ok((source, target))
        })
        .transpose()?;
    match (own, given) {
        (Some(own), None) => Ok(own),
        (None, Some((_, given))) => Ok(given),
        (Some(own), Some((_, given))) if own == given => Ok(own),
        (Some(own), Some((source, given))) => {
            let problem = format!(
                "names the pair {}, but TARGET of this function names {} or differs from it in another \
                 field; leave it out, or use a function without TARGET",
                given.pair(),
                own.pair()
            );
            Err(BadInput::field(source, "target", problem))
        }
        (None, None) => Err(BadInput::Missing {
            source_name: TARGET,
            allowed: "set it in the function's environment, or give \"target\" in UserParameters",
        }),
    }
}

/// The first difference of two documents, objects by field.
fn difference(path: &str, here: &Value, there: &Value) -> Option<Difference> {
    let (Some(ours), Some(theirs)) = (here.as_object(), there.as_object()) else {
        return (here != there).then(|| Difference {
            field: path.to_owned(),
            here: here.to_string(),
            there: there.to_string(),
        });
    };
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let names = names
        .into_iter()
        .filter(|name| !LIMITS.contains(&name.as_str()) && !traffic::is_limit(name));
    let mut found = names.filter_map(|name| {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let of =
            |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or_default();
        difference(&path, &of(ours), &of(theirs))
    });
    found.next()
}

#[cfg(test)]
mod tests;
