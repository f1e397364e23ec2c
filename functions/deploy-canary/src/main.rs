//! Lambda entry point of deploy-canary: one look, at most one move, one report.

use canary::{function, reconcile};
use deploy_canary::DeployCanary;
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    function::run(reconcile::handle::<DeployCanary>).await
}
