//! A consumer that is a program of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::Context;
use rehearsal_core::{live::credentials::Credentials, stage};

use crate::usage;

use super::{Load, TASK, gauge::Threads, local::Local};

/// A process; it is killed with this.
pub(super) struct Program {
    child: Child,
    health_file: PathBuf,
}

impl Program {
    /// Starts it as ECS would start its container.
    pub(super) fn start(
        program: &Path,
        script: Option<&Path>,
        local: &Local,
        load: Load,
    ) -> anyhow::Result<Self> {
        let health_file = std::env::temp_dir().join(format!("figures-{}", std::process::id()));
        let credentials = Credentials::of(TASK);
        let child = Command::new(program)
            .args(script)
            .env_clear()
            .env("AWS_ACCESS_KEY_ID", credentials.access_key)
            .env("AWS_SECRET_ACCESS_KEY", credentials.secret_key)
            .env("AWS_SESSION_TOKEN", credentials.session_token)
            .env("AWS_REGION", stage::identity().region)
            .env("AWS_DEFAULT_REGION", stage::identity().region)
            .env("AWS_ENDPOINT_URL", &local.endpoint)
            .env("QUEUE_URL", &local.queue_url)
            .env("CONCURRENCY", load.slots.to_string())
            .env("WORK_MS", load.work_ms.to_string())
            .env("HEALTH_FILE", &health_file)
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        Ok(Self { child, health_file })
    }

    /// Where its CPU time is.
    pub(super) fn threads(&self) -> Threads {
        Threads::Of(self.child.id())
    }

    /// The most memory that was resident so far, in MB.
    pub(super) fn peak_memory(&self) -> anyhow::Result<f64> {
        usage::peak_memory(self.child.id())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself, and have left no file.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.health_file);
    }
}
