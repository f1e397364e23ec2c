mod checks;

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use http_body_util::BodyExt;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Notify, mpsc::unbounded_channel},
};

use super::*;
use crate::{
    clock::Moment,
    live::testing::{Balanced, balanced},
    stage::identity,
    world::{World, cloudwatch},
};

/// A load balancer in front of groups `primary` and `canary`; the rule is for the path `/orders`.
struct Stage {
    account: Account,
    load_balancer: String,
    groups: [String; 2],
    address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Stage {
    /// With these weights of the two groups, and a stickiness of the rule.
    async fn new(weights: [u32; 2], sticky: bool) -> Self {
        let mut world = World::new(identity(), Moment(1_790_000_000_000), 1);
        let Balanced {
            load_balancer,
            listener,
            groups,
        } = balanced(&mut world, weights, sticky);
        let account = Account::new(world, unbounded_channel().0);
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let forwarder = Arc::new(Forwarder::new(account.clone()));
        tokio::spawn(serve(socket, forwarder, listener, 80));
        Self {
            account,
            load_balancer,
            groups,
            address,
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Registers who listens there in the group of this place.
    fn register(&self, group: usize, address: SocketAddr) -> Target {
        let target = Target {
            ip: address.ip().to_string(),
            port: address.port(),
        };
        self.account
            .with(|world| elb::register(world, &self.groups[group], target.clone()));
        target
    }

    /// Removes a target with a deregistration delay of so many seconds.
    fn deregister(&self, group: usize, target: &Target, delay: u32) {
        let group = &self.groups[group];
        let input = json!({
            "TargetGroupArn": group,
            "Attributes": [{
                "Key": "deregistration_delay.timeout_seconds",
                "Value": delay.to_string(),
            }],
        });
        self.account.with(|world| {
            elb::call(world, "ModifyTargetGroupAttributes", &input).unwrap();
            elb::deregister(world, group, target);
        });
    }

    fn request(&self, path: &str) -> http::request::Builder {
        Request::get(format!("http://{}{path}", self.address))
    }

    async fn send(&self, request: http::request::Builder) -> Response<Incoming> {
        let request = request.body(Full::default()).unwrap();
        self.client.request(request).await.unwrap()
    }

    async fn get(&self, path: &str) -> StatusCode {
        self.send(self.request(path)).await.status()
    }

    /// Whether an alarm sees at least so many 5xx that the load balancer gave by itself.
    fn own_errors_reach(&self, least: u32) -> bool {
        self.end_minute();
        self.reaches("HTTPCode_ELB_5XX_Count", least)
    }

    /// Lets the running minute end and its metrics come out.
    fn end_minute(&self) {
        self.account.with(|world| {
            elb::tick(world);
            world.now = world.now + Duration::from_mins(1);
            elb::tick(world);
        });
    }

    /// Which of these metrics an alarm sees in the minute that has ended.
    fn counted<'a>(&self, metrics: &[&'a str]) -> Vec<&'a str> {
        self.end_minute();
        let counted = metrics.iter().copied();
        counted.filter(|metric| self.reaches(metric, 1)).collect()
    }

    /// Whether an alarm sees a metric of the load balancer reach that in the minute that has ended.
    fn reaches(&self, metric: &str, least: u32) -> bool {
        let name = format!("{metric}-{least}");
        let input = json!({
            "AlarmName": name,
            "Namespace": "AWS/ApplicationELB",
            "MetricName": metric,
            "Dimensions": [{ "Name": "LoadBalancer", "Value": elb::full_name(&self.load_balancer) }],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": least,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        });
        self.account.with(|world| {
            cloudwatch::put_metric_alarm(world, &input).unwrap();
            // A new alarm is looked at for the first time when a minute has passed.
            let now = world.now;
            world.now = now + Duration::from_mins(1);
            cloudwatch::tick(world);
            world.now = now;
            let input = json!({ "AlarmNames": [name] });
            let output = cloudwatch::call(world, "DescribeAlarms", &input).unwrap();
            output["MetricAlarms"][0]["StateValue"] == "ALARM"
        })
    }
}

/// What a target was asked: the heads of its requests with their clients' addresses.
type Asked = Arc<Mutex<Vec<(http::request::Parts, SocketAddr)>>>;

/// A target that answers 200 with its name as version, after what `wait` waits for.
async fn target<F>(
    name: &'static str,
    wait: impl Fn() -> F + Clone + Send + 'static,
) -> (SocketAddr, Asked)
where
    F: Future<Output = ()> + Send + 'static,
{
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let asked = Asked::default();
    let asking = asked.clone();
    tokio::spawn(endpoint::serve(
        socket,
        move |request: Request<Incoming>, client| {
            let (head, body) = request.into_parts();
            asking
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((head, client));
            let waiting = wait();
            async move {
                waiting.await;
                Response::builder()
                    .header("x-version", name)
                    .header("keep-alive", "timeout=5")
                    .body(body)
                    .unwrap()
            }
        },
    ));
    (address, asked)
}

async fn prompt_target(name: &'static str) -> (SocketAddr, Asked) {
    target(name, || std::future::ready(())).await
}

/// An address where nobody listens.
async fn nowhere() -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    socket.local_addr().unwrap()
}

fn version(answer: &Response<Incoming>) -> String {
    answer.headers()["x-version"].to_str().unwrap().to_owned()
}

/// How many of a hundred requests each version answers, three of four being for the first.
async fn shares(change: impl FnOnce(&mut World)) -> BTreeMap<String, u32> {
    let stage = Stage::new([75, 25], false).await;
    stage.account.with(change);
    stage.register(0, prompt_target("v1").await.0);
    stage.register(1, prompt_target("v2").await.0);

    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..100 {
        let answer = stage.send(stage.request("/orders")).await;
        *counts.entry(version(&answer)).or_default() += 1;
    }

    assert_eq!(counts["v1"] + counts["v2"], 100);
    assert!(!stage.own_errors_reach(1));
    counts
}

#[tokio::test]
async fn requests_are_shared_as_the_weights_say() {
    let counts = shares(|_| ()).await;
    assert!((74..=76).contains(&counts["v1"]), "{counts:?}");
}

#[tokio::test]
async fn requests_that_are_shared_by_lot_come_near_the_weights() {
    let counts = shares(|world| world.elb.lots = Some(elb::Lots::seeded(1))).await;
    assert!((60..=90).contains(&counts["v1"]), "{counts:?}");
}

#[tokio::test]
async fn a_draining_target_finishes_its_request_and_gets_no_other() {
    let (begun, released) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, held) = (begun.clone(), released.clone());
    let stage = Stage::new([1, 0], false).await;
    let (address, asked) = target("v1", move || {
        told.notify_one();
        let held = held.clone();
        async move { held.notified().await }
    })
    .await;
    let draining = stage.register(0, address);
    let answer = stage.send(stage.request("/orders"));
    tokio::pin!(answer);
    tokio::select! {
        _ = &mut answer => panic!("it is held"),
        () = begun.notified() => {}
    }

    stage.deregister(0, &draining, 300);
    assert_eq!(stage.get("/orders").await, StatusCode::SERVICE_UNAVAILABLE);
    released.notify_one();

    assert_eq!(answer.await.status(), StatusCode::OK);
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_that_outlasts_the_deregistration_delay_fails() {
    let begun = Arc::new(Notify::new());
    let told = begun.clone();
    let stage = Stage::new([1, 0], false).await;
    let (address, _) = target("v1", move || {
        told.notify_one();
        std::future::pending()
    })
    .await;
    let draining = stage.register(0, address);
    let answer = stage.get("/orders");
    tokio::pin!(answer);
    tokio::select! {
        _ = &mut answer => panic!("it is held"),
        () = begun.notified() => {}
    }

    stage.deregister(0, &draining, 0);

    assert_eq!(answer.await, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_target_that_refuses_connections_gives_502_and_is_counted() {
    let stage = Stage::new([1, 0], false).await;
    stage.register(0, nowhere().await);

    let answer = stage.send(stage.request("/orders")).await;

    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(answer.headers()[SERVER], "awselb/2.0");
    assert!(!answer.headers().contains_key("x-version"));
    let counted = stage.counted(&COUNTS);
    let refused = [
        "RequestCount",
        "TargetConnectionErrorCount",
        "HTTPCode_ELB_5XX_Count",
        "HTTPCode_ELB_502_Count",
    ];
    assert_eq!(counted, refused);
}

/// What may be counted of a request without an answer.
const COUNTS: [&str; 6] = [
    "RequestCount",
    "TargetConnectionErrorCount",
    "HTTPCode_ELB_5XX_Count",
    "HTTPCode_ELB_502_Count",
    "HTTPCode_ELB_504_Count",
    "HTTPCode_ELB_4XX_Count",
];

#[tokio::test]
async fn a_target_that_takes_a_request_and_closes_gives_502_and_is_no_connection_error() {
    let stage = Stage::new([1, 0], false).await;
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    stage.register(0, socket.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut connection, _) = socket.accept().await.unwrap();
        assert!(connection.read(&mut [0; 1000]).await.unwrap() > 0);
    });

    assert_eq!(stage.get("/orders").await, StatusCode::BAD_GATEWAY);

    let dropped = [
        "RequestCount",
        "HTTPCode_ELB_5XX_Count",
        "HTTPCode_ELB_502_Count",
    ];
    assert_eq!(stage.counted(&COUNTS), dropped);
}

#[tokio::test]
async fn a_client_that_goes_away_is_counted_and_fails_nothing() {
    let begun = Arc::new(Notify::new());
    let told = begun.clone();
    let stage = Stage::new([1, 0], false).await;
    let (address, _) = target("v1", move || {
        told.notify_one();
        std::future::pending()
    })
    .await;
    stage.register(0, address);
    let mut client = TcpStream::connect(stage.address).await.unwrap();
    let request = "GET /orders HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    client.write_all(request.as_bytes()).await.unwrap();
    begun.notified().await;

    drop(client);
    // Nobody tells the client when the load balancer has seen it.
    tokio::time::sleep(Duration::from_millis(200)).await;

    let given_up = ["RequestCount", "HTTPCode_ELB_4XX_Count"];
    assert_eq!(stage.counted(&COUNTS), given_up);
}

#[tokio::test]
async fn a_request_whose_connection_breaks_is_not_sent_again() {
    let stage = Stage::new([1, 0], false).await;
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    stage.register(0, socket.local_addr().unwrap());
    let connections = tokio::spawn(async move {
        // The first request is answered, the second one meets the end of the same connection.
        let (mut connection, _) = socket.accept().await.unwrap();
        let mut request = [0; 1000];
        assert!(connection.read(&mut request).await.unwrap() > 0);
        connection
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        assert!(connection.read(&mut request).await.unwrap() > 0);
        drop(connection);
        socket
    });

    assert_eq!(stage.get("/orders").await, StatusCode::OK);
    assert_eq!(stage.get("/orders").await, StatusCode::BAD_GATEWAY);

    let socket = connections.await.unwrap();
    let another = tokio::select! {
        biased;
        _ = socket.accept() => true,
        () = tokio::task::yield_now() => false,
    };
    assert!(!another);
    assert!(stage.own_errors_reach(1));
}

#[tokio::test(start_paused = true)]
async fn a_target_that_never_answers_gives_504_after_a_minute() {
    let stage = Stage::new([1, 0], false).await;
    let (address, _) = target("v1", std::future::pending).await;
    stage.register(0, address);
    let began = Instant::now();

    assert_eq!(stage.get("/orders").await, StatusCode::GATEWAY_TIMEOUT);

    assert_eq!(began.elapsed().as_secs(), 60);
    let late = [
        "RequestCount",
        "HTTPCode_ELB_5XX_Count",
        "HTTPCode_ELB_504_Count",
    ];
    assert_eq!(stage.counted(&COUNTS), late);
}

#[tokio::test]
async fn a_sticky_client_stays_with_its_group() {
    let stage = Stage::new([50, 50], true).await;
    stage.register(0, prompt_target("v1").await.0);
    stage.register(1, prompt_target("v2").await.0);
    for _ in 0..2 {
        let answer = stage.send(stage.request("/orders")).await;
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
        assert!(cookie.starts_with("AWSALBTG="), "{cookie}");
        let cookie = format!("theme=dark; {}", cookie.split(';').next().unwrap());
        for _ in 0..10 {
            let request = stage.request("/orders").header(COOKIE, &cookie);
            assert_eq!(version(&stage.send(request).await), version(&answer));
        }
    }
}

#[tokio::test]
async fn a_target_sees_the_client_and_nothing_of_its_connection() {
    let stage = Stage::new([1, 0], false).await;
    let (address, asked) = prompt_target("v1").await;
    stage.register(0, address);
    for _ in 0..2 {
        let request = stage
            .request("/orders?page=2")
            .header("x-forwarded-for", "192.0.2.7")
            .header(CONNECTION, "x-private")
            .header("x-private", "1")
            .header(TE, "trailers");
        let answer = stage.send(request).await;
        assert!(!answer.headers().contains_key("keep-alive"));
    }

    let asked = asked.lock().unwrap();
    let (head, connection) = &asked[0];
    assert_eq!(head.uri, "/orders?page=2");
    assert_eq!(head.headers["x-forwarded-for"], "192.0.2.7, 127.0.0.1");
    assert_eq!(head.headers["x-forwarded-proto"], "http");
    assert_eq!(head.headers["x-forwarded-port"], "80");
    assert_eq!(head.headers[HOST], stage.address.to_string());
    for name in ["x-private", "te", "connection"] {
        assert!(!head.headers.contains_key(name), "{name}");
    }
    assert_eq!(asked[1].1, *connection, "the connection is used again");
}

#[tokio::test]
async fn bodies_pass_while_they_are_being_sent() {
    let stage = Stage::new([1, 0], false).await;
    stage.register(0, prompt_target("v1").await.0);
    let mut client = TcpStream::connect(stage.address).await.unwrap();
    let head = "POST /orders HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(b"5\r\nfirst\r\n").await.unwrap();
    let mut seen = String::new();
    read_until(&mut client, &mut seen, "5\r\nfirst\r\n").await;

    client.write_all(b"4\r\nlast\r\n0\r\n\r\n").await.unwrap();

    read_until(&mut client, &mut seen, "4\r\nlast\r\n0\r\n\r\n").await;
}

async fn read_until(client: &mut TcpStream, seen: &mut String, end: &str) {
    while !seen.ends_with(end) {
        let mut part = [0; 1000];
        let length = client.read(&mut part).await.unwrap();
        assert!(length > 0, "{seen}");
        seen.push_str(std::str::from_utf8(&part[..length]).unwrap());
    }
}

#[tokio::test]
async fn the_load_balancer_answers_by_itself_what_it_forwards_to_nobody() {
    let stage = Stage::new([1, 0], false).await;
    assert_eq!(stage.get("/").await, StatusCode::NOT_FOUND);
    assert_eq!(stage.get("/orders").await, StatusCode::SERVICE_UNAVAILABLE);
    let request = stage.request("/orders").method(Method::TRACE);
    let answer = stage.send(request).await;
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    let page = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(page.starts_with(b"<html>"), "{page:?}");
}
