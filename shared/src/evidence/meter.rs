//! Which metrics tell what became of the work of either version.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

/// A metric of CloudWatch, by its full name: what is new is listed only after up to 15 minutes, and asked for by name at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its dimensions, all of them: with one more or less it is another metric.
    pub dimensions: Vec<(String, String)>,
    /// What is asked of a minute.
    pub statistic: Statistic,
}

/// What is asked of a minute of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Statistic {
    /// All values together.
    Sum,
    /// The largest.
    Maximum,
}

/// How the attempts and failures of one version are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meter {
    /// By whoever works: what it has ended, well or not.
    Work {
        /// What ended well.
        processed: Metric,
        /// What failed.
        failed: Metric,
        /// What whoever counts cannot count itself: its own death.
        taken: Option<Taken>,
    },
    /// By whoever hands out requests: all of them, and those that were answered well. A failure is what is left, so that what gets no
    /// answer is one, too (`HTTPCode_ELB_502_Count` and the like have no target group).
    Requests {
        /// Every request.
        all: Metric,
        /// Those that were answered well, by kind; a kind without data is none of it where `all` has data.
        well: Vec<Metric>,
        /// How long answers took, in seconds.
        took: Metric,
    },
    /// By whoever calls: every call, and those that failed.
    Invocations {
        /// Every call.
        all: Metric,
        /// Those that failed; without data none did where `all` has data.
        failed: Metric,
    },
}

/// What was taken to be worked on, booked on the minute in which it was taken like everything that ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// All of it, counted before work on it begins.
    pub received: Metric,
    /// What was given back without being worked on to its end.
    pub released: Option<Metric>,
    /// As long as this after it was taken, work has ended, or its process has died.
    pub ends_within: Duration,
}

/// How both versions are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meters {
    /// The canary; `None` where a promoted version is counted in one place.
    pub canary: Option<Meter>,
    /// The primary, or what was promoted.
    pub primary: Meter,
    /// What both have ended well together, as somebody else counts it.
    pub ended: Option<Metric>,
    /// Whether attempts and failures of a minute come together, so that what is late is late of both, and biases nothing.
    pub together: bool,
    /// Both as whoever calls them counts them, where they count their own work: a version that dies before it can count anything only
    /// this tells of.
    pub called: Option<Box<Meters>>,
}

impl Meter {
    /// Every metric of it.
    #[must_use]
    pub fn metrics(&self) -> Vec<&Metric> {
        match self {
            Self::Work {
                processed,
                failed,
                taken,
            } => {
                let taken = taken
                    .iter()
                    .flat_map(|it| [&it.received].into_iter().chain(&it.released));
                [processed, failed].into_iter().chain(taken).collect()
            }
            Self::Requests { all, well, took } => [all, took].into_iter().chain(well).collect(),
            Self::Invocations { all, failed } => vec![all, failed],
        }
    }

    /// The metric without which a minute has no attempts.
    #[must_use]
    pub fn attempts(&self) -> &Metric {
        match self {
            Self::Work { processed, .. } => processed,
            Self::Requests { all, .. } | Self::Invocations { all, .. } => all,
        }
    }
}

impl Meters {
    /// Of whoever is counted.
    pub fn each(&self) -> impl Iterator<Item = &Meter> {
        self.canary.iter().chain([&self.primary])
    }

    /// Every metric of them.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        let own = self.each().flat_map(Meter::metrics).chain(&self.ended);
        let called = self.called.iter().flat_map(|it| it.metrics());
        own.cloned().chain(called).collect()
    }
}

/// `Processed of ServiceName=orders-canary in CanaryRelease/SampleApp`.
impl std::fmt::Display for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of: Vec<_> = self
            .dimensions
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        write!(f, "{}", self.name)?;
        if !of.is_empty() {
            write!(f, " of {}", of.join(", "))?;
        }
        write!(f, " in {}", self.namespace)
    }
}

/// What is wrong with the name of a metric, a namespace or a dimension, if something is (limits: CloudWatch API reference, `MetricDatum`,
/// `PutMetricData`).
pub(crate) fn bad_name(name: &str) -> Option<String> {
    let is_good = (1..=255).contains(&name.chars().count());
    (!is_good).then(|| format!("{name:?} is no name; allowed are 1 to 255 characters"))
}

/// What is wrong with dimensions, if something is (limits: CloudWatch API reference, `Dimension`).
pub(crate) fn bad_dimensions(dimensions: &BTreeMap<String, String>) -> Option<String> {
    if !(1..=30).contains(&dimensions.len()) {
        return Some(format!(
            "{} dimensions; allowed are 1 to 30, each a name and a value",
            dimensions.len()
        ));
    }
    let is_bad = |(name, value): &(&String, &String)| {
        !(1..=255).contains(&name.chars().count())
            || name.starts_with(':')
            || !(1..=1024).contains(&value.chars().count())
    };
    let (name, value) = dimensions.iter().find(is_bad)?;
    Some(format!(
        "{name:?}: {value:?} is no dimension; allowed are names of 1 to 255 characters that do not begin with a colon, and values of 1 \
         to 1024"
    ))
}
