//! What one look saw, in our own words.

use std::fmt;

use crate::{
    aws::alarms::Alarm,
    clock::Timestamp,
    evidence::minutes::{Series, Span},
    known::Known,
    record::Record,
    traffic::Seen,
};

/// A pair and its guards at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When.
    pub now: Timestamp,
    /// The alarms of the target, in its order.
    pub alarms: Known<Vec<Alarm>>,
    /// The pair, as its traffic model sees it.
    pub pair: Seen,
    /// What both versions have counted, where minutes were due that no look had judged.
    pub counted: Option<Known<Counted>>,
    /// Who looks.
    pub by: Looker,
}

/// Who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looker {
    /// The schedule.
    Schedule,
    /// An action of the pipeline.
    Action {
        /// Why it goes on although the canary is worse, if it was told so.
        despite: Option<String>,
    },
}

/// What both versions have counted in these minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// The minutes.
    pub span: Span,
    /// Of every metric.
    pub series: Series,
}

/// A pair and its release record at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    /// The pair's release record, if there ever was a release.
    pub record: Option<Record>,
    /// The pair.
    pub seen: Observation,
}

/// One line for the ledger.
impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seen.fmt(f)
    }
}

/// One line for the ledger.
impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; ", self.pair)?;
        match &self.alarms {
            Known::Known(alarms) => f.write_str(&in_alarm(alarms))?,
            Known::Gone => f.write_str("alarms are gone")?,
            Known::Unknown(unseen) => write!(f, "alarms not seen: {unseen}")?,
        }
        match &self.by {
            Looker::Action {
                despite: Some(reason),
            } => write!(f, "; goes on although the canary may be worse: {reason}"),
            Looker::Action { despite: None } | Looker::Schedule => Ok(()),
        }
    }
}

fn in_alarm(alarms: &[Alarm]) -> String {
    let firing = alarms.iter().filter(|alarm| alarm.firing);
    let firing: Vec<_> = firing.map(|alarm| alarm.name.as_str()).collect();
    if firing.is_empty() {
        format!("{} alarms, none in ALARM", alarms.len())
    } else {
        format!("in ALARM: {}", firing.join(", "))
    }
}
