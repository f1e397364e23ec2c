//! What the functions have gathered of both versions' work, as they keep it in the release record.
//!
//! Nothing is computed here: the record is read with the functions' own library, and says what they have made of the counts.

use canary::{
    evidence::Counts,
    gates::{Share, Told},
    record::Record as Stored,
};
use serde_json::Value;

use super::Story;
use crate::{clock::Moment, world::journal::Call};

/// What the counts of both versions say at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// `worse`, `as good`, `not enough evidence`, `no evidence`: what the approval is told, too.
    pub answer: &'static str,
    /// The same in full.
    pub said: String,
    /// How far it is, once both versions were compared.
    pub compared: Option<Compared>,
    /// The canary's share, as attempts are counted.
    pub measured: Option<String>,
}

/// Both versions, compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// The evidence that the canary is worse.
    pub worse: f64,
    /// The evidence that it is as good.
    pub as_good: f64,
    /// What it takes to say either.
    pub needed: f64,
    /// The canary's attempts and failures.
    pub canary: Counts,
    /// The primary's.
    pub primary: Counts,
}

impl Compared {
    /// How far evidence is on the way to what is enough, from 0 to 1: it is multiplied minute by minute, so every factor is a step.
    #[must_use]
    pub fn way(&self, evidence: f64) -> f64 {
        (evidence.ln() / self.needed.ln()).clamp(0.0, 1.0)
    }
}

impl Evidence {
    /// Of a stored record; `None` before the canary has its first share, and of a record that the library does not read.
    pub(super) fn of(item: &Value) -> Option<Self> {
        let record = stored(item)?;
        let told = Told::of(&record)?;
        let compared = record.evidence.verdict().map(|verdict| Compared {
            worse: verdict.worse,
            as_good: verdict.as_good,
            needed: record.target.evidence.needed(),
            canary: verdict.canary,
            primary: verdict.primary,
        });
        Some(Self {
            answer: told.short(),
            said: told.to_string(),
            compared,
            measured: Share::of(&record).map(|share| share.to_string()),
        })
    }
}

/// The record in an item of the table of releases.
pub(crate) fn stored(item: &Value) -> Option<Stored> {
    let mut stored = plain(item);
    // The sort key is the table's, not the record's.
    stored.as_object_mut()?.remove("item");
    Stored::read(stored).ok()
}

/// An item of `DynamoDB` without the types of its attributes.
fn plain(item: &Value) -> Value {
    let attributes = item.as_object().into_iter().flatten();
    let fields = attributes.map(|(name, attribute)| (name.clone(), value(attribute)));
    Value::Object(fields.collect())
}

fn value(attribute: &Value) -> Value {
    let Some((kind, of)) = attribute.as_object().and_then(|it| it.iter().next()) else {
        return Value::Null;
    };
    match (kind.as_str(), of) {
        ("NULL", _) => Value::Null,
        ("N", Value::String(number)) => serde_json::from_str(number).unwrap_or_default(),
        ("M", of) => plain(of),
        ("L", Value::Array(items)) => items.iter().map(value).collect(),
        (_, of) => of.clone(),
    }
}

/// Attempts of both versions in one minute, as `CloudWatch` has counted them, and what all minutes come to with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minute {
    /// When it began.
    pub began: Moment,
    /// The canary's.
    pub canary: Counts,
    /// The primary's.
    pub primary: Counts,
    /// The evidence that the canary is worse.
    pub worse: f64,
    /// The evidence that it is as good.
    pub as_good: f64,
    /// What it takes to say either.
    pub needed: f64,
}

impl Minute {
    /// The canary's share of the attempts in percent, if there were any.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
    pub fn share(&self) -> Option<f64> {
        let all = self.canary.attempts + self.primary.attempts;
        (all > 0).then(|| 100.0 * self.canary.attempts as f64 / all as f64)
    }
}

impl Story {
    /// What the counts of both versions say, once the canary has a share.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.last()?.as_ref()
    }

    pub(super) fn note_evidence(&mut self, at: Moment, call: &Call) {
        let items = call.input["TransactItems"].as_array();
        let mut items = items.into_iter().flatten();
        let record = items.find_map(|it| Evidence::of(&it["Put"]["Item"]));
        self.evidence.push(at, record);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_is_read_without_the_types_of_its_attributes() {
        let item = json!({
            "release": { "S": "r" }, "revision": { "N": "7" }, "gap": { "N": "0.5" }, "gone": { "NULL": true },
            "canary": { "M": { "is": { "BOOL": true }, "tasks": { "L": [{ "N": "1" }, { "S": "a" }] } } },
        });
        let read = json!({
            "release": "r", "revision": 7, "gap": 0.5, "gone": null,
            "canary": { "is": true, "tasks": [1, "a"] },
        });
        assert_eq!(plain(&item), read);
    }

    #[test]
    fn every_factor_is_a_step_on_the_way_to_what_is_enough() {
        let compared = Compared {
            worse: 10.0,
            as_good: 0.2,
            needed: 100.0,
            canary: Counts::default(),
            primary: Counts::default(),
        };
        let way = |evidence: f64| format!("{:.2}", compared.way(evidence));
        assert_eq!(
            [0.1, 1.0, 10.0, 100.0, 1e9].map(way),
            ["0.00", "0.00", "0.50", "1.00", "1.00"]
        );
    }
}
