//! The target of two sets that consume a queue.

use serde::{Deserialize, Serialize};

use crate::{
    input::BadInput,
    names::QueueUrl,
    parts::{
        letters::DeadLetters,
        plan::{Bounds, Mode},
        work::{VersionInput, VersionMetrics},
    },
};

/// Two sets that consume one SQS queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueSets {
    /// The queue that both consume.
    pub url: QueueUrl,
    /// Its dead-letter queue.
    #[serde(flatten)]
    pub letters: DeadLetters,
    /// Where the candidate's tasks come from.
    pub mode: Mode,
    /// The most tasks that both sets may have together at any moment; without it, no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tasks: Option<u32>,
    /// How both versions are counted; without it, by the metrics of the sample application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<VersionMetrics>,
}

impl QueueSets {
    /// How many tasks there may be of a service that has so many: a set has no more than those.
    #[must_use]
    pub fn bounds(&self, desired: u32) -> Bounds {
        let both = desired.saturating_mul(2);
        let most = match self.mode {
            Mode::Additive => Some(self.max_tasks.map_or(both, |most| most.min(both))),
            Mode::ConstantTotal => self.max_tasks,
        };
        Bounds {
            mode: self.mode,
            max_tasks: most,
            needs_primary: true,
        }
    }

    pub(super) fn check(&self, source: &'static str) -> Result<(), BadInput> {
        self.letters.check_of(source, &self.url)?;
        if self.max_tasks == Some(0) {
            let problem = "0 tasks; at least 1 is needed";
            return Err(BadInput::field(source, "maxTasks", problem));
        }
        let metrics = self.metrics.as_ref();
        let checked = metrics.map_or(Ok(()), |it| it.check(source));
        checked.map_err(|error| error.within("metrics"))
    }
}

/// As people write it; each field is that of the same name of [`QueueSets`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueInput {
    url: QueueUrl,
    #[serde(default)]
    dead_letter_url: Option<QueueUrl>,
    #[serde(default)]
    max_dead_letters: u64,
    #[serde(default)]
    guard_max_dead_letters: Option<u64>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    max_tasks: Option<u32>,
    #[serde(default)]
    metrics: Option<VersionInput>,
}

impl From<QueueInput> for QueueSets {
    fn from(input: QueueInput) -> Self {
        Self {
            url: input.url,
            letters: DeadLetters {
                dead_letter_url: input.dead_letter_url,
                max_dead_letters: input.max_dead_letters,
                guard_max_dead_letters: input.guard_max_dead_letters,
            },
            mode: input.mode,
            max_tasks: input.max_tasks,
            metrics: input.metrics.map(Into::into),
        }
    }
}
