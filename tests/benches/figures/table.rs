//! Figures as tables: for people, and as JSON.

use std::{fmt, fs, path::Path};

use anyhow::Context;
use serde_json::{Value, json};

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    tables: Vec<Table>,
    goals: Vec<Goal>,
}

/// Some rows of figures.
#[derive(Debug)]
pub(crate) struct Table {
    /// What it tells.
    pub(crate) title: String,
    /// The head of the first column and of those after it, with units.
    pub(crate) columns: Vec<String>,
    /// What each row is of, and a cell for each further column.
    pub(crate) rows: Vec<(String, Vec<Cell>)>,
    /// What one has to know to read it.
    pub(crate) note: String,
}

/// One figure.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    /// Measured several times.
    Samples(Samples),
    /// Counted.
    Count(u64),
    /// Worked out of other figures, with so many decimals.
    Number(f64, usize),
    /// Not a figure.
    Text(String),
}

/// The same measured several times; never empty.
#[derive(Debug, Clone)]
pub(crate) struct Samples(Vec<f64>);

/// What has to be reached.
#[derive(Debug)]
struct Goal {
    what: String,
    found: f64,
    most: f64,
}

impl Samples {
    /// In any order.
    pub(crate) fn new(mut samples: Vec<f64>) -> Self {
        assert!(!samples.is_empty(), "nothing was measured");
        samples.sort_by(f64::total_cmp);
        Self(samples)
    }

    /// The middle one; of an even number the mean of both.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The first and the third quartile.
    pub(crate) fn spread(&self) -> (f64, f64) {
        (self.quantile(0.25), self.quantile(0.75))
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place among few samples"
    )]
    fn quantile(&self, part: f64) -> f64 {
        let place = part * (self.0.len() - 1) as f64;
        let below = self.0[place.floor() as usize];
        let above = self.0[place.ceil() as usize];
        below + (above - below) * place.fract()
    }
}

impl Report {
    /// Adds a table.
    pub(crate) fn table(&mut self, table: Table) {
        self.tables.push(table);
    }

    /// Adds a goal: what was found may be this at most.
    pub(crate) fn at_most(&mut self, what: impl Into<String>, found: f64, most: f64) {
        self.goals.push(Goal {
            what: what.into(),
            found,
            most,
        });
    }

    /// Whether every goal is reached.
    pub(crate) fn is_met(&self) -> bool {
        self.goals.iter().all(Goal::is_met)
    }

    /// Writes everything as JSON.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let document = json!({
            "tables": self.tables.iter().map(Table::json).collect::<Vec<_>>(),
            "goals": self.goals.iter().map(Goal::json).collect::<Vec<_>>(),
        });
        fs::write(path, format!("{document:#}\n"))
            .with_context(|| format!("cannot write the figures to {}", path.display()))
    }
}

impl Goal {
    fn is_met(&self) -> bool {
        self.found <= self.most
    }

    fn json(&self) -> Value {
        json!({"goal": self.what, "found": self.found, "most": self.most, "met": self.is_met()})
    }
}

impl Table {
    fn json(&self) -> Value {
        let rows = self.rows.iter().map(|(name, cells)| {
            json!({"name": name, "cells": cells.iter().map(Cell::json).collect::<Vec<_>>()})
        });
        json!({
            "title": self.title,
            "columns": self.columns,
            "rows": rows.collect::<Vec<_>>(),
            "note": self.note,
        })
    }
}

impl Cell {
    fn json(&self) -> Value {
        match self {
            Self::Samples(samples) => {
                let (low, high) = samples.spread();
                json!({"median": samples.median(), "quartiles": [low, high], "samples": samples.0})
            }
            Self::Count(count) => json!(count),
            Self::Number(number, _) => json!(number),
            Self::Text(text) => json!(text),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Samples(samples) => {
                let (low, high) = samples.spread();
                // Three digits are more than a noisy machine can promise.
                let decimals = match samples.median() {
                    median if median >= 100.0 => 0,
                    median if median >= 1.0 => 1,
                    _ => 2,
                };
                let median = samples.median();
                write!(
                    f,
                    "{median:.decimals$} ({low:.decimals$}–{high:.decimals$})"
                )
            }
            Self::Count(count) => count.fmt(f),
            Self::Number(number, decimals) => write!(f, "{number:.decimals$}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Markdown.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.title)?;
        writeln!(f, "| {} |", self.columns.join(" | "))?;
        writeln!(f, "|{}", "---|".repeat(self.columns.len()))?;
        for (name, cells) in &self.rows {
            let cells: Vec<String> = cells.iter().map(Cell::to_string).collect();
            writeln!(f, "| {name} | {} |", cells.join(" | "))?;
        }
        if !self.note.is_empty() {
            writeln!(f, "\n{}", self.note)?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &self.tables {
            writeln!(f, "{table}")?;
        }
        for goal in &self.goals {
            let Goal { what, found, most } = goal;
            let verdict = if goal.is_met() { "reached" } else { "MISSED " };
            writeln!(f, "{verdict}  {what}: {found:.2}, at most {most:.2}")?;
        }
        Ok(())
    }
}
