//! The command line.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{CommandFactory as _, Parser, ValueEnum as _, error::ErrorKind};

use crate::{
    clock::Moment,
    live::{build, logs::Logs},
    rehearse::{Approve, Ending, Rehearsal, rehearse},
    report,
    scenario::Scenario,
    stage::Traffic,
    story::Story,
    terminal::{Terminal, tasks_text},
};

/// How many times faster than on AWS the account's own clockwork runs. Six makes a minute of
/// metrics, alarms and schedules ten seconds; much more, and a process's start would take longer
/// than the checks that wait for it.
const PACE: u32 = 6;

/// As clap's own for wrong arguments.
const NO_REHEARSAL: u8 = 2;

/// What a shell shows of a program that was interrupted: 128 and SIGINT.
const INTERRUPTED: u8 = 130;

/// Rehearses a canary release on this machine: no AWS account, no Docker.
///
/// A local AWS account on loopback, the four real Lambda functions, and the real sample application
/// as the tasks of ECS services or task sets, or as the function that is released; messages or requests arrive all the time.
#[derive(Debug, Parser)]
#[command(name = "rehearsal", bin_name = "cargo run -p rehearsal --", after_help = EXAMPLES, max_term_width = 100)]
struct Arguments {
    /// What happens to the release
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Scenario::GoodVersion)]
    scenario: Scenario,
    /// How work reaches the versions: messages of one queue, requests through a load balancer, messages that invoke a Lambda function, or
    /// either of the first two with task sets of one service
    #[arg(long, value_enum, default_value_t = Traffic::Queue)]
    traffic: Traffic,
    /// Who answers when the pipeline asks for approval, where the scenario leaves it open
    #[arg(long, value_enum, default_value_t = Approve::Auto)]
    approve: Approve,
    /// Write a report with the timeline drawn: one HTML file, nothing to load
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write what functions and tasks print: one file for each
    #[arg(long, value_name = "DIR")]
    logs: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  cargo run -p rehearsal
  cargo run -p rehearsal -- --scenario bad-version --report bad-version.html
  cargo run -p rehearsal -- --traffic alb
  cargo run -p rehearsal -- --traffic lambda
  cargo run -p rehearsal -- --traffic task-sets-alb
  cargo run -p rehearsal -- --approve ask --logs logs

Exit status: 0 if the rehearsal showed what it was meant to, 1 if not, 2 if there was none (a wrong
argument, a program that is missing), 130 if it was interrupted (Ctrl-C at any time; no process is left).";

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("cannot start the asynchronous runtime")]
    Runtime(#[source] io::Error),
    #[error(transparent)]
    Programs(#[from] build::Missing),
    #[error("cannot create the log directory {} (--logs)", .0.display())]
    Logs(PathBuf, #[source] io::Error),
    #[error("cannot write the report {} (--report)", .0.display())]
    Report(PathBuf, #[source] io::Error),
    #[error(transparent)]
    Rehearsal(#[from] crate::rehearse::RehearsalError),
}

/// Parses the arguments and rehearses; prints what is to be said.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(error) = arguments.check() {
        error.exit();
    }
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Problem::Runtime)
        .and_then(|runtime| runtime.block_on(run(arguments)));
    outcome.unwrap_or_else(|problem| {
        eprintln!("error: {}", in_full(&problem));
        ExitCode::from(NO_REHEARSAL)
    })
}

impl Arguments {
    /// Whether what is asked for goes together.
    fn check(&self) -> Result<(), clap::Error> {
        if self.scenario.is_for(self.traffic) {
            return Ok(());
        }
        let name = self.scenario.name();
        let all = Traffic::value_variants().iter();
        let fits = all.filter(|traffic| self.scenario.is_for(**traffic));
        let fits: Vec<_> = fits.map(|traffic| traffic.option()).collect();
        Err(Self::command().error(
            ErrorKind::ArgumentConflict,
            format!("the scenario {name} needs {}", fits.join(" or ")),
        ))
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, Problem> {
    let logs = match &arguments.logs {
        Some(directory) => Logs::in_directory(directory.clone())
            .map_err(|error| Problem::Logs(directory.clone(), error))?,
        None => Logs::default(),
    };
    if let Some(file) = &arguments.report {
        // Better now than after two minutes.
        check_writable(file)?;
    }
    let programs = build::beside_this_program()?;
    say(&introduction(&arguments).join("\n"));
    let mut terminal = Terminal::new(io::stdout().is_terminal());
    let rehearsal = Rehearsal {
        scenario: arguments.scenario,
        stage: arguments.scenario.stage(arguments.traffic),
        pace: PACE,
        approve: arguments.approve,
        programs,
        logs,
        secret: "EXAMPLE-NOT-A-SECRET".to_owned(),
        now: now(),
    };
    let ended = rehearse(rehearsal, &mut terminal).await?;
    conclude(&ended, &arguments, terminal)
}

fn introduction(arguments: &Arguments) -> Vec<String> {
    let scenario = arguments.scenario;
    let mut lines = vec![
        format!("{}: {}", scenario.name(), scenario.sentence()),
        format!(
            "Intervals that AWS defines (alarm periods, schedules, health checks, task starts) pass {PACE} times \
             faster; bake times are those of the scenario, and the functions judge whole minutes of their own clock."
        ),
    ];
    if let Some(directory) = &arguments.logs {
        lines.push(format!(
            "Logs of functions and tasks: {}",
            directory.display()
        ));
    }
    lines
}

fn conclude(
    ending: &Ending,
    arguments: &Arguments,
    terminal: Terminal,
) -> Result<ExitCode, Problem> {
    let Some(verdict) = &ending.verdict else {
        say(&format!("\nInterrupted. {}", where_it_was(&ending.story)));
        return Ok(ExitCode::from(INTERRUPTED));
    };
    terminal.finish(verdict);
    if let Some(file) = &arguments.report {
        write_report(file, &report::html(&ending.story, verdict))?;
        say(&format!("\nReport: {}", file.display()));
    }
    Ok(if verdict.passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The state of a rehearsal that did not come to its end.
fn where_it_was(story: &Story) -> String {
    let mut text = format!("After {} s: ", story.elapsed().as_secs());
    let action = story
        .execution()
        .and_then(|execution| execution.actions.last());
    match action {
        Some(action) => {
            let _ = write!(text, "{} {}", action.name, action.status);
        }
        None => text += "no release had begun",
    }
    if let Some(record) = story.record() {
        let _ = write!(text, ", release record {}", record.phase);
    }
    for service in story.services.keys() {
        let _ = write!(text, "; {service} {}", tasks_text(&story.tasks(service)));
    }
    for share in story.shares.last().into_iter().flatten() {
        let _ = write!(text, "; {share}");
    }
    text + ". No process is left."
}

/// Whether a report can be written there; leaves nothing behind and an earlier report as it is.
fn check_writable(file: &Path) -> Result<(), Problem> {
    let problem = |error| Problem::Report(file.to_owned(), error);
    let existed = file.exists();
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .map_err(problem)?;
    if !existed {
        std::fs::remove_file(file).map_err(problem)?;
    }
    Ok(())
}

fn write_report(file: &Path, html: &str) -> Result<(), Problem> {
    std::fs::write(file, html).map_err(|error| Problem::Report(file.to_owned(), error))
}

/// Prints a line. A reader who has gone is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// An error with its sources.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

/// The machine's time.
#[must_use]
pub fn now() -> Moment {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the outermost function that the rule leaves it to"
    )]
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Moment(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_arguments_a_good_version_is_released_by_itself() {
        let arguments = Arguments::parse_from(["rehearsal"]);
        assert_eq!(arguments.scenario, Scenario::GoodVersion);
        assert_eq!(arguments.approve, Approve::Auto);
    }

    #[test]
    fn help_tells_what_every_scenario_shows() {
        let help = Arguments::command().render_long_help().to_string();
        let help: String = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for scenario in Scenario::value_variants() {
            assert!(help.contains(&scenario.name()), "{help}");
            assert!(help.contains(&scenario.sentence()), "{help}");
        }
    }

    #[test]
    fn a_scenario_that_needs_other_traffic_is_refused_with_what_it_needs() {
        for (scenario, fits, other, needs) in [
            (
                "foreign-weight",
                "alb",
                "queue",
                "--traffic alb or --traffic lambda or --traffic task-sets or --traffic task-sets-alb",
            ),
            (
                "hanging-version",
                "lambda",
                "task-sets-alb",
                "--traffic queue or --traffic lambda or --traffic task-sets",
            ),
            (
                "new-definition",
                "task-sets",
                "lambda",
                "--traffic queue or --traffic alb or --traffic task-sets or --traffic task-sets-alb",
            ),
        ] {
            let arguments = |traffic| {
                let all = ["rehearsal", "--scenario", scenario, "--traffic", traffic];
                Arguments::parse_from(all)
            };
            assert!(arguments(fits).check().is_ok());
            let error = arguments(other).check().unwrap_err();
            assert_eq!(error.exit_code(), 2);
            let text = error.to_string();
            assert!(
                text.contains(&format!("the scenario {scenario} needs {needs}")),
                "{text}"
            );
        }
    }

    #[test]
    fn an_unknown_scenario_is_refused_with_the_ones_there_are() {
        let error = Arguments::try_parse_from(["rehearsal", "--scenario", "perfect"]).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.exit_code(), 2);
        for scenario in Scenario::value_variants() {
            assert!(text.contains(&scenario.name()), "{text}");
        }
    }
}
