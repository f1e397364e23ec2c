use std::{
    num::NonZeroU32,
    process::{Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::sync::{mpsc::unbounded_channel, oneshot};

use super::{
    testing::{Lifelines, dead, launch, live_with_one_task, process},
    *,
};
use crate::{
    clock::Moment,
    stage::identity,
    world::{Principal, World},
};

#[tokio::test]
async fn when_it_is_told_to_stop_no_task_survives() {
    let lifelines = Lifelines::new().await;
    let live = live_with_one_task(&lifelines.address()).await;
    let (told, stop) = oneshot::channel::<()>();
    let running = tokio::spawn(live.run(async { drop(stop.await) }));
    let lifeline = lifelines.next().await;

    told.send(()).unwrap();

    dead(lifeline).await;
    assert_eq!(running.await.unwrap().unwrap(), Stopped::AsTold);
}

#[tokio::test]
async fn when_it_is_interrupted_it_stops_and_no_task_survives() {
    let status = signalled_rehearsal(Signal::TERM).await;
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn when_it_is_killed_no_task_survives() {
    let status = signalled_rehearsal(Signal::KILL).await;
    assert!(!status.success(), "{status}");
}

/// Sends a signal to a rehearsal with a running task; ends when both have ended.
async fn signalled_rehearsal(signal: Signal) -> ExitStatus {
    let lifelines = Lifelines::new().await;
    let image = process("rehearsal", &[("ADDRESS", &lifelines.address())]);
    let mut rehearsal = Command::new(image.command)
        .args(image.args)
        .envs(image.environment)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let lifeline = lifelines.next().await;

    kill_process(Pid::from_child(&rehearsal), signal).unwrap();

    dead(lifeline).await;
    tokio::task::spawn_blocking(move || rehearsal.wait().unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_files_of_tasks_are_removed_with_the_last_process() {
    let keeper = Keeper::start().unwrap();
    let directory = keeper.directory();
    std::fs::write(directory.join("heartbeat"), "").unwrap();

    drop(keeper);

    assert!(!directory.exists());
}

#[tokio::test]
async fn a_target_becomes_healthy_by_its_answers_and_takes_the_listeners_requests() {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    let service = tokio::spawn(http::serve(socket, |_, _| async {
        http::json(::http::StatusCode::OK, &json!({}))
    }));
    let mut world = World::new(identity(), Moment(1_790_000_000_000), 100);
    let balanced = testing::balanced(&mut world, [1, 0], false);
    let target = elb::Target {
        ip: address.ip().to_string(),
        port: address.port(),
    };
    elb::register(&mut world, &balanced.groups[0], target.clone());
    let (send, effects) = unbounded_channel();
    let account = Account::new(world, send);
    let live = Live::start(Setup {
        account: account.clone(),
        effects,
        packages: Images::new(),
        images: Images::new(),
        play: Box::new(|_| {}),
        logs: Logs::default(),
        tick: Duration::from_millis(5),
    })
    .await
    .unwrap();
    assert_eq!(live.load_balancer("no listener"), None);
    let listener = live.load_balancer(&balanced.listener).unwrap();
    let rate = NonZeroU32::new(200).unwrap();
    let load = load::Load::new(account.clone(), listener, rate, "/orders").unwrap();

    let state = || account.with(|world| elb::state(world, &balanced.groups[0], &target));
    live.run(async {
        let healthy = async {
            // Health may come before the first request leaves.
            while state() != Some(elb::TargetState::Healthy) || load.totals().sent == 0 {
                tokio::task::yield_now().await;
            }
        };
        load.generate(healthy).await;
    })
    .await
    .unwrap();

    service.abort();
    let totals = load.totals();
    assert!(totals.sent > 0);
    assert_eq!((totals.answered, totals.failed), (totals.sent, 0));
}

#[tokio::test]
async fn a_source_or_build_action_is_left_to_the_caller() {
    let (send, effects) = unbounded_channel();
    let (played, mut plays) = unbounded_channel();
    let live = Live::start(Setup {
        account: Account::new(World::new(identity(), Moment(0), 1), send.clone()),
        effects,
        packages: Images::new(),
        images: Images::new(),
        play: Box::new(move |action| played.send(action.action).unwrap()),
        logs: Logs::default(),
        tick: Duration::from_secs(1),
    })
    .await
    .unwrap();
    send.send(Effect::PlayAction(PlayedAction {
        action_execution: "1".to_owned(),
        execution: "2".to_owned(),
        stage: "Source".to_owned(),
        action: "Checkout".to_owned(),
        provider: "S3".to_owned(),
        configuration: BTreeMap::default(),
        input_artifacts: BTreeMap::default(),
        output_artifacts: BTreeMap::default(),
    }))
    .unwrap();

    live.run(async move { assert_eq!(plays.recv().await.as_deref(), Some("Checkout")) })
        .await
        .unwrap();
}

#[tokio::test]
async fn log_files_that_cannot_be_written_end_the_rehearsal_with_the_reason() {
    let keeper = Keeper::start().unwrap();
    let directory = keeper.directory().join("logs");
    let logs = Logs::in_directory(directory.clone()).unwrap();
    std::fs::remove_dir(&directory).unwrap();
    let (send, effects) = unbounded_channel();
    let live = Live::start(Setup {
        account: Account::new(World::new(identity(), Moment(0), 1), send.clone()),
        effects,
        packages: Images::new(),
        images: Images::from([("app".to_owned(), testing::script("echo hello"))]),
        play: Box::new(|_| {}),
        logs: logs.clone(),
        tick: Duration::from_secs(1),
    })
    .await
    .unwrap();
    send.send(Effect::StartTask(launch("app"))).unwrap();

    let error = live.run(std::future::pending()).await.unwrap_err();

    assert!(matches!(error, LiveError::Logs(_)), "{error}");
    assert_eq!(logs.lines()[0].text, "hello");
}

/// Answers when a set of tasks is as it is wanted.
async fn until(account: &Account, wanted: impl Fn(&serde_json::Value) -> bool) {
    let asked = json!({ "cluster": "orders", "services": ["app"] });
    let person = Principal("person".to_owned());
    loop {
        let answer = account.with(|it| ecs::call(it, "DescribeServices", &asked, &person));
        if wanted(&answer.unwrap()["services"][0]["taskSets"]) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_task_of_a_task_set_is_a_process_that_is_told_to_stop_with_its_set() {
    let mut world = World::new(identity(), Moment(1_790_000_000_000), 200);
    ecs::create_cluster(&mut world, "orders");
    let container = json!({ "name": "app", "image": "app:v1" });
    let definition = json!({ "family": "app", "containerDefinitions": [container] });
    ecs::register_task_definition(&mut world, &definition).unwrap();
    let service = json!({ "cluster": "orders", "serviceName": "app", "desiredCount": 1,
        "deploymentController": { "type": "EXTERNAL" } });
    ecs::create_service(&mut world, &service).unwrap();
    let (send, effects) = unbounded_channel();
    let account = Account::new(world, send);
    let app = "trap 'echo bye; exit 0' TERM; echo $ECS_CONTAINER_METADATA_URI_V4; while :; do sleep 0.02; done";
    let logs = Logs::default();
    let live = Live::start(Setup {
        account: account.clone(),
        effects,
        packages: Images::new(),
        images: Images::from([("app:v1".to_owned(), testing::script(app))]),
        play: Box::new(|_| {}),
        logs: logs.clone(),
        tick: Duration::from_millis(5),
    })
    .await
    .unwrap();
    let call = |operation: &str, mut input: serde_json::Value| {
        input["cluster"] = json!("orders");
        input["service"] = json!("app");
        let person = Principal("person".to_owned());
        account.with(|world| ecs::call(world, operation, &input, &person))
    };

    live.run(async {
        let set = json!({ "taskDefinition": "app", "scale": { "value": 100.0 } });
        let id = call("CreateTaskSet", set).unwrap()["taskSet"]["id"].take();
        until(&account, |sets| {
            sets[0]["stabilityStatus"] == "STEADY_STATE"
        })
        .await;
        while logs.lines().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        call("DeleteTaskSet", json!({ "taskSet": id, "force": true })).unwrap();
        until(&account, |sets| *sets == json!([])).await;
    })
    .await
    .unwrap();

    let lines: Vec<String> = logs.lines().into_iter().map(|it| it.text).collect();
    assert!(lines[0].contains("/v4/"), "{lines:?}");
    assert_eq!(lines[1..], ["bye"]);
}
