//! Where the work comes from: messages that somebody sends, or requests of clients.

use std::{cell::RefCell, collections::BTreeSet, num::NonZeroU32, pin::pin, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    live::{
        Live,
        load::{Load, Totals},
    },
    stage::Entrance,
    wire::Account,
    world::sqs,
};

/// What every message begins with. No log has any business with it.
pub const ORDER: &str = "three umbrellas for customer";

/// Enough that the canary's tenth is more than the alarms want to see in a minute of six times ten seconds.
const REQUESTS_A_SECOND: NonZeroU32 = NonZeroU32::new(40).expect("not zero");

/// A path that the listener's rule takes.
const PATH: &str = "/orders";

/// Whoever gives the pair its work.
pub(super) enum Work {
    /// A producer of messages.
    Messages {
        account: Account,
        url: String,
        /// How often it sends one.
        every: Duration,
        /// Ids of all messages that were sent.
        sent: RefCell<BTreeSet<String>>,
    },
    /// Clients.
    Requests(Box<Load>),
}

impl Work {
    /// The work of an example, messages as often as told; `None` if its load balancer cannot be reached.
    pub(super) fn of(
        entrance: &Entrance,
        every: Duration,
        account: &Account,
        live: &Live,
    ) -> Option<Self> {
        match entrance {
            Entrance::Queue { url, .. } => Some(Self::Messages {
                account: account.clone(),
                url: url.clone(),
                every,
                sent: RefCell::default(),
            }),
            Entrance::LoadBalancer { listener, .. } => {
                let address = live.load_balancer(listener)?;
                let load = Load::new(account.clone(), address, REQUESTS_A_SECOND, PATH);
                load.ok().map(|load| Self::Requests(Box::new(load)))
            }
        }
    }

    /// Goes on until `stop` completes; then requests that are in flight come to their end.
    pub(super) async fn go_on(&self, stop: impl Future<Output = ()>) {
        match self {
            Self::Messages {
                account,
                url,
                every,
                sent,
            } => send(account, url, *every, sent, stop).await,
            Self::Requests(load) => load.generate(stop).await,
        }
    }

    /// The ids of the messages that were sent.
    pub(super) fn sent(&self) -> BTreeSet<String> {
        match self {
            Self::Messages { sent, .. } => sent.borrow().clone(),
            Self::Requests(_) => BTreeSet::new(),
        }
    }

    /// What became of the requests, if there were any.
    pub(super) fn totals(&self) -> Option<Totals> {
        match self {
            Self::Messages { .. } => None,
            Self::Requests(load) => Some(load.totals()),
        }
    }
}

async fn send(
    account: &Account,
    url: &str,
    every: Duration,
    sent: &RefCell<BTreeSet<String>>,
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = &mut stop => return,
            _ = ticks.tick() => {}
        }
        let number = sent.borrow().len();
        let body = format!("{ORDER} {number}");
        let id = account.with(|world| sqs::send(world, url, &body));
        // The queue is there for as long as the account is.
        sent.borrow_mut().extend(id);
    }
}
