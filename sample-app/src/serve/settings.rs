//! The environment of the HTTP service.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use hyper::header::HeaderValue;

use crate::settings::{self, Environment, SettingsError};
use crate::work::Demo;

/// Everything the environment decides about the HTTP service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `LISTEN`: where requests are taken; port 0 for any that is free.
    pub listen: SocketAddr,
    /// `STOP_TIMEOUT_SECONDS`: from SIGTERM to SIGKILL, the container's `stopTimeout`.
    pub stop_timeout: Duration,
    /// What requests are answered with.
    pub answers: AnswerSettings,
}

/// What the environment decides about the answers themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerSettings {
    /// `APP_VERSION`: what the image calls itself; a header of every answer.
    pub app_version: String,
    /// `WORK_MS`, `FAILURE_PERCENT` and `ATTEMPT_FAILURE_PERCENT`: what the demonstration does with requests.
    pub demo: Demo,
    /// `HEALTH_FAILS_AFTER`: the demonstration calls itself unhealthy after so many requests, 0 for from the beginning;
    /// not set, never.
    pub health_fails_after: Option<u64>,
    /// `DROP_PERCENT`: how many of a hundred requests the demonstration gives no answer.
    pub drop_percent: u64,
}

/// All addresses of the container, and the port that target groups of the example use.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8080);

impl Settings {
    /// Reads every setting; the first bad one is the error.
    pub fn read(environment: Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            listen: listen(environment)?,
            stop_timeout: settings::stop_timeout(environment)?,
            answers: AnswerSettings::read(environment)?,
        })
    }
}

impl AnswerSettings {
    /// Reads every setting; the first bad one is the error.
    pub fn read(environment: Environment) -> Result<Self, SettingsError> {
        Ok(Self {
            app_version: app_version(environment)?,
            demo: settings::demo(environment)?,
            health_fails_after: health_fails_after(environment)?,
            drop_percent: settings::number(environment, "DROP_PERCENT", 0, 0..=100)?,
        })
    }
}

/// Where requests are taken: the one setting that `serve --health` needs too.
pub fn listen(environment: Environment) -> Result<SocketAddr, SettingsError> {
    const NAME: &str = "LISTEN";
    let Some(found) = settings::text(environment, NAME)? else {
        return Ok(LISTEN);
    };
    found.parse().map_err(|_| SettingsError::Invalid {
        name: NAME,
        found,
        allowed: format!("an IP address and a port, such as {LISTEN}"),
    })
}

fn app_version(environment: Environment) -> Result<String, SettingsError> {
    const NAME: &str = "APP_VERSION";
    let version = settings::text(environment, NAME)?.unwrap_or_else(|| "unknown".to_owned());
    if HeaderValue::from_str(&version).is_ok() {
        return Ok(version);
    }
    Err(SettingsError::Invalid {
        name: NAME,
        found: version,
        allowed: "what an HTTP header may hold, since every answer has it in one".to_owned(),
    })
}

fn health_fails_after(environment: Environment) -> Result<Option<u64>, SettingsError> {
    const NAME: &str = "HEALTH_FAILS_AFTER";
    Ok(match settings::text(environment, NAME)? {
        None => None,
        Some(_) => Some(settings::number(environment, NAME, 0, 0..=u16::MAX)?.into()),
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(&|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn nothing_has_to_be_set() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.listen.to_string(), "0.0.0.0:8080");
        assert_eq!(settings.stop_timeout, Duration::from_secs(30));
        assert_eq!(settings.answers.app_version, "unknown");
        assert_eq!(settings.answers.demo.failure_percent, 0);
        assert_eq!(settings.answers.health_fails_after, None);
        assert_eq!(settings.answers.drop_percent, 0);
    }

    #[test]
    fn every_variable_is_read() {
        let settings = read(&[
            ("LISTEN", "127.10.0.3:9000"),
            ("APP_VERSION", "2.1.0"),
            ("STOP_TIMEOUT_SECONDS", "120"),
            ("WORK_MS", "250"),
            ("FAILURE_PERCENT", "40"),
            ("ATTEMPT_FAILURE_PERCENT", "5"),
            ("HEALTH_FAILS_AFTER", "30"),
            ("DROP_PERCENT", "20"),
        ])
        .unwrap();
        assert_eq!(
            settings,
            Settings {
                listen: "127.10.0.3:9000".parse().unwrap(),
                stop_timeout: Duration::from_mins(2),
                answers: AnswerSettings {
                    app_version: "2.1.0".to_owned(),
                    demo: Demo {
                        duration: Duration::from_millis(250),
                        failure_percent: 40,
                        attempt_failure_percent: 5,
                    },
                    health_fails_after: Some(30),
                    drop_percent: 20,
                },
            }
        );
    }

    #[test]
    fn what_may_not_be_set_is_refused_with_its_name_and_what_may() {
        for (name, value) in [
            ("LISTEN", "8080"),
            ("LISTEN", "localhost:8080"),
            ("LISTEN", ""),
            ("APP_VERSION", "two\nlines"),
            ("STOP_TIMEOUT_SECONDS", "121"),
            ("WORK_MS", "1.5"),
            ("FAILURE_PERCENT", "101"),
            ("HEALTH_FAILS_AFTER", "yes"),
            ("DROP_PERCENT", "101"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            let start = format!("environment variable {name} is not valid. Found: `{value}`.");
            assert!(error.starts_with(&start), "{error}");
            assert!(error.contains("Allowed: "), "{error}");
        }
    }
}
