//! Changes to a function and its alias.

use std::fmt;

use super::{FunctionCode, LambdaAlias};
use crate::{
    aws::{Account, AwsError, function::Routing},
    names::ReleaseId,
};

/// One change. Each has its condition: what somebody else has written since is not written over.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// What is not published yet gets other code.
    Code {
        /// The function.
        function: String,
        /// Which.
        code: FunctionCode,
        /// If the function is at this revision.
        revision: String,
    },
    /// What is not published yet becomes a version.
    Publish {
        /// The function.
        function: String,
        /// For which release.
        release: ReleaseId,
        /// If the function is at this revision.
        revision: String,
    },
    /// The alias sends its invocations elsewhere.
    Route {
        /// The alias, with its function.
        alias: String,
        /// Where to.
        to: Routing,
        /// If the alias is at this revision.
        revision: String,
    },
}

impl Change {
    pub(super) async fn apply(
        &self,
        account: &Account,
        model: &LambdaAlias,
    ) -> Result<(), AwsError> {
        let function = &model.function;
        match self {
            Self::Code { code, revision, .. } => match code {
                FunctionCode::Package { at, .. } => {
                    account.put_package(function, at, revision).await
                }
                FunctionCode::Image { image, .. } => {
                    account.put_image(function, image, revision).await
                }
            },
            Self::Publish {
                release, revision, ..
            } => {
                let description = format!("release {release}");
                account
                    .publish_version(function, &description, revision)
                    .await
            }
            Self::Route { to, revision, .. } => {
                let alias = (function, &model.alias);
                account.route(alias, to, revision).await
            }
        }
    }
}

/// What there is once it is made. The revision is left out: it is another one each time that something is wanted.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code { function, code, .. } => {
                write!(f, "function {function} has the code of {code}")
            }
            Self::Publish {
                function, release, ..
            } => write!(f, "function {function} is published for release {release}"),
            Self::Route { alias, to, .. } => {
                write!(f, "alias {alias} sends its invocations to {to}")
            }
        }
    }
}
