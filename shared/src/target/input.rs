//! A target as people write it: strict, in what all targets have and in what is its model's.

use std::{fmt, fmt::Write as _};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Consequence, Target, judged};
use crate::{
    input::{self, BadInput, Field},
    names::{AlarmName, PipelineName},
    traffic::Traffic,
};

/// What `TARGET` and the `target` of `UserParameters` hold: fields, of which the model that one of them names knows its own.
#[derive(Debug, Clone)]
pub struct Input(Vec<(String, Box<RawValue>)>);

/// What all targets have; each field is that of the same name of [`Target`].
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Common {
    pipeline: PipelineName,
    #[serde(default)]
    alarms: Vec<AlarmName>,
    #[serde(default = "an_hour")]
    guard_minutes: u32,
    #[serde(default)]
    verdict: Consequence,
    #[serde(default)]
    evidence: judged::Input,
}

/// Its fields.
const COMMON: [&str; 5] = ["pipeline", "alarms", "guardMinutes", "verdict", "evidence"];

fn an_hour() -> u32 {
    60
}

impl Input {
    /// The target, if every field is right by itself.
    pub(super) fn read(&self, source: &'static str) -> Result<Target, BadInput> {
        let fields = self.0.iter().map(|(name, json)| (name.as_str(), &**json));
        let (common, own): (Vec<Field<'_>>, Vec<Field<'_>>) =
            fields.partition(|(name, _)| COMMON.contains(name));
        let traffic = Traffic::read(source, &own).map_err(beside_common)?;
        let common: Common = input::fields(source, &common)?;
        Ok(Target {
            pipeline: common.pipeline,
            alarms: common.alarms,
            guard_minutes: common.guard_minutes,
            verdict: common.verdict,
            evidence: common.evidence.into(),
            traffic,
        })
    }
}

/// Where a model says which fields are allowed, it knows its own.
fn beside_common(bad: BadInput) -> BadInput {
    let mut bad = bad;
    if let BadInput::Field { path, problem, .. } = &mut bad
        && problem.starts_with("unknown field")
        && !path.contains('.')
    {
        for name in COMMON {
            let _ = write!(problem, ", `{name}`");
        }
    }
    bad
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Fields)
    }
}

/// A map would forget that a field is given twice.
struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Input;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object: a target")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Input, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(Input(fields))
    }
}
