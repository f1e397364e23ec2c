//! A client that does nothing else: receives ten messages and deletes them, as fast as it is answered.

use anyhow::Context;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sqs::{
    Client,
    config::Credentials,
    types::{DeleteMessageBatchRequestEntry, Message},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use rehearsal_core::{stage, wire::access_key};
use tokio::{runtime::Runtime, task::JoinSet};

use super::{TASK, gauge::Threads, local::Local};

/// What its threads are called.
const THREADS: &str = "bare";

/// The loops; they end with this.
pub(super) struct Bare {
    _runtime: Runtime,
    _loops: JoinSet<()>,
}

impl Bare {
    /// With at most so many messages in hand.
    pub(super) fn start(local: &Local, in_hand: u16) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name(THREADS)
            .enable_all()
            .build()
            .context("the bare client cannot be started")?;
        let client = runtime.block_on(client(&local.endpoint));
        let mut loops = JoinSet::new();
        for _ in 0..in_hand / 10 {
            let (client, url) = (client.clone(), local.queue_url.clone());
            loops.spawn_on(
                async move {
                    // A failure ends the loop, and without loops no message is deleted: that is noticed.
                    while turn(&client, &url).await.is_ok() {}
                },
                runtime.handle(),
            );
        }
        Ok(Self {
            _runtime: runtime,
            _loops: loops,
        })
    }

    /// Where its CPU time is.
    pub(super) fn threads() -> Threads {
        Threads::Named(THREADS)
    }
}

async fn client(endpoint: &str) -> Client {
    let credentials = Credentials::new(access_key(TASK), "figures", None, None, "figures");
    let https = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(https)
        .region(Region::new(stage::identity().region))
        .credentials_provider(credentials)
        .endpoint_url(endpoint)
        .load()
        .await;
    Client::new(&config)
}

async fn turn(client: &Client, url: &str) -> Result<(), aws_sdk_sqs::Error> {
    let received = client
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .wait_time_seconds(20)
        .send()
        .await?;
    let entries: Result<Vec<_>, _> = received
        .messages()
        .iter()
        .enumerate()
        .map(|(index, message)| entry(index, message))
        .collect();
    client
        .delete_message_batch()
        .queue_url(url)
        .set_entries(Some(entries?))
        .send()
        .await?;
    Ok(())
}

fn entry(
    index: usize,
    message: &Message,
) -> Result<DeleteMessageBatchRequestEntry, aws_sdk_sqs::error::BuildError> {
    DeleteMessageBatchRequestEntry::builder()
        .id(index.to_string())
        .set_receipt_handle(message.receipt_handle.clone())
        .build()
}
