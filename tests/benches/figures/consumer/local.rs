//! A queue of the local account, served over loopback by a thread of its own.

use std::{
    net::{Ipv4Addr, TcpListener},
    thread::{self, JoinHandle},
};

use anyhow::Context;
use rehearsal_core::{
    clock::Moment,
    stage,
    wire::{Account, server::serve},
    world::{World, sqs},
};
use serde_json::Map;
use tokio::{
    runtime,
    sync::{mpsc::unbounded_channel, oneshot},
};

/// As long as an order of a few lines.
const BODY_BYTES: usize = 256;

/// An account with one full queue; its server ends with this.
pub(super) struct Local {
    pub(super) account: Account,
    pub(super) endpoint: String,
    pub(super) queue_url: String,
    server: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Local {
    /// With so many messages in the queue.
    pub(super) fn start(messages: usize) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let mut world = World::new(stage::identity(), Moment(0), 1);
        world.sqs.endpoint = Some(endpoint.clone());
        let queue_url = fill(&mut world, messages)
            .map_err(|fault| anyhow::anyhow!("the queue cannot be set up: {}", fault.message))?;
        let account = Account::new(world, unbounded_channel().0);

        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let served = account.clone();
        let thread = thread::Builder::new()
            .name("account".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                        return;
                    };
                    tokio::select! {
                        () = serve(listener, served) => {}
                        _ = stopped => {}
                    }
                });
            })
            .context("the account's thread cannot be started")?;
        Ok(Self {
            account,
            endpoint,
            queue_url,
            server: Some((stop, thread)),
        })
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.server.take() {
            // Either is gone already only if the server failed, which whoever measures has noticed.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

fn fill(world: &mut World, messages: usize) -> Result<String, rehearsal_core::world::Fault> {
    let url = sqs::create_queue(world, stage::QUEUE, &Map::new())?;
    let body = "x".repeat(BODY_BYTES);
    for _ in 0..messages {
        sqs::send(world, &url, &body)?;
    }
    Ok(url)
}
