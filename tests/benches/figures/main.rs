//! What the functions and the sample application take on this machine, beside what a user would write instead.
//!
//! Every figure is measured in this run, on this machine; what is compared takes turns. The local account is the one of
//! the rehearsal, over loopback.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

mod consumer;
mod functions;
mod programs;
mod radius;
mod releases;
mod table;
mod usage;

#[path = "../../stories/blast/mod.rs"]
mod blast;
#[path = "../../stories/connector.rs"]
mod connector;
#[path = "../../stories/play/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the stories use more of it")]
mod play;
#[path = "../../stories/rule.rs"]
#[expect(dead_code, reason = "the stories use more of it")]
mod rule;
#[path = "../../stories/transcript.rs"]
mod transcript;

use programs::Programs;
use table::Report;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Cold starts and looks of the four functions.
    Functions,
    /// Messages a second of the sample application.
    Consumer,
    /// AWS calls of whole releases, and what they cost.
    Releases,
    /// What bad candidates do until something ends their release, and how often good ones are ended.
    Radius,
}

/// Measures the functions and the sample application on this machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only this; may be repeated.
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// How often everything is repeated.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repetitions: u16,
    /// Where the figures go as JSON.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/figures.json"))]
    json: PathBuf,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match measure(&arguments) {
        Ok(report) => {
            println!("{report}");
            if report.is_met() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(problem) => {
            eprintln!("error: {problem:#}");
            ExitCode::from(2)
        }
    }
}

fn measure(arguments: &Arguments) -> anyhow::Result<Report> {
    let wants = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let mut report = Report::default();
    if wants(Part::Releases) {
        releases::measure(&mut report)?;
    }
    if wants(Part::Radius) {
        radius::measure(&mut report)?;
    }
    if wants(Part::Functions) || wants(Part::Consumer) {
        let programs = Programs::build()?;
        if wants(Part::Functions) {
            functions::measure(&programs, arguments.repetitions, &mut report)?;
        }
        if wants(Part::Consumer) {
            consumer::measure(&programs, arguments.repetitions, &mut report)?;
        }
    }
    report.write(&arguments.json)?;
    Ok(report)
}
