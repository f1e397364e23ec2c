use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::settings::AnswerSettings;
use super::*;
use crate::work::Demo;

/// A service that is told to stop by `stop`.
struct Service {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Served>,
}

impl Service {
    async fn start(drain: Duration) -> Self {
        Self::dropping(0, drain).await
    }

    /// One that drops so many of a hundred requests.
    async fn dropping(drop_percent: u64, drain: Duration) -> Self {
        let settings = AnswerSettings {
            app_version: "2.1.0".to_owned(),
            demo: Demo {
                duration: Duration::ZERO,
                failure_percent: 0,
                attempt_failure_percent: 0,
            },
            health_fails_after: None,
            drop_percent,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answers = Answers::new(&settings, "orders").unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(serve(listener, answers, drain, async {
            drop(stopped.await);
        }));
        Self {
            address,
            stop,
            ended,
        }
    }

    async fn connect(&self) -> Client {
        Client(BufReader::new(
            TcpStream::connect(self.address).await.unwrap(),
        ))
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Sends the head of a request and waits until it is in hand, which lasts until `body` is sent.
    async fn begin(&mut self) {
        self.send(
            "POST /orders HTTP/1.1\r\nhost: here\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n",
        )
        .await;
        assert_eq!(self.head().await, ["HTTP/1.1 100 Continue"]);
    }

    /// The lines of the next head; none at the end of the connection.
    async fn head(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.unwrap();
            if line.trim_end().is_empty() {
                return lines;
            }
            lines.push(line.trim_end().to_owned());
        }
    }

    /// The next answer's head; its body is read too.
    async fn answer(&mut self) -> Vec<String> {
        let head = self.head().await;
        let length = head
            .iter()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        self.0.read_exact(&mut vec![0; length]).await.unwrap();
        head
    }

    /// Waits for the end of the connection.
    async fn closed(mut self) {
        // A reset ends it as well.
        assert!(!matches!(self.0.read(&mut [0]).await, Ok(1)));
    }
}

const LONG: Duration = Duration::from_mins(10);

#[tokio::test]
async fn one_connection_serves_many_requests_and_their_bodies() {
    let service = Service::start(LONG).await;
    let mut client = service.connect().await;
    for _ in 0..3 {
        client
            .send("POST /orders HTTP/1.1\r\nhost: here\r\ncontent-length: 4\r\n\r\nbody")
            .await;
        let head = client.answer().await;
        assert_eq!(head[0], "HTTP/1.1 200 OK");
        assert!(head.contains(&"x-version: 2.1.0".to_owned()), "{head:?}");
    }
}

#[tokio::test]
async fn a_stop_lets_the_request_in_hand_finish_and_takes_no_other() {
    let service = Service::start(LONG).await;
    let mut client = service.connect().await;
    client.begin().await;

    service.stop.send(()).unwrap();
    while TcpStream::connect(service.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    client.send("body").await;

    let head = client.answer().await;
    assert_eq!(head[0], "HTTP/1.1 200 OK");
    assert!(head.contains(&"connection: close".to_owned()), "{head:?}");
    client.closed().await;
    let served = service.ended.await.unwrap();
    assert_eq!(
        served,
        Served {
            finished: 1,
            abandoned: 0
        }
    );
}

#[tokio::test]
async fn a_stop_closes_connections_that_wait_for_their_first_or_next_request() {
    let service = Service::start(LONG).await;
    let fresh = service.connect().await;
    let mut used = service.connect().await;
    used.send("GET / HTTP/1.1\r\nhost: here\r\n\r\n").await;
    used.answer().await;

    service.stop.send(()).unwrap();

    used.closed().await;
    fresh.closed().await;
    assert_eq!(service.ended.await.unwrap(), Served::default());
}

#[tokio::test]
async fn a_request_that_takes_too_long_after_a_stop_is_cut_off_and_counted() {
    let service = Service::start(Duration::ZERO).await;
    let mut client = service.connect().await;
    client.begin().await;

    service.stop.send(()).unwrap();

    let served = service.ended.await.unwrap();
    assert_eq!(
        served,
        Served {
            finished: 0,
            abandoned: 1
        }
    );
    client.closed().await;
}

#[tokio::test]
async fn a_request_that_is_dropped_ends_its_connection_without_a_word_and_others_are_taken() {
    let service = Service::dropping(50, LONG).await;
    let request = "GET / HTTP/1.1\r\nhost: here\r\n\r\n";
    let mut client = service.connect().await;
    client.send(request).await;
    assert_eq!(client.answer().await[0], "HTTP/1.1 200 OK");

    client.send(request).await;
    client.closed().await;

    let mut another = service.connect().await;
    another.send(request).await;
    assert_eq!(another.answer().await[0], "HTTP/1.1 200 OK");
}
