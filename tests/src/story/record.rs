//! The release record, as the functions write it.
//!
//! What a release asks for and which phase it is in is known only there: the summaries of the actions
//! say it too, but in sentences. A write to the table is a call like any other, so the journal has it.

use super::Story;
use crate::{clock::Moment, world::journal::Call};

/// The sort key of the record itself; the table's other items are the ledger.
const CURRENT: &str = "current";

/// How far a release is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The release, which is a pipeline execution.
    pub release: String,
    /// `Deploying`, `Shifting`, `Promoting`, `Promoted`, `RollingBack`, `RolledBack`.
    pub phase: String,
    /// The share of the work that is asked for the candidate, in percent.
    pub asked: Option<u8>,
    /// Why it is rolled back.
    pub cause: Option<String>,
    /// The candidate's images, or the digest of its package.
    pub images: Vec<String>,
    /// What called the function that wrote it, as the ledger has it: `alarm orders-dead-letters`,
    /// `pipeline orders-release`, `schedule`.
    pub caller: Option<String>,
}

impl Record {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self.phase.as_str(), "Promoted" | "RolledBack")
    }

    /// The record that a call has written.
    pub(crate) fn written(call: &Call) -> Option<Self> {
        if call.service != "dynamodb" || call.fault.is_some() {
            return None;
        }
        let items = call.input["TransactItems"].as_array()?;
        let mut puts = items.iter().map(|item| &item["Put"]["Item"]);
        let item = puts.clone().find(|item| item["item"]["S"] == CURRENT)?;
        let caller = puts.find_map(|item| item["caller"]["S"].as_str());
        let phase = &item["phase"]["M"];
        let name = phase["name"]["S"].as_str()?;
        let asked = match name {
            "Shifting" => phase["asked"]["N"].as_str()?.parse().ok(),
            // The candidate replaces the stable version everywhere.
            "Promoting" => Some(100),
            _ => None,
        };
        let images = item["images"]["M"].as_object();
        let package = &item["candidate"]["M"]["source"]["M"]["package"]["M"]["sha256"];
        Some(Self {
            release: item["release"]["S"].as_str()?.to_owned(),
            phase: name.to_owned(),
            asked,
            cause: phase["cause"]["M"]["what"]["S"].as_str().map(str::to_owned),
            images: images
                .into_iter()
                .flat_map(|images| images.values())
                .chain([package])
                .filter_map(|image| image["S"].as_str())
                .map(str::to_owned)
                .collect(),
            caller: caller.map(str::to_owned),
        })
    }
}

impl Story {
    /// The release record as it is.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        self.records.last()
    }

    pub(super) fn note_record(&mut self, at: Moment, call: &Call) {
        let Some(record) = Record::written(call) else {
            return;
        };
        let before = self.record();
        if before.is_none_or(|before| before.release != record.release) {
            let promoted = before.is_some_and(|before| before.phase == "Promoted");
            self.note_candidate(at, &record, promoted);
        }
        if record.asked.is_some() || self.asked.last().is_some() {
            self.asked.push(at, record.asked);
        }
        self.records.push(at, record);
        self.note_evidence(at, call);
    }

    /// Another release begins; the one before has left its candidate behind if it was promoted.
    fn note_candidate(&mut self, at: Moment, record: &Record, promoted: bool) {
        let label = record
            .images
            .iter()
            .find_map(|image| self.cast.labels.get(image))
            .cloned();
        let Some(label) = label else { return };
        if promoted {
            let stable = self.candidate().to_owned();
            self.stables.push(at, stable);
        }
        self.candidates.push(at, label);
        self.note_attained(at);
    }
}
