//! The scripts of `infra/` as a person runs them: with Bash, and with the AWS CLI version 1 as the Python package index has it,
//! against the local account over HTTP.
//!
//! Real are Bash, the scripts and templates, the AWS CLI (its packaging, waiters, pagination, retries, parsing) and what the
//! account makes of its calls. Played are:
//!
//! * `cargo lambda`, which leaves packages as Cargo would: ZIP files with a `bootstrap` that is none;
//! * `docker`, whose push puts an image into the account's repository;
//! * `git`, which knows one commit;
//! * time: the account is [`desk::PACE`] times faster than AWS, and so are `sleep` and the pauses of the AWS CLI's waiters;
//! * the start of the AWS CLI: it is imported once, and each call is a fork of it (`aws.py`), which takes a quarter of the time;
//! * the tasks, which start and stop as ECS tells them, and a release, which is what it leaves behind: both services with another
//!   task definition, an alias on another version, or task sets.
//!
//! The AWS CLI is the one of the virtual environment whose `bin/aws` the variable `AWS_CLI` names, as `.ci/run` does; else that of
//! `.ci/run`'s tools; else one that these stories install below `target/`, which takes Python 3 with venv and the package index.
//! Without any of them they say so and show nothing.

mod cli;
mod deleting;
mod deploying;
mod desk;
mod function;
mod played;
mod task_sets;

use desk::Desk;

/// An account with the example: deployed with the real script.
fn deployed() -> Option<Desk> {
    let desk = Desk::new()?;
    desk.run("deploy.sh", &[], "").succeeded();
    Some(desk)
}
