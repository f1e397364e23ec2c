//! The process: `sample-app` consumes the queue, `sample-app serve` answers HTTP requests, `--health`
//! after either asks whether it does.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    sample_app::start(std::env::args().skip(1)).await
}
