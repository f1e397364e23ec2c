//! Whether the consumer is alive: a file that it touches, and the check of the file's age.
//!
//! The consumer beats when SQS has answered a poll, and while all its slots are taken (work is bounded in
//! time, so that ends), but at most every five seconds. It does not beat while polls fail. So a consumer that hangs,
//! lost its permissions or cannot reach SQS becomes unhealthy, and ECS replaces it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// A heartbeat older than this is a consumer in trouble: three polls of 20 seconds, each with the
/// ten seconds that it may take beyond that. Keep the health check's `retries` low, it adds to this.
const STALE_AFTER: Duration = Duration::from_secs(90);

/// How often at most the file is written, since that can take the disk milliseconds and a busy consumer has
/// thousands of polls a second.
const BEAT_EVERY: Duration = Duration::from_secs(5);

/// Why the consumer does not count as healthy.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// There is no heartbeat.
    #[error("there is no heartbeat at {}. The consumer has not polled successfully yet, or HEALTH_FILE is not the one that it was started with.", .0.display())]
    NoHeartbeat(PathBuf),
    /// The last heartbeat was too long ago.
    #[error("the heartbeat at {} is {} s old. Allowed: {} s.", .path.display(), .age.as_secs(), STALE_AFTER.as_secs())]
    Stale {
        /// The heartbeat file.
        path: PathBuf,
        /// Its age.
        age: Duration,
    },
    /// The heartbeat cannot be looked at.
    #[error("the heartbeat at {} cannot be read: {source}.", .path.display())]
    Unreadable {
        /// The heartbeat file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The heartbeat file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the heartbeat file {} (environment variable HEALTH_FILE) cannot be written: {source}. Allowed: a path that this process may create.", .path.display())]
pub struct NotWritable {
    path: PathBuf,
    source: io::Error,
}

/// The consumer's side. The file goes away with it.
#[derive(Debug)]
pub struct Heartbeat {
    path: PathBuf,
    last: Option<Instant>,
}

impl Heartbeat {
    /// Makes sure that the file can be written, and leaves none: nothing has been polled yet.
    pub fn claim(path: PathBuf) -> Result<Self, NotWritable> {
        match fs::write(&path, "").and_then(|()| fs::remove_file(&path)) {
            Ok(()) => Ok(Self { path, last: None }),
            Err(source) => Err(NotWritable { path, source }),
        }
    }

    /// Touches the file, unless that was done just now.
    pub fn beat(&mut self) {
        let now = Instant::now();
        if self.last.is_some_and(|last| now - last < BEAT_EVERY) {
            return;
        }
        self.last = Some(now);
        // Not empty, since only a write is sure to set the modification time.
        if let Err(error) = fs::write(&self.path, "alive\n") {
            tracing::error!(
                path = %self.path.display(),
                "the heartbeat file cannot be written, the health check will fail: {error}"
            );
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        // It may never have been written.
        let _ = fs::remove_file(&self.path);
    }
}

/// The health check's side: the heartbeat's age, if it is young enough.
pub fn check(path: &Path, now: SystemTime) -> Result<Duration, Unhealthy> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => Unhealthy::NoHeartbeat(path.to_owned()),
        _ => Unhealthy::Unreadable {
            path: path.to_owned(),
            source,
        },
    };
    let beaten = fs::metadata(path)
        .and_then(|file| file.modified())
        .map_err(unreadable)?;
    // A beat in the future means that the clock was set back since: as young as can be.
    let age = now.duration_since(beaten).unwrap_or_default();
    if age > STALE_AFTER {
        return Err(Unhealthy::Stale {
            path: path.to_owned(),
            age,
        });
    }
    Ok(age)
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    fn file(test: &str) -> PathBuf {
        std::env::temp_dir().join(format!("sample-app-{}-{test}", std::process::id()))
    }

    fn last_beat(path: &Path) -> SystemTime {
        fs::metadata(path).unwrap().modified().unwrap()
    }

    #[test]
    fn a_consumer_that_has_not_polled_yet_is_not_healthy() {
        let path = file("starting");
        fs::write(&path, "left over from the task before").unwrap();
        let _heartbeat = Heartbeat::claim(path.clone()).unwrap();
        let verdict = check(&path, SystemTime::UNIX_EPOCH);
        assert!(
            matches!(verdict, Err(Unhealthy::NoHeartbeat(_))),
            "{verdict:?}"
        );
    }

    #[test]
    fn a_heartbeat_is_good_for_ninety_seconds() {
        let path = file("aging");
        let mut heartbeat = Heartbeat::claim(path.clone()).unwrap();
        heartbeat.beat();
        let beaten = last_beat(&path);
        assert!(check(&path, beaten).is_ok());
        assert!(check(&path, beaten + Duration::from_secs(90)).is_ok());
        let error = check(&path, beaten + Duration::from_secs(91)).unwrap_err();
        assert!(
            error.to_string().ends_with("is 91 s old. Allowed: 90 s."),
            "{error}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_file_is_written_at_most_every_five_seconds() {
        let path = file("busy");
        let mut heartbeat = Heartbeat::claim(path.clone()).unwrap();
        heartbeat.beat();
        fs::remove_file(&path).unwrap();
        sleep(Duration::from_millis(4999)).await;
        heartbeat.beat();
        assert!(!path.exists());
        sleep(Duration::from_millis(1)).await;
        heartbeat.beat();
        assert!(path.exists());
    }

    #[test]
    fn a_consumer_that_ended_leaves_no_heartbeat() {
        let path = file("ending");
        let mut heartbeat = Heartbeat::claim(path.clone()).unwrap();
        heartbeat.beat();
        drop(heartbeat);
        assert!(!path.exists());
    }

    #[test]
    fn a_place_that_cannot_be_written_is_refused_by_name() {
        let error = Heartbeat::claim(file("no-such-directory").join("heartbeat")).unwrap_err();
        assert!(error.to_string().contains("HEALTH_FILE"), "{error}");
    }
}
