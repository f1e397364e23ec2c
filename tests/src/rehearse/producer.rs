//! Who sends the messages.

use std::{cell::RefCell, collections::BTreeSet, convert::Infallible, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::Theatre;
use crate::world::sqs;

/// What every message begins with. No log has any business with it.
pub const ORDER: &str = "three umbrellas for customer";

/// Twenty messages a second: at [`Stage::live`](crate::stage::Stage::live)'s 200 ms each, four of
/// them are being worked on at any time.
const EVERY: Duration = Duration::from_millis(50);

impl Theatre<'_> {
    /// Sends messages for ever; notes their ids.
    pub(super) async fn produce(&self, sent: &RefCell<BTreeSet<String>>) -> Infallible {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let number = sent.borrow().len();
            let body = format!("{ORDER} {number}");
            let id = self
                .account
                .with(|world| sqs::send(world, &self.queue_url, &body));
            // The queue is there for as long as the account is.
            sent.borrow_mut().extend(id);
        }
    }
}
