use std::time::Duration;

use super::*;
use crate::{
    live::testing::{Lifelines, account, dead, launch, process, script},
    world::journal::What,
};

struct Agent {
    tasks: Tasks,
    work: JoinSet<()>,
    reports: UnboundedReceiver<Report>,
    logs: Logs,
}

impl Agent {
    fn with(image: Image) -> Self {
        let (send, reports) = mpsc::unbounded_channel();
        let logs = Logs::default();
        let tasks = Tasks::new(Setup {
            account: account(),
            endpoint: "http://127.0.0.1:1".to_owned(),
            keeper: Keeper::start().unwrap(),
            logs: logs.clone(),
            images: Images::from([("app".to_owned(), image)]),
            reports: send,
        });
        Self {
            tasks,
            work: JoinSet::new(),
            reports,
            logs,
        }
    }

    fn start(&mut self, launch: TaskLaunch) {
        self.tasks.start(launch, &mut self.work);
    }

    /// The next report, without the ARN.
    async fn report(&mut self) -> String {
        match self.reports.recv().await.unwrap() {
            Report::Invocation { .. } => "invocation".to_owned(),
            Report::TargetChecked { .. } => "target checked".to_owned(),
            Report::TaskRunning { .. } => "running".to_owned(),
            Report::TaskHealth { health, .. } => format!("{health:?}"),
            Report::TaskExited {
                exit_code, reason, ..
            } => format!("exited {exit_code:?} {reason:?}"),
        }
    }

    /// Waits until a task has printed a line.
    async fn printed(&self, text: &str) {
        while !self.logs.lines().iter().any(|line| line.text == text) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[tokio::test]
async fn a_task_that_handles_sigterm_ends_in_its_own_way() {
    let mut agent = Agent::with(script(
        "trap 'echo bye; exit 4' TERM; echo ready; while :; do sleep 0.02; done",
    ));
    agent.start(launch("app"));
    assert_eq!(agent.report().await, "running");
    agent.printed("ready").await;

    agent.tasks.signal(&launch("app").task_arn, Signal::Term);

    assert_eq!(agent.report().await, "exited Some(4) None");
    let last = agent.logs.lines().pop().unwrap();
    assert_eq!(
        (last.text.as_str(), last.stream.as_str()),
        ("bye", "orders-0a1b2c")
    );
}

#[tokio::test]
async fn a_task_that_ignores_sigterm_is_killed_by_sigkill() {
    let mut agent = Agent::with(script(
        "trap '' TERM; echo ready; while :; do sleep 60; done",
    ));
    agent.start(launch("app"));
    agent.printed("ready").await;

    agent.tasks.signal(&launch("app").task_arn, Signal::Term);
    agent.tasks.signal(&launch("app").task_arn, Signal::Kill);

    assert_eq!(agent.report().await, "running");
    assert_eq!(agent.report().await, "exited Some(137) None");
}

#[tokio::test]
async fn what_a_task_started_ends_with_it() {
    let lifelines = Lifelines::new().await;
    let child = process("alive", &[("ADDRESS", &lifelines.address())]);
    let line = [child.command.to_str().unwrap(), &child.args.join(" ")].join(" ");
    let mut agent = Agent::with(Image {
        environment: child.environment,
        ..script(&format!("{line} & wait"))
    });
    agent.start(launch("app"));
    let lifeline = lifelines.next().await;

    agent.tasks.signal(&launch("app").task_arn, Signal::Kill);

    dead(lifeline).await;
}

#[tokio::test]
async fn a_task_that_crashes_reports_its_exit_code() {
    let mut agent = Agent::with(script("echo cannot start >&2; exit 1"));
    agent.start(launch("app"));

    assert_eq!(agent.report().await, "running");
    assert_eq!(agent.report().await, "exited Some(1) None");
    assert_eq!(agent.logs.lines()[0].text, "cannot start");
}

#[tokio::test]
async fn an_unknown_image_cannot_be_pulled() {
    let mut agent = Agent::with(script(""));
    agent.start(launch("nobody/app:v9"));
    let report = agent.report().await;
    assert!(
        report.starts_with("exited None Some(\"CannotPullContainerError: "),
        "{report}"
    );
    assert!(report.contains("nobody/app:v9"), "{report}");
}

#[tokio::test]
async fn an_image_whose_program_is_missing_cannot_start() {
    let mut agent = Agent::with(Image::program("/nowhere/app".into()));
    agent.start(launch("app"));
    let report = agent.report().await;
    assert!(
        report.starts_with("exited None Some(\"CannotStartContainerError: "),
        "{report}"
    );
}

#[tokio::test]
async fn the_health_check_runs_in_the_containers_environment_and_reports_changes() {
    let mut agent = Agent::with(script(": > $HEALTH_FILE; sleep 60"));
    agent.start(TaskLaunch {
        health_check: Some(HealthCheck {
            command: ["CMD-SHELL", "test -e $HEALTH_FILE"]
                .map(str::to_owned)
                .to_vec(),
            interval: 1,
            timeout: 5,
            retries: 1,
            start_period: 0,
        }),
        ..launch("app")
    });
    assert_eq!(agent.report().await, "running");
    // The first check may come before the file.
    while agent.report().await != "Healthy" {}

    std::fs::remove_file(agent.tasks.setup.keeper.directory().join("0a1b2c")).unwrap();

    assert_eq!(agent.report().await, "Unhealthy");
}

#[tokio::test]
async fn a_health_check_names_the_images_program_without_its_directory() {
    // The image's program is the shell, which a bare `sh` finds although PATH is useless.
    let mut agent = Agent::with(script("sleep 60"));
    agent.start(TaskLaunch {
        environment: BTreeMap::from([("PATH".to_owned(), "/nowhere".to_owned())]),
        command: ["-c", "/bin/sleep 60"].map(str::to_owned).to_vec(),
        health_check: Some(HealthCheck {
            command: ["CMD", "sh", "-c", "exit 0"].map(str::to_owned).to_vec(),
            interval: 1,
            timeout: 5,
            retries: 1,
            start_period: 0,
        }),
        ..launch("app")
    });
    assert_eq!(agent.report().await, "running");
    assert_eq!(agent.report().await, "Healthy");
}

#[tokio::test]
async fn a_check_that_takes_too_long_has_failed() {
    let mut agent = Agent::with(script("sleep 60"));
    agent.start(TaskLaunch {
        health_check: Some(HealthCheck {
            command: ["CMD-SHELL", "sleep 60"].map(str::to_owned).to_vec(),
            interval: 1,
            timeout: 0,
            retries: 1,
            start_period: 0,
        }),
        ..launch("app")
    });
    assert_eq!(agent.report().await, "running");
    assert_eq!(agent.report().await, "Unhealthy");
}

#[tokio::test]
async fn a_task_sees_its_definitions_environment_and_nothing_of_the_rehearsals() {
    let mut agent = Agent::with(Image {
        environment: BTreeMap::from(
            [("COLOUR", "blue"), ("SHAPE", "round")].map(|(k, v)| (k.to_owned(), v.to_owned())),
        ),
        ..script("env")
    });
    agent.start(TaskLaunch {
        environment: BTreeMap::from([("COLOUR".to_owned(), "red".to_owned())]),
        ..launch("app")
    });
    agent.report().await;
    assert_eq!(agent.report().await, "exited Some(0) None");

    let lines = agent.logs.lines();
    let has = |line: &str| lines.iter().any(|printed| printed.text == line);
    assert!(has("COLOUR=red"));
    assert!(has("SHAPE=round"));
    assert!(has("AWS_ENDPOINT_URL=http://127.0.0.1:1"));
    assert!(has("AWS_REGION=eu-central-1"));
    assert!(has(
        "ECS_CONTAINER_METADATA_URI_V4=http://127.0.0.1:1/v4/0a1b2c"
    ));
    assert!(!lines.iter().any(|line| line.text.starts_with("CARGO")));
}

#[tokio::test]
async fn a_task_with_an_address_is_told_to_listen_there_and_runs_its_definitions_command() {
    let mut agent = Agent::with(script("echo the image listens at $LISTEN"));
    agent.start(TaskLaunch {
        environment: BTreeMap::from([("LISTEN".to_owned(), "0.0.0.0:8080".to_owned())]),
        command: ["-c", "echo the command listens at $LISTEN"]
            .map(str::to_owned)
            .to_vec(),
        address: Some("127.10.0.3".to_owned()),
        port: Some(8080),
        ..launch("app")
    });
    agent.report().await;
    assert_eq!(agent.report().await, "exited Some(0) None");
    assert_eq!(
        agent.logs.lines()[0].text,
        "the command listens at 127.10.0.3:8080"
    );
}

#[tokio::test]
async fn a_consumers_metric_lines_become_counts_of_its_messages() {
    let line = r#"{"_aws":{},"ServiceName":"orders","Version":"orders:2","AppVersion":"v2","Processed":7,"Failed":3}"#;
    let mut agent = Agent::with(script(&format!("echo '{line}'")));
    agent.start(launch("app"));
    agent.report().await;
    agent.report().await;

    let noted = agent
        .tasks
        .setup
        .account
        .with(|world| world.journal.clone());

    assert!(noted.iter().any(|entry| matches!(
        &entry.what,
        What::Messages { version, processed: 7, failed: 3, .. } if version == "v2"
    )));
}
