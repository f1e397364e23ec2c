//! The environment, read once and strictly.

use std::ffi::OsString;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::work::Demo;

/// Looks up an environment variable. An argument so that tests need not change the process.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Everything the environment decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `QUEUE_URL`: the standard queue to consume.
    pub queue_url: String,
    /// `APP_VERSION`: what the image calls itself; a property of every metric line.
    pub app_version: String,
    /// `CONCURRENCY`: messages worked on at the same time.
    pub concurrency: usize,
    /// `VISIBILITY_TIMEOUT_SECONDS`: how long a received message stays hidden from other consumers
    /// unless that is renewed; so also how long a failed message waits for its next attempt.
    pub visibility_timeout: Duration,
    /// `WORK_TIMEOUT_SECONDS`: work on one message that takes longer has failed.
    pub work_timeout: Duration,
    /// `STOP_TIMEOUT_SECONDS`: from SIGTERM to SIGKILL, the container's `stopTimeout`.
    pub stop_timeout: Duration,
    /// `HEALTH_FILE`: the heartbeat that `--health` looks at.
    pub health_file: PathBuf,
    /// `WORK_MS`, `FAILURE_PERCENT` and `ATTEMPT_FAILURE_PERCENT`: what the demonstration work does.
    pub demo: Demo,
    /// `DEATH_PERCENT`: at how many of a hundred attempts the demonstration's process dies.
    pub death_percent: u64,
}

/// Why the environment cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A required variable is not set.
    #[error("environment variable {name} is missing. Allowed: {allowed}.")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it may hold.
        allowed: String,
    },
    /// A variable holds something else than it may.
    #[error("environment variable {name} is not valid. Found: `{found}`. Allowed: {allowed}.")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// What it holds.
        found: String,
        /// What it may hold.
        allowed: String,
    },
}

const QUEUE_URL: &str = "the URL of a standard SQS queue, http(s)://host/account/name; \
     not a FIFO queue, since messages of one group would be worked on at the same time";

impl Settings {
    /// Reads every setting; the first bad one is the error.
    pub fn read(environment: Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            queue_url: queue_url(environment)?,
            app_version: text(environment, "APP_VERSION")?.unwrap_or_else(|| "unknown".to_owned()),
            concurrency: number::<u16>(environment, "CONCURRENCY", 10, 1..=100)?.into(),
            // SQS: 0 to 43,200 seconds (12 hours), 30 unless told otherwise ("Amazon SQS message
            // quotas"). Less than three seconds could not be renewed in time.
            visibility_timeout: seconds(environment, "VISIBILITY_TIMEOUT_SECONDS", 30, 3..=43_200)?,
            // SQS: visibility ends 12 hours after the receive, renewed or not. The default is short enough for
            // alarms: a failure counts for the minute of receipt, and they look at the last five.
            work_timeout: seconds(environment, "WORK_TIMEOUT_SECONDS", 60, 1..=43_200)?,
            stop_timeout: stop_timeout(environment)?,
            health_file: health_file(environment)?,
            demo: demo(environment)?,
            death_percent: percent(environment, "DEATH_PERCENT")?,
        })
    }
}

/// `WORK_MS`, `FAILURE_PERCENT` and `ATTEMPT_FAILURE_PERCENT`.
pub(crate) fn demo(environment: Environment) -> Result<Demo, SettingsError> {
    Ok(Demo {
        duration: Duration::from_millis(number(environment, "WORK_MS", 0, 0..=43_200_000)?),
        failure_percent: percent(environment, "FAILURE_PERCENT")?,
        attempt_failure_percent: percent(environment, "ATTEMPT_FAILURE_PERCENT")?,
    })
}

pub(crate) fn percent(environment: Environment, name: &'static str) -> Result<u64, SettingsError> {
    number(environment, name, 0, 0..=100)
}

/// `STOP_TIMEOUT_SECONDS`. ECS: `stopTimeout` is 30 seconds by default and at most 120 on Fargate
/// ("Task definition parameters for Fargate").
pub(crate) fn stop_timeout(environment: Environment) -> Result<Duration, SettingsError> {
    seconds(environment, "STOP_TIMEOUT_SECONDS", 30, 2..=120)
}

/// Where the heartbeat file is: the one setting that `--health` needs too.
pub fn health_file(environment: Environment) -> Result<PathBuf, SettingsError> {
    const NAME: &str = "HEALTH_FILE";
    let path = match text(environment, NAME)? {
        Some(path) => PathBuf::from(path),
        None => std::env::temp_dir().join("sample-app.health"),
    };
    if path.is_absolute() {
        return Ok(path);
    }
    Err(SettingsError::Invalid {
        name: NAME,
        found: path.display().to_string(),
        allowed: "an absolute path".to_owned(),
    })
}

fn queue_url(environment: Environment) -> Result<String, SettingsError> {
    const NAME: &str = "QUEUE_URL";
    let url = text(environment, NAME)?.ok_or_else(|| SettingsError::Missing {
        name: NAME,
        allowed: QUEUE_URL.to_owned(),
    })?;
    if names_a_standard_queue(&url) {
        return Ok(url);
    }
    Err(SettingsError::Invalid {
        name: NAME,
        found: url,
        allowed: QUEUE_URL.to_owned(),
    })
}

fn names_a_standard_queue(url: &str) -> bool {
    let Some(rest) = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
    else {
        return false;
    };
    let parts: Vec<&str> = rest.split('/').collect();
    // Emulators put more in front of the account, so more than three parts are fine.
    parts.len() >= 3
        && parts.iter().all(|part| !part.is_empty())
        && !url.contains(char::is_whitespace)
        && url.strip_suffix(".fifo").is_none()
}

/// A variable's text. Set but empty is an error: it is a template that lost its value.
pub(crate) fn text(
    environment: Environment,
    name: &'static str,
) -> Result<Option<String>, SettingsError> {
    let Some(value) = environment(name) else {
        return Ok(None);
    };
    match value.into_string() {
        Ok(value) if !value.is_empty() => Ok(Some(value)),
        Ok(found) => Err(SettingsError::Invalid {
            name,
            found,
            allowed: "text that is not empty, or leave the variable out".to_owned(),
        }),
        Err(found) => Err(SettingsError::Invalid {
            name,
            found: found.to_string_lossy().into_owned(),
            allowed: "UTF-8".to_owned(),
        }),
    }
}

pub(crate) fn number<N: FromStr + PartialOrd + Display>(
    environment: Environment,
    name: &'static str,
    default: N,
    allowed: RangeInclusive<N>,
) -> Result<N, SettingsError> {
    let Some(found) = text(environment, name)? else {
        return Ok(default);
    };
    match found.parse() {
        Ok(value) if allowed.contains(&value) => Ok(value),
        _ => Err(SettingsError::Invalid {
            name,
            found,
            allowed: format!(
                "a whole number from {} to {}",
                allowed.start(),
                allowed.end()
            ),
        }),
    }
}

fn seconds(
    environment: Environment,
    name: &'static str,
    default: u16,
    allowed: RangeInclusive<u16>,
) -> Result<Duration, SettingsError> {
    number(environment, name, default, allowed).map(|value| Duration::from_secs(value.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: (&str, &str) = (
        "QUEUE_URL",
        "https://sqs.eu-central-1.amazonaws.com/111122223333/orders",
    );

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(&|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn a_queue_url_is_all_it_takes() {
        let settings = read(&[QUEUE]).unwrap();
        assert_eq!(settings.concurrency, 10);
        assert_eq!(settings.visibility_timeout, Duration::from_secs(30));
        assert_eq!(settings.stop_timeout, Duration::from_secs(30));
        assert_eq!(settings.demo.failure_percent, 0);
        assert!(settings.health_file.is_absolute());
    }

    #[test]
    fn every_variable_is_read() {
        let settings = read(&[
            ("QUEUE_URL", "http://127.0.0.1:4566/000000000000/orders"),
            ("APP_VERSION", "2.1.0"),
            ("CONCURRENCY", "4"),
            ("VISIBILITY_TIMEOUT_SECONDS", "60"),
            ("WORK_TIMEOUT_SECONDS", "20"),
            ("STOP_TIMEOUT_SECONDS", "120"),
            ("HEALTH_FILE", "/run/task-1"),
            ("WORK_MS", "250"),
            ("FAILURE_PERCENT", "40"),
            ("ATTEMPT_FAILURE_PERCENT", "5"),
            ("DEATH_PERCENT", "2"),
        ])
        .unwrap();
        assert_eq!(
            settings,
            Settings {
                queue_url: "http://127.0.0.1:4566/000000000000/orders".to_owned(),
                app_version: "2.1.0".to_owned(),
                concurrency: 4,
                visibility_timeout: Duration::from_mins(1),
                work_timeout: Duration::from_secs(20),
                stop_timeout: Duration::from_mins(2),
                health_file: PathBuf::from("/run/task-1"),
                demo: Demo {
                    duration: Duration::from_millis(250),
                    failure_percent: 40,
                    attempt_failure_percent: 5,
                },
                death_percent: 2,
            }
        );
    }

    #[test]
    fn the_first_sentence_names_the_variable_and_the_rest_says_what_is_allowed() {
        let error = read(&[QUEUE, ("CONCURRENCY", "lots")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "environment variable CONCURRENCY is not valid. Found: `lots`. \
             Allowed: a whole number from 1 to 100."
        );
        let error = read(&[]).unwrap_err().to_string();
        assert!(error.starts_with("environment variable QUEUE_URL is missing. Allowed: "));
    }

    #[test]
    fn a_value_outside_of_its_range_is_refused() {
        for (name, value) in [
            ("CONCURRENCY", "0"),
            ("CONCURRENCY", "101"),
            ("FAILURE_PERCENT", "101"),
            ("FAILURE_PERCENT", "-1"),
            ("DEATH_PERCENT", "101"),
            ("WORK_MS", "1.5"),
            ("STOP_TIMEOUT_SECONDS", "121"),
            ("VISIBILITY_TIMEOUT_SECONDS", "43201"),
            ("WORK_TIMEOUT_SECONDS", "0"),
            ("APP_VERSION", ""),
            ("HEALTH_FILE", "relative/path"),
        ] {
            let error = read(&[QUEUE, (name, value)]).unwrap_err();
            assert!(error.to_string().contains(name), "{name}={value}: {error}");
        }
    }

    #[test]
    fn what_is_not_a_standard_queue_is_refused() {
        for url in [
            "orders",
            "https://sqs.eu-central-1.amazonaws.com",
            "https://sqs.eu-central-1.amazonaws.com//orders",
            "ftp://host/111122223333/orders",
            "https://sqs.eu-central-1.amazonaws.com/111122223333/orders.fifo",
        ] {
            assert!(read(&[("QUEUE_URL", url)]).is_err(), "{url}");
        }
    }
}
