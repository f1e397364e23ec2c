//! What a release of a function's alias does, waits for and refuses, in words.

use std::time::Duration;

use crate::{
    aws::function::{Mapping, Routing},
    clock::Timestamp,
    input::{TARGET, USER_PARAMETERS},
    job::FailureType,
    names::Version,
    parts::letters,
    weight::{Attained, Weight},
    words::{Code, Shared, Words},
};

use super::FunctionCode;

/// What is done about a function and its alias, waited for, or refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    /// The candidate's code goes to the function.
    #[error("giving function {function} the code of {code}")]
    Code {
        /// The function.
        function: String,
        /// The candidate.
        code: FunctionCode,
    },
    /// AWS takes it over.
    #[error("waiting for function {function} to take the code over")]
    Updating {
        /// The function.
        function: String,
    },
    /// What the function is becomes a version.
    #[error("publishing function {function}")]
    Publish {
        /// The function.
        function: String,
    },
    /// A version is being made ready.
    #[error(
        "version {version} of function {function} is published, waiting for it to become active"
    )]
    Activating {
        /// The function.
        function: String,
        /// The version.
        version: Version,
    },
    /// The candidate is there.
    #[error("version {version} of function {function} is the candidate")]
    Published {
        /// The function.
        function: String,
        /// The version.
        version: Version,
    },
    /// The alias gets another weight.
    #[error("{asked} asked: alias {alias} sends its invocations to {to}")]
    Shift {
        /// The share.
        asked: Weight,
        /// The alias.
        alias: String,
        /// Where to.
        to: Routing,
    },
    /// What was set is there.
    #[error(
        "{asked} asked, {attained} set; who gets an invocation is chance, so what is measured differs"
    )]
    Live {
        /// The share.
        asked: Weight,
        /// The weight.
        attained: Attained,
    },
    /// Everything goes to the candidate.
    #[error("promoting: alias {alias} sends everything to {to}")]
    Promote {
        /// The alias.
        alias: String,
        /// Where to.
        to: Routing,
    },
    /// Instances that are kept warm.
    #[error(
        "alias {alias}: {available} of {requested} instances are kept warm (provisioned concurrency), waiting for the rest"
    )]
    Warming {
        /// The alias.
        alias: String,
        /// How many there are.
        available: u32,
        /// How many are asked for.
        requested: u32,
    },
    /// They cannot be.
    #[error("alias {alias}: its provisioned concurrency failed: {why}")]
    NotWarm {
        /// The alias.
        alias: String,
        /// As AWS says it.
        why: String,
    },
    /// Invocations that began before a rollback.
    #[error("alias {alias} is as found; invocations of version {version} may go on until {until} (its timeout is {} s)", timeout.as_secs())]
    Finishing {
        /// The alias.
        alias: String,
        /// The candidate.
        version: Version,
        /// Until when.
        until: Timestamp,
        /// Its timeout.
        timeout: Duration,
    },
    /// Somebody else has written the alias.
    #[error(
        "somebody else has changed alias {alias}: it sends its invocations to {found}, and this release has set {set}. Nothing is changed \
         about that; find out who did (CloudTrail: UpdateAlias), then start a new execution"
    )]
    Changed {
        /// The alias.
        alias: String,
        /// Where it sends them.
        found: Routing,
        /// Where the release has sent them.
        set: Routing,
    },
    /// Somebody else has changed the function while it got the candidate's code.
    #[error(
        "somebody else has changed the code of function {function} while this release gave it the candidate's: it has {found} now. Find out \
         who did (CloudTrail: UpdateFunctionCode), then start a new execution"
    )]
    OtherCode {
        /// The function.
        function: String,
        /// What it has.
        found: String,
    },
    /// AWS could not take the code over, or could not make a version ready.
    #[error("{what} failed: {why}")]
    Failed {
        /// What, in words.
        what: String,
        /// As AWS says it.
        why: String,
    },
    /// There is no such alias.
    #[error("alias {alias} does not exist ({TARGET}: fields function and alias): {why}")]
    NoAlias {
        /// The alias.
        alias: String,
        /// As AWS says it.
        why: String,
    },
    /// It is no version that could be kept.
    #[error(
        "alias {alias} sends its invocations to $LATEST, which changes under it. Publish a version and point the alias at that, then retry"
    )]
    BehindLatest {
        /// The alias.
        alias: String,
    },
    /// Somebody shifts already.
    #[error(
        "alias {alias} has weights already: {found}. A release needs one version behind it; take the weights away \
         (aws lambda update-alias --routing-config AdditionalVersionWeights={{}}), then retry"
    )]
    HasWeights {
        /// The alias.
        alias: String,
        /// What it has.
        found: Routing,
    },
    /// Somebody updates the function.
    #[error("an update of function {function} is in progress; wait until it is over, then retry")]
    UpdateInProgress {
        /// The function.
        function: String,
    },
    /// A weighted alias takes versions of one role, and of one dead-letter queue.
    #[error(
        "the two versions differ in their {what}: version {version} has {stable}, the candidate would have {candidate}. An alias cannot \
         share its invocations between them; release with the same first, then change it"
    )]
    Differs {
        /// In what.
        what: &'static str,
        /// The version behind the alias.
        version: Version,
        /// What it has.
        stable: String,
        /// What the candidate has.
        candidate: String,
    },
    /// Something invokes the function past its alias.
    #[error(
        "event source mapping {} reads {} and invokes {}, past alias {alias}: its work is not shared. Let it invoke the alias \
         (aws lambda update-event-source-mapping --uuid {} --function-name {alias}), or switch it off, then retry",
        mapping.id, mapping.reads, mapping.invokes, mapping.id
    )]
    PastTheAlias {
        /// The alias.
        alias: String,
        /// The mapping.
        mapping: Mapping,
    },
    /// The package's program cannot run there.
    #[error(
        "the package's program (bootstrap) is built for {found}, and function {function} runs on {wanted}. Build it for that \
         (cargo lambda build{}), then retry",
        if wanted == "arm64" { " --arm64" } else { "" }
    )]
    Architecture {
        /// The function.
        function: String,
        /// What the program is built for.
        found: String,
        /// What the function runs on.
        wanted: String,
    },
    /// There is no such version.
    #[error(
        "version {version} of function {function} does not exist ({USER_PARAMETERS}: field version)"
    )]
    NoVersion {
        /// The function.
        function: String,
        /// The version.
        version: Version,
    },
    /// A function of packages takes no image, and the other way round.
    #[error(
        "function {function} runs {runs}, and the candidate is {candidate}: a function cannot change from one to the other"
    )]
    OtherKind {
        /// The function.
        function: String,
        /// What it runs.
        runs: &'static str,
        /// What it is asked to run.
        candidate: &'static str,
    },
    /// About dead letters.
    #[error(transparent)]
    Letters(#[from] letters::Reason),
    /// What everybody says.
    #[error(transparent)]
    Shared(#[from] Shared),
}

impl Words for Reason {
    fn failure(&self) -> FailureType {
        match self {
            Self::NoAlias { .. }
            | Self::BehindLatest { .. }
            | Self::HasWeights { .. }
            | Self::Differs { .. }
            | Self::PastTheAlias { .. }
            | Self::Architecture { .. }
            | Self::NoVersion { .. }
            | Self::OtherKind { .. } => FailureType::ConfigurationError,
            Self::Shared(shared) => shared.failure(),
            _ => FailureType::JobFailed,
        }
    }

    fn code(&self) -> Option<Code> {
        match self {
            Self::Shared(shared) => shared.code(),
            _ => None,
        }
    }
}
