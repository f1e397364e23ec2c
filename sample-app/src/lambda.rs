//! The Lambda function: the consumer's work on messages that an event source mapping brings, and the answers of the HTTP
//! service to requests of a function URL, an API or a load balancer.
//!
//! The mapping deletes the messages of a batch, but for those that the answer names; after an invocation that failed it
//! deletes none. The rest is as it is for the consumer: what is not deleted becomes visible again, and the queue's
//! redrive policy decides.

use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use futures_util::future::join_all;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::handler::{Failure, Handler, caught};
use crate::metrics::{Metrics, Origin, Receipt};
use crate::queue::Message;
use crate::serve::answers::{Answers, Dropped, HEALTH_PATH};
use crate::telemetry;
use crate::work::{Work, fnv1a};
use event::{Event, NotUnderstood, Request};
use settings::Settings;

pub mod event;
pub mod settings;

/// How long before the function's timeout work is ended, so that one message that hangs does not take the whole batch
/// with it, and the process.
const FOR_THE_ANSWER: Duration = Duration::from_millis(500);

/// The function, of which one process handles one invocation after the other.
#[derive(Debug)]
pub struct Function<H> {
    work: H,
    answers: Answers,
    metrics: Metrics,
    invocation_failure_percent: u64,
}

/// What Lambda says about an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Its request id.
    pub id: String,
    /// How long it may still take.
    pub left: Duration,
}

/// Why an invocation failed as a whole. Lambda counts it in its metric `Errors`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvocationError {
    /// It is not for this function.
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    /// The demonstration fails it.
    #[error("the invocation was chosen to fail by INVOCATION_FAILURE_PERCENT")]
    Chosen,
    /// The demonstration gives its request no answer.
    #[error(transparent)]
    Dropped(#[from] Dropped),
}

impl InvocationError {
    fn diagnostic(&self) -> Diagnostic {
        let error_type = match self {
            Self::NotUnderstood(_) => "NotUnderstood",
            Self::Chosen => "Chosen",
            Self::Dropped(_) => "Dropped",
        };
        Diagnostic {
            error_type: error_type.to_owned(),
            error_message: self.to_string(),
        }
    }
}

/// Handles invocations until Lambda ends the process.
pub async fn start() -> ExitCode {
    telemetry::start();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::read(&crate::environment)?;
    let origin = Origin::Function {
        name: settings.function.clone(),
        version: settings.version.clone(),
        app_version: settings.answers.app_version.clone(),
    };
    let metrics = Metrics::new(origin, crate::now, telemetry::print);
    let work = Work::new(settings.answers.demo.clone(), settings.death_percent);
    let function = Function::new(&settings, work, metrics)?;
    tracing::info!(
        function = settings.function,
        function_version = settings.version,
        version = settings.answers.app_version,
        "started"
    );
    let function = &function;
    // The runtime logs an error as it is told.
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        let invocation = Invocation::of(event.context);
        let answer = function.handle(&event.payload, &invocation).await;
        answer.map_err(|error| error.diagnostic())
    }))
    .await
}

impl Invocation {
    fn of(context: lambda_runtime::Context) -> Self {
        let end = UNIX_EPOCH + Duration::from_millis(context.deadline);
        Self {
            id: context.request_id,
            left: end.duration_since(crate::now()).unwrap_or_default(),
        }
    }
}

impl<H: Handler> Function<H> {
    /// A function that does this work on messages.
    ///
    /// # Errors
    /// If the version cannot be the value of a header.
    pub fn new(
        settings: &Settings,
        work: H,
        metrics: Metrics,
    ) -> Result<Self, hyper::header::InvalidHeaderValue> {
        Ok(Self {
            work,
            answers: Answers::new(&settings.answers, &settings.function)?,
            metrics,
            invocation_failure_percent: settings.invocation_failure_percent,
        })
    }

    /// Does what an event asks for, and answers as whoever sent it expects.
    ///
    /// # Errors
    /// If nothing of it is done. That goes for all messages of a batch.
    pub async fn handle(
        &self,
        event: &Value,
        invocation: &Invocation,
    ) -> Result<Value, InvocationError> {
        let fails = fnv1a(invocation.id.bytes()) % 100 < self.invocation_failure_percent;
        match Event::read(event)? {
            Event::Messages(messages) if fails => {
                let receipt = self.metrics.received(messages.len());
                for _ in &messages {
                    self.metrics.failed(receipt, Duration::ZERO);
                }
                self.metrics.flush();
                Err(InvocationError::Chosen)
            }
            Event::Messages(messages) => Ok(self.process(&messages, invocation.left).await),
            Event::Request(request) if request.path == HEALTH_PATH => {
                self.respond(&request, fails).await
            }
            Event::Request(request) => self.attend(&request, fails).await,
        }
    }

    /// Answers a request, and counts it: to Lambda an answer with status 500 is an invocation that has succeeded.
    async fn attend(&self, request: &Request, fails: bool) -> Result<Value, InvocationError> {
        let receipt = self.metrics.received(1);
        let started = Instant::now();
        let answered = self.respond(request, fails).await;
        let status = answered
            .as_ref()
            .ok()
            .and_then(|it| it["statusCode"].as_u64());
        if status.is_some_and(|status| status < 500) {
            self.metrics.processed(receipt, started.elapsed());
        } else {
            self.metrics.failed(receipt, started.elapsed());
        }
        self.metrics.flush();
        answered
    }

    async fn respond(&self, request: &Request, fails: bool) -> Result<Value, InvocationError> {
        if fails {
            return Err(InvocationError::Chosen);
        }
        let response = self.answers.answer(&request.path).await?;
        Ok(request.answer(&response))
    }

    /// Works on the messages of a batch side by side, and names those that failed.
    async fn process(&self, messages: &[Message], left: Duration) -> Value {
        let end = Instant::now() + left.saturating_sub(FOR_THE_ANSWER);
        let receipt = self.metrics.received(messages.len());
        let worked = messages
            .iter()
            .map(|message| self.attempt(message, receipt, end));
        let worked = join_all(worked).await;
        // Now: between two invocations the process stands still, and may not be woken again.
        self.metrics.flush();
        let failures: Vec<_> = messages
            .iter()
            .zip(worked)
            .filter(|(_, worked)| worked.is_err())
            .map(|(message, _)| json!({ "itemIdentifier": message.id }))
            .collect();
        json!({ "batchItemFailures": failures })
    }

    async fn attempt(
        &self,
        message: &Message,
        receipt: Receipt,
        end: Instant,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        let worked = timeout_at(end, caught(self.work.process(message)))
            .await
            .unwrap_or(Err(Failure {
                reason: "the work took longer than the function's timeout allows",
            }));
        match worked {
            Ok(()) => self.metrics.processed(receipt, started.elapsed()),
            Err(failure) => {
                self.metrics.failed(receipt, started.elapsed());
                tracing::warn!(
                    message_id = message.id,
                    receive_count = message.receive_count,
                    reason = failure.reason,
                    "a message failed, it is left to the redrive policy"
                );
            }
        }
        worked
    }
}

#[cfg(test)]
mod tests;
