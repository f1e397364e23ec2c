//! Processes for the tests: this test binary itself, told by its environment what to be.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream as Peer},
    sync::mpsc::unbounded_channel,
};

use super::{Image, Images, Live, Setup, logs::Logs};
use crate::{
    clock::Moment,
    stage::identity,
    wire::Account,
    world::{Effect, World, ecr, ecs::TaskLaunch, elb},
};

/// A process of this test binary that is `role`.
pub(super) fn process(role: &str, environment: &[(&str, &str)]) -> Image {
    let mut environment: BTreeMap<String, String> = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    environment.insert("ROLE".to_owned(), role.to_owned());
    let arguments = ["--exact", "live::testing::role", "--nocapture"];
    Image {
        command: std::env::current_exe().unwrap(),
        args: arguments.map(str::to_owned).to_vec(),
        environment,
    }
}

/// A script as an image.
pub(super) fn script(text: &str) -> Image {
    Image {
        args: vec!["-c".to_owned(), text.to_owned()],
        ..Image::program(PathBuf::from("/bin/sh"))
    }
}

pub(super) fn launch(image: &str) -> TaskLaunch {
    TaskLaunch {
        task_arn: "arn:aws:ecs:eu-central-1:111122223333:task/orders/0a1b2c".to_owned(),
        service: "orders".to_owned(),
        container: "app".to_owned(),
        image: image.to_owned(),
        digest: ecr::made_up_digest(image),
        environment: BTreeMap::new(),
        command: Vec::new(),
        health_check: None,
        address: None,
        port: None,
    }
}

pub(super) fn account() -> Account {
    let (effects, _) = unbounded_channel();
    // Fast, so that health checks need no waiting.
    Account::new(
        World::new(identity(), Moment(1_790_000_000_000), 100),
        effects,
    )
}

/// A load balancer: ARNs.
pub(super) struct Balanced {
    pub(super) load_balancer: String,
    /// Answers 404 but for the rule's requests.
    pub(super) listener: String,
    /// `primary` and `canary`.
    pub(super) groups: [String; 2],
}

/// Creates a load balancer whose rule sends requests for the path `/orders` to two groups.
pub(super) fn balanced(world: &mut World, weights: [u32; 2], sticky: bool) -> Balanced {
    world.elb.propagation = Duration::ZERO;
    let input = json!({ "Name": "orders", "Subnets": ["subnet-1", "subnet-2"] });
    let created = elb::call(world, "CreateLoadBalancer", &input).unwrap();
    let load_balancer = text(&created["LoadBalancers"][0]["LoadBalancerArn"]);
    let input = json!({
        "LoadBalancerArn": load_balancer,
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": [
            { "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } },
        ],
    });
    let created = elb::call(world, "CreateListener", &input).unwrap();
    let listener = text(&created["Listeners"][0]["ListenerArn"]);
    let groups = ["primary", "canary"].map(|name| {
        let input = json!({
            "Name": name,
            "Protocol": "HTTP",
            "Port": 8080,
            "VpcId": "vpc-1",
            "TargetType": "ip",
            "HealthCheckPath": "/health",
        });
        let created = elb::call(world, "CreateTargetGroup", &input).unwrap();
        text(&created["TargetGroups"][0]["TargetGroupArn"])
    });
    let tuples: Vec<Value> = groups
        .iter()
        .zip(weights)
        .map(|(arn, weight)| json!({ "TargetGroupArn": arn, "Weight": weight }))
        .collect();
    let input = json!({
        "ListenerArn": listener,
        "Priority": 10,
        "Conditions": [
            { "Field": "path-pattern", "Values": ["/orders"] },
            { "Field": "host-header", "Values": ["127.0.0.1"] },
        ],
        "Actions": [{ "Type": "forward", "ForwardConfig": {
            "TargetGroups": tuples,
            "TargetGroupStickinessConfig": { "Enabled": sticky, "DurationSeconds": 600 },
        } }],
    });
    elb::call(world, "CreateRule", &input).unwrap();
    Balanced {
        load_balancer,
        listener,
        groups,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Where processes show that they live: a connection that ends with the process, however it ends.
pub(super) struct Lifelines {
    listener: TcpListener,
}

impl Lifelines {
    pub(super) async fn new() -> Self {
        Self {
            listener: TcpListener::bind(("127.0.0.1", 0)).await.unwrap(),
        }
    }

    pub(super) fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// Waits for the next process to show itself.
    pub(super) async fn next(&self) -> Peer {
        self.listener.accept().await.unwrap().0
    }
}

/// Waits until the process at the other end has ended.
pub(super) async fn dead(mut lifeline: Peer) {
    use tokio::io::AsyncReadExt;
    let mut nothing = [0];
    // A reset ends it as well.
    assert!(!matches!(lifeline.read(&mut nothing).await, Ok(1)));
}

/// Goes live with one task that shows itself at `address`.
pub(super) async fn live_with_one_task(address: &str) -> Live {
    let (send, effects) = unbounded_channel();
    let world = World::new(identity(), Moment(1_790_000_000_000), 1);
    let live = Live::start(Setup {
        account: Account::new(world, send.clone()),
        effects,
        packages: Images::new(),
        images: Images::from([("app".to_owned(), process("alive", &[("ADDRESS", address)]))]),
        play: Box::new(|_| {}),
        logs: Logs::default(),
        tick: Duration::from_secs(1),
    })
    .await
    .unwrap();
    send.send(Effect::StartTask(launch("app"))).unwrap();
    live
}

/// What the processes that tests start are; without a role, nothing.
#[test]
fn role() {
    match std::env::var("ROLE").as_deref() {
        Ok("alive") => show_life(),
        Ok("function") => function(),
        Ok("rehearsal") => rehearsal(),
        _ => {}
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// Connects and stays until it is killed.
fn show_life() {
    let mut lifeline = TcpStream::connect(variable("ADDRESS")).unwrap();
    let _ = lifeline.read(&mut [0]);
}

#[tokio::main(flavor = "current_thread")]
async fn rehearsal() {
    let live = live_with_one_task(&variable("ADDRESS")).await;
    live.run(std::future::pending()).await.unwrap();
}

/// A function that does what its events say.
fn function() {
    println!("starting");
    match std::env::var("INIT").as_deref() {
        Ok("exit") => std::process::exit(3),
        Ok("error") => {
            let error = json!({ "errorType": "Config", "errorMessage": "no table" });
            request("POST", "init/error", &error.to_string());
            std::process::exit(1);
        }
        _ => {}
    }
    loop {
        let (head, event) = request("GET", "invocation/next", "");
        let event: Value = serde_json::from_str(&event).unwrap();
        let header = |name: &str| {
            let prefix = format!("{name}: ");
            let line = head.lines().find_map(|line| line.strip_prefix(&prefix));
            line.unwrap_or_default().to_owned()
        };
        let id = header("lambda-runtime-aws-request-id");
        match event["do"].as_str() {
            Some("fail") => {
                let error = json!({ "errorType": "Boom", "errorMessage": "it failed" });
                request(
                    "POST",
                    &format!("invocation/{id}/error"),
                    &error.to_string(),
                );
                continue;
            }
            Some("exit") => std::process::exit(7),
            Some("hang" | "meet") => show_life(),
            _ => {}
        }
        if event["do"] == "wrong id" {
            let (head, _) = request("POST", "invocation/another/response", "{}");
            println!("{}", head.lines().next().unwrap_or_default());
        }
        let environment: BTreeMap<String, String> = std::env::vars().collect();
        let answer = json!({
            "pid": std::process::id(),
            "environment": environment,
            "deadline": header("lambda-runtime-deadline-ms"),
            "arn": header("lambda-runtime-invoked-function-arn"),
            "trace": header("lambda-runtime-trace-id"),
        });
        request(
            "POST",
            &format!("invocation/{id}/response"),
            &answer.to_string(),
        );
    }
}

/// One request to the Runtime API; answers head and body.
fn request(method: &str, path: &str, body: &str) -> (String, String) {
    let mut connection = TcpStream::connect(variable("AWS_LAMBDA_RUNTIME_API")).unwrap();
    let length = body.len();
    let head = format!(
        "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: lambda\r\n\
         Connection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    connection.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}
