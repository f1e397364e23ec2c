//! One short release with the real programs: the functions through the Lambda Runtime API, the
//! sample application as tasks, the SDK over HTTP.

use std::time::Duration;

use rehearsal_core::{
    live::{
        build::{self, PROGRAMS},
        logs::Logs,
    },
    rehearse::{Approve, Ending, ORDER, Rehearsal, Reply, View, rehearse},
    scenario::Scenario,
    stage::{Stage, Step, Traffic},
    story::Story,
    world::journal::Entry,
};

/// What `CodePipeline` gives the functions and nobody else may see.
const SECRET: &str = "planted-9f8e7d6c-session-token";

/// Nobody watches.
struct Empty;

impl View for Empty {
    fn show(&mut self, _: &Story, _: &[Entry]) {}
    fn ask(&mut self, _: &str) {}
    fn answer(&mut self) -> Option<Reply> {
        Some(Reply::Nobody)
    }
    fn withdraw(&mut self) {}
}

#[test]
fn the_real_programs_release_a_good_version_and_no_log_holds_a_credential_or_a_message() {
    let (ending, logs) = rehearsed();
    let verdict = ending.verdict.as_ref().expect("a verdict");
    assert!(verdict.passed, "{verdict}");
    every_program_has_said_something(&logs);
    nothing_secret_is_said(&logs);
}

fn rehearsed() -> (Ending, Logs) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let programs = build::build().await.expect("the programs");
        let logs = Logs::default();
        let stage = Stage {
            primary_tasks: 2,
            steps: Some(vec![Step::new(50, 0)]),
            work: Duration::from_millis(20),
            ..Stage::live(Traffic::Queue)
        };
        let rehearsal = Rehearsal {
            scenario: Scenario::GoodVersion,
            stage,
            pace: 12,
            approve: Approve::Auto,
            programs,
            logs: logs.clone(),
            secret: SECRET.to_owned(),
            now: rehearsal_core::cli::now(),
        };
        let ending = rehearse(rehearsal, &mut Empty).await;
        (ending.expect("a rehearsal"), logs)
    })
}

/// Else nothing could be looked at.
fn every_program_has_said_something(logs: &Logs) {
    // Where there is nothing to roll back, rollback has nothing to say; and here the application is no function.
    let silent = ["rollback", build::SAMPLE_FUNCTION];
    let lines = logs.lines();
    for program in PROGRAMS.into_iter().filter(|name| !silent.contains(name)) {
        let principal = if program == build::SAMPLE_APP {
            rehearsal_core::live::TASK.to_owned()
        } else {
            format!("{}-{program}", rehearsal_core::stage::NAME)
        };
        assert!(
            lines.iter().any(|line| line.principal.0 == principal),
            "{program} has printed nothing that could be looked at"
        );
    }
}

fn nothing_secret_is_said(logs: &Logs) {
    for line in &logs.lines() {
        for secret in [SECRET, ORDER] {
            assert!(
                !line.text.contains(secret),
                "{}: {}",
                line.stream,
                line.text
            );
        }
    }
}
