//! The answers themselves. This is the file a team replaces.
//!
//! Keep `GET /health` for the load balancer's health check, and the header `x-version`, by which one
//! sees which version of the application has answered.
//!
//! What is here is a demonstration: it waits, and fails a chosen part of the requests, or closes their connections.

use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::{CONTENT_TYPE, HeaderValue, InvalidHeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::settings::AnswerSettings;
use crate::work::Demo;

/// The header that says which version has answered.
pub const VERSION_HEADER: &str = "x-version";

/// Where health checks ask.
pub const HEALTH_PATH: &str = "/health";

/// Answers requests, all of them from what it was made with.
#[derive(Debug)]
pub struct Answers {
    version: HeaderValue,
    body: Value,
    demo: Demo,
    health_fails_after: Option<u64>,
    drop_percent: u64,
    begun: AtomicU64,
}

/// A request gets no answer: its connection is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a request was dropped: chosen by DROP_PERCENT")]
pub struct Dropped;

impl Answers {
    /// Answers of one task, or of one instance of a function.
    ///
    /// # Errors
    /// If the version cannot be the value of a header.
    pub fn new(settings: &AnswerSettings, service: &str) -> Result<Self, InvalidHeaderValue> {
        let version = &settings.app_version;
        Ok(Self {
            version: HeaderValue::from_str(version)?,
            body: json!({ "version": version, "service": service }),
            demo: settings.demo.clone(),
            health_fails_after: settings.health_fails_after,
            drop_percent: settings.drop_percent,
            begun: AtomicU64::new(0),
        })
    }

    /// Answers a request for a path.
    ///
    /// # Errors
    /// If it is one of those that get none.
    pub async fn answer(&self, path: &str) -> Result<Response<String>, Dropped> {
        if path == HEALTH_PATH {
            return Ok(self.respond(self.health()));
        }
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.demo.duration).await;
        if fails(number, self.drop_percent) {
            tracing::warn!("{Dropped}");
            return Err(Dropped);
        }
        if fails(number, failing(&self.demo)) {
            tracing::warn!(
                "a request failed: chosen to fail by FAILURE_PERCENT or ATTEMPT_FAILURE_PERCENT"
            );
            return Ok(self.respond(StatusCode::INTERNAL_SERVER_ERROR));
        }
        Ok(self.respond(StatusCode::OK))
    }

    fn health(&self) -> StatusCode {
        let begun = self.begun.load(Ordering::Relaxed);
        match self.health_fails_after {
            Some(requests) if begun >= requests => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::OK,
        }
    }

    fn respond(&self, status: StatusCode) -> Response<String> {
        let mut response = Response::new(self.body.to_string());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(VERSION_HEADER, self.version.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// How many of a hundred requests fail. Each is an attempt: nobody sends it again.
fn failing(demo: &Demo) -> u64 {
    (demo.failure_percent + demo.attempt_failure_percent).min(100)
}

/// Whether the request of this number, from 0, is one of those that fail: `percent` of every hundred,
/// evenly spread.
fn fails(number: u64, percent: u64) -> bool {
    let number = number % 100;
    number * percent / 100 != (number + 1) * percent / 100
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answers(demo: Demo, health_fails_after: Option<u64>) -> Answers {
        let settings = AnswerSettings {
            app_version: "2.1.0".to_owned(),
            demo,
            health_fails_after,
            drop_percent: 0,
        };
        Answers::new(&settings, "orders-canary").unwrap()
    }

    fn demo(failure_percent: u64) -> Demo {
        Demo {
            duration: Duration::ZERO,
            failure_percent,
            attempt_failure_percent: 0,
        }
    }

    #[tokio::test]
    async fn an_answer_says_which_version_of_which_service_it_is_from() {
        let answer = answers(demo(0), None).answer("/orders/7").await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[VERSION_HEADER], "2.1.0");
        let body: Value = serde_json::from_str(answer.body()).unwrap();
        assert_eq!(
            body,
            json!({ "version": "2.1.0", "service": "orders-canary" })
        );
    }

    #[tokio::test(start_paused = true)]
    async fn health_is_answered_at_once_and_fails_only_when_told_to() {
        let slow = Demo {
            duration: Duration::from_secs(9),
            failure_percent: 100,
            attempt_failure_percent: 0,
        };
        let began = tokio::time::Instant::now();
        let healthy = answers(slow.clone(), None)
            .answer(HEALTH_PATH)
            .await
            .unwrap();
        let unhealthy = answers(slow, Some(0)).answer(HEALTH_PATH).await.unwrap();
        assert_eq!(healthy.status(), StatusCode::OK);
        assert_eq!(unhealthy.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(began.elapsed().is_zero());
    }

    #[tokio::test]
    async fn health_fails_once_there_were_as_many_requests_as_told() {
        let answers = answers(demo(0), Some(2));
        for expected in [
            StatusCode::OK,
            StatusCode::OK,
            StatusCode::SERVICE_UNAVAILABLE,
        ] {
            assert_eq!(
                answers.answer(HEALTH_PATH).await.unwrap().status(),
                expected
            );
            assert_eq!(answers.answer("/").await.unwrap().status(), StatusCode::OK);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn work_takes_as_long_as_it_is_told() {
        let answers = answers(
            Demo {
                duration: Duration::from_millis(250),
                failure_percent: 0,
                attempt_failure_percent: 0,
            },
            None,
        );
        let began = tokio::time::Instant::now();
        answers.answer("/").await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_millis(250));
    }

    #[tokio::test]
    async fn exactly_the_chosen_part_of_every_hundred_requests_fails_and_still_has_its_version() {
        for percent in [0, 1, 33, 40, 100] {
            let answers = answers(demo(percent), None);
            for _ in 0..2 {
                let mut failed = 0;
                for _ in 0..100 {
                    let answer = answers.answer("/").await.unwrap();
                    assert_eq!(answer.headers()[VERSION_HEADER], "2.1.0");
                    failed += u64::from(answer.status() == StatusCode::INTERNAL_SERVER_ERROR);
                }
                assert_eq!(failed, percent);
            }
        }
    }

    #[tokio::test]
    async fn the_chosen_part_of_requests_gets_no_answer_and_health_checks_do() {
        let mut answers = answers(demo(0), None);
        answers.drop_percent = 25;
        let mut dropped = 0;
        for _ in 0..100 {
            dropped += u32::from(answers.answer("/").await.is_err());
            assert_eq!(
                answers.answer(HEALTH_PATH).await.unwrap().status(),
                StatusCode::OK
            );
        }
        assert_eq!(dropped, 25);
    }

    #[test]
    fn failures_are_evenly_spread() {
        let failed: Vec<u64> = (0..20).filter(|number| fails(*number, 25)).collect();
        assert_eq!(failed, [3, 7, 11, 15, 19]);
    }
}
