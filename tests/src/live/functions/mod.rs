//! Runs functions as AWS Lambda does: the real program in an execution environment with the Lambda
//! Runtime API.

mod environment;
pub mod runtime_api;
mod variables;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use http::{
    HeaderMap,
    header::{HeaderValue, InvalidHeaderValue},
};

use super::{
    Image, Images,
    logs::{Line, Logs},
    process::{Keeper, Lines, Program},
    told::messages,
};
use crate::{
    clock::Moment,
    wire::Account,
    world::{
        Identity, Principal, cloudwatch,
        functions::{Ended, Function, Invocation},
    },
};
use environment::Environment;
use runtime_api::Work;
pub use variables::variables;

/// AWS: "Understanding the Lambda execution environment lifecycle", the Init phase is limited to
/// ten seconds; when it fails, it runs again with the invocation, under the function's timeout.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// The functions' execution environments. Clones share them.
#[derive(Clone)]
pub(super) struct Functions {
    shared: Arc<Shared>,
}

struct Shared {
    account: Account,
    identity: Identity,
    endpoint: String,
    keeper: Keeper,
    logs: Logs,
    packages: Images,
    idle: Mutex<Vec<(Function, Environment)>>,
    started: AtomicU32,
}

impl Functions {
    pub(super) fn new(
        account: Account,
        endpoint: String,
        keeper: Keeper,
        logs: Logs,
        packages: Images,
    ) -> Self {
        let identity = account.with(|world| world.identity.clone());
        Self {
            shared: Arc::new(Shared {
                account,
                identity,
                endpoint,
                keeper,
                logs,
                packages,
                idle: Mutex::default(),
                started: AtomicU32::default(),
            }),
        }
    }

    /// Runs a function once: in an idle environment if there is one, else in a new one.
    pub(super) async fn attempt(&self, function: &Function, invocation: &Invocation) -> Ended {
        let environment = match self.environment(function).await {
            Ok(environment) => environment,
            Err(problem) => return Ended::Error(problem),
        };
        let work = match self.work(function, invocation) {
            Ok(work) => work,
            Err(invalid) => return Ended::Error(format!("cannot deliver the event: {invalid}")),
        };
        let (ended, environment) = environment
            .invoke(&invocation.id, work, function.timeout)
            .await;
        if let Some(environment) = environment {
            self.keep(function.clone(), environment);
        }
        ended
    }

    async fn environment(&self, function: &Function) -> Result<Environment, String> {
        if let Some(warm) = self.warm(function) {
            return Ok(warm);
        }
        let Some(package) = self.package(function) else {
            return Err(format!("function {} has no program here", function.name));
        };
        match self.start(function, package, INIT_LIMIT).await {
            Ok(environment) => Ok(environment),
            Err(_) => self.start(function, package, function.timeout).await,
        }
    }

    fn package(&self, function: &Function) -> Option<&Image> {
        let packages = &self.shared.packages;
        let uploaded = function.archive.as_ref();
        let uploaded = uploaded.and_then(|archive| packages.get(&archive.sha256));
        uploaded.or_else(|| packages.get(&function.program))
    }

    /// An idle environment of the version that still works; the latest used, as the others may be needed less. Those of a
    /// version that has changed since end.
    fn warm(&self, function: &Function) -> Option<Environment> {
        let is_outdated = |of: &Function| {
            (&of.name, &of.version) == (&function.name, &function.version) && of != function
        };
        let mut idle = self.idle();
        idle.retain_mut(|(of, environment)| !is_outdated(of) && environment.is_ready());
        let place = idle.iter().rposition(|(of, _)| of == function)?;
        Some(idle.remove(place).1)
    }

    fn keep(&self, function: Function, environment: Environment) {
        self.idle().push((function, environment));
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Function, Environment)>> {
        let idle = self.shared.idle.lock();
        idle.unwrap_or_else(PoisonError::into_inner)
    }

    async fn start(
        &self,
        function: &Function,
        package: &Image,
        limit: Duration,
    ) -> Result<Environment, String> {
        let number = self.shared.started.fetch_add(1, Ordering::Relaxed);
        let program = self.program(function, package, number);
        Environment::start(
            program,
            &self.shared.keeper,
            &self.lines(&function.name),
            limit,
        )
        .await
    }

    /// Nothing of the rehearsal's own environment is passed on.
    fn program(&self, function: &Function, package: &Image, number: u32) -> Program {
        let Shared {
            account,
            identity,
            endpoint,
            ..
        } = self.shared.as_ref();
        let day = account.now().iso_seconds();
        let day = day.get(..10).unwrap_or_default().replace('-', "/");
        let log_stream = format!("{day}/[{}]{number:032x}", function.version);
        let mut environment: BTreeMap<OsString, OsString> = BTreeMap::new();
        for (name, value) in variables(function, identity, endpoint, log_stream) {
            environment.insert(name.into(), value.into());
        }
        // After the function's own: they stand for what the code of this package does.
        for (name, value) in &package.environment {
            environment.insert(name.into(), value.into());
        }
        let root = package.command.parent().unwrap_or(&package.command);
        environment.insert("LAMBDA_TASK_ROOT".into(), root.into());
        Program {
            path: package.command.clone().into(),
            arguments: package.args.clone(),
            environment,
        }
    }

    fn lines(&self, function: &str) -> Lines {
        let logs = self.shared.logs.clone();
        let account = self.shared.account.clone();
        let function = function.to_owned();
        Arc::new(move |text| {
            account.with(|world| {
                cloudwatch::ingest_log_line(world, text);
                // Of one invocation, which is over.
                if let Some(messages) = messages(text, Duration::ZERO) {
                    world.note(messages);
                }
            });
            logs.write(Line {
                principal: Principal(function.clone()),
                stream: function.clone(),
                text: text.to_owned(),
            });
        })
    }

    fn work(
        &self,
        function: &Function,
        invocation: &Invocation,
    ) -> Result<Work, InvalidHeaderValue> {
        let now = self.shared.account.now();
        let deadline = now + function.timeout;
        let Identity { account, region } = &self.shared.identity;
        let arn = format!(
            "arn:aws:lambda:{region}:{account}:function:{}",
            invocation.resource()
        );
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("lambda-runtime-aws-request-id", invocation.id.clone()),
            ("lambda-runtime-deadline-ms", deadline.0.to_string()),
            ("lambda-runtime-invoked-function-arn", arn),
            ("lambda-runtime-trace-id", trace_id(now, &invocation.id)),
        ] {
            headers.insert(name, HeaderValue::try_from(value)?);
        }
        Ok(Work {
            headers,
            event: invocation.payload.to_string(),
        })
    }
}

/// AWS X-Ray: "Tracing header", a trace that is not sampled.
fn trace_id(now: Moment, request_id: &str) -> String {
    let digits: String = request_id
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(24)
        .collect();
    format!("Root=1-{:08x}-{digits:0>24};Sampled=0", now.0 / 1000)
}

#[cfg(test)]
mod tests;
