//! The process of the Lambda function: one invocation after the other.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    sample_app::lambda::start().await
}
