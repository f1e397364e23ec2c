//! A Lambda function, as AWS shows it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::names::Version;

/// An alias of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    /// Where its invocations go.
    pub routing: Routing,
    /// Another one after every write.
    pub revision: String,
}

/// Where the invocations of an alias go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Routing {
    /// The version that takes whatever no other takes.
    pub version: Version,
    /// The version beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Weighted>,
}

/// A version that takes a share of the invocations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Weighted {
    /// Which.
    pub version: Version,
    /// Its share, 0 to 1.
    pub weight: f64,
}

/// One version of a function: a published one, or what is not published yet (`$LATEST`).
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its number, or `$LATEST`.
    pub version: Version,
    /// What it runs.
    pub code: Code,
    /// How it runs that.
    pub settings: Settings,
    /// The ARN of its role.
    pub role: String,
    /// The ARN to which events go that fail, if there is one.
    pub dead_letters: Option<String>,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// Whether it runs a program of its own (`provided.al2023`, `provided.al2`), and not a language's runtime.
    pub is_program: bool,
    /// Whether it can be invoked, or what keeps it from that.
    pub state: State,
    /// How its last update stands.
    pub update: State,
    /// Another one after every write.
    pub revision: String,
}

/// Everything beside the code whose change makes another version. Of what may be a secret it has digests alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Those that people know by name, with their values.
    pub named: BTreeMap<&'static str, String>,
    /// Digests of the environment's variables, by their names.
    pub variables: BTreeMap<String, String>,
    /// A digest of all others.
    pub rest: String,
}

/// What a version runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// A package: the SHA-256 of its bytes, in base64.
    Package(String),
    /// An image: its digest, `sha256:…`.
    Image(String),
}

/// How something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is done.
    Done,
    /// It is on its way.
    Pending,
    /// It failed; why, as AWS says it.
    Failed(String),
}

/// Instances that are kept warm for an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provisioned {
    /// How many are asked for.
    pub requested: u32,
    /// How many there are.
    pub available: u32,
    /// How that stands.
    pub state: State,
}

/// What invokes a function with what it reads elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Its id.
    pub id: String,
    /// The ARN of what it invokes: with an alias or a version, or without.
    pub invokes: String,
    /// The ARN of what it reads.
    pub reads: String,
    /// How many messages it hands over at once, at most.
    pub batch: u32,
    /// Whether a message of a batch can fail by itself (`ReportBatchItemFailures`).
    pub tells_items: bool,
    /// Whether it is switched off.
    pub is_off: bool,
}

/// A digest of a short secret is not far from it.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<_> = self.variables.keys().collect();
        let mut shown = f.debug_struct("Settings");
        shown
            .field("named", &self.named)
            .field("variables", &variables);
        shown.finish_non_exhaustive()
    }
}

impl Settings {
    /// In what others differ from these, by name.
    #[must_use]
    pub fn changes(&self, to: &Self) -> Vec<String> {
        let names: BTreeSet<_> = self.named.keys().chain(to.named.keys()).collect();
        let value = |of: &Self, name| of.named.get(name).map_or("none", String::as_str).to_owned();
        let values = names.into_iter().filter_map(|name| {
            let (before, after) = (value(self, name), value(to, name));
            (before != after).then(|| format!("{name} {before} to {after}"))
        });
        let names: BTreeSet<_> = self.variables.keys().chain(to.variables.keys()).collect();
        let variables = names.into_iter().filter_map(|name| {
            let how = match (self.variables.get(name), to.variables.get(name)) {
                (None, _) => "is new",
                (_, None) => "is gone",
                (before, after) if before != after => "changes",
                _ => return None,
            };
            Some(format!("variable {name} {how}"))
        });
        let rest = (self.rest != to.rest).then(|| "other settings".to_owned());
        values.chain(variables).chain(rest).collect()
    }
}

impl Routing {
    /// Everything goes to one version.
    #[must_use]
    pub fn all(version: Version) -> Self {
        Self {
            version,
            beside: None,
        }
    }

    /// The share of a version, 0 to 1.
    #[must_use]
    pub fn share(&self, version: &Version) -> f64 {
        let beside = self.beside.as_ref().map_or(0.0, |it| it.weight);
        match &self.beside {
            Some(it) if it.version == *version => it.weight,
            _ if self.version == *version => 1.0 - beside,
            _ => 0.0,
        }
    }

    /// Whether both send invocations to the same versions in the same shares: weights come back as decimal fractions.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        const NEAR: f64 = 1e-9;
        let beside = |routing: &Self| {
            let beside = routing.beside.clone();
            beside.filter(|it| it.weight > 0.0)
        };
        self.version == other.version
            && match (beside(self), beside(other)) {
                (None, None) => true,
                (Some(a), Some(b)) => a.version == b.version && (a.weight - b.weight).abs() < NEAR,
                _ => false,
            }
    }
}

/// `version 7`, or `version 7, 10 % to version 8`.
impl fmt::Display for Routing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {}", self.version)?;
        match &self.beside {
            Some(Weighted { version, weight }) => {
                let percent = (weight * 10_000.0).round() / 100.0;
                write!(f, ", {percent} % to version {version}")
            }
            None => Ok(()),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(sha256) => write!(f, "package {sha256}"),
            Self::Image(digest) => write!(f, "image {digest}"),
        }
    }
}
