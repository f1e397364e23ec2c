//! The target of a queue's consumers.

use serde::{Deserialize, Serialize};

use super::{
    Queue,
    metrics::{self, QueueMetrics},
};
use crate::{
    input::{BadInput, Fields},
    names::{PairId, QueueUrl},
    parts::{
        letters::DeadLetters,
        pair::{self, Pair},
        plan::{Bounds, Mode},
        task_definition::Request,
    },
    traffic::{configured::Configured, model::Goal},
    weight::Weight,
};

/// Two consumers of one SQS queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueTraffic {
    /// The queue that both services consume.
    pub url: QueueUrl,
    /// Its dead-letter queue.
    #[serde(flatten)]
    pub letters: DeadLetters,
    /// Where the canary's tasks come from.
    pub mode: Mode,
    /// The most tasks that both services may have together at any moment; without it, no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tasks: Option<u32>,
    /// Whether a primary that scales to zero keeps a task until the promotion, in `additive`; without one the canary has all the work.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub floor_primary: bool,
    /// How both versions are counted; without it, by the metrics of the sample application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<QueueMetrics>,
}

impl QueueTraffic {
    /// Whether the primary keeps a task until the promotion.
    #[must_use]
    pub fn floors_primary(&self) -> bool {
        self.mode == Mode::Additive && self.floor_primary
    }

    /// How many tasks there may be.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds {
            mode: self.mode,
            max_tasks: self.max_tasks,
            needs_primary: self.floor_primary,
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

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_yes(it: &bool) -> bool {
    *it
}

/// As people write it; each field is that of the same name of [`QueueTraffic`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
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
    #[serde(default = "yes")]
    floor_primary: bool,
    #[serde(default)]
    metrics: Option<metrics::Input>,
}

impl From<Input> for QueueTraffic {
    fn from(input: Input) -> Self {
        Self {
            url: input.url,
            letters: DeadLetters {
                dead_letter_url: input.dead_letter_url,
                max_dead_letters: input.max_dead_letters,
                guard_max_dead_letters: input.guard_max_dead_letters,
            },
            mode: input.mode,
            max_tasks: input.max_tasks,
            floor_primary: input.floor_primary,
            metrics: input.metrics.map(Into::into),
        }
    }
}

/// How work is split, by the model's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split<Traffic> {
    /// How.
    pub queue: Traffic,
}

impl From<pair::target::Input<Split<Input>>> for Queue {
    fn from(input: pair::target::Input<Split<Input>>) -> Self {
        let (pair, traffic) = input.split();
        Self {
            pair,
            traffic: Split {
                queue: traffic.queue.into(),
            },
        }
    }
}

impl Configured for Queue {
    type Input = pair::target::Input<Split<Input>>;
    type Request = Request;

    fn request(source: &'static str, fields: &Fields) -> Result<Request, BadInput> {
        Request::read(source, fields)
    }

    fn is_limit(field: &str) -> bool {
        let of_kits = Pair::LIMITS.iter().chain(&DeadLetters::LIMITS);
        of_kits
            .chain(&["maxTasks", "metrics"])
            .any(|it| *it == field)
    }

    fn id(&self) -> PairId {
        self.pair.id()
    }

    fn name(&self) -> String {
        self.pair.primary.to_string()
    }

    fn check(&self, source: &'static str) -> Result<(), BadInput> {
        self.pair.check(source)?;
        let traffic = self.traffic.queue.check(source);
        traffic.map_err(|error| error.within("traffic.queue"))
    }

    fn admits(&self, goal: Goal) -> Result<(), &'static str> {
        match (self.traffic.queue.mode, goal) {
            (
                Mode::Additive,
                Goal::Share {
                    asked: Weight::ALL, ..
                },
            ) => Err(
                "100 % cannot be reached while the primary keeps its tasks (mode additive); allowed is 0 to 99, and promote-primary for \
                 everything",
            ),
            _ => Ok(()),
        }
    }

    fn drains(&self) -> Result<(), &'static str> {
        Err("the pair consumes a queue, which has no weight to lower; leave the field out")
    }
}
