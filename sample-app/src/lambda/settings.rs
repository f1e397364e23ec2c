//! The environment of the Lambda function.

use crate::serve::settings::AnswerSettings;
use crate::settings::{self, Environment, SettingsError};

/// Everything the environment decides about the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `AWS_LAMBDA_FUNCTION_NAME`, which Lambda sets.
    pub function: String,
    /// `AWS_LAMBDA_FUNCTION_VERSION`, which Lambda sets: a number, or `$LATEST`.
    pub version: String,
    /// What requests are answered with, and the demonstration, which is that of messages too.
    pub answers: AnswerSettings,
    /// `DEATH_PERCENT`: at how many of a hundred attempts the demonstration's process dies.
    pub death_percent: u64,
    /// `INVOCATION_FAILURE_PERCENT`: how many of a hundred invocations of the demonstration fail as a whole.
    pub invocation_failure_percent: u64,
}

const VERSION: &str = "AWS_LAMBDA_FUNCTION_VERSION";

impl Settings {
    /// Reads every setting; the first bad one is the error.
    pub fn read(environment: Environment) -> Result<Self, SettingsError> {
        // New code alone leaves the environment as it was, and has a new number.
        let named = |name: &str| match environment(name) {
            None if name == "APP_VERSION" => environment(VERSION),
            found => found,
        };
        Ok(Self {
            function: set_by_lambda(environment, "AWS_LAMBDA_FUNCTION_NAME")?,
            version: set_by_lambda(environment, VERSION)?,
            answers: AnswerSettings::read(&named)?,
            death_percent: settings::percent(environment, "DEATH_PERCENT")?,
            invocation_failure_percent: settings::percent(
                environment,
                "INVOCATION_FAILURE_PERCENT",
            )?,
        })
    }
}

fn set_by_lambda(environment: Environment, name: &'static str) -> Result<String, SettingsError> {
    settings::text(environment, name)?.ok_or_else(|| SettingsError::Missing {
        name,
        allowed: "what Lambda sets; this program runs on Lambda only".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::time::Duration;

    use super::*;
    use crate::work::Demo;

    const LAMBDA: [(&str, &str); 2] = [
        ("AWS_LAMBDA_FUNCTION_NAME", "orders"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "7"),
    ];

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let variables = [&LAMBDA, variables].concat();
        Settings::read(&|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn nothing_has_to_be_set_and_the_number_of_the_version_is_its_name() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.function, "orders");
        assert_eq!(settings.version, "7");
        assert_eq!(settings.answers.app_version, "7");
        assert_eq!(settings.answers.demo.failure_percent, 0);
        assert_eq!(settings.death_percent, 0);
        assert_eq!(settings.invocation_failure_percent, 0);
    }

    #[test]
    fn every_variable_is_read() {
        let settings = read(&[
            ("APP_VERSION", "2.1.0"),
            ("WORK_MS", "250"),
            ("FAILURE_PERCENT", "40"),
            ("ATTEMPT_FAILURE_PERCENT", "5"),
            ("DEATH_PERCENT", "2"),
            ("INVOCATION_FAILURE_PERCENT", "3"),
            ("HEALTH_FAILS_AFTER", "30"),
            ("DROP_PERCENT", "20"),
        ])
        .unwrap();
        assert_eq!(
            settings,
            Settings {
                function: "orders".to_owned(),
                version: "7".to_owned(),
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
                death_percent: 2,
                invocation_failure_percent: 3,
            }
        );
    }

    #[test]
    fn outside_of_lambda_it_does_not_start() {
        let error = Settings::read(&|_| None).unwrap_err().to_string();
        assert!(error.contains("AWS_LAMBDA_FUNCTION_NAME"), "{error}");
        assert!(error.contains("runs on Lambda only"), "{error}");
    }

    #[test]
    fn more_than_all_invocations_cannot_fail() {
        let error = read(&[("INVOCATION_FAILURE_PERCENT", "101")]).unwrap_err();
        assert!(error.to_string().contains("from 0 to 100"), "{error}");
    }
}
