//! A target as people write it: strict, in what all targets have and in what is its model's.

use serde::Deserialize;

use super::{Consequence, Target, judged};
use crate::{
    input::{BadInput, Fields},
    names::{AlarmName, PipelineName},
    traffic::Traffic,
};

/// What `TARGET` and the `target` of `UserParameters` hold: fields, of which the model that one of them names knows its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Input(Fields);

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
    pub(super) fn read(self, source: &'static str) -> Result<Target, BadInput> {
        let (common, own) = self.0.split(&COMMON);
        let traffic = Traffic::read(source, &own).map_err(|bad| bad.beside(&COMMON))?;
        let common: Common = common.read(source)?;
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
