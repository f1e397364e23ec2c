//! The sample application as a consumer, beside one in Python and a client that does nothing else.

use std::time::Duration;

use anyhow::Context;
use rehearsal_core::live::build::SAMPLE_APP;

use crate::{
    programs::Programs,
    table::{Cell, Report, Samples, Table},
};

mod bare;
mod gauge;
mod local;
mod program;

use bare::Bare;
use gauge::Achieved;
use local::Local;
use program::Program;

/// The principal that consumers call as.
const TASK: &str = "task";

/// More messages than anybody here consumes while it is measured.
const SUPPLY: usize = 80_000;

/// What a consumer is given to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Load {
    /// How long a message takes.
    work_ms: u16,
    /// How many messages may be worked on at the same time.
    slots: u16,
    /// How long the account's answers take.
    latency_ms: u16,
}

/// Where a slot is worth most: no answer takes time, and the work hardly any.
const BUSIEST: Load = Load::new(1, 100, 0);
/// The same where answers take as long as elsewhere in this report.
const DISTANT: Load = Load::new(1, 100, 20);
/// As many slots as the application has unless told otherwise.
const DEFAULT: Load = Load::new(1, 10, 0);
const LOADS: [Load; 5] = [
    BUSIEST,
    DISTANT,
    DEFAULT,
    Load::new(10, 10, 0),
    Load::new(100, 10, 0),
];

impl Load {
    const fn new(work_ms: u16, slots: u16, latency_ms: u16) -> Self {
        Self {
            work_ms,
            slots,
            latency_ms,
        }
    }

    /// The same without work.
    fn idle(self) -> Self {
        Self { work_ms: 0, ..self }
    }

    /// Messages per second if every slot worked all the time.
    fn ceiling(self) -> f64 {
        f64::from(self.slots) / f64::from(self.work_ms) * 1000.0
    }
}

/// Who consumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// A client that does nothing else; it takes no time to work.
    Bare,
    SampleApp,
    Python,
}

/// One row of the table.
struct Row {
    who: Who,
    load: Load,
    per_second: Vec<f64>,
    cpu: Vec<f64>,
    memory: Vec<f64>,
}

/// Measures all consumers in turn, as often as told.
pub(crate) fn measure(
    programs: &Programs,
    repetitions: u16,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut rows = rows();
    for repetition in 1..=repetitions {
        eprintln!("consumers: repetition {repetition} of {repetitions}");
        for row in &mut rows {
            row.measure(programs)
                .with_context(|| format!("{} cannot be measured", row.name()))?;
        }
    }
    report.table(table(&rows));
    for load in [BUSIEST, DISTANT] {
        let sample_app = find(&rows, Who::SampleApp, load);
        report.at_most(
            format!(
                "messages per second that can be had, over those of {}",
                sample_app.name()
            ),
            attainable(&rows, load) / median(&sample_app.per_second),
            1.0 / 0.9,
        );
    }
    Ok(())
}

/// One after the other what is compared.
fn rows() -> Vec<Row> {
    let bare = [BUSIEST, DISTANT, DEFAULT].map(|load| Row::new(Who::Bare, load.idle()));
    let others = LOADS
        .iter()
        .flat_map(|load| [Who::SampleApp, Who::Python].map(|who| Row::new(who, *load)));
    bare.into_iter().chain(others).collect()
}

fn find(rows: &[Row], who: Who, load: Load) -> &Row {
    rows.iter()
        .find(|row| row.who == who && row.load == load)
        .expect("there is a row of everybody for every load")
}

/// Messages per second that can be had: what the client that does nothing else reaches, but no more than the work
/// leaves.
fn attainable(rows: &[Row], load: Load) -> f64 {
    let bare = find(rows, Who::Bare, load.idle());
    median(&bare.per_second).min(load.ceiling())
}

fn median(figures: &[f64]) -> f64 {
    Samples::new(figures.to_vec()).median()
}

impl Row {
    fn new(who: Who, load: Load) -> Self {
        Self {
            who,
            load,
            per_second: Vec::new(),
            cpu: Vec::new(),
            memory: Vec::new(),
        }
    }

    fn name(&self) -> String {
        let Load {
            work_ms,
            slots,
            latency_ms,
        } = self.load;
        let doing = match self.who {
            Who::Bare => "a client that does nothing else".to_owned(),
            Who::SampleApp => format!("sample-app, {work_ms} ms of work"),
            Who::Python => format!("Python, {work_ms} ms of work"),
        };
        let call = match latency_ms {
            0 => String::new(),
            _ => format!(", {latency_ms} ms per call"),
        };
        format!("{doing}, {slots} in hand{call}")
    }

    fn measure(&mut self, programs: &Programs) -> anyhow::Result<()> {
        let local = Local::start(SUPPLY)?;
        let latency = Duration::from_millis(self.load.latency_ms.into());
        local.account.set_latency(latency);
        let achieved = match self.who {
            Who::Bare => {
                let _bare = Bare::start(&local, self.load.slots)?;
                gauge::measure(&local.account, Bare::threads())?
            }
            Who::SampleApp => {
                let program = programs.rust(SAMPLE_APP);
                self.measure_program(&Program::start(program, None, &local, self.load)?, &local)?
            }
            Who::Python => {
                let script = Programs::script("consumer.py");
                let program = Program::start(&programs.python, Some(&script), &local, self.load)?;
                self.measure_program(&program, &local)?
            }
        };
        self.per_second.push(achieved.per_second);
        self.cpu.push(achieved.cpu);
        Ok(())
    }

    fn measure_program(&mut self, program: &Program, local: &Local) -> anyhow::Result<Achieved> {
        let achieved = gauge::measure(&local.account, program.threads())?;
        self.memory.push(program.peak_memory()?);
        Ok(achieved)
    }

    fn cells(&self, attainable: f64) -> Vec<Cell> {
        let per_second = Samples::new(self.per_second.clone());
        let share = per_second.median() / attainable * 100.0;
        let memory = if self.memory.is_empty() {
            Cell::Text("–".to_owned())
        } else {
            Cell::Samples(Samples::new(self.memory.clone()))
        };
        vec![
            Cell::Samples(per_second),
            Cell::Number(share, 0),
            Cell::Samples(Samples::new(self.cpu.clone())),
            memory,
        ]
    }
}

fn table(rows: &[Row]) -> Table {
    Table {
        title: "Consumers of a queue".to_owned(),
        columns: [
            "consumer",
            "messages/s",
            "% of what can be had",
            "CPU ms per 1000 messages",
            "peak memory, MB",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: rows
            .iter()
            .map(|row| (row.name(), row.cells(attainable(rows, row.load))))
            .collect(),
        note: "In hand are at most as many messages as are said, for the application by `CONCURRENCY`: ten is its \
               default, a hundred the most. What can be had is what the client that does nothing else reaches with as \
               many in hand, but no more than the work leaves. That client deletes ten before it receives the next \
               ten; the application does both at once, so that with slow calls it does better. A timer of 1 ms takes \
               the application up to 2. The local account has one thread and shares the machine with the consumer."
            .to_owned(),
    }
}
