//! Whose figures are measured: our functions, the same in Python, and a function that does nothing.

use std::{
    collections::BTreeMap,
    io::{Cursor, Write as _},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use rehearsal_core::{live::functions::variables, stage, world::functions::Function};

use super::{
    endpoint::{Connections, serve},
    process::Program,
    situation::Situation,
    tls::{SERVICES, Tls, address},
};
use crate::programs::Programs;

/// How a function reaches the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// Over HTTP, as fast as it goes.
    Plain,
    /// Over HTTP, and every call takes [`LATENCY`].
    Slow,
    /// Over HTTPS, every service at an address of its own.
    Tls,
}

/// What a call takes on [`Way::Slow`].
pub(crate) const LATENCY: Duration = Duration::from_millis(20);

impl Way {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Slow, Self::Tls];

    /// What a call takes, beside what it takes the local account.
    pub(crate) fn latency(self) -> Duration {
        match self {
            Self::Slow => LATENCY,
            Self::Plain | Self::Tls => Duration::ZERO,
        }
    }
}

/// A situation that can be reached.
pub(crate) struct Served {
    /// The situation.
    pub(crate) situation: Situation,
    /// The connections to it, both ways.
    pub(crate) connections: Arc<Connections>,
    plain: String,
    /// The file of trusted roots where no certificate is to be trusted: one, as Amazon Linux has it. Other systems have a
    /// directory besides, with every root once more.
    bundle: String,
    /// Variables.
    tls: BTreeMap<String, String>,
}

impl Served {
    /// Serves the situation's account.
    pub(crate) async fn new(situation: Situation, tls: &Tls) -> anyhow::Result<Self> {
        let connections = Arc::<Connections>::default();
        let account = || situation.account.clone();
        let local = Ipv4Addr::LOCALHOST.into();
        let plain = serve(account(), local, None, Arc::clone(&connections)).await?;
        let roots = tls.roots.display().to_string();
        // The one is read by ours, the other by boto3.
        let mut variables = BTreeMap::from([
            ("SSL_CERT_FILE".to_owned(), roots.clone()),
            ("AWS_CA_BUNDLE".to_owned(), roots),
        ]);
        for (number, service) in SERVICES.iter().enumerate() {
            let acceptor = Some(tls.acceptor.clone());
            let at = serve(
                account(),
                address(number),
                acceptor,
                Arc::clone(&connections),
            )
            .await?;
            variables.insert(
                format!("AWS_ENDPOINT_URL_{service}"),
                format!("https://{at}"),
            );
        }
        Ok(Self {
            plain: format!("http://{plain}"),
            bundle: tls.bundle.display().to_string(),
            tls: variables,
            connections,
            situation,
        })
    }
}

/// A program that is measured.
pub(crate) struct Subject {
    /// Its name in the tables.
    pub(crate) name: &'static str,
    /// What it looks at; nothing for the one that does nothing.
    pub(crate) served: Option<Rc<Served>>,
    /// Its deployment package in bytes, where it brings all that it needs.
    pub(crate) package: Option<u64>,
    path: PathBuf,
    arguments: Vec<String>,
    directory: PathBuf,
}

impl Subject {
    /// A function of ours.
    pub(crate) fn rust(
        name: &'static str,
        programs: &Programs,
        served: &Rc<Served>,
    ) -> anyhow::Result<Self> {
        Self::native(name, programs.rust(name), Some(Rc::clone(served)))
    }

    /// The function that does nothing.
    pub(crate) fn floor(programs: &Programs) -> anyhow::Result<Self> {
        Self::native("does nothing", programs.floor(), None)
    }

    fn native(
        name: &'static str,
        program: &Path,
        served: Option<Rc<Served>>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            name,
            served,
            package: Some(package(program)?),
            path: program.to_owned(),
            arguments: Vec::new(),
            directory: program.parent().unwrap_or(program).to_owned(),
        })
    }

    /// A Python function, as its module.
    pub(crate) fn python(name: &'static str, programs: &Programs, served: &Rc<Served>) -> Self {
        let module = name.trim_end_matches(".py");
        let script = Programs::script(name);
        Self {
            name,
            served: Some(Rc::clone(served)),
            package: None,
            path: programs.python.clone(),
            arguments: ["-m", "awslambdaric", &format!("{module}.handler")]
                .map(str::to_owned)
                .to_vec(),
            directory: script.parent().unwrap_or(&script).to_owned(),
        }
    }

    /// Whether it is one of our four functions.
    pub(crate) fn is_ours(&self) -> bool {
        self.served.is_some() && self.package.is_some()
    }

    /// What is run to have it reach the account this way.
    pub(crate) fn program(&self, way: Way) -> Program {
        let mut environment = match &self.served {
            None => variables(
                &Function::new("floor"),
                &stage::identity(),
                "http://127.0.0.1:1",
                "figures".to_owned(),
            ),
            Some(served) => variables(
                &served.situation.function,
                &stage::identity(),
                &served.plain,
                "figures".to_owned(),
            ),
        };
        match (&self.served, way) {
            (Some(served), Way::Tls) => {
                environment.remove("AWS_ENDPOINT_URL");
                environment.extend(served.tls.clone());
            }
            (Some(served), _) => {
                environment.insert("SSL_CERT_FILE".to_owned(), served.bundle.clone());
            }
            (None, _) => {}
        }
        let root = self.directory.display().to_string();
        environment.insert("LAMBDA_TASK_ROOT".to_owned(), root);
        // Where Lambda unpacks a function nothing can be written, so it is compiled at every start.
        environment.insert("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned());
        Program {
            path: self.path.clone(),
            arguments: self.arguments.clone(),
            directory: self.directory.clone(),
            environment,
        }
    }
}

/// The size of a deployment package in bytes: the program, deflated, under the name that Lambda runs.
fn package(program: &Path) -> anyhow::Result<u64> {
    let content =
        std::fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("bootstrap", options)?;
    archive.write_all(&content)?;
    Ok(archive.finish()?.into_inner().len() as u64)
}
