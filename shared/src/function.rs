//! Plugs a handler into the Lambda runtime.

use std::{future::Future, pin::Pin, sync::Arc};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;

use crate::{aws::Account, clock::Timestamp, telemetry, trouble::Trouble};

/// One call of a handler.
type Call<'a> = Pin<Box<dyn Future<Output = Result<Value, Trouble>> + 'a>>;

/// Runs a function until Lambda ends the process: clients once, then one call of `handle` for every event, with
/// the time at which Lambda will end that call.
///
/// # Errors
/// The runtime API went away.
pub async fn run<F>(handle: impl Fn(Arc<Account>, Value, Timestamp) -> F) -> Result<(), Error>
where
    F: Future<Output = Result<Value, Trouble>>,
{
    serve(&|account, event, deadline| Box::pin(handle(account, event, deadline))).await
}

/// The same for any handler: the runtime is compiled once, and not once for every function.
async fn serve<'a>(
    handle: &'a dyn Fn(Arc<Account>, Value, Timestamp) -> Call<'a>,
) -> Result<(), Error> {
    telemetry::init();
    let account = Arc::new(Account::from_env().await);
    let look = service_fn(|event: LambdaEvent<Value>| {
        let deadline = Timestamp::from_epoch_millis(event.context.deadline);
        let look = handle(Arc::clone(&account), event.payload, deadline);
        async move {
            look.await.map_err(|trouble| Diagnostic {
                error_type: trouble.name().to_owned(),
                error_message: trouble.to_string(),
            })
        }
    });
    lambda_runtime::run(look).await
}
