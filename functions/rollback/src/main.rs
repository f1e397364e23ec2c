//! Lambda entry point of rollback: one trigger, one look, everything that stops harm at once.

use canary::function;
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    function::run(rollback::handle).await
}
