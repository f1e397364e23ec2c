//! Long polling: a call that found nothing waits until there is something.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::{Account, Outcome, ask, refused};
use crate::world::{World, journal::Call, service};

/// How often a waiting call looks again. Messages come back by visibility timeouts and delays too,
/// so that there is no single event to wait for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A call that found nothing and may wait.
pub(super) struct Polling {
    call: Call,
    wait: Duration,
}

impl Polling {
    /// The wait that a call with this output has coming.
    pub(super) fn of(world: &World, call: &Call, output: &Value) -> Option<Self> {
        let wait = wait(world, call, output);
        (!wait.is_zero()).then(|| Self {
            call: call.clone(),
            wait,
        })
    }

    /// Looks again until there is something or the wait is over.
    pub(super) async fn wait(self, account: &Account) -> Outcome {
        let until = Instant::now() + self.wait;
        loop {
            tokio::time::sleep_until(until.min(Instant::now() + LOOK_EVERY)).await;
            let looked = account.with(|world| {
                let output = ask(world, &self.call)?;
                Ok((wait(world, &self.call, &output).is_zero(), output))
            });
            match looked {
                Ok((found, output)) if found || Instant::now() >= until => {
                    return Outcome::Output {
                        service: self.call.service,
                        operation: self.call.operation,
                        output,
                    };
                }
                Ok(_) => {}
                Err(fault) => return refused(&self.call, fault),
            }
        }
    }
}

fn wait(world: &World, call: &Call, output: &Value) -> Duration {
    (service::of(&call.service).waits)(world, &call.into(), output)
}
