//! Lambda entry point of promote-primary: one look, at most one move, one report.

use canary::{function, reconcile};
use lambda_runtime::Error;
use promote_primary::PromotePrimary;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    function::run(reconcile::handle::<PromotePrimary>).await
}
