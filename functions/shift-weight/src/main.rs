//! Lambda entry point of shift-weight: one look, at most one move, one report.

use canary::{function, reconcile};
use lambda_runtime::Error;
use shift_weight::ShiftWeight;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    function::run(reconcile::handle::<ShiftWeight>).await
}
