use std::sync::atomic::{AtomicU64, Ordering};

use http::Response;
use http_body_util::Full;
use tokio::{net::TcpListener, sync::Notify};

use super::*;
use crate::live::{http::serve, testing::account};

/// A server whose every answer is what `handle` makes of the request's number, from 0.
async fn server<H, F>(handle: H) -> SocketAddr
where
    H: Fn(u64) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = (u16, Option<&'static str>)> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicU64::new(0));
    tokio::spawn(serve(listener, move |_, _| {
        let answer = handle(requests.fetch_add(1, Ordering::SeqCst));
        async move {
            let (status, version) = answer.await;
            let mut answer = Response::builder().status(status);
            if let Some(version) = version {
                answer = answer.header(VERSION_HEADER, version);
            }
            answer.body(Full::<Bytes>::from("text")).unwrap()
        }
    }));
    address
}

fn load(account: &Account, address: SocketAddr) -> Load {
    Load::new(
        account.clone(),
        address,
        NonZeroU32::new(500).unwrap(),
        "/orders",
    )
    .unwrap()
}

/// What the journal has of each version: processed and failed.
fn noted(account: &Account) -> BTreeMap<String, (u32, u32)> {
    let mut noted: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for entry in account.with(|world| world.journal.clone()) {
        if let What::Messages {
            version,
            processed,
            failed,
            ..
        } = entry.what
        {
            let sum = noted.entry(version).or_default();
            *sum = (sum.0 + processed, sum.1 + failed);
        }
    }
    noted
}

#[tokio::test]
async fn every_answer_counts_for_the_version_that_gave_it() {
    let account = account();
    let enough = Arc::new(Notify::new());
    let told = enough.clone();
    let address = server(move |number| {
        if number == 9 {
            told.notify_one();
        }
        async move {
            match number {
                0 => (503, None),
                1 => (500, Some("v2")),
                2..6 => (200, Some("v2")),
                _ => (200, Some("v1")),
            }
        }
    })
    .await;
    let load = load(&account, address);

    load.generate(enough.notified()).await;

    let totals = load.totals();
    assert!(totals.sent >= 10, "{totals:?}");
    assert_eq!(totals.answered, totals.sent);
    assert_eq!(totals.failed, 2);
    let words = &totals.first_failures;
    assert!(
        words[0].ends_with("Z: status 503 from the load balancer"),
        "{words:?}"
    );
    assert!(
        words[1].ends_with("Z: status 500 from version v2"),
        "{words:?}"
    );
    let noted = noted(&account);
    assert_eq!(noted[NO_VERSION], (0, 1));
    assert_eq!(noted["v2"], (4, 1));
    assert_eq!(u64::from(noted["v1"].0), totals.sent - 6);
}

#[tokio::test]
async fn a_request_that_nobody_takes_has_failed_and_the_reason_is_told() {
    let account = account();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let load = load(&account, address);
    let failed = async {
        while load.totals().failed < 7 {
            tokio::task::yield_now().await;
        }
    };

    load.generate(failed).await;

    let totals = load.totals();
    assert_eq!((totals.answered, totals.failed), (0, totals.sent));
    assert_eq!(totals.first_failures.len(), 5);
    assert!(
        totals.first_failures[0].contains("refused"),
        "{:?}",
        totals.first_failures
    );
    assert_eq!(u64::from(noted(&account)[NO_VERSION].1), totals.failed);
}

#[tokio::test]
async fn told_to_stop_it_waits_for_what_is_in_flight() {
    let account = account();
    let [begun, stopping, released] = std::array::from_fn(|_| Arc::new(Notify::new()));
    let (told, held) = (begun.clone(), released.clone());
    let address = server(move |_| {
        told.notify_one();
        let held = held.clone();
        async move {
            held.notified().await;
            (200, Some("v1"))
        }
    })
    .await;
    let load = load(&account, address);
    let (running, seen) = (load.clone(), stopping.clone());
    let generating = tokio::spawn(async move {
        let stop = async {
            begun.notified().await;
            seen.notify_one();
        };
        running.generate(stop).await;
    });
    stopping.notified().await;
    let sent = load.totals().sent;
    assert!(!generating.is_finished());

    while !generating.is_finished() {
        released.notify_one();
        tokio::task::yield_now().await;
    }

    let totals = load.totals();
    assert_eq!(totals.sent, sent);
    assert_eq!((totals.answered, totals.failed), (sent, 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_without_an_answer_in_time_has_failed() {
    let account = account();
    let address = server(|_| std::future::pending()).await;
    let load = load(&account, address);

    load.generate(tokio::time::sleep(Duration::from_secs(1)))
        .await;

    let totals = load.totals();
    assert!(totals.sent > 1, "{totals:?}");
    assert_eq!((totals.answered, totals.failed), (0, totals.sent));
    let words = &totals.first_failures[0];
    assert!(
        words.ends_with("no answer from the load balancer within 10 s"),
        "{words}"
    );
}

#[tokio::test]
async fn a_path_that_is_none_is_refused() {
    let address = "127.0.0.1:80".parse().unwrap();
    let load = Load::new(account(), address, NonZeroU32::MIN, "no path");
    assert!(load.is_err());
}
