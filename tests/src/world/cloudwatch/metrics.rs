//! Metrics and their data, by second of metric time.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Duration,
};

use crate::clock::Moment;

/// How long data are kept, in metric time. AWS keeps them by the minute for 15 days, and for longer by five minutes and by
/// the hour (API reference, `GetMetricData`); here nothing is kept longer.
pub(super) const RETENTION: Duration = Duration::from_hours(15 * 24);
/// How long periods shorter than a minute can be had.
pub(super) const RETENTION_OF_SECONDS: Duration = Duration::from_hours(3);

/// The second of metric time that a moment lies in.
pub(super) fn second_of(pace: u32, at: Moment) -> u64 {
    at.0 * u64::from(pace) / 1000
}

/// When a second of metric time begins. Rounded up, so that the moment lies within the second.
pub(super) fn moment_of(pace: u32, second: u64) -> Moment {
    Moment((second * 1000).div_ceil(u64::from(pace)))
}

/// What tells one metric from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) dimensions: BTreeMap<String, String>,
}

impl Key {
    pub(super) fn new(
        namespace: &str,
        name: &str,
        dimensions: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.into_iter().collect(),
        }
    }
}

/// How finely the data of a metric are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resolution {
    /// `StorageResolution` 1.
    Second,
    /// `StorageResolution` 60, the default: a period shorter than a minute sees a minute's data in
    /// its first period only.
    Minute,
}

impl Resolution {
    /// From `StorageResolution`; `None` is the default.
    pub(super) fn parse(seconds: Option<u64>) -> Option<Self> {
        match seconds {
            Some(1) => Some(Self::Second),
            None | Some(60) => Some(Self::Minute),
            Some(_) => None,
        }
    }
}

/// The values of some span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Statistics {
    pub(super) count: f64,
    pub(super) sum: f64,
    pub(super) minimum: f64,
    pub(super) maximum: f64,
}

impl Statistics {
    /// The same value `count` times.
    pub(super) fn of(value: f64, count: f64) -> Self {
        Self {
            count,
            sum: value * count,
            minimum: value,
            maximum: value,
        }
    }

    pub(super) fn merge(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            minimum: self.minimum.min(other.minimum),
            maximum: self.maximum.max(other.maximum),
        }
    }
}

/// Which number is taken from a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
}

impl Statistic {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "SampleCount" => Self::SampleCount,
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            _ => return None,
        })
    }

    /// The name in the API and in alarm events.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SampleCount => "SampleCount",
            Self::Average => "Average",
            Self::Sum => "Sum",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
        }
    }

    pub(super) fn of(self, statistics: Statistics) -> f64 {
        match self {
            Self::SampleCount => statistics.count,
            Self::Average => statistics.sum / statistics.count,
            Self::Sum => statistics.sum,
            Self::Minimum => statistics.minimum,
            Self::Maximum => statistics.maximum,
        }
    }
}

/// All data.
#[derive(Debug, Default)]
pub(super) struct Store {
    series: BTreeMap<Key, BTreeMap<u64, Statistics>>,
    /// Nothing is older; `None` if nothing was ever stored.
    oldest: Option<u64>,
}

impl Store {
    pub(super) fn add(
        &mut self,
        key: Key,
        second: u64,
        resolution: Resolution,
        statistics: Statistics,
    ) {
        let second = match resolution {
            Resolution::Second => second,
            Resolution::Minute => second - second % 60,
        };
        self.oldest = Some(self.oldest.unwrap_or(second).min(second));
        match self.series.entry(key).or_default().entry(second) {
            Entry::Vacant(vacant) => {
                vacant.insert(statistics);
            }
            Entry::Occupied(mut occupied) => {
                let merged = occupied.get().merge(statistics);
                occupied.insert(merged);
            }
        }
    }

    /// What was stored in `[from, to)`; `None` if nothing was.
    pub(super) fn aggregate(&self, key: &Key, from: u64, to: u64) -> Option<Statistics> {
        let data = self.series.get(key)?.range(from..to);
        data.map(|(_, statistics)| *statistics)
            .reduce(Statistics::merge)
    }

    /// The metrics that there are.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.series.keys()
    }

    /// Forgets what is older than a second.
    pub(super) fn trim(&mut self, oldest: u64) {
        if self.oldest.is_none_or(|stored| stored >= oldest) {
            return;
        }
        self.oldest = Some(oldest);
        self.series.retain(|_, data| {
            while data
                .first_key_value()
                .is_some_and(|(second, _)| *second < oldest)
            {
                data.pop_first();
            }
            !data.is_empty()
        });
    }
}
