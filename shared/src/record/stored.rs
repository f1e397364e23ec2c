//! The record as it is stored. Any version of the suite reads what an earlier one has stored, and keeps fields of a later one that it
//! does not know, but for those within lists.

use serde::de::{DeserializeOwned, Error as _};
use serde_json::{Map, Value, json};

use super::{Phase, Record};
use crate::parts::body::{TAG, beyond, lay_over};

/// The form of records that this version writes.
///
/// 1: without this number; causes were sentences only. 2: typed causes, the counts that were set, the end of a guard. 3: what a model
/// has made and set is its own, and not the phase's; phases keep a copy of the candidate's name for versions that know only 2.
pub const SCHEMA: u32 = 3;

/// Where a phase keeps the candidate's name.
const CANDIDATE: &str = "candidate";

/// Fields that this version does not know, by their place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unknown(Map<String, Value>);

/// A stored record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A later version of the suite has stored it.
    #[error(
        "the release record of {pair} has schema {schema}, and this version of the suite knows schemas up to {SCHEMA}: {problem}. Deploy \
         the version that began the release, or a later one"
    )]
    Newer {
        /// The pair.
        pair: String,
        /// Its schema.
        schema: u64,
        /// What could not be read.
        problem: String,
    },
    /// Somebody has changed it.
    #[error("the release record of {pair} cannot be read: {problem}")]
    Broken {
        /// The pair.
        pair: String,
        /// What could not be read.
        problem: String,
    },
}

impl Record {
    /// Reads what is stored, whatever version of the suite has stored it.
    ///
    /// Of a later schema at least the stable parts are needed: who has the pair (`pair`, `revision`, `release`, `began`), `target`, the
    /// phase's `name`, and what its model reads.
    pub fn read(stored: Value) -> Result<Self, Unreadable> {
        let schema = stored["schema"].as_u64().unwrap_or(1);
        let mut stored = stored;
        if schema == 1 {
            stored = of_first_schema(stored);
        }
        if schema <= 2 {
            stored = of_second_schema(stored);
        }
        let is_newer = schema > u64::from(SCHEMA);
        let read = parse::<Self>(&stored);
        let read = if is_newer {
            read.or_else(|_| stable_parts(&stored))
        } else {
            read
        };
        let read = read.and_then(|record| {
            record.model().reads(&record.body, record.is_newer())?;
            Ok(record)
        });
        let mut record = read.map_err(|error| {
            let pair = stored["pair"].as_str().unwrap_or_default().to_owned();
            let problem = error.to_string();
            if is_newer {
                Unreadable::Newer {
                    pair,
                    schema,
                    problem,
                }
            } else {
                Unreadable::Broken { pair, problem }
            }
        })?;
        let known = record.known().unwrap_or_default();
        record.unknown = Unknown(beyond(&stored, &known));
        Ok(record)
    }

    /// What is to be stored.
    pub fn stored(&self) -> Result<Value, serde_json::Error> {
        let mut stored = self.known()?;
        lay_over(&mut stored, &self.unknown.0);
        Ok(stored)
    }

    /// What is known, with the candidate's name in the phase.
    fn known(&self) -> Result<Value, serde_json::Error> {
        let mut known = serde_json::to_value(self)?;
        if let Some(candidate) = self.candidate() {
            known["phase"][CANDIDATE] = candidate.as_str().into();
        }
        Ok(known)
    }

    /// Whether a later version of the suite has stored it: then only a rollback may change it.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        self.schema > SCHEMA
    }
}

fn parse<T: DeserializeOwned>(stored: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(stored)
}

/// The first schema has no number, and says of a rollback only whether its promotion had begun.
fn of_first_schema(mut stored: Value) -> Value {
    stored["schema"] = 2.into();
    let phase = stored["phase"].as_object_mut();
    if let Some((phase, begun)) =
        phase.and_then(|it| it.remove("promotionBegun").map(|begun| (it, begun)))
    {
        let promotion = if begun == true { "begun" } else { "notBegun" };
        phase.insert("promotion".to_owned(), promotion.into());
    }
    stored
}

/// The second schema has within the phase what a model of two services has made and set.
fn of_second_schema(mut stored: Value) -> Value {
    const RESTORING: [&str; 5] = ["stopped", "sparesCanary", "kept", "forced", "unwantedSince"];
    stored["schema"] = SCHEMA.into();
    let since = stored["phaseSince"].clone();
    let Some(phase) = stored["phase"].as_object_mut() else {
        return stored;
    };
    let candidate = match phase.remove(CANDIDATE) {
        Some(Value::String(registered)) => {
            json!({"name": "Registered", "taskDefinition": registered, "at": since})
        }
        other => other.unwrap_or_default(),
    };
    let restoring: Map<String, Value> = RESTORING
        .into_iter()
        .filter_map(|field| Some((field.to_owned(), phase.remove(field)?)))
        .collect();
    if !candidate.is_null() {
        stored[CANDIDATE] = candidate;
    }
    if !restoring.is_empty() {
        stored["restoring"] = restoring.into();
    }
    stored
}

/// A record of a later schema that does not read as one of ours: what rollback needs, and what else can be read.
fn stable_parts(stored: &Value) -> Result<Record, serde_json::Error> {
    let began = parse(&stored["began"])?;
    let phase = parse(&stored["phase"]).or_else(|_| phase_of(&stored["phase"]));
    Ok(Record {
        schema: parse(&stored["schema"])?,
        pair: parse(&stored["pair"])?,
        revision: parse(&stored["revision"])?,
        release: parse(&stored["release"])?,
        began,
        target: parse(&stored["target"])?,
        item: parse(&stored["images"]).unwrap_or_default(),
        changes: Vec::new(),
        phase: phase?,
        phase_since: parse(&stored["phaseSince"]).unwrap_or(began),
        guard_ended: parse(&stored["guardEnded"]).ok(),
        drifted: parse(&stored["drifted"]).ok(),
        failing: parse(&stored["failing"]).ok(),
        beside: None,
        evidence: parse(&stored["evidence"]).unwrap_or_default(),
        body: parse(&without_head(stored))?,
        unknown: Unknown::default(),
    })
}

/// What of a record is its model's.
fn without_head(stored: &Value) -> Value {
    const HEAD: [&str; 15] = [
        "schema",
        "pair",
        "revision",
        "release",
        "began",
        "target",
        "images",
        "changes",
        "phase",
        "phaseSince",
        "guardEnded",
        "drifted",
        "failing",
        "beside",
        "evidence",
    ];
    let mut body = stored.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|field, _| !HEAD.contains(&field.as_str()));
    }
    body
}

/// A phase that this version does not know, as the farthest that it may be: with the primary touched, so that it is restored, too.
fn phase_of(stored: &Value) -> Result<Phase, serde_json::Error> {
    if stored[TAG].as_str().is_none() {
        return Err(serde_json::Error::custom("field phase.name is missing"));
    }
    Ok(if stored[CANDIDATE].is_null() {
        Phase::Deploying
    } else {
        Phase::Promoting { baking_since: None }
    })
}

#[cfg(test)]
mod tests;
