//! Metrics that `GetMetricData` does not read whole.

use super::{metrics::Key, queries::Queries};

/// A metric that `GetMetricData` does not read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// The metric's name.
    pub metric: String,
    /// The value of one of its dimensions; `None` for any.
    pub of: Option<String>,
    /// What the answer says instead of `Complete`.
    pub status: Status,
}

/// What `GetMetricData` says of a result. AWS: API reference, `MetricDataResult`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// All datapoints are there.
    Complete,
    /// Some datapoints are missing.
    PartialData,
    /// There was an error; no datapoint is there.
    InternalError,
    /// The caller must not read it; no datapoint is there.
    Forbidden,
}

impl Status {
    /// The name in the API.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Complete => "Complete",
            Self::PartialData => "PartialData",
            Self::InternalError => "InternalError",
            Self::Forbidden => "Forbidden",
        }
    }

    /// How many of so many datapoints are there: half of them, where some are missing.
    pub(super) fn readable(self, datapoints: usize) -> usize {
        match self {
            Self::Complete => datapoints,
            Self::PartialData => datapoints / 2,
            Self::InternalError | Self::Forbidden => 0,
        }
    }
}

impl Incomplete {
    /// A metric of that name, with any dimensions.
    #[must_use]
    pub fn new(metric: &str, status: Status) -> Self {
        Self {
            metric: metric.to_owned(),
            of: None,
            status,
        }
    }

    /// The same of one service, queue or target group only.
    #[must_use]
    pub fn of(self, value: &str) -> Self {
        Self {
            of: Some(value.to_owned()),
            ..self
        }
    }

    fn concerns(&self, key: &Key) -> bool {
        let of = self.of.as_ref();
        let is_of = of.is_none_or(|of| key.dimensions.values().any(|value| value == of));
        self.metric == key.name && is_of
    }
}

/// What can be read of a query: what is computed is as whole as its metrics, which is a choice, for AWS does not say.
pub(super) fn status(incomplete: &[Incomplete], queries: &Queries, id: &str) -> Status {
    let metrics = queries.metrics_of(id);
    let concerns = |it: &&Incomplete| metrics.iter().any(|series| it.concerns(&series.key));
    let found = incomplete.iter().find(concerns);
    found.map_or(Status::Complete, |it| it.status)
}
