//! The target of a function behind an alias.

use serde::{Deserialize, Serialize};

use super::{LambdaAlias, Request};
use crate::{
    input::{BadInput, Fields},
    names::{AliasName, FunctionName, PairId, QueueUrl},
    parts::{
        letters::DeadLetters,
        work::{VersionInput, VersionMetrics},
    },
    traffic::configured::Configured,
};

/// How the work of a function is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LambdaTraffic {
    /// The dead-letter queue of the queue that it consumes, or its own.
    #[serde(flatten)]
    pub letters: DeadLetters,
    /// How messages are counted, by metrics whose version is the function's (it has it in `AWS_LAMBDA_FUNCTION_VERSION`); without it,
    /// invocations are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<VersionMetrics>,
}

/// As people write it; each field is that of the same name of [`LambdaTraffic`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    #[serde(default)]
    dead_letter_url: Option<QueueUrl>,
    #[serde(default)]
    max_dead_letters: u64,
    #[serde(default)]
    guard_max_dead_letters: Option<u64>,
    #[serde(default)]
    metrics: Option<VersionInput>,
}

impl From<Input> for LambdaTraffic {
    fn from(input: Input) -> Self {
        Self {
            letters: DeadLetters {
                dead_letter_url: input.dead_letter_url,
                max_dead_letters: input.max_dead_letters,
                guard_max_dead_letters: input.guard_max_dead_letters,
            },
            metrics: input.metrics.map(Into::into),
        }
    }
}

/// How work is counted, by the model's key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Split<Traffic> {
    /// How.
    pub lambda_alias: Traffic,
}

/// The target of a function less what all targets have, as people write it; each field is that of the same name of [`LambdaAlias`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    function: FunctionName,
    alias: AliasName,
    traffic: Split<Input>,
}

impl From<Place> for LambdaAlias {
    fn from(place: Place) -> Self {
        Self {
            function: place.function,
            alias: place.alias,
            traffic: Split {
                lambda_alias: place.traffic.lambda_alias.into(),
            },
        }
    }
}

impl Configured for LambdaAlias {
    type Input = Place;
    type Request = Request;

    fn request(source: &'static str, fields: &Fields) -> Result<Request, BadInput> {
        Request::read(source, fields)
    }

    fn is_limit(field: &str) -> bool {
        DeadLetters::LIMITS.contains(&field) || field == "metrics"
    }

    fn id(&self) -> PairId {
        // No name of a cluster or a service has a colon.
        PairId::new("lambda", &self.qualified())
    }

    fn name(&self) -> String {
        self.qualified()
    }

    fn check(&self, source: &'static str) -> Result<(), BadInput> {
        let traffic = &self.traffic.lambda_alias;
        let letters = traffic.letters.check(source);
        letters.map_err(|error| error.within("traffic.lambdaAlias"))?;
        let metrics = traffic.metrics.as_ref();
        let checked = metrics.map_or(Ok(()), |it| it.check(source));
        checked.map_err(|error| error.within("traffic.lambdaAlias.metrics"))
    }

    fn drains(&self) -> Result<(), &'static str> {
        Err("an alias goes from one version to the other in one call; leave the field out")
    }
}
